using LastBit.Experiments.Bounds;
using LastBit.Experiments.Heat;
using LastBit.Models;
using LastBit.Reports;
using LastBit.Reports.Accuracy;
using LastBit.Reports.Amplification;
using LastBit.Reports.Bounds;
using LastBit.Reports.Claims;
using LastBit.Reports.Divergence;
using LastBit.Reports.Heat;
using LastBit.Reports.Linear;
using LastBit.Reports.NonLinear;
using LastBit.Reports.Results;
using LastBit.Statistics;

namespace LastBit.Tests.Reports;

public class ClaimsTests
{
    private static HeatEquationRun Heat(double dt, double last, int? above, int? notFinite = null) =>
        new(dt, dt <= 0.5, above, notFinite, [new HeatSnapshot(0, 0, [0, 1.5, 0]), new HeatSnapshot(4, 10, [0, last, 0])]);

    private static double[] Curve(int count, Func<int, double> value) => [.. Enumerable.Range(0, count).Select(value)];

    private static double[] Settling(int i = 1000) => Curve(i, n => 0.3 + (9000 * Math.Pow(0.6, n)));

    private static double[] Oscillating(int i = 1000) => Curve(i, n => 0.5 + (0.2 * Math.Sin(n)));

    private static double[] Growing(int i = 1000) => Curve(i, n => 9000 * Math.Pow(1.2, n));

    [Fact]
    public void A_course_is_told_when_the_run_has_shown_it()
    {
        Assert.Equal("too short to tell", new RunCurve(0.1, [.. Enumerable.Repeat(1.0, 20)]).Course);
        Assert.Equal("settles", new RunCurve(0.1, [.. Enumerable.Repeat(1.0, 200)]).Course);
        Assert.Equal("oscillates", new RunCurve(0.1, [.. Enumerable.Range(0, 200).Select(i => i % 2 + 1.0)]).Course);
        Assert.Equal("blows up", new RunCurve(0.1, [1, 2, 1e4]).Course);
        Assert.Equal("blows up", RunCurve.Of(0.1, [1, 2], 10).Course);
    }

    [Fact]
    public void The_heat_equation_is_confirmed_when_only_the_long_step_blows_up()
    {
        Finding finding = HeatClaim.Judge([Heat(0.4, 1.2, null), Heat(0.8, 7.4, 16, 900)]);
        Assert.Equal(Verdict.Confirmed, finding.Verdict);
        Assert.Contains("16 steps", finding.Decides, StringComparison.Ordinal);
    }

    [Fact]
    public void The_heat_equation_is_not_confirmed_when_the_short_step_grows_or_the_long_one_does_not()
    {
        Assert.Equal(Verdict.NotConfirmed, HeatClaim.Judge([Heat(0.4, 1.6, null), Heat(0.8, 7.4, 16)]).Verdict);
        Assert.Equal(Verdict.NotConfirmed, HeatClaim.Judge([Heat(0.4, 1.2, null), Heat(0.8, 1.2, null)]).Verdict);
        Assert.Equal(Verdict.NotConfirmed, HeatClaim.Judge([Heat(0.4, 1.2, 500), Heat(0.8, 7.4, 16)]).Verdict);
    }

    [Fact]
    public void The_heat_equation_is_not_tested_with_runs_on_one_side_only() =>
        Assert.Equal(Verdict.NotTested, HeatClaim.Judge([Heat(0.3, 1.2, null), Heat(0.4, 1.2, null)]).Verdict);

    [Fact]
    public void Bounds_are_confirmed_when_losses_diverge_exactly_outside()
    {
        RunCurve[] runs =
            [new(1.1e7, Growing()), new(1.3e7, Settling()), new(2.0e8, Oscillating()), new(2.2e8, [.. Growing(300), double.NaN])];
        Finding finding = BoundsClaim.Judge(runs, 12_960_000, 2e8, 1e-8);
        Assert.Equal(Verdict.Confirmed, finding.Verdict);
        Assert.Contains("3 of 3", finding.Decides, StringComparison.Ordinal);
    }

