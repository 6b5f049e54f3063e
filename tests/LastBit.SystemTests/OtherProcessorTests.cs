using System.Globalization;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>Whole commands end in the bytes that this processor computes: without its vectors, and on an Arm64 that QEMU plays.</summary>
public sealed class OtherProcessorTests(Arm64Program arm64) : IClassFixture<Arm64Program>, IDisposable
{
    private const string Network = "--batch-size 16 --data images={0} --threads 2";

    /// <summary>One-layer networks, a ResNet with either convolution, and products with the Hessian.</summary>
    public static TheoryData<string> Commands =>
    [
        "amplify --image-size 29 --kernel-size 7 --iterations 15 --learning-rate 0.05,0.09",
        "train --network resnet8 --activation swish --convolution direct --epochs 1 " + Network,
        "train --network resnet8 --epochs 1 " + Network,
        "sharpness --network resnet8 --train-size 16 --eigenvalues 1 --tolerance 0.1 --data images={0} --threads 2",
    ];

    /// <summary>Further layers, losses and perturbations.</summary>
    public static TheoryData<string> FurtherCommands =>
    [
        "train --network fc-tanh --loss mse --epochs 1 " + Network,
        "train --network cnn-relu-max --epochs 1 " + Network,
        "accuracy --network resnet8-nobn --seeds 1 --k 1,3 --perturbation ulp,stochastic --epochs 1 " + Network,
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The first switch leaves vectors of 128 bits and no fused multiply-add, the second no vectors at all.</summary>
    [Theory]
    [MemberData(nameof(Commands))]
    [MemberData(nameof(FurtherCommands))]
    public void Without_wide_vectors(string command) => AssertSame(command, "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic");

    [Theory]
    [MemberData(nameof(Commands))]
    public void On_Arm64(string command)
    {
        arm64.File();
        AssertSame(command);
        AssertSame("arm64", arm64.Run(Call(command, "arm64"), _folder["extracted"]));
    }

    private void AssertSame(string command, params string[] switches)
    {
        ToyRuns.WriteImages(_folder["images"]);
        LastBitProcess here = LastBitProcess.Run(Call(command, "here"));
        Assert.True(here.ExitCode == 0, here.Error);
        Assert.NotEmpty(ToyRuns.Results(_folder["here"]));
        foreach (string name in switches)
            AssertSame(name,
                Programs.Start(_folder.Path, [(name, "0")], "dotnet",
                    [Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"), .. Call(command, name)]));
    }

    private void AssertSame(string folder, (int Code, string Text) run)
    {
        Assert.True(run.Code == 0, run.Text);
        Assert.Equal(ToyRuns.Results(_folder["here"]), ToyRuns.Results(_folder[folder]));
    }

    private string[] Call(string command, string folder) =>
        [.. string.Format(CultureInfo.InvariantCulture, command, _folder["images"]).Split(' '), "--quiet", "--out", _folder[folder]];
}
