using LastBit.Arithmetic;

namespace LastBit.Random;

/// <summary>Four random words of 32 bits: one draw of <see cref="Philox"/>.</summary>
/// <param name="X">The first word.</param>
/// <param name="Y">The second word.</param>
/// <param name="Z">The third word.</param>
/// <param name="W">The fourth word.</param>
public readonly record struct RandomWords(uint X, uint Y, uint Z, uint W)
{
    /// <summary>The word of a number that takes its turn among four.</summary>
    /// <param name="index">The number, from 0.</param>
    public uint this[int index] => (index % 4) switch { 0 => X, 1 => Y, 2 => Z, _ => W };
}

/// <summary>
/// The counter-based generator Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
/// (SC 2011). A draw is a function of (seed, purpose, epoch, index), so there is no state to save and no order to keep.
/// The key is the seed; the counter is (index low, index high, epoch, purpose + 65536 * attempt), low word first.
/// The attempt is 0 except inside the methods that reject draws (<see cref="Below"/>, <see cref="NormalPair"/>).
/// Every method uses integers, +, *, /, FMA and square root alone: its bits are the same on every platform.
/// </summary>
public static class Philox
{
    private const uint MultiplierX = 0xD2511F53, MultiplierZ = 0xCD9E8D57;
    private const uint WeylLow = 0x9E3779B9, WeylHigh = 0xBB67AE85;