    [Fact]
    public void Bounds_are_not_confirmed_when_a_loss_inside_diverges_or_one_outside_does_not()
    {
        Finding inside = BoundsClaim.Judge([new(1.1e7, Growing()), new(1.3e7, Growing())], 12_960_000, 2e8, 1e-8);
        Assert.Equal(Verdict.NotConfirmed, inside.Verdict);
        Assert.Contains("α = 1.3×10⁷", inside.Decides, StringComparison.Ordinal);
        Finding outside = BoundsClaim.Judge([new(1.1e7, Settling()), new(1.3e7, Settling())], 12_960_000, 2e8, 1e-8);
        Assert.Equal(Verdict.NotConfirmed, outside.Verdict);
    }

    [Fact]
    public void A_weight_decay_on_a_bound_is_not_judged()
    {
        RunCurve[] judged = [new(1.1e7, Growing()), new(1.3e7, Settling())];
        Assert.Equal(BoundsClaim.Judge(judged, 12_960_000, 2e8, 1e-8),
            BoundsClaim.Judge([.. judged, new(2e8, Growing())], 12_960_000, 2e8, 1e-8));
    }

    [Fact]
    public void Each_claim_names_a_command_that_the_command_line_takes()
    {
        Claim[] claims = [.. Report.Sections(ResultFolder.Of("none", new Dictionary<string, byte[]>())).Select(section => section.Claim)];
        Assert.Equal(13, claims.Length);
        System.CommandLine.RootCommand tree = LastBit.Cli.Commands.AllCommands.Tree.Value;
        Assert.All(claims, claim => Assert.Empty(tree.Parse(claim.Test["lastbit ".Length..]).Errors));
    }

    [Fact]
    public void Bounds_are_not_tested_when_the_run_outside_is_too_short_to_have_diverged() =>
        Assert.Equal(
            Verdict.NotTested,
            BoundsClaim.Judge([new(1.1e7, Settling(20)), new(1.3e7, Settling(20))], 12_960_000, 2e8, 1e-8).Verdict);

    [Theory]
    [InlineData(12_960_000, 13_000_000, Verdict.Confirmed)]
    [InlineData(12_960_000, 1_073_741_824, Verdict.Confirmed)]
    [InlineData(3e8, 4e8, Verdict.NotConfirmed)]
    [InlineData(12_960_000, 12_000_000, Verdict.NotConfirmed)]
    [InlineData(-1, 0, Verdict.NotTested)]
    public void Regions_are_decided_by_the_exact_and_the_published_bound(double exact, double formula, Verdict expected)
    {
        StabilityRegion[] regions =
        [
            new("activated", "", null, 2e8), new("transitioning", "", formula, 2e8), new("not activated", "", null, 2e8),
        ];
        Assert.Equal(expected, RegionsClaim.Judge(new(exact, 2e8, 0, 5e7, 1e-6, formula, 2e8, regions)).Verdict);
    }

    [Fact]
    public void A_restrained_instability_needs_all_three_kinds_of_curves()
    {
        RunCurve[] runs =
            [new(0.01, Settling()), new(0.05, Oscillating()), new(0.1, Oscillating()), new(0.13, [.. Growing(700), double.NaN])];
        Assert.Equal(Verdict.Confirmed, RestrainedClaim.Judge(runs, 20, true).Verdict);
        Assert.Equal(Verdict.NotTested, RestrainedClaim.Judge(runs[..3], 20, true).Verdict);
        Assert.Equal(Verdict.NotTested, RestrainedClaim.Judge(runs, 10, true).Verdict);
        RunCurve[] cut = [.. runs.Select(run => new RunCurve(run.Parameter, run.Values[..100]))];
        Assert.Equal(Verdict.NotTested, RestrainedClaim.Judge(cut, 20, true).Verdict);
        Finding wrong = RestrainedClaim.Judge([runs[0], new(0.05, Settling()), runs[3]], 20, true);
        Assert.Equal(Verdict.NotTested, RestrainedClaim.Judge(runs, 20, false).Verdict);
        Assert.Equal(Verdict.NotConfirmed, wrong.Verdict);
        Assert.EndsWith("Against the claim: 0.05.", wrong.Decides, StringComparison.Ordinal);
    }

