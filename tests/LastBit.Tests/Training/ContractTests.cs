using System.Globalization;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Training;

/// <summary>
/// The arithmetic contract: the digest of a small training is the one that is written down here,
/// whatever the width of the vectors, the number of threads and the stops on the way.
/// If a change moves it on purpose, <see cref="LastBit.Arithmetic.ArithmeticContract.Version"/> goes up with it.
/// </summary>
public class ContractTests
{
    private const string Relu = "eb0dcd7809a254479a2e446573a9b92f43fe5e7ff1d76fb2790d529ef13bb4ef";
    private const string Swish = "aee40569a41003fcf313e9f358a1d3bc7a12f0bbdfef1bdfd8040ed0c62f0d35";

    [Theory]
    [InlineData("relu", 1, Relu)]
    [InlineData("relu", 2, Relu)]
    [InlineData("relu", 3, Relu)]
    [InlineData("relu", 7, Relu)]
    [InlineData("swish", 2, Swish)]
    [InlineData("swish", 7, Swish)]
    public void The_digest_is_the_same_for_every_number_of_threads(string activation, int threads, string digest) =>
        Assert.Equal(digest, Train($"{activation} {threads} 1"));

    /// <summary>The same for Winograd convolution, whose digest is its own.</summary>
    private const string WinogradRelu = "62c78a782dfda8209c9824830472625dac1f1ed6aac5ff868274cb41975bb157";
    private const string WinogradSwish = "242052be115753406d5b6a02a277d6f8d43999255a22a53bf79b22bfb8f9cdce";

    [Theory]
    [InlineData("relu", 1, WinogradRelu)]
    [InlineData("relu", 2, WinogradRelu)]
    [InlineData("relu", 3, WinogradRelu)]
    [InlineData("relu", 7, WinogradRelu)]
    [InlineData("swish", 2, WinogradSwish)]
    public void The_digest_of_minimal_filtering_is_the_same_for_every_number_of_threads(string activation, int threads, string digest) =>
        Assert.Equal(digest, Train($"{activation} {threads} 1 winograd"));

    [Theory]
    [InlineData(2, true)]
    [InlineData(8, true)]
    [InlineData(3, false)]
    public void With_minimal_filtering_a_power_of_two_changes_nothing_and_another_k_does(int k, bool same) =>
        Assert.Equal(same, Train($"relu 2 {k} winograd") == WinogradRelu);

