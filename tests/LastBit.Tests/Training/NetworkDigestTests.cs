using System.Globalization;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Training;

/// <summary>The arithmetic contract, as in <see cref="ContractTests"/>, for the networks beside the ResNets: one digest for every width of the vectors and number of threads.</summary>
public class NetworkDigestTests
{
    /// <summary>The digest of each training: network and loss.</summary>
    public static TheoryData<string, string, string> Digests => new()
    {
        { "fc-tanh", "mse", "4ee9a7484dfb0d7d66555707f5adf143ddfd4517bae22180ac6cf75f6290c1b5" },
        { "fc-relu", "cross-entropy", "18a47beebb37f3f6a7272c4d8a212826075aaee52b9590083cef8aa3f554226b" },
        { "fc-elu", "mse", "402c2fe6898f1cb0353d8998740521e1f2716512285dd44ef0887b4163865cfa" },
        { "cnn-tanh", "mse", "7a9cd3e45a565a153afcc4f387184404c7a3a3a3e1573cb218d03481ced67159" },
        { "cnn-relu-max", "cross-entropy", "b93eeda6c5ebd05f994481b2d8d0fcd59dfa7906d0cd57f7843ffaca387b6077" },
        { "vgg", "cross-entropy", "9f378dcc50d2cedad03bd1e8844497d4df65233d85ac44de3aed526af676fed6" },
        { "fc-softplus", "cross-entropy", "13e9cc44ea355420c7fc1b582d48194e013eb1b01735b166c0e553e755a38440" },
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

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void The_digest_is_the_same_for_narrower_vectors(string narrower)
    {
        int widest = ChildProcess.NarrowerVectors.Single(entry => entry.Switch == narrower).Bits;
        var (results, bits) = ChildProcess.Call(TrainAll, "", (narrower, "0"));
        Assert.True(bits <= widest, $"{narrower}=0 left vectors of {bits} bits.");
        Assert.Equal(Digests.Select(row => row.Data.Item3), results.Split(' '));
    }

    private static string TrainAll(string none) => string.Join(' ', Digests.Select(row => Train($"{row.Data.Item1} {row.Data.Item2} 2")));

    /// <summary>Two epochs of two steps on 20 images of the sample, 70 for connected networks: more than a chain of 64 images; and an evaluation in between.</summary>
    private static string Train(string argument)
    {
        string[] words = argument.Split(' ');
        bool connected = words[0].StartsWith("fc-", StringComparison.Ordinal);
        // One of the two with convolutions and biases goes by minimal filtering.
        var convolution = words[0] == "cnn-relu-max" ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
        using var team = new WorkerTeam(int.Parse(words[2], CultureInfo.InvariantCulture));
        var (train, test) = Cifar10.Load(Cifar10.Sample, connected ? 90 : 20);
        NetworkSettings small = words[0] == "vgg" ? new VggSettings { Stages = [[16], [16], [32], [32, 32]] } : NetworkSettings.Parse(words[0], Activation.Relu);
        var network = small with { Loss = words[1] == "mse" ? Loss.SquaredError : Loss.CrossEntropy };
        var settings = new TrainingSettings(Seed: 7, Epochs: 2, BatchSize: connected ? 70 : 12, LearningRate: 0.02, Convolution: convolution);
        using var trainer = Trainer.OnCpu(network.Build(), settings, [1], train, test.First(5), team);
        trainer.Step();
        trainer.Evaluate(trainer.Replicas[0]);
        while (!trainer.IsFinished)
            trainer.Step();
        return trainer.Replicas[0].State.Digest();
    }
}