    [Fact]
    public void Rounding_is_amplified_only_where_the_loss_oscillates()
    {
        RunCurve vanishing = new(0.01, Curve(1000, n => n < 50 ? 1e-15 : 0));
        RunCurve growing = new(0.09, Curve(1000, n => n == 0 ? 2e-16 : Math.Min(1, 1e-16 * Math.Pow(1.5, n))));
        Finding confirmed = AmplificationClaim.Judge([vanishing, growing], 20, true);
        Assert.Equal(Verdict.Confirmed, confirmed.Verdict);
        Assert.Contains("10⁻¹⁵", confirmed.Decides, StringComparison.Ordinal);
        Assert.Equal(Verdict.NotConfirmed, AmplificationClaim.Judge([vanishing with { Parameter = 0.05 }, vanishing], 20, true).Verdict);
        RunCurve spike = vanishing with { Values = Curve(1000, n => n == 4 ? 2e-14 : n < 50 ? 1e-16 : 0) };
        Assert.Equal(Verdict.Confirmed, AmplificationClaim.Judge([spike, growing], 20, true).Verdict);
        RunCurve remaining = vanishing with { Values = Curve(1000, n => 1e-16) };
        Assert.Equal(Verdict.NotConfirmed, AmplificationClaim.Judge([remaining, growing], 20, true).Verdict);
        Assert.Equal(Verdict.NotConfirmed, AmplificationClaim.Judge([growing with { Parameter = 0.03 }, growing], 20, true).Verdict);
        Assert.Equal(Verdict.NotTested, AmplificationClaim.Judge([vanishing], 20, true).Verdict);
        Assert.Equal(Verdict.NotTested, AmplificationClaim.Judge([], 20, true).Verdict);
        Assert.Equal(Verdict.NotTested, AmplificationClaim.Judge([vanishing, growing], 20, false).Verdict);
        Assert.Equal(Verdict.NotTested, AmplificationClaim.Judge([vanishing, growing], 10, true).Verdict);
    }

    [Theory]
    [InlineData(6, 6, 200, 50_000, 10_000, 93, 0.2, Verdict.Confirmed)]
    [InlineData(3, 3, 20, 50_000, 10_000, 50, 0.11, Verdict.Confirmed)]
    [InlineData(6, 6, 200, 50_000, 10_000, 93, 0.05, Verdict.NotConfirmed)]
    [InlineData(6, 6, 200, 50_000, 10_000, 93, 0.5, Verdict.NotConfirmed)]
    [InlineData(2, 6, 200, 50_000, 10_000, 93, 0.2, Verdict.TooSmall)]
    [InlineData(6, 2, 200, 50_000, 10_000, 93, 0.2, Verdict.TooSmall)]
    [InlineData(6, 6, 19, 50_000, 10_000, 93, 0.2, Verdict.TooSmall)]
    [InlineData(6, 6, 200, 5_000, 10_000, 93, 0.2, Verdict.TooSmall)]
    [InlineData(6, 6, 200, 50_000, 500, 93, 0.2, Verdict.TooSmall)]
    [InlineData(6, 6, 200, 50_000, 10_000, 20, 0.2, Verdict.TooSmall)]
    public void Spreads_are_alike_within_a_factor_of_two_if_the_training_is_large_enough(
        int seeds, int fewestK, int epochs, int trainImages, int testImages, double accuracy, double rounding, Verdict expected)
    {
        Estimate Of(double value) => new(value, value / 2, value * 2, 10);
        Finding finding = AccuracyClaim.Judge(
            seeds, fewestK, epochs, trainImages, testImages, accuracy, Of(rounding), Of(0.21), Of(rounding / 0.21));
        Assert.Equal(expected, finding.Verdict);
        Assert.Contains($"rounding spread by {rounding} percentage points", finding.Decides, StringComparison.Ordinal);
        Finding withoutSeeds = AccuracyClaim.Judge(
            seeds, fewestK, epochs, trainImages, testImages, accuracy, Of(rounding), null, null);
        Assert.Equal(Verdict.NotTested, withoutSeeds.Verdict);
    }

