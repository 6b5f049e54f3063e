using LastBit.Pde;

namespace LastBit.Experiments.OneLayer;

/// <summary>The largest eigenvalues of the Hessian of a training loss at one moment of a run.</summary>
/// <param name="Iteration">How many steps had been done.</param>
/// <param name="Eigenvalues">In descending order.</param>
public sealed record SharpnessPoint(int Iteration, double[] Eigenvalues)
{
    /// <summary>What is wrong with the points along a run, null for none; null when nothing is.</summary>
    internal static string? Problem(IReadOnlyList<SharpnessPoint>? points, int iterations) => (points ?? [])
        .Any(point => point.Iteration < 0 || point.Iteration > iterations || point.Eigenvalues.Length == 0)
        ? "a point of the sharpness is of no iteration, or has no eigenvalue" : null;
}

/// <summary>
/// Follows lambda_max of the one-layer loss (cross-entropy plus weight decay) along a run of gradient descent: where it is above 2/dt, a
/// step overshoots along its eigenvector, and a difference of rounding grows with it.
/// </summary>
internal sealed class OneLayerSharpness
{
    /// <summary>
    /// Often enough for a curve; the search costs a few steps. A prime: beyond the threshold the kernel first jumps between two states
    /// (then four, ...), of which an even distance would only ever see one.
    /// </summary>
    public const int DefaultEvery = 17;

    /// <summary>What the setting is.</summary>
    public const string EveryHelp =
        "Steps between two values of the sharpness (largest eigenvalue of the loss's Hessian); 0 leaves it out.";

    private readonly OneLayerHessian _hessian;
    private readonly int _every;
    private readonly CancellationToken _cancellation;
    private readonly List<SharpnessPoint> _points = [];

    /// <summary>Begins with lambda_max of the kernel before the first step.</summary>
    /// <param name="cnn">The run's own; used between two steps.</param>
    /// <param name="alpha">Weight decay.</param>
    /// <param name="initial">The kernel before the first step.</param>
    /// <param name="every">How many steps lie between two values; 0 for none at all.</param>
    /// <param name="cancellation">Stops between two products.</param>
    public OneLayerSharpness(OneLayerCnn cnn, double alpha, double[] initial, int every, CancellationToken cancellation)
    {
        _hessian = new OneLayerHessian(cnn, alpha, initial.Length);
        _every = every;
        _cancellation = cancellation;
        Observe(0, initial);
    }

    /// <summary>The values so far; null where none was asked for.</summary>
    public SharpnessPoint[]? Points => _every == 0 ? null : [.. _points];

    /// <summary>Refuses a negative distance.</summary>
    public static void CheckEvery(int every)
    {
        if (every < 0)
            throw InputException.Of("sharpnessEvery", $"{every} is not possible; give at least 0 (0 leaves the sharpness out)");
    }

    /// <summary>Takes a kernel in, and computes lambda_max when it is time.</summary>
    /// <param name="steps">How many steps have been done.</param>
    /// <param name="kernel">The kernel after them; finite.</param>
    public void Observe(int steps, ReadOnlySpan<double> kernel)
    {
        if (_every == 0 || steps % _every != 0)
            return;
        double sharpness = _hessian.Sharpness(kernel, _cancellation);
        if (double.IsFinite(sharpness))
            _points.Add(new SharpnessPoint(steps, [sharpness]));
    }
}
