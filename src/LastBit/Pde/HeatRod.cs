namespace LastBit.Pde;

/// <summary>The heat equation u_t = u_xx on 31 points, dx = 1, ends held fixed, by explicit Euler.</summary>
internal static class HeatRod
{
    /// <summary>Points.</summary>
    public const int Points = 31;

    /// <summary>Von Neumann: stable for dt up to dx^2/2.</summary>
    public const double StableTimeStep = 0.5;

    /// <summary>u at t = 0: a hat, i/10 up to the middle and down again.</summary>
    public static double[] Initial() => [.. Enumerable.Range(0, Points).Select(i => (i < 15 ? i : 30 - i) / 10.0)];

    /// <summary>u becomes u + dt u_xx; u_xx is 0 at both ends.</summary>
    /// <param name="u">The temperatures.</param>
    /// <param name="dt">The time step.</param>
    public static void Step(Span<double> u, double dt)
    {
        double left = u[0];
        for (int i = 1; i < u.Length - 1; i++)
        {
            double here = u[i];
            u[i] = Math.FusedMultiplyAdd(dt, Math.FusedMultiplyAdd(-2, here, left + u[i + 1]), here);
            left = here;
        }
    }
}
