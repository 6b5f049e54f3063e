using System.Text.Json;

namespace LastBit.Tests.Cli;

public class SharpnessCommandTests
{
    private static readonly string[] Small = ["--network", "resnet8", "--data", "sample", "--train-size", "20"];

    [Fact]
    public void At_initialisation_and_at_a_checkpoint_that_has_not_moved_it_is_the_same()
    {
        using var folder = new TemporaryFolder();
        JsonElement initial = Run(["--out", folder["initial"], "--learning-rate", "0.5", .. Small]);
        double[] values = Numbers(initial, "eigenvalues"), residuals = Numbers(initial, "residuals");
        Assert.Equal(2, values.Length);
        Assert.True(values[0] > values[1] && values[1] > 0);
        Assert.All(residuals, residual => Assert.InRange(residual, 0, 1e-3 * values[0]));
        Assert.True(initial.GetProperty("converged").GetBoolean());
        Assert.Equal(4, initial.GetProperty("twoOverLearningRate").GetDouble());
        Assert.Equal(4, initial.GetProperty("threshold").GetDouble());
        Assert.Equal(JsonSerializer.Serialize(initial),
            JsonSerializer.Serialize(JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["initial"], "sharpness.json"))).RootElement));

        // A step with this learning rate rounds to nothing.
        Assert.Equal(0,
            LastBitCall.Run(["train", "--epochs", "1", "--batch-size", "20", "--learning-rate", "1e-30", "--out", folder["run"], "--json",
                .. Small]).ExitCode);
        JsonElement after = Run("--checkpoint", folder["run"], "--eigenvalues", "1", "--out", folder["after"]);
        Assert.Equal(values[0], Numbers(after, "eigenvalues")[0], 1e-4 * values[0]);
        Assert.Equal(initial.GetProperty("loss").GetDouble(), after.GetProperty("loss").GetDouble());
        Assert.Equal(1e-30, after.GetProperty("learningRate").GetDouble(), 1e-35);
        // The threshold is that of the run: Nesterov's momentum of 0.9 and a weight decay of 5e-4.
        Assert.Equal(3.8 / (1e-30 * 2.8), after.GetProperty("threshold").GetDouble(), 1e20);
        Assert.Equal(2 / 1e-30, after.GetProperty("twoOverLearningRate").GetDouble(), 1e20);
        Refused("--network: the checkpoint's run says it", "--checkpoint", folder["run"], "--network", "resnet14");
        Refused("--learning-rate: the checkpoint's run says it", "--checkpoint", folder["run"], "--learning-rate", "1e-30");
        // Fewer images than the run had, and the file by its name.
        JsonElement fewer = Run("--checkpoint", Path.Combine(folder["run"], "checkpoint.bin"), "--train-size", "10", "--eigenvalues", "1",
            "--out", folder["fewer"]);
        Assert.Equal(10, fewer.GetProperty("images").GetInt32());
        JsonElement direct = Run(["--out", folder["direct"], "--eigenvalues", "1", "--convolution", "direct", .. Small]);
        Assert.False(direct.TryGetProperty("twoOverLearningRate", out _));
        Assert.Equal(values[0], Numbers(direct, "eigenvalues")[0], 1e-4 * values[0]);
        Assert.NotEqual(Numbers(Run(["--out", folder["winograd"], "--eigenvalues", "1", .. Small]), "eigenvalues")[0],
            Numbers(direct, "eigenvalues")[0]);
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        using var folder = new TemporaryFolder();
        Refused("--checkpoint", "--checkpoint", folder["none"]);
        Refused("unknown option --augmentation", [.. Small, "--augmentation", "none"]);
        Refused("--tolerance", [.. Small, "--tolerance", "1e-9"]);
        Refused("--learning-rate", [.. Small, "--learning-rate", "0"]);
        Refused("--eigenvalues", [.. Small, "--eigenvalues", "0"]);
        Directory.CreateDirectory(folder["heat"]);
        Assert.Equal(0, LastBitCall.Run("heat", "--quiet", "--out", folder["heat"]).ExitCode);
        File.WriteAllText(Path.Combine(folder["heat"], "checkpoint.bin"), "x");
        Refused("lies in a run of `heat`", "--checkpoint", folder["heat"]);
    }

    private static JsonElement Run(params string[] args)
    {
        LastBitProcess run = LastBitCall.Run(["sharpness", "--json", .. args]);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Json;
    }

    private static double[] Numbers(JsonElement document, string name) =>
        [.. document.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    private static void Refused(string what, params string[] args)
    {
        LastBitProcess run = LastBitCall.Run(["sharpness", .. args]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(what, run.Error, StringComparison.Ordinal);
    }
}