    [Fact]
    public void With_minimal_filtering_replicas_and_stops_leave_no_trace()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "checkpoint.bin");
        using var together = new Training([1, 3, 5], convolution: ConvolutionAlgorithm.Winograd);
        together.Trainer.Step();
        Checkpoint.Save(path, together.Trainer, "data", "");
        // Without the training, the weights of every replica are in it.
        Checkpoint.Replicas saved = Checkpoint.ReadReplicas(path, together.Trainer.Model);
        Assert.Equal(together.Trainer.StepsDone, ((long)saved.Epoch * together.Trainer.BatchesPerEpoch) + saved.Batch);
        Assert.Equal([1, 3, 5], saved.States.Select(one => one.Perturbation.K));
        Assert.Equal(together.Trainer.Replicas.Select(replica => replica.State.Digest()), saved.States.Select(one => one.State.Digest()));
        foreach ((_, NetworkState state) in saved.States)
            state.Dispose();
        using var resumed = new Training([1, 3, 5], convolution: ConvolutionAlgorithm.Winograd);
        Checkpoint.Load(path, resumed.Trainer, "data");
        Assert.Equal(WinogradRelu, together.Finish());
        Assert.Equal(WinogradRelu, resumed.Finish());
        Assert.Equal(together.Trainer.Replicas[1].State.Digest(), resumed.Trainer.Replicas[1].State.Digest());

        using var direct = new Training([1, 3, 5]);
        string reason = Assert.Throws<InputException>(() => Checkpoint.Load(path, direct.Trainer, "data")).Message;
        Assert.Contains("convolution is \"Winograd\" there and missing here", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Checkpoints_say_nothing_of_direct_convolutions_so_that_older_ones_go_on()
    {
        using var direct = new Training([1]);
        using var winograd = new Training([1], convolution: ConvolutionAlgorithm.Winograd);
        Assert.False(Checkpoint.Identity(direct.Trainer, "data").ContainsKey("convolution"));
        Assert.Equal("Winograd", (string?)Checkpoint.Identity(winograd.Trainer, "data")["convolution"]);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(4, true)]
    [InlineData(8, true)]
    [InlineData(3, false)]
    [InlineData(11, false)]
    public void A_perturbation_by_a_power_of_two_changes_nothing_and_any_other_does(int k, bool same) =>
        Assert.Equal(same, Train($"relu 2 {k}") == Relu);

    [Fact]
    public void Replicas_do_not_touch_one_another()
    {
        using var alone = new Training([3]);
        using var together = new Training([1, 3, 5]);
        alone.Finish();
        together.Finish();
        Assert.Equal(Relu, together.Trainer.Replicas[0].State.Digest());
        Assert.Equal(alone.Trainer.Replicas[0].State.Digest(), together.Trainer.Replicas[1].State.Digest());
    }

    [Fact]
    public void A_run_stopped_at_any_step_ends_in_the_same_digest()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "checkpoint.bin");
        using var straight = new Training([1, 3]);
        for (int stop = 0; !straight.Trainer.IsFinished; stop++)
        {
            Checkpoint.Save(path, straight.Trainer, "data", $"note {stop}");
            using var resumed = new Training([1, 3]);
            Assert.Equal($"note {stop}", Checkpoint.Load(path, resumed.Trainer, "data"));
            Assert.Equal(straight.Trainer.StepsDone, resumed.Trainer.StepsDone);
            resumed.Finish();
            Assert.Equal(Relu, resumed.Trainer.Replicas[0].State.Digest());
            straight.Trainer.Step();
        }
        Assert.Equal(Relu, straight.Trainer.Replicas[0].State.Digest());
    }

    [Fact]
    public void A_step_allocates_nothing_that_grows_with_the_work()
    {
        using var training = new Training([1], epochs: 40);
        for (int i = 0; i < 4; i++)
            training.Trainer.Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 60; i++)
            training.Trainer.Step();
        // A wait on a monitor may allocate a few bytes for its own bookkeeping; a step of this network moves megabytes.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 60 * 256);
    }

    [Fact]
    public void A_damaged_or_foreign_checkpoint_is_refused_with_the_reason_and_changes_nothing()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "checkpoint.bin");
        using var training = new Training([1]);
        training.Trainer.Step();
        Checkpoint.Save(path, training.Trainer, "data", "");
        byte[] whole = File.ReadAllBytes(path);
        string before = training.Trainer.Replicas[0].State.Digest();

        Refused(() => Checkpoint.Load(Path.Combine(folder.Path, "none"), training.Trainer, "data"), "cannot be read");
        foreach (int length in new[] { 0, 7, 100, whole.Length - 1 })
        {
            File.WriteAllBytes(path, whole[..length]);
            Refused(() => Checkpoint.Load(path, training.Trainer, "data"), length < 60 ? "is not a checkpoint" : "is damaged");
        }
        foreach (int at in new[] { 9, 40, whole.Length / 2, whole.Length - 5 })
        {
            byte[] altered = [.. whole];
            altered[at] ^= 1;
            File.WriteAllBytes(path, altered);
            Refused(() => Checkpoint.Load(path, training.Trainer, "data"), "is damaged");
        }
        File.WriteAllBytes(path, whole);
        Refused(() => Checkpoint.Load(path, training.Trainer, "other data"), "data is \"data\" there");
        using var other = new Training([3]);
        Refused(() => Checkpoint.Load(path, other.Trainer, "data"), "k is [1] there and [3] here");
        using var longer = new Training([1], epochs: 3);
        Refused(() => Checkpoint.Load(path, longer.Trainer, "data"), "epochs is 2 there and 3 here");
        Assert.Equal(before, training.Trainer.Replicas[0].State.Digest());

        static void Refused(Action load, string reason) =>
            Assert.Contains(reason, Assert.Throws<InputException>(load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_settings_name_their_option()
    {
        var good = new TrainingSettings();
        Names("--epochs", good with { Epochs = 0 });
        Names("--batch-size", good with { BatchSize = 0 });
        Names("--learning-rate", good with { LearningRate = 0 });
        Names("--learning-rate", good with { LearningRate = double.NaN });
        Names("--momentum", good with { Momentum = 1 });
        Names("--weight-decay", good with { WeightDecay = -1 });
        Assert.StartsWith("k: ", Assert.Throws<InputException>(() => Perturbation.OfK(double.NaN).Validate()).Message,
            StringComparison.Ordinal);
        foreach (string name in new[] { "resnet", "resnet21", "vgg17", "preresnet", "resnet2", "" })
            Assert.StartsWith("network: ", Assert.Throws<InputException>(() => NetworkSettings.Parse(name, Activation.Relu)).Message,
                StringComparison.Ordinal);

        static void Names(string option, TrainingSettings settings) =>
            Assert.Equal(option, "--" + Setting.NameOf(Assert.Throws<InputException>(settings.Validate).Setting!));
    }

    [Fact]
    public void The_learning_rate_falls_where_the_paper_lets_it_fall()
    {
        var paper = new TrainingSettings();
        Assert.Equal([0, 40, 80, 120, 160],
            Enumerable.Range(0, 200).Where(e => e == 0 || paper.LearningRateAt(e) != paper.LearningRateAt(e - 1)));
        Assert.Equal(0.1, paper.LearningRateAt(39));
        Assert.Equal(0.01, paper.LearningRateAt(40), 1e-15);
        var shorter = paper with { Epochs = 20 };
        Assert.Equal([0, 4, 8, 12, 16],
            Enumerable.Range(0, 20).Where(e => e == 0 || shorter.LearningRateAt(e) != shorter.LearningRateAt(e - 1)));
    }

    [Fact]
    public void ResNet56_has_the_papers_number_of_parameters()
    {
        var network = new ResNetSettings(56).Build();
        Assert.Equal(855_770, network.Layout.ParameterCount);
        Assert.Equal([32, 32, 3, 3], network.Layout["layer2.5.conv1.weight"].Shape);
        Assert.NotNull(network.Layout.Find("layer2.0.downsample.0.weight"));
        Assert.NotNull(network.Layout.Find("layer3.8.bn2.running_var"));
        Assert.Equal("conv1.weight", network.Layout.All[0].Name);
        Assert.Equal("fc.bias", network.Layout.All[^1].Name);
    }

    /// <summary>Two epochs of two steps on 20 images of the sample, and an evaluation in between, which must leave no trace.</summary>
    internal static string Train(string argument)
    {
        string[] words = argument.Split(' ');
        double k = double.Parse(words[2], CultureInfo.InvariantCulture);
        Activation activation = words[0] == "swish" ? Activation.Swish : Activation.Relu;
        ConvolutionAlgorithm convolution = words.Length > 3 ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
        using var training = new Training([k], activation, int.Parse(words[1], CultureInfo.InvariantCulture), convolution: convolution);
        training.Trainer.Step();
        training.Trainer.Evaluate(training.Trainer.Replicas[0]);
        return training.Finish();
    }

    private sealed class Training : IDisposable
    {
        private readonly CpuEngineFactory _engines;

        public Training(Perturbation[] perturbations, Activation activation = Activation.Relu, int threads = 2, int epochs = 2,
            ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
        {
            _engines = new CpuEngineFactory(threads);
            var (train, test) = Cifar10.Load(Cifar10.Sample, 20);
            var settings = new TrainingSettings(Seed: 7, Epochs: epochs, BatchSize: 12, Convolution: convolution);
            var model = new ResNetSettings(8) { Activation = activation }.Build();
            Trainer = new Trainer(_engines, model, settings, perturbations, train, test.First(5));
        }

        public Trainer Trainer { get; }

        public string Finish()
        {
            while (!Trainer.IsFinished)
                Trainer.Step();
            return Trainer.Replicas[0].State.Digest();
        }

        public void Dispose()
        {
            Trainer.Dispose();
            _engines.Dispose();
        }
    }
}
