namespace LastBit.Arithmetic;

/// <summary>
/// Rounding up or down at random, in proportion to how near the two neighbours are: its mean is the number that is rounded.
/// </summary>
internal static class StochasticRounding
{
    /// <summary>
    /// Rounds to one of the two neighbours in binary32, up with the probability that makes the mean right, to 2^-32. What needs no rounding
    /// is not touched.
    /// </summary>
    /// <param name="exact">Any number.</param>
    /// <param name="word">A random word.</param>
    public static float Round(double exact, uint word)
    {
        float near = (float)exact;
        if (near == exact || !float.IsFinite(near))
            return near;
        float low = near < exact ? near : MathF.BitDecrement(near), high = near < exact ? MathF.BitIncrement(near) : near;
        // Differences of neighbours in binary32 and of numbers between them are exact in binary64.
        return word * (1.0 / (1L << 32)) * ((double)high - low) < exact - low ? high : low;
    }
}
