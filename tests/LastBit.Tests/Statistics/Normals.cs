using LastBit.Random;

namespace LastBit.Tests.Statistics;

/// <summary>Random numbers of one simulated table, the same in every run of the tests.</summary>
internal sealed class Normals(uint table)
{
    private ulong _next;

    public double Next() => Philox.NormalPair(7, RandomPurpose.Resample, table, _next++).First;

    public double[] Next(int count, double mean = 0, double std = 1) => [.. Enumerable.Range(0, count).Select(_ => mean + std * Next())];

    public double Uniform() => Philox.Uniform(8, RandomPurpose.Resample, table, _next++);

    /// <summary>Exponential with mean 1: skewed, as accuracies near their best are.</summary>
    public double Exponential() => -Math.Log(1 - Uniform());
}
