using LastBit.Experiments;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Files;
using LastBit.Pde;
using LastBit.Training;

namespace LastBit.Tests.Experiments;

public sealed class OneLayerFilesTests : IDisposable
{
    private static readonly GreyImage s_image = OneLayerExperiments.Noise(20, 23);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Losses_lie_where_the_authors_scripts_look_for_them()
    {
        LinearizedPdeResult linear = LinearizedPde.Experiment.Run(
            new() { Alphas = [11, 1.3e7], LearningRate = 1e-4, Iterations = 5, Image = s_image, KernelSize = 4 }, Context());
        NonLinearPdeResult nonLinear =
            NonLinearPde.Experiment.Run(new() { LearningRates = [0.01, 0.1], Iterations = 5, Image = s_image, KernelSize = 4 }, Context());
        Assert.Equal(linear.Runs[0].Loss, Npy.Read(_folder["result/loss/linear/loss_alpha11.0.npy"]).Get<double>(5));
        Assert.Equal(linear.Runs[1].Loss, Npy.Read(_folder["result/loss/linear/loss_alpha13000000.0.npy"]).Get<double>(5));
        Assert.Equal(nonLinear.Runs[0].Loss, Npy.Read(_folder["result/loss/nonlinear/loss_dt0.01_L20.npy"]).Get<double>(5));
        Assert.Equal(nonLinear.Runs[1].Loss, Npy.Read(_folder["result/loss/nonlinear/loss_dt0.1_L20.npy"]).Get<double>(5));
        Assert.Equal(linear.ToJson(), File.ReadAllText(_folder["linear.json"]));
        Assert.Equal(nonLinear.ToJson(), File.ReadAllText(_folder["nonlinear.json"]));
    }

    [Fact]
    public void Kernels_of_every_iteration_go_into_one_file_a_run_and_with_mat_into_one_each()
    {
        var settings =
            new ErrorAmplificationSettings { LearningRates = [0.05], Iterations = 3, Image = s_image, KernelSize = 4, Mat = true };
        ErrorAmplificationResult result = ErrorAmplification.Experiment.Run(settings, Context());
        string folder = _folder["result/parameter/1layer/dt0.05_L20"];
        double[] first = Npy.Read(folder + "/1_1.npy").Get<double>(3, 1, 1, 4, 4), second =
            Npy.Read(folder + "/1_2.npy").Get<double>(3, 1, 1, 4, 4);
        for (int i = 0; i < 3; i++)
        {
            double[] one = first[(16 * i)..(16 * i + 16)], three = second[(16 * i)..(16 * i + 16)];
            Assert.Equal(MatFile.Encode<double>("conv_weight", one, [1, 1, 4, 4]),
                File.ReadAllBytes($"{folder}/1_1/{i + 1}_conv_weight.mat"));
            Assert.Equal(MatFile.Encode<double>("conv_weight", three, [1, 1, 4, 4]),
                File.ReadAllBytes($"{folder}/1_2/{i + 1}_conv_weight.mat"));
            Assert.Equal(2 * one.Zip(three, (a, b) => Math.Abs(a - b) / (Math.Abs(a) + Math.Abs(b))).Average(),
                result.Runs[0].RelativeL1[i], 1e-15);
        }
        Assert.Equal(8, Directory.GetFiles(_folder["result"], "*", SearchOption.AllDirectories).Length);
        Assert.Equal(result.ToJson(), File.ReadAllText(_folder["amplify.json"]));
    }

    [Fact]
    public void A_run_that_is_no_longer_finite_stops_there_and_no_NaN_is_written()
    {
        var settings = new NonLinearPdeSettings { LearningRates = [0.13], Iterations = 1000, Image = s_image, KernelSize = 4 };
        NonLinearPdeRun run = NonLinearPde.Experiment.Run(settings, Context()).Runs[0];
        Assert.InRange(run.Finite, 700, 800);
        Assert.Equal(run.Finite, run.Loss.Length);
        Assert.All(run.Loss, loss => Assert.True(double.IsFinite(loss)));
        double[] file = Npy.Read(_folder["result/loss/nonlinear/loss_dt0.13_L20.npy"]).Get<double>(1000);
        Assert.Equal(run.Loss, file[..run.Finite]);
        Assert.All(file[run.Finite..], loss => Assert.Equal(double.PositiveInfinity, loss));

        // Without weight decay nothing but the loss of the network itself is left; and without a bound on the iterations the kernel
        // overflows.
        LinearizedPdeRun linear = LinearizedPde.Experiment.Run(
            new() { Alphas = [0], LearningRate = 1, Iterations = 1000, Image = s_image, KernelSize = 4 }, Context()).Runs[0];
        Assert.InRange(linear.Finite, 10, 999);
        Assert.All(linear.Loss, loss => Assert.True(double.IsFinite(loss)));
        ErrorAmplificationRun pair = ErrorAmplification.Experiment.Run(
            new() { LearningRates = [0.13], Iterations = 1000, Image = s_image, KernelSize = 4 }, Context()).Runs[0];
        Assert.InRange(pair.Finite, 700, 800);
        Assert.All(pair.RelativeL1, difference => Assert.InRange(difference, 0, 2));
    }