    [Fact]
    public void Differences_must_shoot_up_at_large_steps_and_stay_down_at_small_ones()
    {
        RunCurve large = new(2, Curve(100, n => Math.Min(1.4, 1e-7 * Math.Pow(3, n)))), small = new(320, Curve(100, n => 1e-7 * n));
        Finding Of(params RunCurve[] runs) => DivergenceClaim.Judge("resnet56", Activation.Swish, 50_000, runs);
        Assert.Equal(Verdict.Confirmed, Of(large, small).Verdict);
        Assert.Equal("The greatest difference is 1.4 with divisor 2; 9.9×10⁻⁶ with divisor 320.", Of(small, large).Decides);
        Assert.Equal(Verdict.Confirmed, Of(large with { Values = Curve(100, n => 0.0655 * n / 99) }, small).Verdict);
        Assert.Equal(Verdict.NotConfirmed, Of(large with { Values = Curve(100, n => 0.0099 * n / 99) }, small).Verdict);
        Assert.Equal(Verdict.NotConfirmed, Of(large, large with { Parameter = 320 }).Verdict);
        Assert.Equal(Verdict.NotConfirmed, Of(small with { Parameter = 8 }, small).Verdict);
        Assert.Equal(Verdict.NotConfirmed, Of(large with { Values = [.. large.Values, double.NaN] }, small).Verdict);
        Assert.Equal(Verdict.TooSmall, Of(large, small with { Values = small.Values[..19] }).Verdict);
        Assert.Equal(Verdict.NotConfirmed, Of(large, small with { Values = [0.00125] }).Verdict);
        Assert.Equal(Verdict.TooSmall, Of(large).Verdict);
        Assert.Equal(Verdict.TooSmall, Of().Verdict);
        Assert.Equal(Verdict.TooSmall, DivergenceClaim.Judge("resnet8", Activation.Swish, 50_000, [large, small]).Verdict);
        Assert.Equal(Verdict.TooSmall, DivergenceClaim.Judge("resnet56", Activation.Relu, 50_000, [large, small]).Verdict);
        Assert.Equal(Verdict.TooSmall, DivergenceClaim.Judge("resnet56", Activation.Swish, 1000, [large, small]).Verdict);
    }

    [Fact]
    public void A_loss_is_classified_by_its_tail_and_its_end()
    {
        static LossBehaviour Of(double[] loss) => new RunCurve(0, loss).Behaviour;
        Assert.Equal(LossBehaviour.Settles, Of(Settling()));
        Assert.Equal(LossBehaviour.Oscillates, Of(Oscillating()));
        Assert.Equal(LossBehaviour.BlowsUp, Of(Growing()));
        Assert.Equal(LossBehaviour.BlowsUp, Of([1, 2, double.NaN]));
        Assert.Equal(LossBehaviour.BlowsUp, Of([1, double.PositiveInfinity]));
    }

    [Fact]
    public void A_rule_is_said_with_the_constants_that_decide()
    {
        Assert.Contains($"exceeds a relative $L_1$ difference of {NumberText.Exact(DivergenceClaim.ShotUp)}", DivergenceClaim.Claim.Rule,
            StringComparison.Ordinal);
        Assert.Contains($"{AccuracyClaim.FewestEpochs} epochs, 10,000 training images", AccuracyClaim.Claim.Rule, StringComparison.Ordinal);
        Assert.Contains("0.01, 0.03 must settle", RestrainedClaim.Claim.Rule, StringComparison.Ordinal);
        Assert.Contains("never reaches 10⁻¹⁴", AmplificationClaim.Claim.Rule, StringComparison.Ordinal);
    }
}
