using LastBit.Files;

namespace LastBit.Tests.Files;

public class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lastbit-").FullName;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void A_failure_while_writing_leaves_the_older_file_and_nothing_else()
    {
        string path = Path.Combine(_folder, "a.txt");
        AtomicFile.WriteAllText(path, "old");

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException();
        }));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void Folders_are_created_and_older_files_replaced()
    {
        string path = Path.Combine(_folder, "b", "c", "a.txt");
        AtomicFile.WriteAllText(path, "old");
        AtomicFile.WriteAllText(path, "new");
        Assert.Equal("new", File.ReadAllText(path));
    }

    [Fact]
    public void A_path_that_cannot_be_written_is_named_in_the_error()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        var error = Assert.Throws<InputException>(() => AtomicFile.WriteAllText(Path.Combine(file, "a.txt"), "x"));
        Assert.Contains(Path.Combine(file, "a.txt"), error.Message, StringComparison.Ordinal);
    }
}
