using System.Buffers.Binary;
using System.IO.Compression;
using LastBit.Files;

namespace LastBit.Tests.Files;

/// <summary>Small files that unpack to very much: bounds come before memory.</summary>
public class BombTests
{
    private const int Most = 1 << 20, Bomb = 64 << 20;

    [Fact]
    public void An_npz_that_unpacks_to_more_than_may_be_is_refused_before_there_is_memory_for_it()
    {
        byte[] bomb = Zip(Bomb);
        Assert.InRange(bomb.Length, 1, Bomb / 100);
        Assert.Contains($"unpacks to more than {Most} bytes", Refused(() => Npz.Decode(bomb, "bomb.npz", Most)), StringComparison.Ordinal);

        // The directory at the end of the file may lie about the size: what comes out counts.
        byte[] lying = [.. bomb];
        BinaryPrimitives.WriteInt32LittleEndian(lying.AsSpan(lying.AsSpan().LastIndexOf("PK\x01\x02"u8) + 24), 100);
        Refused(() => Npz.Decode(lying, "lying.npz", Most));

        // Many small ones make a large one.
        byte[] many = Zip(Most / 2, Most / 2, Most / 2);
        Assert.Contains("unpacks to more than", Refused(() => Npz.Decode(many, "many.npz", Most)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_mat_that_unpacks_to_more_than_may_be_is_refused_before_there_is_memory_for_it()
    {
        byte[] bomb = Mat(new byte[Bomb]);
        Assert.InRange(bomb.Length, 1, Bomb / 100);
        Assert.Contains($"unpacks to more than {Most} bytes", Refused(() => MatFile.Decode(bomb, "bomb.mat", Most)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_mat_with_three_million_extents_is_refused()
    {
        const int Extents = 3_000_000;
        byte[] shape = new byte[4 * Extents];
        for (int i = 0; i < Extents; i++)
            shape[4 * i] = 1;
        byte[] matrix = [.. Tag(6, 8), 6, 0, 0, 0, 0, 0, 0, 0, .. Tag(5, shape.Length), .. shape, .. Tag(1, 1), (byte)'x', 0, 0, 0, 0, 0, 0,
            0, .. Tag(9, 8), .. new byte[8]];
        byte[] file = Mat([.. Tag(14, matrix.Length), .. matrix]);
        Assert.InRange(file.Length, 1, 200_000);
        Assert.Contains("variable x has 3000000 dimensions; at most 64 can be read",
            Assert.Throws<InputException>(() => MatFile.Decode(file, "deep.mat")).Message, StringComparison.Ordinal);
    }

    /// <summary>The message; what was allocated stays near the bound.</summary>
    private static string Refused(Action read)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<InputException>(read).Message;
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * Most);
        return message;
    }

    private static byte[] Zip(params int[] sizes)
    {
        var file = new MemoryStream();
        using (var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < sizes.Length; i++)
            {
                using Stream entry = archive.CreateEntry($"a{i}.npy", CompressionLevel.Fastest).Open();
                byte[] header = new byte[128];
                byte[] text = [0x93, .. "NUMPY\x01\x00\x76\x00"u8, .. System.Text.Encoding.ASCII.GetBytes(
                    $"{{'descr': '|u1', 'fortran_order': False, 'shape': ({sizes[i] - 128},)}}".PadRight(117) + "\n")];
                text.CopyTo(header, 0);
                entry.Write(header);
                entry.Write(new byte[sizes[i] - 128]);
            }
        }
        return file.ToArray();
    }

    /// <summary>A MATLAB 5 file with one compressed element.</summary>
    private static byte[] Mat(byte[] content)
    {
        var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(content);
        byte[] head = new byte[128];
        "MATLAB 5.0 MAT-file"u8.CopyTo(head);
        (head[125], head[126], head[127]) = (1, (byte)'I', (byte)'M');
        return [.. head, .. Tag(15, (int)packed.Length), .. packed.ToArray()];
    }

    private static byte[] Tag(int type, int length)
    {
        byte[] tag = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(tag, type);
        BinaryPrimitives.WriteInt32LittleEndian(tag.AsSpan(4), length);
        return tag;
    }
}
