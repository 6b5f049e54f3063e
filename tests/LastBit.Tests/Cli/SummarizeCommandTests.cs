using LastBit.Files;

namespace LastBit.Tests.Cli;

public sealed class SummarizeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SummarizeCommandTests()
    {
        for (int seed = 1; seed <= 2; seed++)
        {
            for (int test = 1; test <= 3; test++)
            {
                string file = _folder[Path.Combine("result", "accuracy", "cifar10_resnet_sgd", $"seed{seed}", $"test{test}.npy")];
                Npy.Write(file, [91 + seed * 0.25 - test * test * 0.125], 1);
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Summarize_prints_table_statistics_and_sentence_as_plain_text_in_a_pipe()
    {
        LastBitProcess run = LastBitCall.Run("summarize", _folder.Path);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        // Seed 1: 91.125, 90.75 and 90.125 for k = 1, 3, 5; population standard deviation 0.4125.
        Assert.Contains("| std over k |  0.412 |  0.412 |", run.Output, StringComparison.Ordinal);
        Assert.Contains("| 3          |  90.75 |  91.00 |          0.125 |", run.Output, StringComparison.Ordinal);
        Assert.Contains("| spread over rounding, pooled ", run.Output, StringComparison.Ordinal);
        Assert.Contains("cannot be told apart from rounding error", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', run.Output);
        Assert.True(File.Exists(_folder["summary.json"]));
    }

    [Fact]
    public void Json_is_the_document_in_the_folder_and_the_test_set_can_be_given()
    {
        LastBitProcess run = LastBitCall.Run(
            "summarize", _folder.Path, "--json", "--quiet", "--threads", "1", "--test-images", "2500", "--out", _folder["elsewhere"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(File.ReadAllText(_folder[Path.Combine("elsewhere", "summary.json")]), run.Output.TrimEnd());
        Assert.Equal(91, run.Json.GetProperty("final").GetProperty("2").GetProperty("3").GetDouble());
        Assert.Equal(2500, run.Json.GetProperty("statistics").GetProperty("sampling").GetProperty("testImages").GetInt32());
    }

    [Fact]
    public void The_unit_of_the_authors_files_can_be_said()
    {
        LastBitProcess run = LastBitCall.Run("summarize", _folder.Path, "--unit", "fraction");
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("lastbit summarize: --unit: ", Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(0, LastBitCall.Run("summarize", _folder.Path, "--unit", "percent").ExitCode);
        string log = _folder["log.csv"];
        File.WriteAllText(log, "seed,accuracy\n1,0.5\n2,0.6\n");
        run = LastBitCall.Run("summarize", log, "--unit", "percent");
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("lastbit summarize: --unit: other logs than the authors' are read as they are; leave it out",
            Assert.Single(run.ErrorLines));
    }

    [Fact]
    public void A_folder_without_results_is_one_line_and_exit_code_2()
    {
        LastBitProcess run = LastBitCall.Run("summarize", _folder["none"]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(_folder["none"], Assert.Single(run.ErrorLines), StringComparison.Ordinal);
    }
}
