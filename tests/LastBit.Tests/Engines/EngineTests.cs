using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.OpenCl;
using LastBit.Engines.Reference;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Engines;

/// <summary>One trainer, two engines: they walk the same way to within rounding.</summary>
public class EngineTests
{
    [Theory]
    [InlineData(Optimizer.Sgd, null)]
    [InlineData(Optimizer.Sgd, 5)]
    [InlineData(Optimizer.AdamW, null)]
    public void A_training_goes_the_same_way_on_either_engine(Optimizer optimizer, int? passSize)
    {
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        var x = b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, 16, 3, 4)), Activation.Swish);
        b.Classify("fc", b.Activate(b.Add("block", b.Normalize("bn2", b.Convolution("conv2", x, 16, 3)), x), Activation.Swish), 10);
        var model = b.Build("small");
        var (train, test) = Cifar10.Load(Cifar10.Sample, 20);
        var settings = new TrainingSettings(Epochs: 2, BatchSize: 10, LearningRate: 0.05, PassSize: passSize, Optimizer: optimizer)
        {
            LearningRate = optimizer == Optimizer.Sgd ? 0.05 : 0.001,
        };
        using var engines = new CpuEngineFactory(2);
        using var reference = new ReferenceEngineFactory();
        using var ours = new Trainer(engines, model, settings, [1], train, test.First(10));
        using var exact = new Trainer(reference, model, settings, [1], train, test.First(10));
        while (!ours.IsFinished)
        {
            ours.Step();
            exact.Step();
            Assert.Equal(exact.Scores[0].LossSum, ours.Scores[0].LossSum, 1e-3);
        }
        var stop = TestContext.Current.CancellationToken;
        Assert.Equal(exact.Evaluate(exact.Replicas[0], stop).Loss, ours.Evaluate(ours.Replicas[0], stop).Loss, 1e-3);
    }

    [Fact]
    public void A_stop_loses_no_bit_of_the_reference_and_its_checkpoint_is_its_own()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "checkpoint.bin");
        var (train, test) = Cifar10.Load(Cifar10.Sample, 12);
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        b.Classify("fc", b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, 16, 3, 4)), Activation.Swish), 10);
        var model = b.Build("small");
        var settings = new TrainingSettings(Epochs: 2, BatchSize: 6, LearningRate: 0.05);
        Perturbation[] perturbations = [1, 3, Perturbation.Of(PerturbationKind.Stochastic)];
        using var reference = new ReferenceEngineFactory();
        using var engines = new CpuEngineFactory(1);
        using Trainer whole = new(reference, model, settings, perturbations, train, test.First(5)), resumed =
            new(reference, model, settings, perturbations, train, test.First(5));
        using var ours = new Trainer(engines, model, settings, perturbations, train, test.First(5));
        whole.Step();
        Checkpoint.Save(path, whole, "data", "");
        Checkpoint.Load(path, resumed, "data");
        Assert.Contains("arithmetic", Assert.Throws<InputException>(() => Checkpoint.Load(path, ours, "data")).Message,
            StringComparison.Ordinal);
        double[] differences = new double[1];
        while (!whole.IsFinished)
        {
            whole.Step();
            resumed.Step();
        }
        for (int i = 0; i < perturbations.Length; i++)
        {
            whole.Replicas[i].State.Differences(resumed.Replicas[i].State, [model.Layout.Weights], differences);
            Assert.Equal(0, differences[0]);
        }
        // k = 3 rounds elsewhere in binary64, far below what binary32 holds; rounding weights to binary32 does not.
        whole.Replicas[0].State.Differences(whole.Replicas[1].State, [model.Layout.Weights], differences);
        Assert.InRange(differences[0], 1e-18, 1e-11);
        whole.Replicas[0].State.Differences(whole.Replicas[2].State, [model.Layout.Weights], differences);
        Assert.InRange(differences[0], 1e-9, 1e-4);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var model = new ResNetSettings(8).Build();
        using var engines = new CpuEngineFactory(1);
        using IEngine engine = engines.CreateEngine(model, 2), other = engines.CreateEngine(new ResNetSettings(8).Build(), 2);
        using IReplica replica = engine.CreateReplica(new Sgd()), foreign = other.CreateReplica(new Sgd());
        using var state = new NetworkState(new ResNetSettings(14).Build().Layout);
        using IBatch batch = engine.CreateBatch(3);
        Assert.Throws<ArgumentException>(() => replica.Write(state));
        Assert.Throws<ArgumentException>(() => replica.Read(state));
        Assert.Throws<InvalidOperationException>(() => engine.Backward());
        Assert.Throws<InvalidOperationException>(() => engine.Update(new UpdateStep(0.1)));
        Assert.Throws<ArgumentException>(() => Forward(replica, 0, 1));
        Assert.Throws<ArgumentException>(() => batch.Write(new float[4095], new int[1]));
        Assert.Throws<ArgumentException>(() => batch.Write(new float[4 * 4096], new int[4]));
        Assert.Throws<ArgumentException>(() => batch.Write(new float[4096], (int[])[10]));
        Assert.Throws<ArgumentException>(() => batch.Write(new float[4096], (int[])[-1]));
        batch.Write(new float[3 * 4096], (int[])[9, 0, 1]);
        Assert.Throws<ArgumentException>(() => Forward(foreign, 0, 1));
        Assert.Throws<ArgumentException>(() => Forward(replica, 0, 3));
        Assert.Throws<ArgumentException>(() => Forward(replica, 2, 2));
        Assert.Throws<ArgumentException>(() => Forward(replica, -1, 1));
        Forward(replica, 1, 2);
        Assert.Throws<InvalidOperationException>(() => engine.Backward());

        void Forward(IReplica of, int from, int count) => engine.Forward(of, batch, from, count, PassSettings.Evaluation);
    }

    [Fact]
    public void A_replica_is_written_read_and_compared_where_it_is()
    {
        var model = new ResNetSettings(8).Build();
        using var engines = new CpuEngineFactory(1);
        using IEngine engine = engines.CreateEngine(model, 1);
        using IReplica one = engine.CreateReplica(new Sgd(Momentum: 0.9)), other = engine.CreateReplica(new Sgd(Momentum: 0.9));
        using NetworkState drawn = new(model.Layout, vectors: 1), read = new(model.Layout, vectors: 1);
        drawn.Initialise(1);
        drawn.Vector(0)[3] = 0.5f;
        one.Write(drawn);
        other.Write(drawn);
        other.Read(read);
        Assert.Equal(drawn.Digest(), other.Digest());
        Assert.Equal(0.5f, read.Vector(0)[3]);
        Parameter conv = model.Layout["conv1.weight"], fc = model.Layout["fc.bias"];
        Assert.Equal([0, 0, 0], Differences());

        // What begins from weights alone begins without momentum.
        using var weights = new NetworkState(model.Layout);
        weights.CopyFrom(drawn);
        weights.Get(fc)[0] *= -1;
        other.Write(weights);
        other.Read(read);
        Assert.Equal(0, read.Vector(0)[3]);
        float[] values = new float[fc.Count];
        other.Read(fc, values);
        Assert.Equal(weights.Get(fc).ToArray(), values);
        Assert.All(Differences().Zip([2.0 / model.Layout.ParameterCount, 0, 2.0 / fc.Count]),
            pair => Assert.Equal(pair.Second, pair.First, 1e-15));
        Assert.True(other.IsFinite());
        weights.Get(conv)[0] = float.NaN;
        other.Write(weights);
        Assert.False(other.IsFinite());
        Assert.True(double.IsNaN(Differences()[1]));

        double[] Differences()
        {
            double[] differences = new double[3];
            one.Differences(other, [model.Layout.Weights, conv, fc], differences);
            return differences;
        }
    }

    [Fact]
    public void Results_come_in_the_order_of_the_passes_and_once()
    {
        var model = new ConnectedNetworkSettings { Activation = Activation.Tanh, Images = new TensorShape(4, 4, 1) }.Build();
        using var engines = new CpuEngineFactory(1);
        using IEngine engine = engines.CreateEngine(model, 2);
        using IReplica replica = engine.CreateReplica(new Sgd());
        using IBatch batch = engine.CreateBatch(3);
        batch.Write(new float[3 * model.ImageFloats], (int[])[0, 1, 2]);
        engine.Forward(replica, batch, 0, 2, PassSettings.Evaluation);
        engine.Forward(replica, batch, 2, 1, PassSettings.Evaluation);
        List<BatchResult> results = [];
        replica.TakeResults(results);
        // All outputs are equal, and the first of equal ones is the answer.
        Assert.Equal([(2, 1), (1, 0)], results.Select(result => (result.Count, result.Correct)));
        Assert.Equal(Math.Log(10), results[1].LossSum, 1e-6);
        replica.TakeResults(results);
        Assert.Empty(results);
    }

    [Fact]
    public void What_the_kernels_cannot_compute_is_refused_with_the_layer_s_name()
    {
        Refused("20 output channels", (b, x) => b.Convolution("odd", x, 20, 3));
        Refused("multiples of the stride", (b, x) => b.Convolution("odd", x, 16, 3, 5));
        Refused("once and before", (b, x) => b.Normalize("odd", b.Activate(x, Activation.Relu)));
        Refused("once and before", (b, x) => b.Normalize("odd", b.Images));
        Refused("two activation functions", (b, x) => b.Activate(b.Activate(x, Activation.Relu), Activation.Swish));

        static void Refused(string why, Func<ModelBuilder, Node, Node> layer)
        {
            var b = new ModelBuilder(new TensorShape(32, 32, 3));
            b.Classify("fc", layer(b, b.Convolution("conv", b.Images, 16, 3)), 10);
            using var engines = new CpuEngineFactory(1);
            Model model = b.Build("bad");
            string reason = engines.WhyNot(model)!;
            Assert.Contains(why, reason, StringComparison.Ordinal);
            Assert.Equal(reason, Assert.Throws<InputException>(() => engines.CreateEngine(model, 1)).Message);
            Assert.Equal(reason, Assert.Throws<InputException>(() => engines.CreateHessian(model, 1)).Message);
        }
    }

    [Fact]
    public void An_engine_says_which_update_rules_it_has()
    {
        Check(new CpuEngineFactory(1));
        Check(new ReferenceEngineFactory());
        Check(new OpenClEngineFactory(0, null, 0));

        static void Check(IEngineFactory factory)
        {
            using IEngineFactory engines = factory;
            Assert.True(engines.Has(new Sgd()) && engines.Has(new AdamW()));
            Assert.False(engines.Has(new Unknown()));
        }
    }

    private sealed record Unknown : UpdateRule
    {
        public override int Vectors => 0;
    }
}
