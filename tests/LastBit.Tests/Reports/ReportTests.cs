using System.Security.Cryptography;
using LastBit.Reports;
using LastBit.Tests.Cli;

namespace LastBit.Tests.Reports;

public class ReportTests(SmallRun run) : IClassFixture<SmallRun>
{
    [Fact]
    public void A_tensors_name_breaks_after_a_dot()
    {
        string html =
            LastBit.Reports.Page.HtmlTable.Of("Frame", "Caption", ["Run", "First"], [["1.2.3", "3: layer1.0.conv1.weight & 2 more"]]).Html;
        Assert.Contains("<td>3: layer1.<wbr>0.<wbr>conv1.<wbr>weight &amp; 2 more</td>", html, StringComparison.Ordinal);
        Assert.Contains(">1.2.3</th>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_summarize_shows_its_table_and_one_epoch_has_no_curve()
    {
        // Spreads that can be compared, of a training that nothing says the size of.
        string html = Summarized(
            """{"epochs":1,"testImages":500,"classes":10,"testAccuracy":{"1":{"1":[50],"3":[51]},"2":{"1":[53],"3":[52.5]}}}""");
        Assert.Contains("a training set of unknown size", html, StringComparison.Ordinal);
        Assert.DoesNotContain("do not have two spreads to compare", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_accuracies_have_no_spreads_to_compare() => Assert.Contains(
        "do not have two spreads to compare",
        Summarized("""{"epochs":1,"testImages":500,"classes":10,"testAccuracy":{"1":{"1":[50],"3":[50]},"2":{"1":[53],"3":[53]}}}"""),
        StringComparison.Ordinal);

    private static string Summarized(string accuracy)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["accuracy.json"], accuracy);
        LastBit.Experiments.Accuracy.Summary.Run(folder.Path, null);
        File.Delete(folder["accuracy.json"]);
        string html = File.ReadAllText(Report.Rebuild(folder.Path));
        Assert.Contains("table1-final.csv", html, StringComparison.Ordinal);
        Assert.DoesNotContain("id=\"csv-table1\"", html, StringComparison.Ordinal);
        return html;
    }

    [Fact]
    public void Each_learning_rate_stands_beside_its_own_divisor() => Assert.Contains(
        "η = 0.05 (n = 2), η = 0.0125 (n = 8)", File.ReadAllText(run.ReportFile), StringComparison.Ordinal);

    [Fact]
    public void The_page_names_the_folder_safely_and_gives_digests_and_the_command()
    {
        string html = File.ReadAllText(run.ReportFile);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt; &amp; &#39;co&#39;", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
        Assert.Contains("lastbit reproduce --scale demo --convolution direct<", html, StringComparison.Ordinal);
        foreach (string name in new[] { "heat.json", "linear.json", "nonlinear.json", "amplify.json", "bounds.json" })
            Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(run.Folder, name)))), html,
                StringComparison.Ordinal);
    }

    [Fact]
    public void The_report_can_go_to_another_folder_and_is_the_same_page_there()
    {
        using var folder = new TemporaryFolder();
        string[] before = [.. Directory.EnumerateFiles(run.Folder, "*", SearchOption.AllDirectories).Order()];
        LastBitProcess made = LastBitCall.Run("report", run.Folder, "--out", folder["made"], "--json", "--quiet", "--threads", "1");
        Assert.Equal((0, ""), (made.ExitCode, made.Error));
        string page = made.Json.GetProperty("report").GetString()!;
        Assert.Equal(folder[Path.Combine("made", Report.FileName)], page);
        Assert.Equal(File.ReadAllText(run.ReportFile), File.ReadAllText(page));
        string picture = Path.Combine("figures", "figure2.png");
        Assert.Equal(File.ReadAllBytes(Path.Combine(run.Folder, picture)), File.ReadAllBytes(Path.Combine(folder["made"], picture)));
        Assert.Equal(Report.Answered(run.Folder).Count, made.Json.GetProperty("claims").GetArrayLength());
        Assert.Equal(before, Directory.EnumerateFiles(run.Folder, "*", SearchOption.AllDirectories).Order());
    }

    [Fact]
    public void A_folder_without_results_or_with_a_damaged_one_is_refused_in_one_line()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("holds no results", Assert.Throws<InputException>(() => Report.Rebuild(folder.Path)).Message,
            StringComparison.Ordinal);
        Assert.Contains("is not a folder", Assert.Throws<InputException>(() => Report.Rebuild(folder["none"])).Message,
            StringComparison.Ordinal);
        foreach (string damaged in new[] { "", "{}", "[1]", "{\"runs\":[{\"dt\":", "{\"runs\":\"no\"}" })
        {
            File.WriteAllText(folder["heat.json"], damaged);
            InputException error = Assert.Throws<InputException>(() => Report.Rebuild(folder.Path));
            Assert.StartsWith(folder["heat.json"], error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
        File.Delete(folder["heat.json"]);
        // A document that is a folder is no document that is missing.
        foreach (string document in new[] { "heat.json", "run.json" })
        {
            Directory.CreateDirectory(folder[document]);
            InputException error = Assert.Throws<InputException>(() => Report.Rebuild(folder.Path));
            Assert.StartsWith($"{folder[document]}: is a folder; ", error.Message, StringComparison.Ordinal);
        }
        Assert.False(File.Exists(folder["report.html"]));
    }
}
