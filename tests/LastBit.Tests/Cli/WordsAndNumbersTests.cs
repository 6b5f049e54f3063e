using LastBit.Reports.Results;

namespace LastBit.Tests.Cli;

/// <summary>Words that are printed to be pasted, and numbers that are too large.</summary>
public sealed class WordsAndNumbersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plain/path-1.0", "plain/path-1.0")]
    [InlineData("", "''")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's $HOME", @"'it'\''s $HOME'")]
    public void Words_are_quoted_where_a_shell_needs_it(string text, string quoted) =>
        Assert.Equal(quoted, ShellWord.Quote(text, windows: false));

    [Theory]
    [InlineData(@"C:\runs\one", @"C:\runs\one")]
    [InlineData(@"C:\my runs", "\"C:\\my runs\"")]
    public void Paths_of_Windows_are_quoted_for_its_shells(string text, string quoted) =>
        Assert.Equal(quoted, ShellWord.Quote(text, windows: true));

    [Theory]
    [InlineData("train", "--seed", "18446744073709551616",
        "--seed: 18446744073709551616 is too large; give a whole number of at most 18446744073709551615")]
    [InlineData("accuracy", "--seeds", "4294967295", "--seeds: 4294967295 is too large; give a whole number of at most 2147483647")]
    [InlineData("nonlinear", "--iterations", "1e300", "--iterations: 1e300 is too large; give a whole number of at most 2147483647")]
    [InlineData("nonlinear", "--iterations", "-99999999999", "--iterations: -99999999999 is too small; give a whole number of at least 1")]
    [InlineData("nonlinear", "--iterations", "1.5", "--iterations: '1.5' is not a whole number; give one of at least 1")]
    public void Whole_numbers_out_of_range_are_refused_with_the_limit(string command, string option, string value, string message)
    {
        LastBitProcess run = LastBitCall.Run(command, option, value, "--out", _folder["none"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["none"]));
    }

    [Fact]
    public void A_training_takes_any_seed_of_64_bits()
    {
        LastBitProcess run =
            LastBitCall.Run("train", "--seed", "18446744073709551615", "--network", "resnet8", "--data", "sample", "--train-size", "16",
            "--batch-size", "16", "--epochs", "1", "--quiet", "--out", _folder["seed"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("\"seed\": 18446744073709551615", File.ReadAllText(_folder["seed/run.json"]), StringComparison.Ordinal);
    }
}
