using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Pde;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Tests.Experiments;
using LastBit.Training;

namespace LastBit.Tests.Reports;

/// <summary>A result folder of the one-layer experiments, really run, at a size that takes a second; its name is not a kind one.</summary>
public sealed class SmallRun : IDisposable
{
    private readonly TemporaryFolder _parent = new();

    public SmallRun()
    {
        Folder = _parent["<img src=x onerror=alert(1)> & 'co'"];
        GreyImage image = GreyImage.Checkerboard(48);
        var context = TrainingContext.In(Folder, Environment.ProcessorCount);
        var settings = new JsonObject
        {
            ["scale"] = "demo",
            ["kernelSize"] = 8,
            ["image"] = JsonSerializer.SerializeToNode(image, JsonSerializerOptions.Web),
        };
        using (RunFolder run = RunFolder.Open(Folder, "reproduce", settings, context.Threads))
        {
            HeatEquation.Experiment.Run(new HeatEquationSettings(), context);
            StabilityBounds.Experiment.Run(new StabilityBoundsSettings { Image = image, KernelSize = 8, LearningRate = 5e-6 }, context);
            double[] alphas = [20_000, 30_000, 380_000, 440_000];
            LinearizedPde.Experiment.Run(
                new LinearizedPdeSettings { Image = image, KernelSize = 8, LearningRate = 5e-6, Alphas = alphas, Iterations = 300 },
                context);
            NonLinear = NonLinearPde.Experiment.Run(new NonLinearPdeSettings { Image = image, KernelSize = 8, Iterations = 300 }, context);
            Amplify = ErrorAmplification.Experiment.Run(
                new ErrorAmplificationSettings { Image = image, KernelSize = 8, Iterations = 300 }, context);
            AccuracyExperiment.Experiment.Run(
                new AccuracySettings
                {
                    Network = "resnet8",
                    Data = "sample",
                    TrainSize = 64,
                    BatchSize = 32,
                    Epochs = 2,
                    Seeds = [1, 2],
                    Perturbations = Perturbation.EachOfK(1, 3),
                },
                context);
            Divergence = DivergenceExperiment.Experiment.Run(
                new DivergenceSettings
                {
                    Network = "resnet8",
                    Data = "sample",
                    TrainSize = 64,
                    BatchSize = 32,
                    ScaledIterations = 5,
                    Divisors = [2, 8],
                },
                context);
            run.Finish();
        }
        ReportFile = Report.Rebuild(Folder);
    }

    public string Folder { get; }

    public string ReportFile { get; }

    public NonLinearPdeResult NonLinear { get; }

    public ErrorAmplificationResult Amplify { get; }

    public DivergenceResult Divergence { get; }

    internal string Address => new Uri(Path.GetFullPath(ReportFile)).AbsoluteUri;

    public void Dispose() => _parent.Dispose();
}
