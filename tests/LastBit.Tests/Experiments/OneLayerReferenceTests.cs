using System.Globalization;
using System.Text.Json;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Tests.Arithmetic;
using LastBit.Training;

namespace LastBit.Tests.Experiments;

public sealed class OneLayerReferenceTests : IDisposable
{
    private static readonly JsonElement s_reference =
        JsonDocument.Parse(File.ReadAllText(Reference.File("one-layer", "one-layer.json"))).RootElement;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // The linearized PDE amplifies one mode, or all modes alike, and the loss is theirs:
    // rounding grows no faster than the loss itself. So every value is compared.
    // The reference is null from where its cross-entropy took log(0); ours is the stable form and goes on.
    [Fact]
    public void Every_curve_of_the_linearized_PDE_is_the_reference_within_1e_9()
    {
        JsonElement curves = s_reference.GetProperty("linear_lr_1e-8");
        LinearizedPdeResult result = LinearizedPde.Experiment.Run(
            new() { Alphas = [.. curves.EnumerateObject().Select(Number)] }, OneLayerExperiments.Context(_folder.Path));
        foreach ((LinearizedPdeRun run, JsonProperty curve) in result.Runs.Zip(curves.EnumerateObject()))
        {
            Assert.Equal(1000, run.Finite);
            double before = 0;
            foreach (JsonProperty point in curve.Value.EnumerateObject())
            {
                double loss = run.Loss[(int)Number(point)];
                if (point.Value.ValueKind == JsonValueKind.Null)
                    Assert.True(loss > before, $"alpha {run.Alpha}, iteration {point.Name}");
                else
                    AssertRelative(point.Value.GetDouble(), loss, 1e-9, $"alpha {run.Alpha}, iteration {point.Name}");
                before = loss;
            }
        }
    }

    // The non-linear PDE is stable at 0.01: compared throughout. At 0.05 and 0.09 it amplifies rounding;
    // how far a comparison makes sense is what the experiment itself measures:
    // as long as our own two copies, which differ in rounding alone, have not drifted apart by 1e-9.
    [Fact]
    public void Every_curve_of_the_non_linear_PDE_is_the_reference_within_1e_9_until_rounding_is_amplified()
    {
        JsonElement curves = s_reference.GetProperty("nonlinear_weight_decay_20");
        double[] rates = [.. curves.EnumerateObject().Select(Number)];
        NonLinearPdeResult result = NonLinearPde.Experiment.Run(new() { LearningRates = rates }, OneLayerExperiments.Context(_folder.Path));
        ErrorAmplificationResult copies =
            ErrorAmplification.Experiment.Run(new() { LearningRates = rates, Iterations = 100 }, OneLayerExperiments.Context(_folder.Path));
        int compared = 0;
        for (int i = 0; i < rates.Length; i++)
        {
            int amplified = Array.FindIndex(copies.Runs[i].RelativeL1, difference => difference > 1e-9);
            Assert.True(rates[i] == 0.01 ? amplified < 0 : amplified is > 20 and < 50,
                $"learning rate {rates[i]}: amplified at iteration {amplified}");
            foreach (JsonProperty point in curves.EnumerateObject().ElementAt(i).Value.EnumerateObject())
            {
                int iteration = (int)Number(point);
                if (amplified >= 0 && iteration >= amplified)
                    continue;
                AssertRelative(point.Value.GetDouble(), result.Runs[i].Loss[iteration], 1e-9,
                    $"learning rate {rates[i]}, iteration {iteration}");
                compared++;
            }
        }
        Assert.Equal(20 + 11 + 11, compared);
    }

    // At 0.03 one of the 1024 weights comes within 1e-6 of 0 in iteration 4, so that the last bit that it had before is 1e-11 of it:
    // that one value is above 1e-14 (NumPy gives 1e-15 there with its Fourier transform, and 2e-13 to 3e-13 with direct sums,
    // depending on the order of the additions). The figure, a moving average over 100 iterations, is below 1e-14 throughout.
    [Fact]
    public void Rounding_stays_rounding_at_low_learning_rates_and_is_amplified_to_order_1_at_higher_ones()
    {
        ErrorAmplificationResult result = ErrorAmplification.Experiment.Run(
            new() { Iterations = 400 }, OneLayerExperiments.Context(_folder.Path));
        foreach (ErrorAmplificationRun run in result.Runs)
        {
            Assert.Equal(400, run.Finite);
            Assert.InRange(run.RelativeL1[0], 1e-18, 1e-12);
            if (run.LearningRate < 0.04)
            {
                Assert.All(run.RelativeL1.Where((_, i) => i != 4), difference => Assert.InRange(difference, 0, 1e-14));
                Assert.InRange(run.RelativeL1[4], 0, 1e-12);
                for (int i = 99; i < run.Finite; i++)
                    Assert.InRange(run.RelativeL1[(i - 99)..(i + 1)].Average(), 0, 1e-14);
                Assert.All(run.RelativeL1[100..], difference => Assert.Equal(0, difference));
            }
            else
            {
                Assert.InRange(run.RelativeL1[200..].Average(), 0.1, 2);
            }
        }
    }

    [Fact]
    public void A_perturbation_by_a_power_of_two_changes_no_bit()
    {
        ErrorAmplificationResult result = ErrorAmplification.Experiment.Run(
            new() { Perturbation = Perturbation.OfK(4), LearningRates = [0.09], Iterations = 100 },
            OneLayerExperiments.Context(_folder.Path));
        Assert.All(result.Runs[0].RelativeL1, difference => Assert.Equal(0, difference));
    }

    [Fact]
    public void The_default_image_is_stable_between_12_960_000_and_200_000_000()
    {
        StabilityBoundsResult bounds = StabilityBounds.Experiment.Run(new(), OneLayerExperiments.Context(_folder.Path));
        AssertRelative(12_960_000, bounds.AlphaMin, 1e-12, "alpha_min");
        AssertRelative(2e8, bounds.AlphaMax, 1e-12, "alpha_max");
        AssertRelative(50625.0 * 1024, bounds.LambdaMax, 1e-12, "lambda_max");
        Assert.InRange(bounds.LambdaMin, 0, 1e-4);
        // One frequency of 65536 pixels, the others empty.
        Assert.Equal(65536.0 * 65536 / 4, bounds.FourierAlphaMin);
        Assert.Equal(2e8, bounds.FourierAlphaMax);
        Assert.Equal(["activated", "transitioning", "not activated"], bounds.Regions.Select(region => region.Region));
        Assert.All(bounds.Regions, region => Assert.Equal(2e8, region.AlphaMax));
    }

    private static double Number(JsonProperty property) => double.Parse(property.Name, CultureInfo.InvariantCulture);

    private static void AssertRelative(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected),
            $"{what}: {actual} instead of {expected}, {UlpDistance.Between(actual, expected)} ulp away");
}
