namespace LastBit.Imports;

/// <summary>How many of a run's trials passed.</summary>
/// <param name="Passed">From 0 to <paramref name="Trials"/>.</param>
/// <param name="Trials">At least 1.</param>
public sealed record PassRate(long Passed, long Trials)
{
    /// <summary>Passed over trials, from 0 to 1.</summary>
    public double Rate => (double)Passed / Trials;
}
