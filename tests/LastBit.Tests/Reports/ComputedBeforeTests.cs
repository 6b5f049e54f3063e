using System.Security.Cryptography;
using System.Text.Json;
using LastBit.Reports;
using LastBit.Reports.Claims;
using LastBit.Reports.Sections;

namespace LastBit.Tests.Reports;

/// <summary>
/// What docs/results say of the two headline claims comes with the program, and stands beside the finding of a run that is too small.
/// </summary>
public sealed class ComputedBeforeTests
{
    [Theory]
    [InlineData("table1", "accuracy.json", Verdict.Confirmed)]
    [InlineData("figure2", "divergence.json", Verdict.NotConfirmed)]
    public void A_folder_that_does_not_decide_a_claim_shows_what_was_computed_before(string id, string document, Verdict verdict)
    {
        ComputedBefore before = Assert.Single(ComputedBefore.Of(id));
        string results = Path.Combine(Repository.Root, "docs", "results", id);
        Assert.Equal(verdict, before.Finding.Verdict);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(results, document)))), before.Digest);
        using JsonDocument run = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(results, "run.json")));
        Assert.Equal(run.RootElement.GetProperty("commit").GetString(), before.Commit);
        // What comes with the program is judged as the folder itself is.
        ReportSection section = Report.Sections(Report.Open(results)).Single(one => one.Id == id);
        Assert.Equal((section.Ran, section.Finding), (before.Ran, before.Finding));

        using var folder = new TemporaryFolder();
        Assert.Equal(0, Cli.LastBitCall.Run("heat", "--quiet", "--out", folder["heat"]).ExitCode);
        string page = Report.Html(Report.Open(folder["heat"]));
        Assert.Contains($"computed earlier on CIFAR-10: {(verdict == Verdict.Confirmed ? "confirmed" : "not confirmed")}", page,
            StringComparison.Ordinal);
        string word = verdict == Verdict.Confirmed ? "confirmed" : "not confirmed";
        Assert.Contains($"<a href=\"#{id}\">{section.Claim.Place}</a> {word}", page, StringComparison.Ordinal);
        Assert.Contains(before.Digest, page, StringComparison.Ordinal);
        Assert.Contains(before.Commit, page, StringComparison.Ordinal);
        Assert.Contains("not run</span>", page, StringComparison.Ordinal);
        // A claim that the folder decides is decided by the folder alone.
        Assert.DoesNotContain($"docs/results/{id}/{document}", Report.Html(Report.Open(results)), StringComparison.Ordinal);
    }

    [Fact]
    public void Claims_of_one_layer_are_computed_in_every_run_and_have_nothing_from_before() => Assert.Empty(ComputedBefore.Of("figure1"));
}
