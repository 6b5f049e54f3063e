namespace LastBit.Tests.Cli;

public class CommandLineTests
{
    [Fact]
    public void Info_prints_one_JSON_document_and_nothing_else()
    {
        LastBitProcess info = LastBitProcess.Run("info", "--json");
        Assert.Equal(0, info.ExitCode);
        Assert.Equal("", info.Error);
        Assert.Equal(MachineInfo.Current.Processor, info.Json.GetProperty("processor").GetString());
        Assert.Equal(MachineInfo.Current.VectorBits, info.Json.GetProperty("vectorBits").GetInt32());
        Assert.Equal(MachineInfo.Current.Version, info.Json.GetProperty("version").GetString());
    }

    [Fact]
    public void Version_is_one_line_with_version_and_commit()
    {
        LastBitProcess version = LastBitProcess.Run("--version");
        Assert.Equal(0, version.ExitCode);
        Assert.Equal($"lastbit {MachineInfo.Current.Version} (commit {MachineInfo.Current.ShortCommit})", version.Output.TrimEnd());
    }

    [Theory]
    [InlineData("unknown option --jsn; did you mean --json?", "info", "--jsn")]
    [InlineData("unknown command 'inof'; did you mean info?", "inof")]
    [InlineData("unexpected argument 'now'", "info", "now")]
    public void Bad_usage_is_one_line_that_says_what_would_be_right_and_exit_code_2(string line, params string[] args)
    {
        LastBitProcess run = LastBitProcess.Run(args);
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains(line, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }
}
