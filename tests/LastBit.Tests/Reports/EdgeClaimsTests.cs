using LastBit.Experiments.Edge;
using LastBit.Reports;
using LastBit.Reports.Amplification;
using LastBit.Reports.Claims;
using LastBit.Reports.Edge;
using LastBit.Training;

namespace LastBit.Tests.Reports;

public class EdgeClaimsTests
{
    private const int Images = 5000;

    /// <summary>
    /// Sharpness 10 to begin with, at the threshold 100 from iteration 500 on; a difference that is rounding up to there, and then grows.
    /// </summary>
    private static EdgeCurve Run(
        double end = 100, double after = 1e-1, double before = 1e-7, int count = 2000, double decay = 0, double rate = 0.02, int delay = 50,
        double begin = 10) => new(
        $"lr = {rate}", rate, (2 / rate) - decay, [.. Enumerable.Range(0, count / 10).Select(i => 10 * i)],
        [.. Enumerable.Range(0, count / 10).Select(i => i < 50 ? begin + (i * (end - begin) / 50) : end)],
        [.. Enumerable.Range(1, count)
            .Select(i => i <= 500 + delay ? before : Math.Min(after, before * Math.Exp(0.2 * (i - 500 - delay))))], 60, true);

    [Fact]
    public void Sharpness_that_reaches_the_threshold_rises_to_it()
    {
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgeRises([Run(101), Run(50)], Images).Verdict);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgeRises([Run(50)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeRises([Run(50, count: 600)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeRises([Run(101, begin: 95)], Images).Verdict);
        Assert.Equal(Verdict.TooSmall, EdgeClaims.JudgeRises([Run(101)], 100).Verdict);
        Assert.Contains("reached at iteration 500", EdgeClaims.JudgeRises([Run(100)], Images).Decides, StringComparison.Ordinal);
    }

    [Fact]
    public void Sharpness_hovers_within_its_bounds()
    {
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgeHovers([Run(102), Run(50)], Images).Verdict);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgeHovers([Run(102), Run(150)], Images).Verdict);
        EdgeCurve falls = Run(102);
        for (int i = 60; i < falls.Sharpness.Length; i++)
            falls.Sharpness[i] = 60;
        Finding finding = EdgeClaims.JudgeHovers([falls], Images);
        Assert.Equal(Verdict.NotConfirmed, finding.Verdict);
        Assert.Contains("0.6 of the threshold", finding.Decides, StringComparison.Ordinal);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeHovers([Run(50), Run(102, count: 900)], Images).Verdict);
    }

    [Fact]
    public void Sharpness_that_begins_above_the_threshold_and_falls_is_judged_from_its_rise()
    {
        EdgeCurve Falls(double least, double end) =>
            Run(end, count: 4000) is var run
                ? run with { Sharpness = [.. run.Sharpness.Select((one, i) => i == 0 ? 800 : i < 150 ? least : end)] } : run;
        Assert.Equal(0, Falls(10, 103).Crossing);
        Assert.Equal(1500, Falls(10, 103).Rise);
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgeHovers([Falls(10, 103)], Images).Verdict);
        Finding high = EdgeClaims.JudgeHovers([Falls(10, 170)], Images);
        Assert.Equal(Verdict.NotConfirmed, high.Verdict);
        Assert.Contains("1.7 of the threshold", high.Decides, StringComparison.Ordinal);
        Finding rises = EdgeClaims.JudgeRises([Falls(10, 170)], Images);
        Assert.Equal(Verdict.Confirmed, rises.Verdict);
        Assert.Contains("from 800 down to 10 and up to 170, threshold 100, reached at iteration 1,500", rises.Decides,
            StringComparison.Ordinal);

        // One that stays near its threshold, and one that falls for good, are judged from the beginning; and of no such pair is it said
        // that it stayed together below.
        Assert.Equal(0, Falls(60, 103).Rise);
        Assert.Equal(0, Falls(10, 90).Rise);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeRises([Falls(10, 90)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgePair([Falls(10, 170)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeBelow([Falls(10, 90)], Images).Verdict);
    }

    [Fact]
    public void A_crossing_that_is_known_to_one_step_saves_the_claim_from_the_steps_between_two_values()
    {
        // It grows from 446 on, past what is rounding before the sharpness is seen at its threshold at 490.
        EdgeCurve early = Run(102, before: 1e-5, delay: -55);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgePair([early], Images).Verdict);
        EdgeCurve seen = early with { At = [.. early.At.Select(at => at < 490 ? at - 60 : at)], Crossed = 430 };
        Assert.Equal((430, 430), (seen.Crossing, seen.Rise));
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgePair([seen], Images).Verdict);
        // One that came and went between two values; one that began above is not judged by it.
        EdgeCurve passing = Run(99) with { Crossed = 445 };
        Assert.Equal((445, 445), (passing.Crossing, passing.Rise));
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeBelow([passing], Images).Verdict);
        Assert.Equal(0, (Run(102, begin: 110) with { Crossed = 445 }).Crossing);
    }

    [Fact]
    public void The_pair_grows_after_the_crossing_and_not_before()
    {
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgePair([Run(102), Run(50)], Images).Verdict);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgePair([Run(102, after: 1e-6)], Images).Verdict);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgePair([Run(102, before: 1e-3, after: 2)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgePair([Run(50)], Images).Verdict);
    }

    [Fact]
    public void Weight_decay_is_judged_by_thresholds_that_differ()
    {
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgeDecay([Run(102), Run(102, decay: 10)], Images).Verdict);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgeDecay([Run(102), Run(102, decay: 10, delay: 400)], Images).Verdict);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgeDecay([Run(102), Run(102, decay: 10, after: 1e-7)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeDecay([Run(102), Run(102, decay: 0.001)], Images).Verdict);
        // A hundredth is enough, as with 0.2 x 0.1 / 2 of a run at the learning rate 0.2 with a weight decay of 0.1.
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgeDecay([Run(102), Run(102, decay: 1)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeDecay([Run(102), Run(102, decay: 0.9)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeDecay([Run(102), Run(202, rate: 0.01, decay: 10)], Images).Verdict);
    }

    [Fact]
    public void Below_the_threshold_nothing_may_grow()
    {
        Assert.Equal(Verdict.Confirmed, EdgeClaims.JudgeBelow([Run(50, after: 1e-6), Run(102)], Images).Verdict);
        Assert.Equal(Verdict.NotConfirmed, EdgeClaims.JudgeBelow([Run(50)], Images).Verdict);
        Assert.Equal(Verdict.NotTested, EdgeClaims.JudgeBelow([Run(102)], Images).Verdict);
    }

    [Fact]
    public void Pairs_of_the_one_layer_PDE_need_a_crossing_to_drift_apart()
    {
        RunCurve apart = new(0.05, [.. Enumerable.Repeat(1.0, 400)]), together = new(0.01, [.. Enumerable.Repeat(0.0, 400)]), between =
            new(0.04, [.. Enumerable.Repeat(0.0, 400)]);
        Assert.Equal(Verdict.Confirmed, CrossingClaim.Judge([apart, together, between], [1.5, 0.4, 1.2]).Verdict);
        Assert.Contains("Crossed, and together at the end: 0.04", CrossingClaim.Judge([apart, together, between], [1.5, 0.4, 1.2]).Decides,
            StringComparison.Ordinal);
        Assert.Equal(Verdict.NotConfirmed,
            CrossingClaim.Judge([apart, together, new RunCurve(0.06, apart.Values)], [1.5, 0.4, 0.9]).Verdict);
        Assert.Equal(Verdict.NotTested, CrossingClaim.Judge([apart, between], [1.5, 1.2]).Verdict);
        Assert.Equal(Verdict.NotTested, CrossingClaim.Judge([apart, together], [1.5, null]).Verdict);
    }

    [Fact]
    public void The_page_shows_the_figure_and_all_claims()
    {
        using var folder = new TemporaryFolder();
        var copies = new SortedDictionary<Perturbation, EdgeCopy>
        {
            [3] = new([1e-7, 2e-7, 0], "edge/lr0.02-wd0-k3.npy", null),
            [Perturbation.Parse("ulp")] = new([0, 2e-7, 1], "edge/lr0.02-wd0-ulp.npy", null)
        };
        var run = new EdgeRun(0.02, 0, 100, [2.3, 2.2, 2.1], [10, 20, 30],
            [new EdgePoint(0, [12, 3], 0.01), new EdgePoint(2, [99, 4], 0.01)], copies, null, null);
        var result = new EdgeResult("fc-tanh", LastBit.Models.Activation.Tanh, LastBit.Models.Loss.CrossEntropy, 100, 0, 0, false, 10,
            ["fc1.weight"], [run]);
        Assert.Null(result.Problem());
        File.WriteAllText(folder["edge.json"], result.ToJson());
        string html = File.ReadAllText(Report.Rebuild(folder.Path));
        foreach (Claim claim in new[] { EdgeClaims.Rises, EdgeClaims.Hovers, EdgeClaims.Pair, EdgeClaims.Decay, EdgeClaims.Below })
            Assert.Contains($"id=\"{claim.Id}\"", html, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["figures/edge.png"]) && File.Exists(folder["figures/edge.svg"]));
        Assert.Contains("edge-difference", html, StringComparison.Ordinal);
        Assert.Contains("Too small to test the claim: 100 training images", html, StringComparison.Ordinal);
    }

    [Fact]
    public void With_batches_the_training_accuracy_is_that_of_the_last_epoch()
    {
        // 1000 images by 500: two steps an epoch. The last batch is classified without an error in both runs, the last epoch to 80% in one
        // and to 99% in the other.
        Assert.Equal(Verdict.NotTested, Rises(60));
        Assert.Equal(Verdict.NotConfirmed, Rises(98));

        static Verdict Rises(double before)
        {
            using var folder = new TemporaryFolder();
            var copies = new SortedDictionary<Perturbation, EdgeCopy> { [3] = new([1e-7, 2e-7, 3e-7], "edge/lr0.02-wd0-k3.npy", null) };
            var run = new EdgeRun(0.02, 0, 100, [2.3, 2.2, 2.1], [10, before, 100], [new(0, [12], 0.01, 50)], copies, null, null, 100);
            var result = new EdgeResult("fc-tanh", LastBit.Models.Activation.Tanh, LastBit.Models.Loss.CrossEntropy, 1000, 500, 0, false,
                10, ["fc1.weight"], [run]);
            Assert.Null(result.Problem());
            File.WriteAllText(folder["edge.json"], result.ToJson());
            string html = File.ReadAllText(Report.Rebuild(folder.Path));
            return html.Contains("No run begins below the threshold and is long enough", StringComparison.Ordinal)
                ? Verdict.NotTested : Verdict.NotConfirmed;
        }
    }

    [Fact]
    public void With_batches_the_page_judges_and_shows_the_batch_sharpness()
    {
        using var folder = new TemporaryFolder();
        var copies = new SortedDictionary<Perturbation, EdgeCopy> { [3] = new([1e-7, 2e-7, 3e-7], "edge/lr0.02-wd0-k3.npy", null) };
        EdgePoint[] points = [new(0, [12], 0.01, 50), new(1, [], 0, 75), new(2, [], 0, 110)];
        var run = new EdgeRun(0.02, 0, 100, [2.3, 2.2, 2.1], [10, 20, 30], points, copies, null, null, 100);
        var result = new EdgeResult("fc-tanh", LastBit.Models.Activation.Tanh, LastBit.Models.Loss.CrossEntropy, 1000, 8, 0, false, 10,
            ["fc1.weight"], [run]);
        Assert.Null(result.Problem());
        File.WriteAllText(folder["edge.json"], result.ToJson());
        string html = File.ReadAllText(Report.Rebuild(folder.Path));
        Assert.Contains("from 50 to at most 110, threshold 100, reached at iteration 2", html, StringComparison.Ordinal);
        Assert.Contains("Batch sharpness over its threshold", html, StringComparison.Ordinal);
        Assert.Contains("0.75", html, StringComparison.Ordinal);
        Assert.Contains("50", Texts());

        // Thresholds of 100 and 1000 stand on a logarithmic axis.
        SortedDictionary<Perturbation, EdgeCopy> slow = new() { [3] = new([1e-7, 2e-7, 3e-7], "edge/lr0.002-wd0-k3.npy", null) };
        File.WriteAllText(folder["edge.json"],
            (result with { Runs = [run with { LearningRate = 0.002, BatchThreshold = 1000, Copies = slow }, run] }).ToJson());
        Report.Rebuild(folder.Path);
        Assert.DoesNotContain("50", Texts());
        Assert.Contains("1,000", Texts());
        Assert.NotNull((result with { Runs = [run with { BatchThreshold = null, Sharpness = [new(1, [], 0)] }] }).Problem());
        Assert.NotNull((result with { Runs = [run with { Sharpness = [new(1, [12], 0.01)] }] }).Problem());

        // The loss of a run that is no longer finite does not decide how the others are shown.
        SortedDictionary<Perturbation, EdgeCopy> fast = new() { [3] = new([1e-7, 2e-7], "edge/lr0.05-wd0-k3.npy", null) };
        EdgeRun diverged = run with
        {
            LearningRate = 0.05,
            BatchThreshold = 40,
            Loss = [2.3, 1e29],
            Accuracy = [10, 10],
            Sharpness = [points[0]],
            DivergedAtIteration = 2,
            Copies = fast
        };
        File.WriteAllText(folder["edge.json"], (result with { Runs = [run, diverged] }).ToJson());
        Report.Rebuild(folder.Path);
        Assert.DoesNotContain("10²⁴", Texts());
        Assert.DoesNotContain("E+29", Charts(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("A run that diverged ends where it would squeeze the others", Charts(), StringComparison.Ordinal);
        File.WriteAllText(folder["edge.json"], (result with { Runs = [diverged] }).ToJson());
        Report.Rebuild(folder.Path);
        Assert.Contains("10²⁴", Texts());
        Assert.Contains("E+29", Charts(), StringComparison.OrdinalIgnoreCase);

        string Charts() => Uri.UnescapeDataString(File.ReadAllText(folder["report.html"]));

        string[] Texts() =>
            [.. System.Xml.Linq.XDocument.Load(folder["figures/edge.svg"]).Descendants().Where(element => element.Name.LocalName == "text")
                .Select(element => element.Value.Trim())];
    }
}
