using LastBit.Experiments.Accuracy;

namespace LastBit.Imports;

/// <summary>Which number a run stands for.</summary>
public enum RunValueRule
{
    /// <summary>The mean of the last ten recorded steps, as in the paper, or of all where there are fewer.</summary>
    Mean10,

    /// <summary>The last recorded step.</summary>
    Last,

    /// <summary>The best recorded step, chosen after the fact.</summary>
    Best,
}

/// <summary>One number for a run.</summary>
public static class RunValue
{
    /// <summary>The number that a run stands for.</summary>
    /// <param name="run">The run.</param>
    /// <param name="rule">Last, mean of the last ten, or best.</param>
    /// <param name="lowerIsBetter">What best means.</param>
    /// <returns>In the unit of the run's values.</returns>
    public static double Of(ImportedRun run, RunValueRule rule, bool lowerIsBetter)
    {
        ArgumentNullException.ThrowIfNull(run);
        return rule switch
        {
            RunValueRule.Last => run.Values[^1],
            RunValueRule.Best => lowerIsBetter ? run.Values.Min() : run.Values.Max(),
            _ => Summary.FinalAccuracy(run.Values),
        };
    }
}
