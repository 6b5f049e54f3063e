using LastBit.Experiments.Heat;

namespace LastBit.Tests.Experiments;

public sealed class HeatEquationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Both_time_steps_follow_the_scheme_and_their_times_are_exact()
    {
        HeatEquationResult result = HeatEquation.Experiment.Run(new(), OneLayerExperiments.Context(_folder.Path));
        Assert.Equal([0, 2, 6, 10, 250, 500, 2000], result.Runs[0].Snapshots.Select(snapshot => snapshot.Step));
        Assert.Equal([0, 1, 3, 5], result.Runs[1].Snapshots.Select(snapshot => snapshot.Step));
        foreach (HeatEquationRun run in result.Runs)
        {
            foreach (HeatSnapshot snapshot in run.Snapshots)
            {
                Assert.Equal(snapshot.Step * run.Dt, snapshot.Time);
                double[] u = Plain(run.Dt, snapshot.Step);
                for (int i = 0; i < u.Length; i++)
                    Assert.Equal(u[i], snapshot.U[i], 1e-12);
            }
        }
        Assert.Equal(result.ToJson(), File.ReadAllText(_folder["heat.json"]));
    }

    [Fact]
    public void The_stable_step_is_called_stable_and_the_unstable_one_tells_when_it_blew_up()
    {
        HeatEquationResult result = HeatEquation.Experiment.Run(new(), OneLayerExperiments.Context(_folder.Path));
        Assert.Equal((true, null, null), (result.Runs[0].Stable, result.Runs[0].FirstStepAbove1000, result.Runs[0].FirstStepNotFinite));
        Assert.False(result.Runs[1].Stable);
        int above = Enumerable.Range(0, 100).First(step => Plain(0.8, step).Max(Math.Abs) > 1e3);
        Assert.Equal(above, result.Runs[1].FirstStepAbove1000);
        Assert.True(result.Runs[1].FirstStepNotFinite > above);
        Assert.True(Plain(0.8, result.Runs[1].FirstStepNotFinite!.Value - 10).All(double.IsFinite));
        Assert.DoesNotContain("NaN", result.ToJson(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_time_step_at_all_names_its_setting() => Impossible_time_steps_name_their_setting([]);

    [Theory]
    [InlineData(0.4, 0.4)]
    [InlineData(0.0)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Impossible_time_steps_name_their_setting(params double[] steps)
    {
        var error = Assert.Throws<InputException>(() =>
            HeatEquation.Experiment.Run(new() { TimeSteps = steps }, OneLayerExperiments.Context(_folder.Path)));
        Assert.StartsWith("timeSteps: ", error.Message, StringComparison.Ordinal);
    }

    private static double[] Plain(double dt, int steps)
    {
        double[] u = [.. Enumerable.Range(0, 31).Select(i => i < 15 ? i / 10.0 : (30 - i) / 10.0)];
        for (int step = 0; step < steps; step++)
            u = [u[0], .. Enumerable.Range(1, 29).Select(i => u[i] + dt * (u[i - 1] - 2 * u[i] + u[i + 1])), u[30]];
        return u;
    }
}
