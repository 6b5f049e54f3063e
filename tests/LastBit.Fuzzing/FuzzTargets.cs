using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using LastBit.Data;
using LastBit.Files;

namespace LastBit.Fuzzing;

/// <summary>
/// All readers. A new one is one line in <see cref="All"/>: a name, valid inputs, and what hands an input to the reader; the tests and the
/// command line take it from there.
/// </summary>
public static class FuzzTargets
{
    private static readonly string[] s_npyWords =
    [
        "'descr'", "\"descr\"", "'fortran_order'", "'shape'", "'shape':(", "True", "False", "None", "'<f8'", "'>i4'", "'|b1'", "'<f2'",
        "'|O'", "'<c16'",
        "12L", "(", ")", "[", "{", "}", ",", ":", "'", "\"", "(2, 3)", "(,)", "((((((((", "99999999999999999999", "u'",
    ];

    /// <summary>Every reader by name.</summary>
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("npy", [Npy(1, "<f8", false, 8, 3, 2), Npy(2, ">i2", true, 2, 4), Npy(3, "|b1", false, 1, 5), Npy(1, "<f4", false, 4)],
            input => Files.Npy.Read("input", input), Words: s_npyWords),
        new("npz", [Npy(1, "<f8", false, 8, 3, 2), Npy(1, "<f4", false, 4, 5)], input => Files.Npz.Decode(input, "input"), Zip, s_npyWords),
        new("png", [.. Png()], input => PngImage.Decode(input, "input"), RepairPng),
        new("png-pixels", [[.. Enumerable.Range(0, 8 * 25).Select(i => (byte)(i % 25 == 0 ? i / 25 % 5 : i))]],
            input => PngImage.Decode(input, "input"),
            pixels => MakePng(8, 8, 2, 8, pixels)),
        new("cifar10", [Records(1)], input => Cifar10.FromRecords(input)),
        new("cifar100", [Records(2)], input => Cifar100.Decode(input, "input")),
        new("idx", [Idx(3, 2, 3, 4), Idx(3, 1, 1, 1)], input => IdxFile.Decode(input, "input", 3)),
        new("idx-gz", [Idx(3, 2, 3, 4), Idx(3, 1, 28, 28)], input => IdxFile.Decode(input, "input", 3), Gzip),
        new("tar", [.. Tar()], ReadTar, tar => Gzip(RepairTar(tar)),
            ["ustar", "path=", "size=", "../", "PaxHeader", "12 path=a\n", "\u0080"]),
        new("trace", [Trace()], ReadTrace, Gzip,
            ["step", "kind", "weights", "output", "shape", "digest", "samples", "NaN", "[]", "1e99", "-1"]),
        .. CheckpointTargets.All,
        .. FolderTargets.All,
        .. LogTargets.All,
    ];

    /// <summary>Read beside the valid one and beside itself, up to the lines for people and the JSON of every number.</summary>
    private static void ReadTrace(byte[] input)
    {
        var reader = Traces.TraceReader.Open("input", new MemoryStream(input));
        var files = (A: new MemoryStream(Trace()), B: new MemoryStream(input), Again: new MemoryStream(input));
        using (reader)
        {
            while (reader.NextStep() is not null)
            {
            }
        }
        Traces.TraceDifference itself = Traces.TraceComparison.Of(Traces.TraceReader.Open("a", files.B),
            Traces.TraceReader.Open("b", files.Again));
        if (itself.Parted is not null)
            throw new InvalidOperationException("a trace parts from itself");
        Traces.TraceDifference other = Traces.TraceComparison.Of(Traces.TraceReader.Open("a", files.A),
            Traces.TraceReader.Open("b", new MemoryStream(input)));
        if (Traces.TraceWords.Lines(other).Any(line => line.Answer.Any(char.IsControl)))
            throw new InvalidOperationException("an answer has control characters");
        _ = Traces.TraceAdvice.Of(other);
        _ = other.Growth.TenfoldEvery();
    }

    private static byte[] Trace()
    {
        const string Tensor = "\"shape\":[2],\"dtype\":\"float32\",\"digest\":\"00000000000000010000000000000002\","
            + "\"blocks\":\"00000000000000010000000000000002\",\"l1\":3.0,\"l2\":2.5,\"max\":2.0,\"sample\":[\"3f800000\",\"40000000\"]}\n";
        (string Kind, string Name)[] records =
            [("weights", "a.weight"), ("batch", "x"), ("input", "a"), ("output", "a"), ("gradient", "a.weight"), ("update", "a.weight")];
        var text = new StringBuilder("{\"trace\":1,\"program\":\"torch 2\",\"settings\":{\"threads\":1,\"seed\":null}}\n");
        for (int step = 0; step < 3; step++)
        {
            foreach ((string kind, string name) in records.Skip(step == 0 ? 0 : 1))
                text.Append($"{{\"step\":{step},\"kind\":\"{kind}\",\"name\":\"{name}\",\"call\":0,\"index\":0,{Tensor}");
            text.Append($"{{\"step\":{step},\"kind\":\"loss\",\"name\":\"\",\"value\":0.5}}\n");
        }
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void ReadTar(byte[] input) => TarArchive.Read(
        new MemoryStream(input), new Dictionary<string, long> { ["in/a.bin"] = 1000, ["in/b.bin"] = 1000 }, 10_000_000);

    private static byte[] Npy(int version, string type, bool fortran, int size, params int[] shape)
    {
        string tuple = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        byte[] header =
            Encoding.ASCII.GetBytes($"{{'descr': '{type}', 'fortran_order': {fortran}, 'shape': ({tuple}), }}".PadRight(117) + "\n");
        byte[] length = new byte[version == 1 ? 2 : 4];
        length[0] = (byte)header.Length;
        int values = shape.Aggregate(size, (product, extent) => product * extent);
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. header, .. Enumerable.Range(1, values).Select(i => (byte)i)];
    }

    private static byte[] Zip(byte[] npy)
    {
        var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (string name in (string[])["a.npy", "b/c.npy"])
            {
                using Stream entry =
                    archive.CreateEntry(name, name == "a.npy" ? CompressionLevel.Fastest : CompressionLevel.NoCompression).Open();
                entry.Write(npy);
            }
        }
        return file.ToArray();
    }

    private static IEnumerable<byte[]> Png()
    {
        byte[] grey = [.. Enumerable.Range(0, 4 * 5).Select(i => (byte)(i % 5 == 0 ? i / 5 : 40 * i))];
        yield return MakePng(4, 4, 0, 8, grey);
        yield return MakePng(2, 4, 3, 4, [.. Enumerable.Range(0, 8).Select(i => (byte)(i % 2 == 0 ? 0 : 16))]);
        yield return MakePng(1, 2, 6, 16, new byte[2 * 9]);
        yield return MakePng(4, 4, 0, 8, new byte[64], interlaced: true);
    }

    private static byte[] MakePng(int width, int height, int colour, int depth, byte[] rows, bool interlaced = false)
    {
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = ((byte)depth, (byte)colour, (byte)(interlaced ? 1 : 0));
        // Adam7 splits 4 x 4 pixels into passes of 1, 1, 2, 4 and 8 with a filter byte a row: 1+1, 1+1, 1+2 (one row), 2 rows of 1+1 and so
        // on.
        if (interlaced)
            rows = new byte[2 + 0 + 0 + 2 + 2 * 0 + 3 + 2 * 3 + 2 * 5];
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(rows);
        byte[] file = [0x89, .. "PNG"u8, 13, 10, 26, 10, .. Chunk("IHDR", header), .. colour == 3 ? Chunk("PLTE", [1, 2, 3, 4, 5, 6]) : [],
            .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
        return RepairPng(file);

        static byte[] Chunk(string type, byte[] data)
        {
            byte[] length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
            return [.. length, .. Encoding.ASCII.GetBytes(type), .. data, 0, 0, 0, 0];
        }
    }

    // Gives every chunk, as far as the lengths lead, its right check sum.
    private static byte[] RepairPng(byte[] file)
    {
        byte[] repaired = [.. file];
        for (long at = 8; at + 12 <= repaired.Length;)
        {
            long length = BinaryPrimitives.ReadUInt32BigEndian(repaired.AsSpan((int)at));
            if (at + 12 + length > repaired.Length)
                break;
            uint crc = PngImage.Crc32(repaired.AsSpan((int)at + 4, (int)length + 4));
            BinaryPrimitives.WriteUInt32BigEndian(repaired.AsSpan((int)(at + 8 + length)), crc);
            at += 12 + length;
        }
        return repaired;
    }

    private static byte[] Records(int labels)
    {
        byte[] file = new byte[2 * (labels + 3072)];
        for (int i = 0; i < file.Length; i++)
            file[i] = (byte)(i % (labels + 3072) < labels ? i % 9 : i);
        return file;
    }

    private static byte[] Idx(int rank, params int[] extents)
    {
        byte[] head = new byte[4 + 4 * rank];
        (head[2], head[3]) = (8, (byte)rank);
        for (int i = 0; i < rank; i++)
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4 + 4 * i), extents[i]);
        return [.. head, .. Enumerable.Range(0, extents.Aggregate(1, (product, extent) => product * extent)).Select(i => (byte)i)];
    }

    private static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return packed.ToArray();
    }

    private static IEnumerable<byte[]> Tar()
    {
        foreach (TarEntryFormat format in (TarEntryFormat[])[TarEntryFormat.Ustar, TarEntryFormat.Pax, TarEntryFormat.Gnu])
        {
            var file = new MemoryStream();
            using (var tar = new TarWriter(file, format, leaveOpen: true))
            {
                foreach (string name in (string[])["in/a.bin", "in/" + new string('x', 90) + "/other.txt", "in/b.bin"])
                {
                    TarEntry entry = format switch
                    {
                        TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
                        TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, name),
                        _ => new GnuTarEntry(TarEntryType.RegularFile, name),
                    };
                    entry.DataStream = new MemoryStream(Encoding.ASCII.GetBytes(name + " is its content"));
                    tar.WriteEntry(entry);
                }
            }
            yield return file.ToArray();
        }
    }

    // Gives every block that looks like a header its right check sum.
    private static byte[] RepairTar(byte[] tar)
    {
        byte[] repaired = [.. tar];
        for (int at = 0; at + 512 <= repaired.Length; at += 512)
        {
            Span<byte> block = repaired.AsSpan(at, 512);
            if (!block.Slice(257, 5).SequenceEqual("ustar"u8))
                continue;
            block.Slice(148, 8).Fill((byte)' ');
            int sum = 0;
            foreach (byte value in block)
                sum += value;
            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0')).CopyTo(block[148..]);
            block[154] = 0;
        }
        return repaired;
    }
}
