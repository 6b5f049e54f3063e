using System.Formats.Tar;
using System.IO.Compression;
using LastBit.Data;

namespace LastBit.Tests.Data;

public sealed class TarArchiveTests : IDisposable
{
    private static readonly Dictionary<string, long> s_wanted = new() { ["in/a.bin"] = 4, ["in/b.bin"] = 4 };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.Pax)]
    public void The_wanted_members_are_read_and_other_files_passed_over(TarEntryFormat format)
    {
        TarEntryType type = format == TarEntryFormat.V7 ? TarEntryType.V7RegularFile : TarEntryType.RegularFile;
        Write(format, ("in/", TarEntryType.Directory, null), ("in/readme.html", type, [9, 9, 9]), ("in/a.bin", type, [1, 2, 3]),
            ("./in/b.bin", type, []));
        Dictionary<string, byte[]> members = Read();
        Assert.Equal(["in/a.bin", "in/b.bin"], members.Keys.Order());
        Assert.Equal([1, 2, 3], members["in/a.bin"]);
        Assert.Empty(members["in/b.bin"]);
    }

    [Theory]
    [InlineData("../in/a.bin")]
    [InlineData("in/../../a.bin")]
    [InlineData("/in/a.bin")]
    [InlineData("in\\..\\a.bin")]
    [InlineData("C:/a.bin")]
    [InlineData("..")]
    public void A_name_that_leads_out_of_the_folder_is_refused(string name)
    {
        Write(TarEntryFormat.Pax,
            ("in/a.bin", TarEntryType.RegularFile, [1]), ("in/b.bin", TarEntryType.RegularFile, [1]),
            (name, TarEntryType.RegularFile, [1]));
        Assert.Contains("leads out of its folder", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    [InlineData(TarEntryType.Fifo)]
    [InlineData(TarEntryType.CharacterDevice)]
    [InlineData(TarEntryType.BlockDevice)]
    public void A_link_or_a_device_is_refused_even_under_a_wanted_name(TarEntryType type)
    {
        Write(TarEntryFormat.Pax, ("in/a.bin", type, null));
        Assert.Equal($"the archive holds in/a.bin, which is neither a file nor a folder ({type})", Refusal());
    }

    [Fact]
    public void A_member_that_is_too_long_missing_or_there_twice_is_refused()
    {
        Write(TarEntryFormat.Pax, ("in/a.bin", TarEntryType.RegularFile, [1, 2, 3, 4, 5]));
        Assert.Equal("the archive holds a in/a.bin of 5 bytes; it can have 4", Refusal());
        Write(TarEntryFormat.Pax, ("in/a.bin", TarEntryType.RegularFile, [1]));
        Assert.Equal("the archive does not hold in/b.bin", Refusal());
        Write(TarEntryFormat.Pax, ("in/a.bin", TarEntryType.RegularFile, [1]), ("./in/a.bin", TarEntryType.RegularFile, [2]));
        Assert.Equal("the archive holds in/a.bin twice", Refusal());
    }

    [Fact]
    public void An_archive_that_unpacks_to_too_much_is_refused()
    {
        Write(TarEntryFormat.Pax, ("zeros", TarEntryType.RegularFile, new byte[5_000_000]));
        Assert.True(new FileInfo(_folder["a.tgz"]).Length < 100_000);
        Assert.Equal("the archive unpacks to more than 1000000 bytes", Refusal());
        Write(TarEntryFormat.Ustar, [.. Enumerable.Range(0, 1001).Select(i => ($"{i}", TarEntryType.RegularFile, (byte[]?)[]))]);
        Assert.Equal("the archive has more than 1000 members", Refusal());
    }

    [Fact]
    public void An_archive_that_is_cut_anywhere_is_refused()
    {
        Write(TarEntryFormat.Ustar, ("in/a.bin", TarEntryType.RegularFile, [1, 2, 3]), ("in/b.bin", TarEntryType.RegularFile, [4, 5, 6]));
        byte[] whole = File.ReadAllBytes(_folder["a.tgz"]);
        // The last bytes hold only the end marker and gzip's check sum; the members are whole before them.
        for (int length = 0; length < whole.Length - 40; length++)
        {
            File.WriteAllBytes(_folder["a.tgz"], whole[..length]);
            Refusal();
        }
    }

    [Fact]
    public void A_header_with_any_one_bit_altered_is_refused()
    {
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (string name in s_wanted.Keys)
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1, 2, 3]) });
        }
        byte[] whole = tar.ToArray();
        Assert.Equal(2, Packed(whole).Count);
        // The header of the second member lies in the third block; of the check sum itself a blank may stand for a leading zero.
        foreach (int bit in Enumerable.Range(0, 8 * 512).Where(bit => bit / 8 is < 148 or > 155))
        {
            byte[] altered = [.. whole];
            altered[1024 + bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<SourceException>(() => Packed(altered));
        }

        static Dictionary<string, byte[]> Packed(byte[] archive)
        {
            var packed = new MemoryStream();
            using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
                zip.Write(archive);
            packed.Position = 0;
            return TarArchive.Read(packed, s_wanted, 1_000_000);
        }
    }

    [Fact]
    public void A_long_name_and_records_of_a_whole_block_are_read()
    {
        string name = string.Concat(Enumerable.Repeat("folder/", 60)) + "a.bin";
        foreach (TarEntryFormat format in (TarEntryFormat[])[TarEntryFormat.Gnu, TarEntryFormat.Pax])
        {
            for (int more = 0; more < 120; more++)
            {
                string longer = new string('b', more) + name;
                Write(format, (longer, TarEntryType.RegularFile, [7]), ("in/b.bin", TarEntryType.RegularFile, new byte[512]));
                Dictionary<string, byte[]> members =
                    TarArchive.Read(_folder["a.tgz"], new Dictionary<string, long> { [longer] = 1, ["in/b.bin"] = 512 }, 1_000_000);
                Assert.Equal([7], members[longer]);
                Assert.Equal(512, members["in/b.bin"].Length);
            }
        }
    }

    [Fact]
    public void What_is_no_archive_at_all_is_refused()
    {
        File.WriteAllText(_folder["a.tgz"], "<html>Sorry</html>");
        Assert.StartsWith("the archive is damaged (", Refusal(), StringComparison.Ordinal);
        using (var zip = new GZipStream(File.Create(_folder["a.tgz"]), CompressionLevel.Fastest))
            zip.Write(Enumerable.Repeat((byte)0xff, 5000).ToArray());
        Assert.StartsWith("the archive is damaged (", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tar-0.tgz")] // Two gigabytes of extended header are announced.
    [InlineData("tar-1.tgz")] // A negative length.
    [InlineData("tar-2.tgz")] // An extended header beyond measure.
    public void Lengths_that_cannot_be_are_refused_before_memory_is_given_to_them(string file)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<SourceException>(() => TarArchive.Read(Reference.File("files", file), s_wanted, 1_000_000));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000_000);
    }

    private void Write(TarEntryFormat format, params (string Name, TarEntryType Type, byte[]? Content)[] members)
    {
        using var tar = new TarWriter(new GZipStream(File.Create(_folder["a.tgz"]), CompressionLevel.Fastest), format);
        foreach ((string name, TarEntryType type, byte[]? content) in members)
        {
            TarEntry entry = format switch
            {
                TarEntryFormat.V7 => new V7TarEntry(type, name),
                TarEntryFormat.Ustar => new UstarTarEntry(type, name),
                TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                _ => new PaxTarEntry(type, name),
            };
            if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
                entry.LinkName = "/etc/passwd";
            if (content is not null)
                entry.DataStream = new MemoryStream(content);
            tar.WriteEntry(entry);
        }
    }

    private Dictionary<string, byte[]> Read() => TarArchive.Read(_folder["a.tgz"], s_wanted, 1_000_000);

    private string Refusal()
    {
        string reason = Assert.Throws<SourceException>(Read).Message;
        Assert.Equal([_folder["a.tgz"]], Directory.GetFileSystemEntries(_folder.Path)); // Nothing was written anywhere near.
        return reason;
    }
}
