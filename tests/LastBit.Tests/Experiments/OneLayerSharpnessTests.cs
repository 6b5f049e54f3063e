using LastBit.Experiments.Amplification;
using LastBit.Experiments.NonLinear;
using LastBit.Experiments.OneLayer;

namespace LastBit.Tests.Experiments;

public sealed class OneLayerSharpnessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Where_the_sharpness_ends_below_the_threshold_the_loss_settles_and_above_it_oscillates()
    {
        // The paper's own image and kernel: at 0.03 the Hessian at the minimum has lambda_max = 62.0 < 66.7, at 0.05 it meets 40.
        var settings = new NonLinearPdeSettings { LearningRates = [0.03, 0.05], Iterations = 200, SharpnessEvery = 50 };
        NonLinearPdeRun[] runs = NonLinearPde.Experiment.Run(settings, OneLayerExperiments.Context(_folder.Path)).Runs;
        foreach (NonLinearPdeRun run in runs)
            Assert.Equal([0, 50, 100, 150, 200], run.Sharpness!.Select(point => point.Iteration));
        Assert.Equal(20, runs[0].Sharpness![0].Eigenvalues[0], 1e-3);
        Assert.Equal(61.997, runs[0].Sharpness![^1].Eigenvalues[0], 1e-3);
        Assert.Equal(2 / 0.03, runs[0].Threshold);
        Assert.True(runs[1].Sharpness!.Max(point => point.Eigenvalues[0]) > runs[1].Threshold);
    }

    [Fact]
    public void A_pair_has_the_sharpness_of_its_first_copy()
    {
        var settings = new ErrorAmplificationSettings
        { LearningRates = [0.03], Iterations = 40, SharpnessEvery = 10, Image = OneLayerExperiments.Noise(20, 23), KernelSize = 4 };
        SharpnessPoint[] pair = ErrorAmplification.Experiment.Run(
            settings, OneLayerExperiments.Context(_folder["pair"])).Runs[0].Sharpness!;
        var alone = new NonLinearPdeSettings
        { LearningRates = [0.03], Iterations = 40, SharpnessEvery = 10, Image = settings.Image, KernelSize = 4 };
        SharpnessPoint[] single = NonLinearPde.Experiment.Run(alone, OneLayerExperiments.Context(_folder["alone"])).Runs[0].Sharpness!;
        Assert.Equal(single.Select(point => (point.Iteration, point.Eigenvalues[0])),
            pair.Select(point => (point.Iteration, point.Eigenvalues[0])));
    }

    [Fact]
    public void Zero_leaves_it_out_and_the_descent_has_the_same_bits()
    {
        var settings = new NonLinearPdeSettings
        { LearningRates = [0.05], Iterations = 60, SharpnessEvery = 0, Image = OneLayerExperiments.Noise(20, 23), KernelSize = 4 };
        NonLinearPdeRun without = NonLinearPde.Experiment.Run(settings, OneLayerExperiments.Context(_folder["without"])).Runs[0];
        NonLinearPdeRun with = NonLinearPde.Experiment.Run(
            settings with { SharpnessEvery = 7 }, OneLayerExperiments.Context(_folder["with"])).Runs[0];
        Assert.Null(without.Sharpness);
        Assert.DoesNotContain("sharpness", File.ReadAllText(_folder["without/nonlinear.json"]), StringComparison.Ordinal);
        Assert.Equal(9, with.Sharpness!.Length);
        Assert.Equal(without.Loss, with.Loss);
    }

    [Fact]
    public void A_negative_distance_is_refused()
    {
        var error = Assert.Throws<InputException>(() =>
            NonLinearPde.Experiment.Run(new() { SharpnessEvery = -1 }, OneLayerExperiments.Context(_folder.Path)));
        Assert.Contains("-1 is not possible; give at least 0", error.Message, StringComparison.Ordinal);
    }
}
