using System.Text.Json;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>LastBit beside Debian's PyTorch: the same weights, the same batches, and where the two part.</summary>
public sealed class TraceTests
{
    private const string Beside = """
        import sys, numpy, torch
        sys.path[:0] = sys.argv[1:3]
        from lastbit.torch import Trace
        from resnet import ResNet
        torch.set_num_threads(1)

        model = ResNet(8)
        weights = numpy.load("weights.npz")
        model.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files}, strict=False)

        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
        with Trace("torch.trace", model, optimizer) as trace:
            for step in range(3):
                x = torch.from_numpy(numpy.load(f"batches/x-{step:06}.npy"))
                y = torch.from_numpy(numpy.load(f"batches/y-{step:06}.npy")).long()
                trace.batch(x, y)
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(x), y).backward()
                optimizer.step()
        """;

    [Fact]
    public void LastBit_and_PyTorch_part_at_the_first_convolution_as_rounding()
    {
        Programs.NeedPython("torch", "numpy");
        using var folder = new TemporaryFolder();
        string[] run =
        [
            "train", "--network", "resnet8", "--data", "sample", "--train-size", "96", "--batch-size", "32", "--epochs", "1", "--out",
        ];
        Assert.Equal(0, LastBitProcess.Run([.. run, folder["first"]]).ExitCode);
        Assert.Equal(0, LastBitProcess.Run("export", folder["first"], "--out", folder.Path).ExitCode);
        Assert.Equal(0, LastBitProcess.Run([.. run, folder["second"], "--initial", folder["weights.npz"], "--trace",
            folder["lastbit.trace"], "--trace-batches", folder["batches"], "--trace-steps", "3"]).ExitCode);
        File.WriteAllText(folder["script.py"], Beside);
        (int code, string output) = Programs.Start(folder.Path, [], Programs.Python, "-W", "ignore", "script.py",
            Path.Combine(Repository.Root, "python"), Path.Combine(Repository.Root, "examples", "pytorch"));
        Assert.True(code == 0, output);

        LastBitProcess diff = LastBitProcess.Run("diff", folder["lastbit.trace"], folder["torch.trace"], "--json", "--out", folder["diff"]);
        JsonElement parted = diff.Json.GetProperty("parted");
        Assert.Equal((0, "output", "conv1", true, "rounding"), (parted.GetProperty("step").GetInt32(),
            parted.GetProperty("kind").GetString(), parted.GetProperty("name").GetString(),
            parted.GetProperty("inputsEqual").GetBoolean(), parted.GetProperty("size").GetString()));
        JsonElement lines = diff.Json.GetProperty("lines");
        Assert.StartsWith("equal at the start (", lines.GetProperty("weights").GetString(), StringComparison.Ordinal);
        Assert.False(lines.TryGetProperty("structure", out _));
        Assert.Equal("equal, in the same order, 3 steps", lines.GetProperty("data").GetString());
        Assert.InRange(diff.Json.GetProperty("growth").GetProperty("last").GetDouble(), 1e-9, 1e-3);
        Assert.Empty(diff.Json.GetProperty("advice").EnumerateArray());
    }
}
