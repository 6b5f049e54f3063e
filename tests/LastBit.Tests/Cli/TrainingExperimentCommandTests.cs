namespace LastBit.Tests.Cli;

/// <summary>`lastbit accuracy` and `lastbit divergence`.</summary>
public sealed class TrainingExperimentCommandTests : IDisposable
{
    private static readonly string[] Small = ["--network", "resnet8", "--data", "sample", "--train-size", "40", "--batch-size", "16"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Accuracy_prints_its_document_and_refuses_other_settings_in_its_folder()
    {
        string[] accuracy = ["accuracy", .. Small, "--epochs", "2", "--seeds", "1,2", "--k", "1,3"];
        LastBitProcess whole = LastBitCall.Run([.. accuracy, "--json", "--out", _folder["whole"]]);
        Assert.Equal(0, whole.ExitCode);
        Assert.Equal(File.ReadAllText(_folder["whole/accuracy.json"]), whole.Output.TrimEnd());
        Assert.Equal(2, whole.Json.GetProperty("final").GetProperty("2").EnumerateObject().Count());

        LastBitProcess other = LastBitCall.Run([.. accuracy, "--momentum", "0.5", "--out", _folder["whole"]]);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("momentum is 0.9 there and 0.5 here", Assert.Single(other.ErrorLines), StringComparison.Ordinal);
        LastBitProcess both = LastBitCall.Run("accuracy", "--resume", _folder["whole"], "--epochs", "5");
        Assert.Equal(2, both.ExitCode);
        Assert.Contains("--epochs: a resumed run keeps its settings", Assert.Single(both.ErrorLines), StringComparison.Ordinal);
        Assert.Contains(" --seeds 1,2 --k 1,3", LastBit.Reports.Results.RunCommand.Of(LastBit.Runs.RunFolder.Read(_folder["whole"])),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Divergence_writes_its_figures_and_takes_more_divisors_later()
    {
        LastBitProcess run =
            LastBitCall.Run(["divergence", .. Small, "--divisors", "2", "--scaled-iterations", "3", "--out", _folder.Path]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Relative L1 difference of layer2.0.conv1.weight, k = 1 beside k = 3 (Figure 2)", run.Output,
            StringComparison.Ordinal);
        Assert.Contains("conv1.weight, iteration 1", run.Output, StringComparison.Ordinal);
        foreach (string figure in new[] { "figure2.png", "figure2.svg", "figure2-layers.png", "figure2-layers.svg" })
            Assert.True(File.Exists(_folder[Path.Combine("figures", figure)]), figure);

        LastBitProcess more = LastBitCall.Run("divergence", "--resume", _folder.Path, "--divisors", "3", "--mat", "--json");
        Assert.Equal(0, more.ExitCode);
        Assert.Equal([2, 3], more.Json.GetProperty("runs").EnumerateArray().Select(one => one.GetProperty("divisor").GetInt32()));
        Assert.True(File.Exists(_folder["result/parameter/nlayer/swish_0.1/L0.0005_3_2/3_conv_weight.mat"]));
        Assert.False(Directory.Exists(_folder["result/parameter/nlayer/swish_0.1/L0.0005_2_2"]));
    }

    [Fact]
    public void Other_perturbations_are_asked_for_by_name_and_added_later()
    {
        string[] accuracy = ["accuracy", .. Small, "--epochs", "1", "--seeds", "1,2", "--out", _folder["table"]];
        LastBitProcess run = LastBitCall.Run([.. accuracy, "--perturbation", "k=1,ulp", "--json"]);
        Assert.Equal((0, "1 ulp"),
            (run.ExitCode, string.Join(' ', run.Json.GetProperty("final").GetProperty("2").EnumerateObject().Select(one => one.Name))));
        LastBitProcess more = LastBitCall.Run("accuracy", "--resume", _folder["table"], "--k", "3", "--perturbation", "order");
        Assert.Equal(0, more.ExitCode);
        Assert.Contains("The spread of a run by the rounding that was changed", more.Output.ReplaceLineEndings(" "),
            StringComparison.Ordinal);
        Assert.Contains("--k 1,3 --perturbation order,ulp",
            LastBit.Reports.Results.RunCommand.Of(LastBit.Runs.RunFolder.Read(_folder["table"])), StringComparison.Ordinal);
        LastBitProcess report = LastBitCall.Run("report", _folder["table"]);
        Assert.Equal(0, report.ExitCode);
        Assert.Contains("2,ulp,", File.ReadAllText(_folder["table/report.html"]), StringComparison.Ordinal);
        LastBitProcess noise = LastBitCall.Run("noise", _folder["table"], "--json");
        Assert.Equal((0, 8), (noise.ExitCode, noise.Json.GetProperty("runs").GetInt32()));

        LastBitProcess pair = LastBitCall.Run(["divergence", .. Small, "--divisors", "2", "--scaled-iterations", "2", "--perturbation",
            "k=5,convolution", "--out", _folder["pair"], "--json"]);
        Assert.Equal((0, 5, 2), (pair.ExitCode, pair.Json.GetProperty("k").GetInt32(), pair.Json.GetProperty("runs").GetArrayLength()));
        Assert.Equal("convolution", pair.Json.GetProperty("runs")[1].GetProperty("perturbation").GetString());
    }

    [Theory]
    [InlineData("--perturbation: there is no perturbation 'k=0'", "accuracy", "--perturbation", "k=0")]
    [InlineData("--perturbation: ulp is given twice", "divergence", "--perturbation", "ulp,ulp")]
    [InlineData("--perturbation: one k per folder", "divergence", "--k", "3", "--perturbation", "k=5", "--data", "sample")]
    [InlineData("--seeds", "accuracy", "--seeds", "-1")]
    [InlineData("--k", "accuracy", "--k", "0")]
    [InlineData("--network: there is no network 'resnet9'", "accuracy", "--network", "resnet9")]
    [InlineData("--divisors", "divergence", "--divisors", "0")]
    [InlineData("there is no run.json in it", "divergence", "--resume", "no-such-folder")]
    public void Bad_options_are_one_line_and_exit_code_2(string line, params string[] args)
    {
        LastBitProcess run = LastBitCall.Run([.. args, .. args.Contains("--resume") ? (string[])[] : ["--out", _folder["none"]]]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(line, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }
}
