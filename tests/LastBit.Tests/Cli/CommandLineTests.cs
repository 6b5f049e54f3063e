using LastBit.Arithmetic;

namespace LastBit.Tests.Cli;

public class CommandLineTests
{
    [Fact]
    public void Info_prints_one_JSON_document_and_nothing_else()
    {
        LastBitProcess info = LastBitCall.Run("info", "--json");
        Assert.Equal(0, info.ExitCode);
        Assert.Equal("", info.Error);
        Assert.Equal(MachineInfo.Current.Processor, info.Json.GetProperty("processor").GetString());
        Assert.Equal(MachineInfo.Current.VectorBits, info.Json.GetProperty("vectorBits").GetInt32());
        Assert.Equal(MachineInfo.Current.Version, info.Json.GetProperty("version").GetString());
    }

    [Fact]
    public void Info_takes_the_common_options_and_writes_the_same_document_into_a_folder()
    {
        using var folder = new TemporaryFolder();
        LastBitProcess info = LastBitCall.Run("info", "--json", "--threads", "1", "--out", folder["made"]);
        Assert.Equal((0, ""), (info.ExitCode, info.Error));
        Assert.Equal(1, info.Json.GetProperty("threads").GetInt32());
        Assert.Equal(File.ReadAllText(folder[Path.Combine("made", "info.json")]), info.Output.ReplaceLineEndings("\n"));

        LastBitProcess quiet = LastBitCall.Run("info", "--quiet");
        Assert.Equal((0, ""), (quiet.ExitCode, quiet.Error));
        Assert.StartsWith("LastBit ", quiet.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_that_does_something_has_the_four_common_options()
    {
        string[][] commands =
        [
            ["reproduce"], ["heat"], ["linear"], ["nonlinear"], ["amplify"], ["bounds"], ["data", "fetch"], ["data", "verify"], ["train"],
            ["accuracy"], ["divergence"], ["sharpness"], ["noise"], ["compare"], ["summarize"], ["report"], ["info"], ["status"],
            ["cancel"],
        ];
        foreach (string[] command in commands)
        {
            string help = LastBitCall.Run([.. command, "--help"]).Output;
            foreach (string option in new[] { "--out", "--threads", "--json", "--quiet" })
                Assert.True(help.Contains(option, StringComparison.Ordinal), $"{string.Join(' ', command)} has no {option}");
        }
    }

    [Fact]
    public void A_port_that_is_taken_is_said_before_a_folder_is_made()
    {
        using var folder = new TemporaryFolder();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        string port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        LastBitProcess run = LastBitCall.Run(
            "train", "--network", "resnet8", "--data", "sample", "--epochs", "1", "--train-size", "16", "--live", "--live-port", port,
            "--out", folder["run"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--live-port", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["run"]));
    }

    [Fact]
    public void Version_is_one_line_with_version_and_commit()
    {
        LastBitProcess version = LastBitCall.Run("--version");
        Assert.Equal(0, version.ExitCode);
        Assert.Equal($"lastbit {MachineInfo.Current.Version} (commit {MachineInfo.Current.ShortCommit})", version.Output.TrimEnd());
    }

    [Fact]
    public void Help_and_version_have_the_names_that_people_try()
    {
        Assert.Equal(LastBitCall.Run("compare", "--help").Output, LastBitCall.Run("help", "compare").Output);
        Assert.Equal(LastBitCall.Run("--help").Output, LastBitCall.Run("help").Output);
        Assert.Equal(LastBitCall.Run("--help").Output, LastBitCall.Run("-h").Output);
        Assert.Equal(LastBitCall.Run("--version").Output, LastBitCall.Run("-v").Output);
    }

    [Theory]
    [InlineData("unknown option --jsn; did you mean --json?", "info", "--jsn")]
    [InlineData("unknown option --resume (see", "reproduce", "--resume", "runs")]
    [InlineData("unknown command 'inof'; did you mean info?", "inof")]
    [InlineData("unexpected argument 'now'", "info", "now")]
    [InlineData("lastbit noise: PATH is missing; write it as in `lastbit noise logs/`", "noise", "--lower-is-better")]
    [InlineData("lastbit compare: NAME=PATH is missing; write it as in `lastbit compare A=logs/baseline B=logs/warmup`", "compare")]
    [InlineData("lastbit status: DIR is missing; write it as in `lastbit status runs/table1 --watch`", "status")]
    [InlineData("unknown command 'copmare'; did you mean compare?", "help", "copmare")]
    public void Bad_usage_is_one_line_that_says_what_would_be_right_and_exit_code_2(string line, params string[] args)
    {
        LastBitProcess run = LastBitCall.Run(args);
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(line, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("4000")]
    [InlineData("20000")]
    public void More_threads_than_the_process_may_use_are_cut_with_a_word(string threads)
    {
        using var folder = new TemporaryFolder();
        LastBitProcess run = LastBitCall.Run("train", "--network", "resnet8", "--epochs", "1", "--train-size", "16", "--batch-size", "16",
            "--data", "sample", "--threads", threads, "--out", folder["run"]);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"--threads {threads}: this process may use {MachineInfo.Current.Threads} core", run.Error,
            StringComparison.Ordinal);
        using var document = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["run"], "run.json")));
        Assert.Equal(MachineInfo.Current.Threads, document.RootElement.GetProperty("threads").GetInt32());
    }
}
