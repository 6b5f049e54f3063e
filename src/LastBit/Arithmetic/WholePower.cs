namespace LastBit.Arithmetic;

/// <summary>Whole powers in binary64 by squaring: the same bits everywhere, which the function of the platform does not promise.</summary>
internal static class WholePower
{
    /// <summary>number^exponent, for an exponent of at least 0.</summary>
    public static double Of(double number, long exponent)
    {
        double power = 1;
        for (; exponent > 0; exponent >>= 1, number *= number)
        {
            if ((exponent & 1) == 1)
                power *= number;
        }
        return power;
    }
}
