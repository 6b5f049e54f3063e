using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Training;

/// <summary>
/// Trainings with group normalisation and with dropout keep the contract: one digest for any number of threads, passes of any size where
/// none sees another, and any stop.
/// </summary>
public class LayerDigestTests
{
    private const string GroupNorm = "70dc16e53dcc8b9d6b41521465ea4d2d72c914112d3f9efa8b1dc951a7d0d784",
        Dropout = "bf96798499fbc621378531c115ab56bf32577b45ba2acc7cb07cae1bdd75eb19";

    [Theory]
    [InlineData("resnet8-gn4", 0, 1, GroupNorm)]
    [InlineData("resnet8-gn4", 0, 3, GroupNorm)]
    [InlineData("fc-tanh", 0.3, 1, Dropout)]
    [InlineData("fc-tanh", 0.3, 3, Dropout)]
    public void The_digest_is_the_one_written_down(string network, double dropout, int threads, string digest)
    {
        using var run = new Run(network, dropout, threads);
        Assert.Equal(digest, run.Finish()[0]);
    }

    [Theory]
    [InlineData("resnet8-gn4", 0, GroupNorm)]
    [InlineData("fc-tanh", 0.3, Dropout)]
    public void Replicas_and_stops_leave_no_trace(string network, double dropout, string digest)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "checkpoint.bin");
        using Run whole = new(network, dropout, 2, 1, 3), resumed = new(network, dropout, 1, 1, 3);
        whole.Trainer.Step();
        Checkpoint.Save(path, whole.Trainer, "data", "");
        Checkpoint.Load(path, resumed.Trainer, "data");
        string[] digests = whole.Finish();
        Assert.Equal(digests, resumed.Finish());
        Assert.Equal(digest, digests[0]);
        Assert.NotEqual(digest, digests[1]);
    }

    [Fact]
    public void Dropout_drops_its_share_by_step_image_and_layer_and_nothing_in_evaluation()
    {
        var layer = new Dropout("dropout", 0.3);
        float[] mask = new float[40_000], other = new float[40_000];
        layer.Mask(1, 0, 2, 3, mask);
        Assert.All(mask, factor => Assert.True(factor == 0 || factor == (float)(1 / 0.7)));
        // Five standard deviations of a binomial count.
        Assert.InRange(mask.Count(factor => factor == 0), 12_000 - 459, 12_000 + 459);
        foreach ((ulong seed, long step, int node,
            int place) in new[] { (2ul, 0L, 2, 3), (1ul, 1L, 2, 3), (1ul, 0L, 3, 3), (1ul, 0L, 2, 4) })
        {
            layer.Mask(seed, step, node, place, other);
            Assert.InRange(mask.Zip(other, (a, b) => a == b ? 1 : 0).Sum(), 20_000, 26_000);
        }

        using Run dropping = new("fc-tanh", 0.3, 1), plain = new("fc-tanh", 0, 1);
        var stop = TestContext.Current.CancellationToken;
        Assert.Equal(plain.Trainer.Evaluate(plain.Trainer.Replicas[0], stop),
            dropping.Trainer.Evaluate(dropping.Trainer.Replicas[0], stop));
    }

    [Fact]
    public void Names_of_networks_say_their_groups()
    {
        Assert.Equal("resnet20-gn", NetworkSettings.Parse("resnet20-gn8", Activation.Relu).Name);
        Assert.Equal("preresnet20x2-gn16", NetworkSettings.Parse("preresnet20x2-gn16", Activation.Relu).Name);
        Assert.DoesNotContain(NetworkSettings.Parse("resnet8-gn", Activation.Relu).Build().Layout.All, parameter => !parameter.IsTrainable);
        foreach (string name in new[] { "resnet20-gn3", "resnet20-gn0", "resnet20-gn32", "resnet20-gn-nobn" })
            Assert.StartsWith("network: ", Assert.Throws<InputException>(() => NetworkSettings.Parse(name, Activation.Relu)).Message,
                StringComparison.Ordinal);
    }

    private sealed class Run : IDisposable
    {
        private readonly CpuEngineFactory _engines;

        public Run(string network, double dropout, int threads, params double[] k)
        {
            _engines = new CpuEngineFactory(threads);
            var (train, test) = Cifar10.Load(Cifar10.Sample, 12);
            Model model = (NetworkSettings.Parse(network, Activation.Relu) with { Dropout = dropout }).Build();
            var settings = new TrainingSettings(Seed: 7, Epochs: 2, BatchSize: 6, LearningRate: 0.05);
            Trainer = new Trainer(_engines, model, settings, Perturbation.EachOfK([.. (k.Length == 0 ? [1] : k).Select(one => (int)one)]),
                train, test.First(5));
        }

        public Trainer Trainer { get; }

        public string[] Finish()
        {
            while (!Trainer.IsFinished)
                Trainer.Step();
            return [.. Trainer.Replicas.Select(replica => replica.State.Digest())];
        }

        public void Dispose()
        {
            Trainer.Dispose();
            _engines.Dispose();
        }
    }
}