    /// <summary>The bijection itself: ten rounds over a counter of four words under a key of two.</summary>
    /// <param name="c0">Counter word 0.</param>
    /// <param name="c1">Counter word 1.</param>
    /// <param name="c2">Counter word 2.</param>
    /// <param name="c3">Counter word 3.</param>
    /// <param name="k0">Key word 0.</param>
    /// <param name="k1">Key word 1.</param>
    /// <returns>Four words.</returns>
    public static RandomWords Rounds(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong x = (ulong)MultiplierX * c0, z = (ulong)MultiplierZ * c2;
            c0 = (uint)(z >> 32) ^ c1 ^ k0;
            c2 = (uint)(x >> 32) ^ c3 ^ k1;
            c1 = (uint)z;
            c3 = (uint)x;
            unchecked
            {
                k0 += WeylLow;
                k1 += WeylHigh;
            }
        }
        return new RandomWords(c0, c1, c2, c3);
    }

    /// <summary>Four independent words of 32 bits.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the draw is for.</param>
    /// <param name="epoch">The epoch, or whatever else numbers the uses of one purpose.</param>
    /// <param name="index">The number of the draw.</param>
    /// <returns>A function of the four arguments alone.</returns>
    public static RandomWords Draw(ulong seed, RandomPurpose purpose, uint epoch, ulong index) => Draw(seed, purpose, epoch, index, 0);

    private static RandomWords Draw(ulong seed, RandomPurpose purpose, uint epoch, ulong index, uint attempt) =>
        Rounds((uint)index, (uint)(index >> 32), epoch, (uint)purpose + (attempt << 16), (uint)seed, (uint)(seed >> 32));

    /// <summary>A number that is uniform over the 2^24 multiples of 2^-24 in [0, 1).</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the draw is for.</param>
    /// <param name="epoch">The epoch, or whatever else numbers the uses of one purpose.</param>
    /// <param name="index">The number of the draw.</param>
    /// <returns>A function of the four arguments alone.</returns>
    public static float Uniform(ulong seed, RandomPurpose purpose, uint epoch, ulong index) =>
        ToUniform(Draw(seed, purpose, epoch, index).X);

    /// <summary>Maps a random word to [0, 1): its upper 24 bits as a multiple of 2^-24.</summary>
    /// <param name="word">A random word.</param>
    /// <returns>The number, exact.</returns>
    public static float ToUniform(uint word) => (word >> 8) * (1f / (1 << 24));

    /// <summary>An integer that is exactly uniform below a bound (multiply and shift, with the surplus rejected; no modulo bias).</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the draw is for.</param>
    /// <param name="epoch">The epoch, or whatever else numbers the uses of one purpose.</param>
    /// <param name="index">The number of the draw.</param>
    /// <param name="bound">How many values are possible, at least 1.</param>
    /// <returns>0 .. bound - 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The bound is 0.</exception>
    public static uint Below(ulong seed, RandomPurpose purpose, uint epoch, ulong index, uint bound)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        // Of the 2^32 words, 2^32 mod bound are surplus; those whose product falls lowest are rejected.
        uint surplus = unchecked(0u - bound) % bound;
        for (uint attempt = 0; ; attempt++)
        {
            RandomWords words = Draw(seed, purpose, epoch, index, attempt);
            if (TryBelow(words.X, bound, surplus, out uint value) || TryBelow(words.Y, bound, surplus, out value)
                || TryBelow(words.Z, bound, surplus, out value) || TryBelow(words.W, bound, surplus, out value))
                return value;
        }
    }

    private static bool TryBelow(uint word, uint bound, uint surplus, out uint value)
    {
        ulong product = (ulong)word * bound;
        value = (uint)(product >> 32);
        return (uint)product >= surplus;
    }

    /// <summary>
    /// Two independent standard normal deviates in binary64, by Marsaglia's polar method: the first attempt whose point,
    /// uniform in the square, falls inside the unit circle (an attempt succeeds with probability pi/4).
    /// </summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the draw is for.</param>
    /// <param name="epoch">The epoch, or whatever else numbers the uses of one purpose.</param>
    /// <param name="pair">The number of the pair.</param>
    /// <returns>Normal deviates number 2 * pair and 2 * pair + 1.</returns>
    public static (double First, double Second) NormalPair(ulong seed, RandomPurpose purpose, uint epoch, ulong pair)
    {
        for (uint attempt = 0; ; attempt++)
        {
            RandomWords words = Draw(seed, purpose, epoch, pair, attempt);
            double u = Symmetric(words.X, words.Y), v = Symmetric(words.Z, words.W);
            double square = Math.FusedMultiplyAdd(u, u, v * v);
            if (square is > 0 and < 1)
            {
                double scale = Math.Sqrt(-2 * Logarithm.Log(square) / square);
                return (u * scale, v * scale);
            }
        }
    }

    /// <summary>Fills a span with normal deviates of mean 0, computed in binary64 and rounded once more to binary32.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the draws are for.</param>
    /// <param name="epoch">The epoch, or whatever else numbers the uses of one purpose.</param>
    /// <param name="standardDeviation">The standard deviation.</param>
    /// <param name="values">Receives deviates number 0, 1, 2, ...</param>
    public static void FillNormal(ulong seed, RandomPurpose purpose, uint epoch, double standardDeviation, Span<float> values)
    {
        for (int i = 0; i < values.Length; i += 2)
        {
            (double first, double second) = NormalPair(seed, purpose, epoch, (ulong)(i / 2));
            values[i] = (float)(standardDeviation * first);
            if (i + 1 < values.Length)
                values[i + 1] = (float)(standardDeviation * second);
        }
    }

    /// <summary>
    /// Fills a span with numbers uniform in [low, high): low + (high - low) * <see cref="Uniform"/>,
    /// computed in binary64 and rounded once to binary32.
    /// </summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the draws are for.</param>
    /// <param name="epoch">The epoch, or whatever else numbers the uses of one purpose.</param>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end (reached only by rounding, where binary32 has no number between).</param>
    /// <param name="values">Receives draws number 0, 1, 2, ...</param>
    public static void FillUniform(ulong seed, RandomPurpose purpose, uint epoch, double low, double high, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)Math.FusedMultiplyAdd(high - low, Uniform(seed, purpose, epoch, (ulong)i), low);
    }

    /// <summary>
    /// Fills a span with a random permutation of 0 .. n-1, every one equally likely (Fisher-Yates, whose step i takes draw i).
    /// </summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="purpose">What the permutation is for.</param>
    /// <param name="epoch">The epoch, or whatever else numbers the uses of one purpose.</param>
    /// <param name="permutation">Receives the permutation; its length is n.</param>
    public static void FillPermutation(ulong seed, RandomPurpose purpose, uint epoch, Span<int> permutation)
    {
        for (int i = 0; i < permutation.Length; i++)
            permutation[i] = i;
        for (int i = permutation.Length - 1; i > 0; i--)
        {
            int other = (int)Below(seed, purpose, epoch, (ulong)i, (uint)i + 1);
            (permutation[i], permutation[other]) = (permutation[other], permutation[i]);
        }
    }

    // Odd multiples of 2^-53 in (-1, 1): symmetric about zero and never zero.
    private static double Symmetric(uint high, uint low)
    {
        long bits = (long)((((ulong)high << 32) | low) >> 11);
        return (2 * bits + 1 - (1L << 53)) * (1.0 / (1L << 53));
    }
}
