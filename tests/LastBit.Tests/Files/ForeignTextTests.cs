using CsCheck;
using LastBit.Files;

namespace LastBit.Tests.Files;

public sealed class ForeignTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData(null, "")]
    [InlineData("a\x1b]0;title\a b", "a\\x1B]0;title\\x07 b")]
    [InlineData("one\r\ntwo\tthree\nfour", "one two three four")]
    [InlineData("\u202egnp.exe", "\\u202Egnp.exe")]
    [InlineData("whole \U0001F600 and \u00e9", "whole \U0001F600 and \u00e9")]
    [InlineData("\u009b31m", "\\x9B31m")]
    public void Control_characters_and_halves_are_written_out(string? text, string expected) =>
        Assert.Equal(expected, ForeignText.Printable(text));

    [Fact] // Not in the list above: an attribute cannot hold half a pair.
    public void Half_a_surrogate_pair_is_written_out() => Assert.Equal("half \\uD800.", ForeignText.Printable("half \ud800."));

    [Fact]
    public void A_quotation_is_short_and_can_be_shown() =>
        Gen.Select(Gen.Char.Array[0, 200].Select(chars => new string(chars)), Gen.Int[4, 100]).Sample((text, most) =>
        {
            string cut = ForeignText.Cut(text, most);
            return cut.Length <= most && !cut.Any(char.IsControl) && new System.Text.UTF8Encoding(false, true).GetByteCount(cut) >= 0
                && (cut == ForeignText.Printable(text) || cut.EndsWith("...", StringComparison.Ordinal));
        });

    [Fact]
    public void What_an_error_quotes_is_printable() =>
        Assert.Equal("file: holds \\x1B[2J; another would be right",
            new InputException("file: holds \x1b[2J;\nanother would be right").Message);

    [Fact]
    public void A_file_is_read_up_to_a_bound_and_a_device_without_end_too()
    {
        File.WriteAllBytes(_folder["a"], [1, 2, 3]);
        File.WriteAllBytes(_folder["empty"], []);
        Assert.Equal([1, 2, 3], InputFile.ReadAllBytes(_folder["a"], 3, "name a file"));
        Assert.Empty(InputFile.ReadAllBytes(_folder["empty"], 3, "name a file"));
        Assert.Equal($"{_folder["a"]}: is longer than 2 bytes; name a file of at most that size", Refusal(_folder["a"], 2));
        Assert.Equal($"{_folder["none"]}: cannot be read (there is no such file); name a file", Refusal(_folder["none"], 2));
        Assert.Equal($"{_folder.Path}: is a folder; name a file", Refusal(_folder.Path, 2));
        Assert.Contains("cannot be read", Refusal("a\0b", 2), StringComparison.Ordinal);
        if (File.Exists("/dev/zero"))
            Assert.Equal("/dev/zero: is longer than 100000 bytes; name a file of at most that size", Refusal("/dev/zero", 100_000));

        static string Refusal(string path, long most) =>
            Assert.Throws<InputException>(() => InputFile.ReadAllBytes(path, most, "name a file")).Message;
    }
}