    [Fact]
    public void Images_come_from_PNG_files_with_black_as_minus_1_and_white_as_1()
    {
        GreyImage image = GreyImage.Load(Reference.File("png", "rgb8-interlaced.png"));
        byte[] samples = File.ReadAllBytes(Reference.File("png", "rgb8-interlaced.samples"));
        Assert.Equal((11, 13), (image.Height, image.Width));
        for (int i = 0; i < image.Pixels.Length; i++)
            Assert.Equal((0.299 * samples[3 * i] + 0.587 * samples[3 * i + 1] + 0.114 * samples[3 * i + 2]) / 127.5 - 1, image.Pixels[i],
                1e-14);
        LinearizedPdeResult result = LinearizedPde.Experiment.Run(
            new() { Alphas = [1], LearningRate = 1e-4, Iterations = 4, Image = image, KernelSize = 3 }, Context());
        Assert.Equal(4, result.Runs[0].Finite);
        Assert.Contains("none.png", Assert.Throws<InputException>(() => GreyImage.Load("none.png")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_settings_name_their_option()
    {
        Refused("--weight-decay", () => LinearizedPde.Experiment.Run(new() { Alphas = [] }, Context()));
        Refused("--weight-decay", () => LinearizedPde.Experiment.Run(new() { Alphas = [1, 2, 1] }, Context()));
        Refused("--weight-decay", () => LinearizedPde.Experiment.Run(new() { Alphas = [-1] }, Context()));
        Refused("--weight-decay", () => LinearizedPde.Experiment.Run(new() { Alphas = [double.NaN] }, Context()));
        Refused("--learning-rate", () => LinearizedPde.Experiment.Run(new() { LearningRate = 0 }, Context()));
        Refused("--iterations", () => LinearizedPde.Experiment.Run(new() { Iterations = 0 }, Context()));
        Refused("--learning-rate", () => NonLinearPde.Experiment.Run(new() { LearningRates = [0.1, double.NaN] }, Context()));
        Refused("--learning-rate", () => NonLinearPde.Experiment.Run(new() { LearningRates = [0.1, 0.1] }, Context()));
        Refused("--weight-decay", () => NonLinearPde.Experiment.Run(new() { WeightDecay = double.PositiveInfinity }, Context()));
        Refused("--weight-decay", () => ErrorAmplification.Experiment.Run(new() { WeightDecay = -1 }, Context()));
        Refused("--k", () => ErrorAmplification.Experiment.Run(new() { Perturbation = Perturbation.OfK(0) }, Context()));
        Refused("--iterations", () => ErrorAmplification.Experiment.Run(new() { Iterations = int.MaxValue }, Context()));
        Refused("--kernel-size", () => ErrorAmplification.Experiment.Run(new() { KernelSize = 0 }, Context()));
        Refused("--kernel-size", () => NonLinearPde.Experiment.Run(new() { KernelSize = 21, Image = s_image }, Context()));
        Refused("--kernel-size", () => StabilityBounds.Experiment.Run(new() { Image = GreyImage.Checkerboard(31) }, Context()));
        Refused("--learning-rate", () => StabilityBounds.Experiment.Run(new() { LearningRate = -1 }, Context()));
        Refused("--a", () => StabilityBounds.Experiment.Run(new() { A = double.NaN }, Context()));
        Refused("--beta", () => StabilityBounds.Experiment.Run(new() { Beta = double.NegativeInfinity }, Context()));
        Refused("--image-size", () => GreyImage.Checkerboard(0));
        Assert.Throws<InputException>(() => new GreyImage("x", 1, 2, [0, double.NaN]));
        Assert.Throws<InputException>(() => new GreyImage("x", 2, 2, [0, 1]));
    }

    [Fact]
    public void A_cancelled_experiment_keeps_the_runs_that_were_finished()
    {
        using var cancellation = new CancellationTokenSource();
        var observer = new CancelAtTheEnd(cancellation);
        var settings = new NonLinearPdeSettings { Iterations = 50, Image = s_image, KernelSize = 4 };
        Assert.ThrowsAny<OperationCanceledException>(() =>
            NonLinearPde.Experiment.Run(settings, new ExperimentContext(_folder.Path, 1, observer, cancellation.Token)));
        Assert.Single(Directory.GetFiles(_folder["result/loss/nonlinear"]));
        Assert.False(File.Exists(_folder["nonlinear.json"]));
    }

    private static void Refused(string option, Action run)
    {
        var error = Assert.Throws<InputException>(run);
        Assert.Equal(option, "--" + Setting.NameOf(error.Setting!));
        Assert.DoesNotContain('\n', error.Message);
    }

    private ExperimentContext Context() => OneLayerExperiments.Context(_folder.Path);

    private sealed class CancelAtTheEnd(CancellationTokenSource cancellation) : IRunObserver
    {
        public void Begin(string task, long total, string unit) { }

        public void Advance(string task, long completed, string? note = null) { }

        public void End(string task, string? note = null) => cancellation.Cancel();

        public void Point(string chart, string series, double x, double y) { }

        public void Message(string text) { }
    }
}
