using System.Text.Json;
using LastBit.Engines;
using LastBit.Files;
using LastBit.Models;
using LastBit.Traces;
using LastBit.Training;

namespace LastBit.Tests.Cli;

/// <summary>Weights go out of a run and into another, and a training writes its trace.</summary>
public sealed class ExportCommandTests : IDisposable
{
    private static readonly string[] Small =
    [
        "train", "--network", "resnet8", "--data", "sample", "--train-size", "60", "--batch-size", "20", "--epochs", "1", "--json", "--out",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_training_is_exported_begun_from_and_traced()
    {
        string digest = Digest(LastBitCall.Run([.. Small, _folder["run"]]));
        LastBitProcess export = LastBitCall.Run("export", _folder["run"], "--out", _folder["weights"], "--json");
        string weights = _folder["weights/weights.npz"];
        JsonElement file = export.Json.GetProperty("files")[0];
        Assert.Equal((Path.GetFullPath(weights), "1", digest, 1, 0), (file.GetProperty("file").GetString(),
            file.GetProperty("k").GetString(), file.GetProperty("digest").GetString(), file.GetProperty("epoch").GetInt32(),
            file.GetProperty("batch").GetInt32()));
        Model model = NetworkSettings.Parse("resnet8", Activation.Relu).Build();
        using (NetworkState state = WeightsFile.Read(weights, model))
        {
            Assert.Equal(digest, state.Digest());
            Assert.Equal([16, 3, 3, 3], Npz.Read(weights)["conv1.weight"].Shape);
            WeightsFile.Write(_folder["again.npz"], state);
            Assert.Equal(File.ReadAllBytes(weights), File.ReadAllBytes(_folder["again.npz"]));
        }

        // Begun from it, with and without a trace, the run is the same, and not that of the seed's weights.
        string[] begun = [.. Small, _folder["begun"], "--initial", weights];
        string from = Digest(LastBitCall.Run(begun));
        Assert.NotEqual(digest, from);
        Assert.Equal(from, Digest(LastBitCall.Run([.. Small, _folder["traced"], "--initial", weights, "--trace", _folder["a.trace"],
            "--trace-batches", _folder["batches"], "--trace-steps", "2", "--threads", "1"])));
        Assert.Equal(from, Digest(LastBitCall.Run("train", "--resume", _folder["begun"], "--json")));
        Assert.Equal(0, LastBitCall.Run("sharpness", "--checkpoint", _folder["begun"], "--eigenvalues", "1", "--tolerance", "0.5",
            "--verify", "0.5", "--batch-size", "20", "--out", _folder["sharpness"]).ExitCode);

        using TraceReader trace = TraceReader.Open(_folder["a.trace"]);
        TraceRecord[] first = [.. trace.NextStep()!.Records], second = [.. trace.NextStep()!.Records];
        Assert.Null(trace.NextStep());
        Assert.Equal(("SGD", "1"), (trace.Settings["optimizer"]!.ToUpperInvariant(), trace.Settings["threads"]));
        TraceTensor Of(TraceRecord[] step, TraceKind kind, string name) =>
            step.Single(one => one.Key.Kind == kind && one.Key.Name == name).Tensor!;
        NumericArray conv1 = Npz.Read(weights)["conv1.weight"];
        Assert.True(TraceTensor.Of<float>(conv1.Get<float>(), conv1.Shape).IsEqualTo(Of(first, TraceKind.Weights, "conv1.weight")));
        NumericArray x = Npy.Read(_folder["batches/x-000001.npy"]), y = Npy.Read(_folder["batches/y-000001.npy"]);
        Assert.Equal([20, 3, 32, 32], x.Shape);
        Assert.Equal([20], y.Shape);
        Assert.True(TraceTensor.Of<float>(x.Get<float>(), x.Shape).IsEqualTo(Of(second, TraceKind.Batch, "x")));
        Assert.True(Of(second, TraceKind.Input, "conv1").IsEqualTo(Of(second, TraceKind.Batch, "x")));
        Assert.Equal([20, 16, 32, 32], Of(second, TraceKind.Output, "conv1").Shape);
        Assert.Equal([20, 10], Of(second, TraceKind.Output, "fc").Shape);
        // What PyTorch's module of the network has, under its names; the gradient of the images is nobody's.
        string[] modules = [.. second.Where(one => one.Key.Kind == TraceKind.Output).Select(one => one.Key.Name)];
        Assert.Equal(["conv1", "bn1", "layer1.0.conv1", "layer1.0.bn1", "layer1.0.conv2", "layer1.0.bn2", "layer1.0", "layer1"],
            modules[..8]);
        Assert.Equal(["layer3.0.downsample.0", "layer3.0.downsample.1", "layer3.0.downsample", "layer3.0", "layer3", "fc", ""],
            modules[^7..]);
        Assert.Equal(modules.Order(), second.Where(one => one.Key.Kind == TraceKind.Input).Select(one => one.Key.Name).Order());
        Assert.Equal(modules.Order(), second.Where(one => one.Key.Kind == TraceKind.OutputGradient).Select(one => one.Key.Name).Order());
        Assert.True(Of(second, TraceKind.Output, "layer1.0").IsEqualTo(Of(second, TraceKind.Input, "layer2.0.conv1")));
        Assert.True(Of(second, TraceKind.OutputGradient, "fc").IsEqualTo(Of(second, TraceKind.OutputGradient, "")));
        Assert.Equal(model.Layout.All.Count, first.Count(one => one.Key.Kind is TraceKind.Update or TraceKind.Buffer));
        Assert.DoesNotContain(second, one => one.Key.Kind == TraceKind.Weights);

        // Of itself it is no other training; of another k it parts where the optimizer computes.
        Assert.Equal(from, Digest(LastBitCall.Run([.. Small, _folder["twice"], "--initial", weights, "--trace", _folder["b.trace"],
            "--trace-steps", "2", "--threads", "2"])));
        Assert.Equal(0, LastBitCall.Run("diff", _folder["a.trace"], _folder["b.trace"], "--exit-code", "--out", _folder["diff"]).ExitCode);
        LastBitCall.Run([.. Small, _folder["k3"], "--initial", weights, "--k", "3", "--trace", _folder["k3.trace"], "--trace-steps", "2"]);
        JsonElement parted = LastBitCall.Run("diff", _folder["a.trace"], _folder["k3.trace"], "--json", "--out", _folder["diff3"]).Json
            .GetProperty("parted");
        Assert.Equal(("update", "rounding", 0), (parted.GetProperty("kind").GetString(), parted.GetProperty("size").GetString(),
            parted.GetProperty("step").GetInt32()));
    }

    [Fact]
    public void The_output_of_a_convolution_is_that_of_its_definition()
    {
        Assert.Equal(0, LastBitCall.Run([.. Small, _folder["run"], "--trace", _folder["a.trace"], "--trace-batches", _folder["b"],
            "--trace-steps", "1", "--convolution", "direct"]).ExitCode);
        Model model = NetworkSettings.Parse("resnet8", Activation.Relu).Build();
        using var state = new NetworkState(model.Layout);
        state.Initialise(1);
        float[] x = Npy.Read(_folder["b/x-000000.npy"]).Get<float>(), w = state.Get("conv1.weight").ToArray();
        float[] expected = new float[20 * 16 * 32 * 32];
        for (int i = 0; i < expected.Length; i++)
        {
            (int image, int channel, int row, int column) = (i / 16384, i / 1024 % 16, i / 32 % 32, i % 32);
            double sum = 0;
            for (int k = 0; k < 27; k++)
            {
                (int r, int c) = (row + (k / 3 % 3) - 1, column + (k % 3) - 1);
                if (r is >= 0 and < 32 && c is >= 0 and < 32)
                    sum += (double)x[(((image * 3) + (k / 9)) * 1024) + (r * 32) + c] * w[(channel * 27) + k];
            }
            expected[i] = (float)sum;
        }
        using TraceReader trace = TraceReader.Open(_folder["a.trace"]);
        TraceTensor ours = trace.NextStep()!.Records.Single(one => one.Key is { Kind: TraceKind.Output, Name: "conv1" }).Tensor!;
        MeasuredDifference difference = RoundingRule.Judge(ours, TraceTensor.Of<float>(expected, 20, 16, 32, 32), 27, 0, true);
        Assert.Equal(DifferenceSize.Rounding, difference.Size);
    }

    [Fact]
    public void Bad_weights_and_runs_are_refused_in_a_line()
    {
        Assert.Equal(0, LastBitCall.Run([.. Small, _folder["run"]]).ExitCode);
        LastBitCall.Run("export", _folder["run"], "--out", _folder["w"]);
        string weights = _folder["w/weights.npz"];
        Npz.Write(_folder["extra.npz"], [.. Arrays(weights), ("other.weight", [1f], [1])]);
        Npz.Write(_folder["missing.npz"], Arrays(weights).Where(one => one.Name != "fc.bias"));
        Npz.Write(_folder["counter.npz"], [.. Arrays(weights), ("bn1.num_batches_tracked", [1f], [])]);
        Directory.CreateDirectory(_folder["foreign"]);
        File.Copy(_folder["extra.npz"], _folder["foreign/weights.npz"]);
        foreach ((string why, string[] arguments) in ((string, string[])[])
        [
            ("is there already, and holds no weights of resnet8", ["export", _folder["run"], "--out", _folder["foreign"]]),
            ("it has other.weight, which the network does not have", [.. Small, _folder["a"], "--initial", _folder["extra.npz"]]),
            ("it has no fc.bias", [.. Small, _folder["a"], "--initial", _folder["missing.npz"]]),
            ("is not of resnet14", [.. Small.Select(word => word == "resnet8" ? "resnet14" : word), _folder["a"], "--initial", weights]),
            ("cannot be read", [.. Small, _folder["a"], "--initial", _folder["none.npz"]]),
            ("there is no such file or folder", ["export", _folder["none"]]),
            ("has no checkpoint.bin", ["export", _folder.Path]),
            ("is not a checkpoint of LastBit", ["export", Path.Combine(_folder["run"], "train.json")]),
            ("there is no run.json beside or above it", ["export", weights]),
        ])
        {
            LastBitProcess run = LastBitCall.Run(arguments);
            Assert.Equal((2, 1), (run.ExitCode, run.Error.Trim().Split('\n').Length));
            Assert.Contains(why, run.Error, StringComparison.Ordinal);
        }
        Assert.Equal(0, LastBitCall.Run([.. Small, _folder["b"], "--initial", _folder["counter.npz"]]).ExitCode);
        // A run goes on with the weights that it began with, or not at all.
        File.Copy(_folder["missing.npz"], _folder["counter.npz"], overwrite: true);
        Assert.Contains("is not the file that the run began with", LastBitCall.Run("train", "--resume", _folder["b"]).Error,
            StringComparison.Ordinal);
    }

    private static IEnumerable<(string Name, float[] Values, int[] Shape)> Arrays(string file) =>
        Npz.Read(file).Select(one => (one.Key, one.Value.Get<float>(), one.Value.Shape));

    private static string Digest(LastBitProcess run) => run.Json.GetProperty("digest").GetString()!;
}
