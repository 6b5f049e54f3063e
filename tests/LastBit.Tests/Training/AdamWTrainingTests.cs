using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Training;

/// <summary>
/// A training by AdamW keeps the contract: one digest for any number of threads and any stop on the way, with every perturbation.
/// </summary>
public class AdamWTrainingTests
{
    private const string Digest = "951dc795e9e10abb40a5c1ac162b0fda6b8a4185177d95d62b2b759881fad34f";

    private static readonly Perturbation[] Three = [1, 3, Perturbation.Of(PerturbationKind.Stochastic)];

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_digest_is_the_one_written_down(int threads)
    {
        using var training = new Run([1], threads);
        Assert.Equal(Digest, training.Finish()[0]);
    }

    [Fact]
    public void Replicas_and_stops_leave_no_trace_and_every_perturbation_moves_something()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "checkpoint.bin");
        using var whole = new Run(Three, 2);
        whole.Trainer.Step();
        Checkpoint.Save(path, whole.Trainer, "data", "");
        using var resumed = new Run(Three, 1);
        Checkpoint.Load(path, resumed.Trainer, "data");
        string[] digests = whole.Finish();
        Assert.Equal(digests, resumed.Finish());
        Assert.Equal(Digest, digests[0]);
        Assert.Equal(3, digests.Distinct().Count());

        using var sgd = new Run(Three, 1, Optimizer.Sgd);
        Assert.Contains("optimizer", Assert.Throws<InputException>(() => Checkpoint.Load(path, sgd.Trainer, "data")).Message,
            StringComparison.Ordinal);
        Assert.False(Checkpoint.Identity(sgd.Trainer, "data").ContainsKey("optimizer"));
    }

    private sealed class Run : IDisposable
    {
        private readonly CpuEngineFactory _engines;

        public Run(Perturbation[] perturbations, int threads, Optimizer optimizer = Optimizer.AdamW)
        {
            _engines = new CpuEngineFactory(threads);
            var (train, test) = Cifar10.Load(Cifar10.Sample, 16);
            var settings =
                new TrainingSettings(Seed: 7, Epochs: 2, BatchSize: 8, LearningRate: 1e-3, WeightDecay: 0.01, Optimizer: optimizer);
            Model model = NetworkSettings.Parse("fc-tanh", Activation.Relu).Build();
            Trainer = new Trainer(_engines, model, settings, perturbations, train, test.First(5));
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
