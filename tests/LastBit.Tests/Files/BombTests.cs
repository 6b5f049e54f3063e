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
}
