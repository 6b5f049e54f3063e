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
        LastBitProcess noise = LastBitCall.Run("noise", log, "--difference", "0.003", "--value", "last", "--json", "--out",
            _folder["noise"]);
        Assert.Equal(0, noise.ExitCode);
        Assert.Equal(5, noise.Json.GetProperty("runs").GetInt32());
        Assert.Equal("fraction", noise.Json.GetProperty("unit").GetString());
        Assert.Equal(0.911, noise.Json.GetProperty("mean").GetDouble(), 1e-12);
        Assert.Equal(Math.Sqrt(1e-5 / 4), noise.Json.GetProperty("spread").GetDouble(), 1e-12);
        Assert.Equal(2.7764451051977987 * Math.Sqrt(2 * 1e-5 / 4), noise.Json.GetProperty("noiseFloor").GetDouble(), 1e-9);
        Assert.InRange(noise.Json.GetProperty("runsNeeded").GetInt32(), 3, 20);
        Assert.Contains("cannot be told apart from noise", noise.Json.GetProperty("sentence").GetString(), StringComparison.Ordinal);
        Assert.Contains("5 runs", noise.Error, StringComparison.Ordinal);
        foreach (string file in new[] { "noise.json", "report.html", Path.Combine("figures", "runs.png"),
            Path.Combine("figures", "runs.svg") })
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
        Assert.Single(text.Output.Split('\n'), line => line.Contains("seeds and rounding", StringComparison.Ordinal)
            && line.StartsWith('|'));
        LastBitProcess summary = LastBitCall.Run("summarize", log, "--json", "--out", _folder["summary"]);
        Assert.Equal(5, summary.Json.GetProperty("runs").GetInt32());
    }

    [Fact]
    public void The_exit_code_says_the_verdict()
    {
        string a = Log("a.csv", Baseline), better = Log("b.csv", [0.925, 0.924, 0.928, 0.926, 0.922]), alike =
            Log("c.csv", [0.9111, 0.9108, 0.9112, 0.9105, 0.9114]);
        LastBitProcess real = Compare($"A={a}", $"B={better}");
        JsonElement pair = real.Json.GetProperty("pairs")[0];
        Assert.Equal((0, "real"), (real.ExitCode, pair.GetProperty("verdict").GetString()));
        Assert.Equal(0.014, pair.GetProperty("difference").GetDouble(), 1e-9);
        Assert.False(pair.GetProperty("paired").GetBoolean());
        Assert.Equal("B", pair.GetProperty("better").GetString());
        Assert.Equal(1, real.Json.GetProperty("schema").GetInt32());
        LastBitProcess worse = Compare($"A={better}", $"B={a}");
        Assert.Equal((5, "real"), Verdict(worse));
        Assert.Equal("A", worse.Json.GetProperty("pairs")[0].GetProperty("better").GetString());
        Assert.Equal("seed", Compare($"A={a}", $"B={better}", "--paired",
            "yes").Json.GetProperty("pairs")[0].GetProperty("pairedBy").GetString());
        Assert.Equal(5, real.Json.GetProperty("groups").GetProperty("A").GetProperty("runs").GetInt32());

        Assert.Equal((3, "no difference seen"), Verdict(Compare($"A={a}", $"B={alike}", "--paired", "no")));
        Assert.Equal((3, "no difference seen"), Verdict(Compare($"A={a}", $"B={a}")));
        Assert.Equal((4, "too few runs"),
            Verdict(Compare($"A={Log("one.csv", [0.08])}", $"B={Log("five.csv", [0.05, 0.05, 0.08, 0.07, 0.08])}")));
        // Without the switch a verdict is no failure.
        Assert.Equal(0, LastBitCall.Run("compare", $"A={a}", $"B={a}", "--quiet", "--out", _folder["quiet"]).ExitCode);
        // Of three it is the first beside each other one: better and alike, worse and worse, better and better.
        LastBitProcess three = Compare($"A={a}", $"B={better}", $"C={alike}");
        Assert.Equal((3, 3), (three.Json.GetProperty("pairs").GetArrayLength(), three.ExitCode));
        Assert.Equal(5, Compare($"B={better}", $"A={a}", $"C={alike}").ExitCode);
        Assert.Equal(0, Compare($"A={a}", $"B={better}", $"C={better}").ExitCode);
        Assert.Equal("B beats A and C; A and C are not told apart.", three.Json.GetProperty("sentence").GetString());
        Assert.Equal(["B"], three.Json.GetProperty("best").EnumerateArray().Select(name => name.GetString()));
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

        LastBitProcess one = LastBitCall.Run("compare", $"A={Log("one.csv", [0.8])}", $"B={Log("two.csv", [0.9])}", "--out",
            _folder["out"]);
        Assert.Contains("one run each)", one.Output, StringComparison.Ordinal);
        Assert.Contains("At least 3 of each side are needed.", one.Output, StringComparison.Ordinal);
        LastBitProcess latex = LastBitCall.Run("compare", $"A={b}", $"B={a}", "--latex", "--out", _folder["out"]);
        Assert.Contains("B $-$ A & $-$0.0", latex.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Paths_alone_are_trainings_that_are_called_by_what_tells_them_apart()
    {
        string a = Log("a.csv", Baseline), b = Log("b.csv", [0.925, 0.924, 0.928, 0.926, 0.922]);
        Assert.Equal(["a", "b"], Names(Compare(a, b)));
        foreach (string name in new[] { "old", "new" })
            Directory.CreateDirectory(_folder[$"logs/{name}/csv"]);
        File.Copy(a, _folder["logs/old/csv/metrics.csv"]);
        File.Copy(b, _folder["logs/new/csv/metrics.csv"]);
        Assert.Equal(["old", "new"], Names(Compare(_folder["logs/old"], _folder["logs/new"])));
        Assert.Equal(["old", "new"], Names(Compare(_folder["logs/old/csv/metrics.csv"], _folder["logs/new/csv/metrics.csv"])));

        static IEnumerable<string> Names(LastBitProcess run) => run.Json.GetProperty("groups").EnumerateObject().Select(group =>
            group.Name);
    }

    [Fact]
    public void Directions_are_of_all_metrics_or_of_those_that_are_named()
    {
        string a = _folder["a.csv"], b = _folder["b.csv"];
        File.WriteAllText(a, "seed,f2,width\n1,3,7\n2,4,8\n3,3,9\n");
        File.WriteAllText(b, "seed,f2,width\n1,4,7\n2,5,8\n3,4,9\n");
        Assert.Equal((false, true), Lower("--lower-is-better", "width"));
        Assert.Equal((true, false), Lower("--higher-is-better", "width", "--lower-is-better"));
        Assert.Equal((true, true), Lower("--lower-is-better", "width,f2"));
        Assert.Equal((true, true), Lower("--lower-is-better"));
        Assert.Contains("--lower-is-better: 'f1' is neither a path nor one of the metrics", Call("--lower-is-better", "f1").Error,
            StringComparison.Ordinal);
        Assert.Contains("stands beside --higher-is-better for f2", Call("--lower-is-better", "f2", "--higher-is-better", "f2,width").Error,
            StringComparison.Ordinal);
        // What is said of a metric names it.
        LastBitProcess named = LastBitCall.Run("noise", a, b, "--higher-is-better", "f2", "--json", "--out", _folder["out"]);
        Assert.Equal("f2", named.Json.GetProperty("metric").GetString());
        LastBitProcess target = LastBitCall.Run("noise", a, "--target", "f2=2,width=3", "--json", "--out", _folder["out"]);
        Assert.Equal(2, target.Json.GetProperty("metrics").GetArrayLength());
        // A direction takes no path away, and what is not known of a metric is said once.
        LastBitProcess before = LastBitCall.Run("compare", "--lower-is-better", $"A={a}", $"B={b}", "--metric", "f2", "--json", "--out",
            _folder["out"]);
        Assert.True(before.Json.GetProperty("lowerIsBetter").GetBoolean());
        Assert.Equal("A", before.Json.GetProperty("pairs")[0].GetProperty("a").GetString());
        Assert.Single(LastBitCall.Run("compare", $"A={a}", $"B={b}", "--metric", "f2", "--out", _folder["out"]).ErrorLines,
            line => line.Contains("is taken as higher is better", StringComparison.Ordinal));

        LastBitProcess Call(params string[] more) => LastBitCall.Run(["compare", $"A={a}", $"B={b}", "--metric", "f2,width", "--json",
            "--quiet", "--out", _folder["out"], .. more]);
        (bool, bool) Lower(params string[] more) => Call(more).Json.GetProperty("metrics") is var metrics
            ? (metrics[0].GetProperty("lowerIsBetter").GetBoolean(), metrics[1].GetProperty("lowerIsBetter").GetBoolean()) : default;
    }

    [Fact]
    public void The_sentence_and_the_table_have_one_sign_and_paths_of_one_name_are_said_to_be_one_training()
    {
        string a = Log("a.csv", Baseline), b = Log("b.csv", [0.905, 0.902, 0.908, 0.906, 0.904]);
        LastBitProcess run = LastBitCall.Run("compare", $"A={a}", $"B={b}", "--out", _folder["out"]);
        string[] signed = [.. System.Text.RegularExpressions.Regex.Matches(run.Output, @"-?0\.\d+ to -?0\.\d+").Select(one => one.Value)];
        Assert.Contains("(B - A = -0.00", run.Output, StringComparison.Ordinal);
        Assert.Equal(signed[0], signed[1]);
        Assert.Contains("| its interval |", run.Output, StringComparison.Ordinal);
        LastBitProcess twice = LastBitCall.Run("compare", $"A={a}", $"A={b}", $"B={b}", "--out", _folder["out"]);
        Assert.Contains($"A: {a} and {b} are taken together, for both are called A.", twice.ErrorLines);
        Assert.Contains("hold one training, and compare needs two", LastBitCall.Run("compare", $"A={a}", $"A={b}").Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_verdict_is_the_first_line_and_quiet_leaves_it()
    {
        string a = Log("a.csv", Baseline), b = Log("b.csv", [0.925, 0.924, 0.928, 0.926, 0.92]);
        LastBitProcess compare = LastBitCall.Run("compare", $"A={a}", $"B={b}", "--value", "last", "--quiet", "--out", _folder["out"]);
        Assert.StartsWith("B is better: val_acc of B is 0.0136 (1.36 percentage points) above that of A (95% interval ", compare.Output,
            StringComparison.Ordinal);
        Assert.Contains("| B - A ", compare.Output, StringComparison.Ordinal);
        Assert.Equal("", compare.Error);
        Assert.DoesNotContain("bootstrap", compare.Output, StringComparison.Ordinal);
        LastBitProcess noise = LastBitCall.Run("noise", a, "--quiet", "--out", _folder["out"]);
        Assert.StartsWith("Two single runs of this training", noise.Output, StringComparison.Ordinal);
        Assert.Equal("", LastBitCall.Run("noise", a, "--quiet", "--json", "--out", _folder["out"]).Error);
    }

    [Fact]
    public void A_release_is_asked_about_by_a_margin_and_a_record_by_a_target()
    {
        string a = Log("a.csv", Baseline), b = Log("b.csv", [0.909, 0.911, 0.910, 0.912, 0.914]);
        LastBitProcess Asked(string margin, string first, string second) => Compare($"A={first}", $"B={second}", "--not-worse", margin);
        LastBitProcess fine = Asked("0.01", a, b), open = Asked("0.001", a, b);
        JsonElement answer = fine.Json.GetProperty("pairs")[0].GetProperty("notWorse");
        Assert.Equal((0, 0.01, "not worse"), (fine.ExitCode, answer.GetProperty("margin").GetDouble(),
            answer.GetProperty("verdict").GetString()));
        Assert.InRange(answer.GetProperty("bound").GetDouble(), -0.01, 0);
        Assert.Equal((4, "too few runs"),
            (open.ExitCode, open.Json.GetProperty("pairs")[0].GetProperty("notWorse").GetProperty("verdict").GetString()));
        string c = Log("c.csv", [0.925, 0.924, 0.928, 0.926, 0.922]);
        Assert.Equal(5, Asked("0.001", c, a).ExitCode);
        // Without a margin the question is whether B is worse at all.
        Assert.Equal((0, 4, 5), (Asked("0", a, c).ExitCode, Asked("0", a, b).ExitCode, Asked("0", c, a).ExitCode));
        Assert.StartsWith("B is worse than A: with a confidence of 95% by at least 0.01", Asked("0", c, a).Json.GetProperty("pairs")[0]
            .GetProperty("notWorse").GetProperty("sentence").GetString(), StringComparison.Ordinal);

        // The values of two records of a public benchmark of speed; TargetTests has SciPy's numbers.
        string record = _folder["record.csv"];
        File.WriteAllText(record, "run,val_loss,train_time\n" + string.Join('\n', new[] { 3.2754, 3.2806, 3.2801, 3.2796, 3.2781, 3.2787,
            3.2784, 3.2779, 3.278, 3.2819 }
            .Select((loss, i) => FormattableString.Invariant($"{i},{loss},{156.8 + 0.01 * i}"))));
        LastBitProcess Target(params string[] more) => LastBitCall.Run(["noise", record, "--metric", "val_loss", "--target", "3.28",
            "--json", "--out", _folder["out"], .. more]);
        LastBitProcess sure = Target(), less = Target("--confidence", "0.95");
        Assert.Equal((4, 0), (sure.ExitCode, less.ExitCode));
        Assert.False(sure.Json.GetProperty("target").GetProperty("met").GetBoolean());
        Assert.Equal(0.0384, less.Json.GetProperty("target").GetProperty("p").GetDouble(), 1e-4);
        Assert.Equal(3.28, less.Json.GetProperty("target").GetProperty("value").GetDouble());

        LastBitProcess both = LastBitCall.Run("noise", record, "--metric", "val_loss,train_time", "--target", "val_loss=3.27", "--json",
            "--out", _folder["both"]);
        JsonElement[] metrics = [.. both.Json.GetProperty("metrics").EnumerateArray()];
        Assert.Equal(["val_loss", "train_time"], metrics.Select(metric => metric.GetProperty("metric").GetString()));
        Assert.Equal((5, JsonValueKind.Null), (both.ExitCode, metrics[1].GetProperty("target").ValueKind));
        Assert.True(File.Exists(_folder["both/2-train_time/report.html"]));
        foreach (string wrong in new[] { "val_acc=3", "3.28", "much" })
            Assert.Contains("--target: ", LastBitCall.Run("noise", record, "--metric", "val_loss,train_time", "--target", wrong).Error,
                StringComparison.Ordinal);
    }

    [Fact]
    public void A_mistyped_option_is_no_path()
    {
        LastBitProcess run = LastBitCall.Run("noise", Log("a.csv", Baseline), "--metirc", "val_acc");
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains("unknown option --metirc; did you mean --metric?", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1e60)]
    [InlineData(1e-16)]
    public void Values_of_any_size_are_printed_by_powers_of_ten(double factor)
    {
        LastBitProcess run = LastBitCall.Run("compare", $"A={Scaled("a", Baseline)}",
            $"B={Scaled("b", [0.925, 0.924, 0.928, 0.926, 0.922])}", "--out", _folder["out"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Matches("^B is better: size of B is 1\\.4×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+ above", run.Output);
        Assert.DoesNotContain("0.0000000", run.Output, StringComparison.Ordinal);
        Assert.Contains(@"\times 10^{", LastBitCall.Run("compare", $"A={_folder["a.csv"]}", $"B={_folder["b.csv"]}", "--latex", "--out",
            _folder["out"]).Output, StringComparison.Ordinal);

        string Scaled(string name, double[] values)
        {
            File.WriteAllLines(_folder[$"{name}.csv"],
                values.Select((value, i) => FormattableString.Invariant($"{i},{factor * value:R}")).Prepend("seed,size"));
            return _folder[$"{name}.csv"];
        }
    }

    [Fact]
    public void What_cannot_be_compared_is_one_line_and_exit_code_2_and_leaves_no_folder()
    {
        LastBitProcess one = LastBitCall.Run("compare", $"A={Log("a.csv", Baseline)}", "--quiet", "--out", _folder["none"]);
        Assert.Equal((2, ""), (one.ExitCode, one.Output));
        Assert.Contains("compare needs two", Assert.Single(one.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(2, LastBitCall.Run("compare", "A=", "B=x.csv").ExitCode);
        Assert.Contains("--difference: 'much' is not a positive number", LastBitCall.Run("noise", _folder["a.csv"], "--difference",
            "much").Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["none"]));
    }

    private static (int, string?) Verdict(LastBitProcess run) =>
        (run.ExitCode, run.Json.GetProperty("pairs")[0].GetProperty("verdict").GetString());

    private LastBitProcess Compare(params string[] words) =>
        LastBitCall.Run(["compare", .. words, "--value", "last", "--exit-code", "--json", "--out", _folder["out"]]);

    private string Log(string name, double[] values)
    {
        IEnumerable<string> rows = values.SelectMany((value, i) => Enumerable.Range(1, 3).Select(epoch =>
            FormattableString.Invariant($"{i + 1},{epoch},{value - 0.01 * (3 - epoch):0.######}")));
        File.WriteAllLines(_folder[name], rows.Prepend("seed,epoch,val_acc"));
        return _folder[name];
    }
}
