namespace LastBit.Tests.Cli;

public class HelpTests
{
    [Fact]
    public void Every_command_has_a_page_with_its_usage_its_options_and_an_example()
    {
        LastBitProcess root = LastBitCall.Run();
        Assert.Equal((0, ""), (root.ExitCode, root.Error));
        string[] commands = [.. root.Output.Split('\n').SkipWhile(line => line != "Commands:").Skip(1)
            .TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))
            .Where(line => line[2] != ' ').Select(line => line.Trim().Split(' ')[0])];
        Assert.Contains("reproduce", commands);
        Assert.Contains("info", commands);
        Assert.All(commands, command =>
        {
            LastBitProcess help = LastBitCall.Run(command, "--help");
            Assert.Equal((0, ""), (help.ExitCode, help.Error));
            Assert.Contains($"Usage:\n  lastbit {command}", help.Output, StringComparison.Ordinal);
            Assert.Contains("--help", help.Output, StringComparison.Ordinal);
            Assert.Contains("Example", help.Output, StringComparison.Ordinal);
            Assert.All(help.Output.Split('\n'),
                line => Assert.True(line.Length <= 100 || !line.Contains(' ', StringComparison.Ordinal), line));
        });
    }

    [Theory]
    [InlineData("lastbit repro", "reproduce")]
    [InlineData("lastbit reproduce --scale ", "demo laptop paper")]
    [InlineData("lastbit reproduce --only figure", "figure1 figure2 figure3 figure4")]
    [InlineData("lastbit linear --al", "--alpha")]
    [InlineData("lastbit data fe", "fetch")]
    public void The_completion_for_bash_completes_in_bash(string line, string words)
    {
        if (!File.Exists("/bin/bash"))
            Assert.Skip("needs bash");
        string script = Path.Combine(Directory.CreateTempSubdirectory("lastbit-").FullName, "completion.bash");
        try
        {
            string[] typed = line.Split(' ');
            File.WriteAllText(script, LastBitCall.Run("completion", "bash").Output
                + $"COMP_WORDS=({string.Join(' ', typed.Select(word => $"'{word}'"))}); COMP_CWORD={typed.Length - 1}; _lastbit; echo "
                + $"\"${{COMPREPLY[*]}}\"\n");
            var start = new System.Diagnostics.ProcessStartInfo("/bin/bash", [script]) { RedirectStandardOutput = true };
            using var bash = System.Diagnostics.Process.Start(start)!;
            Assert.Equal(words, bash.StandardOutput.ReadToEnd().Trim());
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(script)!, recursive: true);
        }
    }
}
