using LastBit.Arithmetic;

namespace LastBit.Random;

/// <summary>
/// NumPy's legacy generator, <c>numpy.random.RandomState(seed)</c>: the Mersenne Twister and Marsaglia's polar method, bit for bit.
/// Only the one-layer experiments use it, to start from the paper's kernel.
/// </summary>
public sealed class Mt19937
{
    private const int N = 624, M = 397;
    private readonly uint[] _state = new uint[N];
    private int _next = N;
    private double? _spareNormal;

    /// <summary>Seeds the generator as <c>RandomState(seed)</c> does.</summary>
    /// <param name="seed">The seed.</param>
    public Mt19937(uint seed)
    {
        _state[0] = seed;
        for (int i = 1; i < N; i++)
            _state[i] = 1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30)) + (uint)i;
    }

    /// <summary>The next 32 bits.</summary>
    public uint NextUInt32()
    {
        if (_next == N)
            Refill();
        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }

    /// <summary>Uniform in [0, 1) with 53 bits, as <c>random_sample</c>.</summary>
    public double NextDouble()
    {
        uint high = NextUInt32() >> 5, low = NextUInt32() >> 6;
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }

    /// <summary>Normal with mean 0 and variance 1, as <c>randn</c>.</summary>
    public double NextNormal()
    {
        if (_spareNormal is double spare)
        {
            _spareNormal = null;
            return spare;
        }
        double x1, x2, r2;
        do
        {
            x1 = 2 * NextDouble() - 1;
            x2 = 2 * NextDouble() - 1;
            // Products and sum rounded one by one, unlike everywhere else: NumPy's bits are wanted here.
            double square1 = x1 * x1, square2 = x2 * x2;
            r2 = square1 + square2;
        }
        while (r2 is >= 1 or 0);

        // The logarithm is correctly rounded but for about one argument in 2^40, where the platform's that NumPy used is too.
        double f = Math.Sqrt(-2 * Logarithm.Log(r2) / r2);
        _spareNormal = f * x1;
        return f * x2;
    }

    private void Refill()
    {
        for (int i = 0; i < N; i++)
        {
            uint y = (_state[i] & 0x80000000u) | (_state[(i + 1) % N] & 0x7fffffffu);
            _state[i] = _state[(i + M) % N] ^ (y >> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0dfu);
        }
        _next = 0;
    }
}
