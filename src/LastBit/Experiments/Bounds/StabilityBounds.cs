using LastBit.Experiments.OneLayer;
using LastBit.Files;
using LastBit.LinearAlgebra;
using LastBit.Pde;
using LastBit.Runs;

namespace LastBit.Experiments.Bounds;

/// <summary>Settings of Tables 2 and 3.</summary>
public sealed record StabilityBoundsSettings : OneLayerSettings
{
    /// <summary>Learning rate dt.</summary>
    [Setting("Learning rate dt.", Alias = "dt")]
    public double LearningRate { get; init; } = 1e-8;

    /// <summary>The constant a of the linearization.</summary>
    [Setting("The constant a of the linearization.")]
    public double A { get; init; } = -0.5;

    /// <summary>The slope beta of Swish.</summary>
    [Setting(OneLayerSetup.BetaHelp)]
    public double Beta { get; init; } = 1;
}

/// <summary>One region of Table 3.</summary>
/// <param name="Region">"activated", "transitioning" or "not activated".</param>
/// <param name="Equation">The linearized PDE there, in one line.</param>
/// <param name="AlphaMin">Least weight decay for stability by the paper's formula; null where it states none.</param>
/// <param name="AlphaMax">Greatest weight decay for stability by the paper's formula.</param>
public sealed record StabilityRegion(string Region, string Equation, double? AlphaMin, double AlphaMax);

/// <summary>Tables 2 and 3 as numbers; bounds.json.</summary>
/// <param name="AlphaMin">Least stable weight decay for the kernel's finite support (exact up to
/// <paramref name="LambdaTolerance"/>).</param>
/// <param name="AlphaMax">Greatest stable weight decay for the kernel's finite support.</param>
/// <param name="LambdaMin">Least eigenvalue of the operator K -> sum_x z[x] I[x+.].</param>
/// <param name="LambdaMax">Greatest eigenvalue of that operator.</param>
/// <param name="LambdaTolerance">How far an eigenvalue may be off, as the residual of its eigenvector says; absolute.</param>
/// <param name="FourierAlphaMin">
/// The paper's formula, with |Ihat|^2 in place of the eigenvalues: Ihat(w) = sum_x I[x] exp(-i w x), not normalised, of the image taken as
/// 0 outside
/// (the continuous transform of unit pulses), at the frequencies 2 pi (j/P, k/Q), P and Q the transform lengths (the image's sides where
/// these are even and have no prime factor above 5).
/// </param>
/// <param name="FourierAlphaMax">The paper's formula, with the same |Ihat|^2.</param>
/// <param name="Regions">Table 3.</param>
public sealed record StabilityBoundsResult(double AlphaMin, double AlphaMax, double LambdaMin, double LambdaMax, double LambdaTolerance,
    double FourierAlphaMin, double FourierAlphaMax, StabilityRegion[] Regions)
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "bounds.json";

    /// <summary>The document that --json prints and bounds.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);
}

/// <summary>Tables 2 and 3: between which weight decays gradient descent on the linearized PDE is stable, for any image.</summary>
public static class StabilityBounds
{
    /// <summary>Finds the bounds and writes bounds.json.</summary>
    public static Experiment<StabilityBoundsSettings, StabilityBoundsResult> Experiment { get; } = new("bounds", Check, Compute)
    { Document = StabilityBoundsResult.FileName, Part = "table3", Title = "stability bounds and regions (Tables 2 and 3)" };

    private static void Check(StabilityBoundsSettings settings)
    {
        OneLayerSetup.CheckPositive(nameof(settings.LearningRate), settings.LearningRate);
        OneLayerSetup.CheckFinite(nameof(settings.A), settings.A);
        OneLayerSetup.CheckFinite(nameof(settings.Beta), settings.Beta);
        OneLayerSetup.CheckImage(settings.Image, settings.KernelSize);
        // Within these every bound is a finite number, whatever the image.
        foreach ((string name,
            double value) in new[] { (nameof(settings.LearningRate), 1 / settings.LearningRate),
                (nameof(settings.LearningRate), settings.LearningRate), (nameof(settings.A), settings.A),
                (nameof(settings.Beta), settings.Beta) })
        {
            if (!(Math.Abs(value) <= 1e100))
                throw InputException.Of(name,
                    name == nameof(settings.LearningRate)
                        ? "is too small or too large for the bounds to be numbers; give one from 1e-100 to 1e100"
                        : "is too large for the bounds to be numbers; give at most 1e100");
        }
    }

    private static StabilityBoundsResult Compute(StabilityBoundsSettings settings, ExperimentContext context)
    {
        const string Task = "extreme eigenvalues";
        int size = settings.KernelSize.Count;
        context.Observer.Begin(Task, size, "products");
        using var correlation = new ValidCorrelation(settings.Image, settings.KernelSize.Height, settings.KernelSize.Width);
        using var cnn = new OneLayerCnn(correlation, settings.Beta);
        int products = 0;
        (double lambdaMin, double lambdaMax, double error) = Lanczos.Extremes((x, y) =>
        {
            cnn.Evaluate(OneLayerCnn.Field.Z, x, y);
            context.Observer.Advance(Task, ++products);
        }, size, context.Cancellation);
        // The operator is a sum of squares: below 0 there is only rounding.
        lambdaMin = Math.Max(0, lambdaMin);
        context.Observer.End(Task, $"{products} products");

        // Modes grow by 1 - dt (alpha + c lambda) a step, c = a beta / 2.
        double c = settings.A * settings.Beta / 2, fastest = 2 / settings.LearningRate;
        (double powerMin, double powerMax) = correlation.PowerRange();
        (double alphaMin, double alphaMax) = Bounds(c, lambdaMin, lambdaMax, fastest);
        (double fourierMin, double fourierMax) = Bounds(c, powerMin, powerMax, fastest);
        double mean = cnn.ImageMean;
        var result = new StabilityBoundsResult(alphaMin, alphaMax, lambdaMin, lambdaMax, error, fourierMin, fourierMax,
        [
            new("activated", "dK/dt = -(sigmoid(0)-y) mean(I) - mean(I)^2 mean(K)/8 - alpha K", null, fastest - mean * mean / 8),
            new("transitioning", "dK/dt = -(a/2) (mean(I) + beta (K*I)*I) - alpha K", fourierMin, fourierMax),
            new("not activated", "dK/dt = -alpha K", null, fastest),
        ]);
        AtomicFile.WriteAllText(Path.Combine(context.Folder, StabilityBoundsResult.FileName), result.ToJson());
        return result;
    }

    // 0 <= alpha + c lambda <= 2/dt for every lambda between the two. (0 - x and not -x: a c of 0 gives 0, not -0.)
    private static (double Min, double Max) Bounds(double c, double lambdaMin, double lambdaMax, double fastest) =>
        (0 - Math.Min(c * lambdaMin, c * lambdaMax), fastest - Math.Max(c * lambdaMin, c * lambdaMax));
}
