using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using LastBit.Random;

namespace LastBit.Tests.Random;

public class Mt19937Tests
{
    [Fact]
    public void The_papers_kernel_is_NumPys_bit_for_bit()
    {
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllText(Reference.File("one-layer", "one-layer.json")));
        var generator = new Mt19937(7);
        byte[] bytes = new byte[1024 * 8];
        for (int i = 0; i < 1024; i++)
        {
            double value = generator.NextNormal();
            if (i < 8)
                Assert.Equal(reference.RootElement.GetProperty("numpy_randn_seed7_first8")[i].GetDouble(), value);
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(8 * i), value);
        }
        Assert.Equal(reference.RootElement.GetProperty("numpy_randn_seed7_1024_sha256_le_f64").GetString(),
            Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    // python3 -c "import numpy; r = numpy.random.RandomState(0); print(r.randint(0, 2**32, 3, dtype='u4'), r.random_sample(2).tolist())"
    [Fact]
    public void Another_seed_and_its_uniform_numbers_are_NumPys_too()
    {
        var generator = new Mt19937(0);
        Assert.Equal([2357136044u, 2546248239u, 3071714933u], [generator.NextUInt32(), generator.NextUInt32(), generator.NextUInt32()]);
        generator.NextUInt32();
        Assert.Equal([0.6027633760716439, 0.5448831829968969], [generator.NextDouble(), generator.NextDouble()]);
    }
}
