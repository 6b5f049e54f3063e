using System.Text.Json;
using System.Text.RegularExpressions;
using LastBit.Tests.Traces;
using LastBit.Traces;

namespace LastBit.Tests.Cli;

/// <summary>`lastbit diff`, from traces to the exit code, the document and the page.</summary>
public sealed partial class DiffCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Two_traces_that_part()
    {
        LastBitProcess run = Diff(["plain", "onednn-sse41"], "--json", "--rounding", TracePairTests.Of("k3.trace"));
        Assert.Equal(0, run.ExitCode);
        JsonElement document = run.Json, parted = document.GetProperty("parted");
        Assert.Equal((1, "diff", "rounding"), (document.GetProperty("schema").GetInt32(), document.GetProperty("command").GetString(),
            document.GetProperty("verdict").GetString()));
        Assert.Equal((0, "output", "body.0", 0, true, "rounding", 6.0), (parted.GetProperty("step").GetInt64(),
            parted.GetProperty("kind").GetString(), parted.GetProperty("name").GetString(), parted.GetProperty("call").GetInt32(),
            parted.GetProperty("inputsEqual").GetBoolean(), parted.GetProperty("size").GetString(),
            Math.Round(parted.GetProperty("ulps").GetDouble())));
        Assert.InRange(parted.GetProperty("relative").GetDouble(), 5e-8, 2e-7);
        Assert.Equal(2, document.GetProperty("growth").GetProperty("relativeL1").GetArrayLength());
        Assert.InRange(document.GetProperty("growth").GetProperty("besideRounding").GetDouble(), 0.1, 10);
        Assert.Contains("ONEDNN_MAX_CPU_ISA=AVX2", document.GetProperty("advice")[0].GetProperty("remedy").GetString(),
            StringComparison.Ordinal);
        Assert.Equal(2, document.GetProperty("groups").GetArrayLength());
        string page = File.ReadAllText(_folder["out/report.html"]);
        Assert.Contains("<h1>Parted at step 0: output of body.0</h1>", page, StringComparison.Ordinal);
        Assert.Contains("data:image/png;base64,", page, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["out/figures/diff.svg"]));
        Assert.Equal(run.Output, File.ReadAllText(_folder["out/diff.json"]));

        LastBitProcess text = Diff(["plain", "onednn-sse41"], "--exit-code", "--quiet");
        Assert.Equal((3, ""), (text.ExitCode, text.Error));
        Assert.Equal(["settings", "weights", "data", "random", "parted", "size", "growth", "verdict"],
            text.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0]));
        Assert.Contains("its inputs and weights are equal, so this operation computes otherwise on B", text.Output,
            StringComparison.Ordinal);
        Assert.Contains("\nnext       record A twice", Diff(["plain", "onednn-sse41"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_traces_and_several()
    {
        LastBitProcess equal = Diff(["plain", "plain"], "--exit-code", "--json");
        Assert.Equal((0, JsonValueKind.Null, JsonValueKind.Null), (equal.ExitCode, equal.Json.GetProperty("parted").ValueKind,
            equal.Json.GetProperty("growth").ValueKind));
        Assert.Contains("<h1>Equal to the last bit</h1>", File.ReadAllText(_folder["out/report.html"]), StringComparison.Ordinal);

        LastBitProcess several = Diff(["plain", "k3", "plain", "eval"], "--exit-code", "--json");
        Assert.Equal(3, several.ExitCode);
        Assert.Equal([2, 1, 1], several.Json.GetProperty("groups").EnumerateArray().Select(group => group.GetArrayLength()));
        Assert.Equal(["update", "output"], several.Json.GetProperty("pairs").EnumerateArray()
            .Select(pair => pair.GetProperty("parted").GetProperty("kind").GetString()));
        Assert.True(File.Exists(_folder["out/figures/diff-2.png"]));
    }

    [Fact]
    public void A_trace_that_ends_early_is_equal_as_far_as_it_goes()
    {
        string plain = TracePairTests.Of("plain.trace");
        byte[] whole = File.ReadAllBytes(plain);
        File.WriteAllBytes(_folder["cut.trace"], whole[..(whole.Length * 3 / 4)]);
        LastBitProcess cut =
            LastBitCall.Run(["diff", plain, _folder["cut.trace"], plain, "--exit-code", "--json", "--out", _folder["cut"]]);
        Assert.Equal(4, cut.ExitCode);
        Assert.Equal("equal as far as both go", cut.Json.GetProperty("verdict").GetString());
        Assert.Equal(1, cut.Json.GetProperty("cut").GetArrayLength());
        Assert.Contains("<h1>Equal to the last bit, as far as both go</h1>", File.ReadAllText(_folder["cut/report.html"]),
            StringComparison.Ordinal);
        // What parts has parted, whoever ends early.
        Assert.Equal(3, LastBitCall.Run(["diff", plain, _folder["cut.trace"], TracePairTests.Of("eval.trace"), "--exit-code", "--out",
            _folder["both"]]).ExitCode);
    }

    [Fact]
    public void Bad_input_is_said_in_a_line()
    {
        File.WriteAllText(_folder["no.trace"], "seed,acc\n1,2\n");
        string plain = TracePairTests.Of("plain.trace");
        foreach ((string why, string[] arguments) in ((string, string[])[])
        [
            ("is one trace; diff needs two", [plain]),
            ("does not begin with the head of a trace", [plain, _folder["no.trace"]]),
            ("there is no such file", [plain, _folder["none.trace"]]),
            ("has no step in common", [plain, Later()]),
        ])
        {
            LastBitProcess run = LastBitCall.Run(["diff", .. arguments, "--out", _folder["out"]]);
            Assert.Equal((2, "", 1), (run.ExitCode, run.Output, run.Error.Trim().Split('\n').Length));
            Assert.Contains(why, run.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_folder["out"]));
        }
    }

    [Fact]
    public void Names_behind_a_wrapper_and_other_names_are_compared_and_what_is_missing_is_said()
    {
        string plain = TracePairTests.Of("plain.trace");
        string wrapped = Rewritten(line => Name().Replace(line, name => $"\"name\":\"module.{name.Groups[1].Value}\""));
        TraceDifference result = TraceComparison.Of(plain, wrapped, null, TestContext.Current.CancellationToken);
        Assert.Null(result.Parted);
        Assert.Equal((0, 0), (result.Missing.Count, result.Extra.Count));
        Assert.Contains(("body.0", "module.body.0"), result.Renamed);

        string renamed = Rewritten(line => line.Replace("\"name\":\"head", "\"name\":\"classifier", StringComparison.Ordinal));
        result = TraceComparison.Of(plain, renamed, null, TestContext.Current.CancellationToken);
        Assert.Null(result.Parted);
        Assert.Equal(["head", "head.bias", "head.weight"], result.Renamed.Select(pair => pair.A).Order(StringComparer.Ordinal));
        Assert.Contains("3 names of B compared with others of A", string.Join('\n', TraceWords.Lines(result)), StringComparison.Ordinal);

        string without = Rewritten(line => line.Contains("\"name\":\"body.1\"", StringComparison.Ordinal) ? "" : line);
        result = TraceComparison.Of(plain, without, null, TestContext.Current.CancellationToken);
        Assert.Null(result.Parted);
        Assert.Equal("body.1", Assert.Single(result.Missing));
        Assert.Empty(result.Extra);
        result = TraceComparison.Of(without, TracePairTests.Of("eval.trace"), null, TestContext.Current.CancellationToken);
        Assert.Equal(("body.2", "body.1"), (result.Parted!.Key.Name, Assert.Single(result.Extra)));
    }

    [Fact]
    public void Random_numbers_are_the_cause_where_a_layer_draws_of_them()
    {
        string plain = TracePairTests.Of("plain.trace");
        string zeros = new('0', 32);
        string seeded = Rewritten(line => line.Contains("\"kind\":\"random\",\"name\":\"cpu\"", StringComparison.Ordinal)
            ? Digest().Replace(line, $"\"digest\":\"{zeros}\"", 1) : line);
        // Alone it is no difference of the trainings.
        TraceDifference result = TraceComparison.Of(plain, seeded, null, TestContext.Current.CancellationToken);
        Assert.Null(result.Parted);
        Assert.Contains("cpu differs from step 0 on; nothing that was recorded is computed of it",
            string.Join('\n', TraceWords.Lines(result)), StringComparison.Ordinal);

        string drawn = Rewritten(line => line.Contains("\"kind\":\"random\",\"name\":\"cpu\"", StringComparison.Ordinal)
            || line.Contains("\"kind\":\"output\",\"name\":\"body.6\"", StringComparison.Ordinal)
            ? Regex.Replace(Digest().Replace(line, $"\"digest\":\"{zeros}\"", 1), "\"sample\":\\[.*?\\]",
                $"\"sample\":[{string.Join(',', Enumerable.Repeat("\"42000000\"", 16))}]") : line);
        result = TraceComparison.Of(plain, drawn, null, TestContext.Current.CancellationToken);
        Assert.Equal(("random", "cpu", DifferenceSize.Larger), (result.Parted!.Kind, result.Parted.Key.Name, result.Size));
        Assert.Contains("output of body.6 in step 0", result.Parted.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_documentation_has_the_table_of_advice()
    {
        string docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "diff.md"));
        foreach (TraceAdvice one in TraceAdvice.All)
            Assert.Contains($"| {one.Cause} | {one.Sign} | {one.Remedy} | {one.Source} | {(one.IsTried ? "yes" : "no")} |", docs,
                StringComparison.Ordinal);
        Assert.Equal(TraceAdvice.All.Count, docs.Split('\n').Count(line => line.Contains("| https://", StringComparison.Ordinal)));
    }

    private string Later() => Rewritten(line => line.Replace("\"step\":0", "\"step\":7", StringComparison.Ordinal)
        .Replace("\"step\":1,", "\"step\":8,", StringComparison.Ordinal));

    /// <summary>The plain trace with other lines, not compressed.</summary>
    private string Rewritten(Func<string, string> line)
    {
        string path = _folder[$"{Guid.NewGuid():N}.trace"];
        using var reader = new StreamReader(new System.IO.Compression.GZipStream(File.OpenRead(TracePairTests.Of("plain.trace")),
            System.IO.Compression.CompressionMode.Decompress));
        using var writer = new StreamWriter(path);
        writer.WriteLine(reader.ReadLine());
        while (reader.ReadLine() is { } one)
            writer.WriteLine(line(one));
        return path;
    }

    private LastBitProcess Diff(string[] names, params string[] options) =>
        LastBitCall.Run(["diff", .. names.Select(name => TracePairTests.Of($"{name}.trace")), .. options, "--out", _folder["out"]]);

    [GeneratedRegex("\"name\":\"((?:body|head)[^\"]*)\"")]
    private static partial Regex Name();

    [GeneratedRegex("\"digest\":\"[0-9a-f]{32}\"")]
    private static partial Regex Digest();
}
