using System.Buffers.Binary;
using System.Text;

namespace LastBit.Fuzzing;

/// <summary>Makes bad inputs out of good ones. What it makes is a function of the seed of its random numbers alone.</summary>
/// <param name="random">The random numbers.</param>
internal sealed class Mutator(System.Random random)
{
    // Where lengths, counts and signs go wrong.
    private static readonly long[] s_numbers =
    [
        0, 1, -1, 2, 7, 8, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536, 1 << 20, int.MaxValue, int.MinValue, uint.MaxValue,
        1L << 32,
        long.MaxValue, long.MinValue,
    ];

    private static readonly string[] s_texts =
        ["0", "-1", "2147483648", "9223372036854775808", "1e400", "NaN", "null", "true", "[[[[[[[[", "\u001b[2J", "\\ud800"];

    /// <summary>One to eight changes to one of the seeds, or, once in 64 times, bytes at random.</summary>
    /// <param name="seeds">Valid inputs.</param>
    /// <param name="words">Words of the format.</param>
    public byte[] Next(IReadOnlyList<byte[]> seeds, IReadOnlyList<string> words)
    {
        if (random.Next(64) == 0)
        {
            byte[] noise = new byte[random.Next(2048)];
            random.NextBytes(noise);
            return noise;
        }
        byte[] input = [.. seeds[random.Next(seeds.Count)]];
        for (int changes = random.Next(4) == 0 ? random.Next(1, 9) : 1; changes > 0; changes--)
            input = Change(input, seeds, words);
        return input;
    }

    private byte[] Change(byte[] input, IReadOnlyList<byte[]> seeds, IReadOnlyList<string> words)
    {
        if (input.Length == 0)
            return [(byte)random.Next(256)];
        // Headers are short and come first: half of the changes are made there.
        int at = random.Next(random.Next(2) == 0 ? Math.Min(input.Length, 256) : input.Length);
        int length = Math.Min(random.Next(1, random.Next(8) == 0 ? 4096 : 17), input.Length - at);
        switch (random.Next(9))
        {
            case 0:
                input[at] ^= (byte)(1 << random.Next(8));
                return input;
            case 1:
                input[at] = (byte)random.Next(256);
                return input;
            case 2:
                WriteNumber(input.AsSpan(at));
                return input;
            case 3:
                return input[..at];
            case 4:
                return [.. input[..at], .. input[(at + length)..]];
            case 5:
                int from = random.Next(input.Length - length + 1);
                return [.. input[..at], .. input.AsSpan(from, length), .. input[at..]];
            case 6:
                byte[] other = seeds[random.Next(seeds.Count)];
                return [.. input[..at], .. other.AsSpan(random.Next(other.Length))];
            case 7:
                byte[] word = Encoding.UTF8.GetBytes(random.Next(3) > 0 && words.Count > 0
                    ? words[random.Next(words.Count)] : s_texts[random.Next(s_texts.Length)]);
                return [.. input[..at], .. word, .. input[(random.Next(2) == 0 ? at : at + length)..]];
            default:
                input.AsSpan(at, length).Fill((byte)random.Next(256));
                return input;
        }
    }

    private void WriteNumber(Span<byte> target)
    {
        long number = s_numbers[random.Next(s_numbers.Length)] + random.Next(-1, 2);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Span<byte> used = bytes[..(1 << random.Next(1, 4))];
        if (random.Next(2) == 0)
            used.Reverse();
        used[..Math.Min(used.Length, target.Length)].CopyTo(target);
    }
}
