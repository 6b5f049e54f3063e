using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Tests.Files;

namespace LastBit.Tests.Cli;

/// <summary>The one-layer commands as a script sees them; small images and few iterations.</summary>
public sealed class OneLayerCommandTests : IDisposable
{
    private static readonly string[] Small = ["--image-size", "24", "--kernel-size", "6", "--iterations", "12", "--threads", "2"];

    private readonly string _root = Directory.CreateTempSubdirectory("lastbit-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string Folder => Path.Combine(_root, "run");

    private static LastBitProcess Run(string command, params string[] args) => LastBitCall.Run([command, .. args]);

    [Fact]
    public void Heat_prints_its_document_and_writes_the_same_into_the_folder()
    {
        LastBitProcess heat = Run("heat", "--json", "--out", Folder);
        Assert.Equal((0, 2), (heat.ExitCode, heat.Json.GetProperty("runs").GetArrayLength()));
        Assert.Equal(File.ReadAllText(Path.Combine(Folder, "heat.json")).TrimEnd(), heat.Output.TrimEnd());
        Assert.True(File.Exists(Path.Combine(Folder, "figures", "figure1.png")));
        Assert.True(File.Exists(Path.Combine(Folder, "figures", "figure1.svg")));
    }

    [Fact]
    public void Linear_has_a_run_with_its_losses_for_each_alpha()
    {
        LastBitProcess linear = Run("linear", ["--alpha", "1e5,2.5e8", "--json", "--out", Folder, .. Small]);
        Assert.True(linear.ExitCode == 0, linear.Error);
        JsonElement[] runs = [.. linear.Json.GetProperty("runs").EnumerateArray()];
        Assert.Equal([1e5, 2.5e8], runs.Select(run => run.GetProperty("alpha").GetDouble()));
        Assert.All(runs, run => Assert.Equal((12, 12), (run.GetProperty("loss").GetArrayLength(), run.GetProperty("finite").GetInt32())));
        Assert.True(File.Exists(Path.Combine(Folder, "result", "loss", "linear", "loss_alpha250000000.0.npy")));
        Assert.True(File.Exists(Path.Combine(Folder, "figures", "figure3.svg")));

        JsonNode settings = RunFolder.Read(Folder)!["settings"]!;
        Assert.Equal((6, 12, 24), ((int)settings["kernelSize"]!, (int)settings["iterations"]!, (int)settings["image"]!["height"]!));
        Assert.True((bool)RunFolder.Read(Folder)!["finished"]!);
    }

    [Fact]
    public void A_kernel_may_have_any_sides()
    {
        string[] size = ["--image-size", "24", "--kernel-size", "4x6", "--iterations", "12"];
        LastBitProcess amplify = Run("amplify", ["--dt", "0.05", "--out", Folder, .. size]);
        Assert.True(amplify.ExitCode == 0, amplify.Error);
        Assert.Equal([12, 1, 1, 4, 6],
            Npy.Read(Path.Combine(Folder, "result", "parameter", "1layer", "dt0.05_L20", "1_1.npy")).Shape);
        Assert.Equal("4x6", (string)RunFolder.Read(Folder)!["settings"]!["kernelSize"]!);
        Assert.Contains("kernel 4×6 (paper: 32×32)", File.ReadAllText(Path.Combine(Folder, "figures", "figure4-right.svg")),
            StringComparison.Ordinal);
        foreach (string wrong in (string[])["4x", "x4", "0x4", "4x6x2", "-4", "4 x 6"])
        {
            Assert.Equal($"lastbit linear: --kernel-size: '{wrong}' is not the size of a kernel; write it like 32 or 16x32 "
                + "(see lastbit linear --help)", Run("linear", "--kernel-size=" + wrong).ErrorLines[0]);
        }
        Assert.Contains("of 25 x 6 does not fit into the image checkerboard of 24 x 24; it is at most 24",
            Run("linear", ["--image-size", "24", "--kernel-size", "25x6"]).ErrorLines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 2)]
    [InlineData(" --beta 2 --learning-rate 1e-5", 4)]
    [InlineData(" --a -0.1 --learning-rate 1e-5", 4)]
    public void Bounds_suggests_runs_on_both_sides_of_what_it_found(string constants, int runs)
    {
        string[] image = ["--image-size", "24", "--kernel-size", "6"];
        LastBitProcess bounds = Run("bounds", [.. image, .. constants.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--out", Folder]);
        string line = bounds.Output.Split('\n').Single(line => line.StartsWith("Next:", StringComparison.Ordinal));
        string[] words = line[5..].Split("   (")[0].Trim().Split(' ');
        Assert.Equal(["lastbit", "linear"], words[..2]);
        LastBitProcess linear = Run("linear", [.. words[2..], "--out", Folder + "2"]);
        Assert.True(linear.ExitCode == 0, linear.Error);
        string[] courses = [.. linear.Output.Split('\n').Where(row => row.StartsWith("| ", StringComparison.Ordinal)).Skip(1)
            .Where(row => row.Any(char.IsDigit)).Select(row => row.TrimEnd(' ', '|').Split('|')[^1].Trim())];
        Assert.Equal(((string[])["diverges", "falls", "falls", "diverges"])[^runs..], courses);
    }

    [Fact]
    public void Constants_decide_the_runs_and_the_papers_letters_name_options()
    {
        double Last(string command, params string[] args) => Run(command,
            [.. args, "--json", "--out", Folder + command + string.Concat(args), .. Small])
            .Json.GetProperty("runs")[0].GetProperty(command == "amplify" ? "relativeL1" : "loss")[11].GetDouble();
        Assert.NotEqual(Last("nonlinear", "--dt", "0.05"), Last("nonlinear", "--dt", "0.05", "--beta", "2"));
        Assert.NotEqual(Last("amplify", "--dt", "0.05"), Last("amplify", "--dt", "0.05", "--beta", "2"));
        Assert.NotEqual(Last("linear", "--alpha", "1e6"), Last("linear", "--alpha", "1e6", "--a", "-1"));
        Assert.Equal(Last("linear", "--alpha", "1e6", "--beta", "2"), Last("linear", "--weight-decay", "1e6", "--beta", "2"));
        Assert.StartsWith("lastbit linear: --beta:", Run("linear", "--beta", "nan").ErrorLines[0], StringComparison.Ordinal);
        Assert.Matches("--activation relu.swish +.*\\s.*as the\\s+network's name says", Run("edge", "--help").Output);
        Assert.Contains("--batch-size, --pass-size", Run("sharpness", "--help").Output.Replace("--pass-size, --batch-size",
            "--batch-size, --pass-size", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Nonlinear_amplify_and_bounds_have_the_members_that_scripts_rely_on()
    {
        JsonElement nonLinear = Run("nonlinear", ["--learning-rate", "0.01,0.05", "--json", "--out", Folder, .. Small]).Json;
        Assert.All(nonLinear.GetProperty("runs").EnumerateArray(), run => Assert.Equal(12, run.GetProperty("loss").GetArrayLength()));
        Assert.Equal(0.05, nonLinear.GetProperty("runs")[1].GetProperty("learningRate").GetDouble());

        JsonElement amplify = Run("amplify", ["--learning-rate", "0.05", "--k", "3", "--json", "--out", Folder + "2", .. Small]).Json;
        Assert.Equal(12, Assert.Single(amplify.GetProperty("runs").EnumerateArray()).GetProperty("relativeL1").GetArrayLength());

        JsonElement bounds = Run("bounds", "--json", "--image-size", "24", "--kernel-size", "6", "--out", Folder + "3").Json;
        foreach (string member in new[] { "alphaMin", "alphaMax", "lambdaMin", "lambdaMax", "fourierAlphaMin", "fourierAlphaMax" })
            Assert.Equal(JsonValueKind.Number, bounds.GetProperty(member).ValueKind);
        Assert.Equal(3, bounds.GetProperty("regions").GetArrayLength());
    }

    [Fact]
    public void Output_in_a_pipe_has_no_escape_sequences_and_its_tables_are_Markdown()
    {
        LastBitProcess heat = Run("heat", "--out", Folder);
        Assert.Equal(0, heat.ExitCode);
        Assert.DoesNotContain('\e', heat.Output + heat.Error);
        Assert.Contains("|  dt | condition dt ≤ 1/2 | ", heat.Output, StringComparison.Ordinal);
        Assert.Contains("| --: | ------------------ | ", heat.Output, StringComparison.Ordinal);
        Assert.Contains("| 0.4 | holds: stable      | ", heat.Output, StringComparison.Ordinal);
        Assert.Contains("Results: " + Folder, heat.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Quiet_prints_the_result_alone_as_a_table_or_as_JSON()
    {
        LastBitProcess quiet = Run("heat", "--quiet", "--out", Folder);
        Assert.Equal((0, ""), (quiet.ExitCode, quiet.Error));
        Assert.Contains("| 0.4 | holds: stable      | ", quiet.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Results:", quiet.Output, StringComparison.Ordinal);
        quiet = Run("heat", "--quiet", "--json", "--out", Folder + "2");
        Assert.Equal("", quiet.Error);
        Assert.Equal(2, quiet.Json.GetProperty("runs").GetArrayLength());
    }

    [Theory]
    [InlineData("--weight-decay: 'abc' is not a number", "linear", "--alpha", "1e7,abc")]
    [InlineData("--weight-decay: 'NaN' is not a finite number", "linear", "--alpha", "NaN")]
    [InlineData("--weight-decay: 10000000 is given twice", "linear", "--alpha", "1e7,10000000")]
    [InlineData("--weight-decay: a value is missing", "linear", "--alpha")]
    [InlineData("--learning-rate: ", "linear", "--learning-rate", "0")]
    [InlineData("--learning-rate: ", "nonlinear", "--learning-rate", "-0.1")]
    [InlineData("--learning-rate: 'inf' is not a", "bounds", "--learning-rate", "inf")]
    [InlineData("--iterations: 0 is too small", "linear", "--iterations", "0")]
    [InlineData("--kernel-size: ", "linear", "--image-size", "8", "--kernel-size", "9", "--iterations", "2")]
    [InlineData("--image-size: sets the same as --image; give one or the other", "bounds", "--image", "a.png", "--image-size", "9")]
    [InlineData("no-such-file.png", "bounds", "--image", "no-such-file.png")]
    [InlineData("--k: 'x' is not a whole number", "amplify", "--k", "x")]
    [InlineData("--dt: ", "heat", "--dt", "-1")]
    [InlineData("--threads: 0 is too small", "heat", "--threads", "0")]
    [InlineData("--scale: 'big' is unknown; give one of demo, laptop, paper", "reproduce", "--scale", "big")]
    [InlineData("--only: 'figure9' is unknown", "reproduce", "--only", "figure1,figure9")]
    public void A_bad_option_is_one_line_that_names_it_and_exit_code_2(string line, params string[] args)
    {
        LastBitProcess run = LastBitCall.Run(args);
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(line, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_that_is_damaged_is_named()
    {
        File.WriteAllText(Path.Combine(_root, "cat.png"), "meow");
        LastBitProcess run = Run("bounds", "--image", Path.Combine(_root, "cat.png"));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("cat.png", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_spare_byte_at_the_end_of_an_image_is_a_warning()
    {
        byte[] image = PngWriter.Encode(6, 6, 0, 8, [.. Enumerable.Range(0, 36).Select(i => (byte)(7 * i))], 0);
        string path = Path.Combine(_root, "cat.png");
        File.WriteAllBytes(path, [.. image, 0]);
        LastBitProcess run = Run("bounds", "--image", path, "--kernel-size", "2", "--out", Folder);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"{path}: has 1 byte more than its image needs.", run.ErrorLines);
    }

    [Fact]
    public void A_folder_of_another_run_is_refused_and_keeps_its_results()
    {
        Assert.Equal(0, Run("heat", "--dt", "0.3", "--out", Folder).ExitCode);
        string before = File.ReadAllText(Path.Combine(Folder, "heat.json"));

        LastBitProcess other = Run("heat", "--dt", "0.2", "--out", Folder);
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("timeSteps", Assert.Single(other.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Path.Combine(Folder, "heat.json")));
        Assert.Equal(0, Run("heat", "--dt", "0.3", "--out", Folder).ExitCode);
    }

    [Fact]
    public void Reproduce_runs_the_parts_that_are_asked_for_and_more_can_be_added_to_the_folder()
    {
        LastBitProcess first = Run("reproduce", "--only", "figure1", "--json", "--out", Folder);
        Assert.True(first.ExitCode == 0, first.Error);
        Assert.Equal("demo", first.Json.GetProperty("scale").GetString());
        Assert.Equal("figure1", Assert.Single(first.Json.GetProperty("parts").EnumerateArray()).GetProperty("name").GetString());

        LastBitProcess second = Run("reproduce", "--only", "table3", "--out", Folder);
        Assert.Equal(0, second.ExitCode);
        Assert.Contains("1.296×10⁷", second.Output, StringComparison.Ordinal);
        Assert.Contains("\n| in the paper | verdict   | claim and the number that decides it |\n", second.Output.ReplaceLineEndings("\n"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("  |\n",
            second.Output[second.Output.IndexOf("What came out", StringComparison.Ordinal)..].ReplaceLineEndings("\n"),
            StringComparison.Ordinal);
        Assert.Contains("2×10⁸", second.Output, StringComparison.Ordinal);
        foreach (string name in (string[])["heat.json", "bounds.json", "report.html"])
            Assert.True(File.Exists(Path.Combine(Folder, name)), name);
        Assert.Equal(2, Run("reproduce", "--scale", "paper", "--only", "figure1", "--out", Folder).ExitCode);
    }
}
