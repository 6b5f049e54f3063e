using System.Globalization;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Training;

/// <summary>
/// The arithmetic contract, as in <see cref="ContractTests"/>, for the networks beside the ResNets: one digest for every width of the
/// vectors and number of threads.
/// </summary>
public class NetworkDigestTests
{
    /// <summary>The digest of each training: network and loss.</summary>
    public static TheoryData<string, string, string> Digests => new()
    {
        { "fc-tanh", "mse", "1e45b4d47395c047d484a7253363e5601c1e3e524ceb7ea8ace2ee7733194fee" },
        { "fc-relu", "cross-entropy", "b2ee29e7e401ecd96999f77642053d936441bc93f9fc035e6da930815796f12e" },
        { "fc-elu", "mse", "04f288c82381a0d0f0a2a4dad83fb3dff906e76da21eaa36c093e1a977e2bad0" },
        { "cnn-tanh", "mse", "0a6d9c6a6462ae21f58d15abbe699434a585c1547d4cc03b25d4a18943b03352" },
        { "cnn-relu-max", "cross-entropy", "e518878dd9373a840194dfb98383ccdf2ea9c0ec0d9f4cbe2893d6c86ef989ef" },
        { "vgg", "cross-entropy", "4cfe3c9cf8d113c383446d97ececd16b30debd210f5864f5a4fe1bcfb8065043" },
        { "fc-softplus", "cross-entropy", "02da719b3bce3da43ee82bf9627f1e44196086899555a8de0522b2f6eded9988" },
    };

    [Theory]
    [MemberData(nameof(Digests))]
    public void The_digest_is_the_same_for_every_number_of_threads(string network, string loss, string digest)
    {
        foreach (int threads in (int[])[1, 2, 3, 7])
        {
            string actual = Train($"{network} {loss} {threads}");
            Assert.True(digest == actual, $"{network}, {loss}, {threads} threads: {actual}");
        }
    }

    internal static string TrainAll() => string.Join(' ', Digests.Select(row => Train($"{row.Data.Item1} {row.Data.Item2} 2")));

    /// <summary>
    /// Two epochs of two steps on 20 images of the sample, 70 for connected networks: more than a chain of 64 images; and an evaluation in
    /// between.
    /// </summary>
    private static string Train(string argument)
    {
        string[] words = argument.Split(' ');
        bool connected = words[0].StartsWith("fc-", StringComparison.Ordinal);
        // One of the two with convolutions and biases is computed by Winograd's algorithm.
        var convolution = words[0] == "cnn-relu-max" ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
        using var engines = new CpuEngineFactory(int.Parse(words[2], CultureInfo.InvariantCulture));
        var (train, test) = Cifar10.Load(Cifar10.Sample, connected ? 90 : 20);
        NetworkSettings small = words[0] == "vgg"
            ? new VggSettings { Stages = [[16], [16], [32], [32, 32]] } : NetworkSettings.Parse(words[0], Activation.Relu);
        var network = small with { Loss = words[1] == "mse" ? Loss.SquaredError : Loss.CrossEntropy };
        var settings =
            new TrainingSettings(Seed: 7, Epochs: 2, BatchSize: connected ? 70 : 12, LearningRate: 0.02, Convolution: convolution);
        using var trainer = new Trainer(engines, network.Build(), settings, [1], train, test.First(5));
        trainer.Step();
        trainer.Evaluate(trainer.Replicas[0]);
        while (!trainer.IsFinished)
            trainer.Step();
        return trainer.Replicas[0].State.Digest();
    }
}
