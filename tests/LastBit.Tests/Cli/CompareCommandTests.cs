using System.Text.Json;

namespace LastBit.Tests.Cli;

/// <summary>`noise`, `compare` and `summarize` on other people's logs, from the file to the exit code.</summary>
public sealed class CompareCommandTests : IDisposable
{
    private static readonly double[] Baseline = [0.910, 0.912, 0.909, 0.911, 0.913];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Noise_of_five_seeds_as_fractions()
    {
        string log = Log("a.csv", Baseline);
        LastBitProcess noise = LastBitCall.Run("noise", log, "--difference", "0.003", "--value", "last", "--json", "--out", _folder["noise"]);
        Assert.Equal(0, noise.ExitCode);
        Assert.Equal(5, noise.Json.GetProperty("runs").GetInt32());
        Assert.Equal("fraction", noise.Json.GetProperty("unit").GetString());
        Assert.Equal(0.911, noise.Json.GetProperty("mean").GetDouble(), 1e-12);
        Assert.Equal(Math.Sqrt(1e-5 / 4), noise.Json.GetProperty("spread").GetDouble(), 1e-12);
        Assert.Equal(2.7764451051977987 * Math.Sqrt(2 * 1e-5 / 4), noise.Json.GetProperty("noiseFloor").GetDouble(), 1e-9);
        Assert.InRange(noise.Json.GetProperty("runsNeeded").GetInt32(), 3, 20);
        Assert.Contains("cannot be told apart from noise", noise.Json.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Contains("5 runs", noise.Error, StringComparison.Ordinal);
        foreach (string file in new[] { "noise.json", "report.html", Path.Combine("figures", "runs.png"), Path.Combine("figures", "runs.svg") })
            Assert.True(File.Exists(_folder[Path.Combine("noise", file)]), file);
        string page = File.ReadAllText(_folder[Path.Combine("noise", "report.html")]);
        Assert.Contains("cannot be told apart from noise", page, StringComparison.Ordinal);
        Assert.Contains("id=\"csv-curves\"", page, StringComparison.Ordinal);

        LastBitProcess text = LastBitCall.Run("noise", log, "--out", _folder["text"]);
        Assert.Contains("| noise floor", text.Output, StringComparison.Ordinal);
        LastBitProcess latex = LastBitCall.Run("noise", log, "--latex", "--out", _folder["latex"]);
        Assert.Contains(@"\begin{tabular}{lrrl}", latex.Output, StringComparison.Ordinal);
        Assert.Contains("5 runs, the mean of all recorded steps, fewer than ten", latex.Output, StringComparison.Ordinal);
        // Without repeats of a seed the spread is of one row: its only part is itself.
        Assert.Single(text.Output.Split('\n'), line => line.Contains("seeds and rounding", StringComparison.Ordinal) && line.StartsWith('|'));
        LastBitProcess summary = LastBitCall.Run("summarize", log, "--json", "--out", _folder["summary"]);
        Assert.Equal(5, summary.Json.GetProperty("runs").GetInt32());
    }

    [Fact]
    public void The_exit_code_says_the_verdict()
    {
        string a = Log("a.csv", Baseline), better = Log("b.csv", [0.925, 0.924, 0.928, 0.926, 0.922]), alike = Log("c.csv", [0.9111, 0.9108, 0.9112, 0.9105, 0.9114]);
        LastBitProcess real = Compare($"A={a}", $"B={better}");
        JsonElement pair = real.Json.GetProperty("pairs")[0];
        Assert.Equal((0, "real"), (real.ExitCode, pair.GetProperty("verdict").GetString()));
        Assert.Equal(0.014, pair.GetProperty("difference").GetDouble(), 1e-9);
        Assert.True(pair.GetProperty("paired").GetBoolean());
        Assert.Equal(5, real.Json.GetProperty("groups").GetProperty("A").GetProperty("runs").GetInt32());

        Assert.Equal((3, "no difference seen"), Verdict(Compare($"A={a}", $"B={alike}", "--paired", "no")));
        Assert.Equal((3, "no difference seen"), Verdict(Compare($"A={a}", $"B={a}")));
        Assert.Equal((4, "too few runs"), Verdict(Compare($"A={Log("one.csv", [0.08])}", $"B={Log("five.csv", [0.05, 0.05, 0.08, 0.07, 0.08])}")));
        // Without the switch a verdict is no failure.
        Assert.Equal(0, LastBitCall.Run("compare", $"A={a}", $"B={a}", "--quiet", "--out", _folder["quiet"]).ExitCode);
        Assert.Equal(3, Compare($"A={a}", $"B={better}", $"C={alike}").Json.GetProperty("pairs").GetArrayLength());
    }

    [Fact]
    public void The_page_and_the_terminal_say_whose_logs_were_read_and_what_the_bootstrap_says()
    {
        string a = Log("a.csv", Baseline), b = Log("b.csv", [0.925, 0.924, 0.928, 0.926, 0.92]);
        LastBitProcess run = LastBitCall.Run("compare", $"old={a}", $"new={b}", "--value", "last", "--out", _folder["out"]);
        string page = File.ReadAllText(_folder[Path.Combine("out", "report.html")]);
        foreach (string name in new[] { "old", "new" })
            Assert.Contains($"<li>{name}: CSV: 5 runs", page, StringComparison.Ordinal);
        // As many decimals in each row: 0.92 and 0.925 stand below each other.
        Assert.Contains("0.920</td>", page, StringComparison.Ordinal);
        Assert.Contains("by the bootstrap (BCa)", page, StringComparison.Ordinal);
        Assert.Contains("by the bootstrap (BCa)", run.Output, StringComparison.Ordinal);

        LastBitProcess one = LastBitCall.Run("compare", $"A={Log("one.csv", [0.8])}", $"B={Log("two.csv", [0.9])}", "--out", _folder["out"]);
        Assert.Contains("(1 run of each side)", one.Output, StringComparison.Ordinal);
        Assert.Contains("At least 3 of each side are needed.", one.Output, StringComparison.Ordinal);
        LastBitProcess latex = LastBitCall.Run("compare", $"A={b}", $"B={a}", "--latex", "--out", _folder["out"]);
        Assert.Contains("B $-$ A, paired & $-$0.0", latex.Output, StringComparison.Ordinal);
        Assert.Contains($"name each, as A={a} B={b}", LastBitCall.Run("compare", a, b).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_compared_is_one_line_and_exit_code_2_and_leaves_no_folder()
    {
        LastBitProcess one = LastBitCall.Run("compare", $"A={Log("a.csv", Baseline)}", "--quiet", "--out", _folder["none"]);
        Assert.Equal((2, ""), (one.ExitCode, one.Output));
        Assert.Contains("compare needs two", Assert.Single(one.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(2, LastBitCall.Run("compare", "A=", "B=x.csv").ExitCode);
        Assert.Contains("--difference: 'much' is not a positive number", LastBitCall.Run("noise", _folder["a.csv"], "--difference", "much").Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["none"]));
    }

    private static (int, string?) Verdict(LastBitProcess run) => (run.ExitCode, run.Json.GetProperty("pairs")[0].GetProperty("verdict").GetString());

    private LastBitProcess Compare(params string[] words) => LastBitCall.Run(["compare", .. words, "--value", "last", "--exit-code", "--json", "--out", _folder["out"]]);

    private string Log(string name, double[] values)
    {
        IEnumerable<string> rows = values.SelectMany((value, i) => Enumerable.Range(1, 3).Select(epoch =>
            FormattableString.Invariant($"{i + 1},{epoch},{value - 0.01 * (3 - epoch):0.######}")));
        File.WriteAllLines(_folder[name], rows.Prepend("seed,epoch,val_acc"));
        return _folder[name];
    }
}
