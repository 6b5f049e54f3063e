using LastBit.Arithmetic;
using LastBit.Engines;
using LastBit.Experiments.Sharpness;

namespace LastBit.Experiments.Edge;

/// <summary>
/// The curvature along a run at the edge of stability: largest eigenvalues, each search beginning with what the one before found, and with
/// small batches the batch sharpness.
/// </summary>
internal sealed class EdgeSharpness : IDisposable
{
    /// <summary>
    /// A search ends after so many products, whatever the residual is then (it is recorded), and those of its verification.
    /// </summary>
    public const int MostProducts = 200;

    /// <summary>The batch sharpness is a mean over at most so many batches, the first in file order.</summary>
    public const int MostBatches = 50;

    private readonly EdgeSettings _settings;
    private readonly LossHessian _hessian;
    private readonly IEngine? _engine;
    private readonly IReplica? _replica;
    private readonly IBatch? _batch;
    private readonly CancellationToken _cancellation;
    private (EdgePoint, double[][])? _initial;

    /// <summary>Takes the memory.</summary>
    public EdgeSharpness(EdgeSettings settings, TrainingData data, CancellationToken cancellation)
    {
        (_settings, _cancellation) = (settings, cancellation);
        _hessian = new LossHessian(settings, data, settings.PassSize);
        if (!settings.IsFullBatch)
        {
            _engine = data.Engines.CreateEngine(_hessian.Product.Model, Math.Min(settings.BatchSize, _hessian.Images),
                settings.Convolution);
            _replica = _engine.CreateReplica(new Sgd());
            _batch = _engine.CreateBatch(_engine.Capacity);
        }
    }

    /// <summary>The curvature at a state.</summary>
    /// <param name="iteration">How many steps had been done.</param>
    /// <param name="state">The state; it is left as it is.</param>
    /// <param name="start">Vectors to begin the search with, the eigenvectors found before; none for a random one.</param>
    /// <param name="verify">What the search verifies; null for nothing.</param>
    /// <param name="isLast">Whether it is the last of its run, for which eigenvalues are searched in any case.</param>
    /// <param name="journal">A file for the products of the search.</param>
    /// <returns>The eigenvalues, and the vectors to begin the next search with; null where the weights or a product are no longer
    /// finite.</returns>
    public (EdgePoint Point, double[][] Start)? At(int iteration, IReplica state, double[][] start, double? verify, bool isLast,
        string journal) =>
        // One seed, so all runs begin at the same weights.
        iteration > 0 ? Compute(iteration, state, start, verify, isLast || _settings.SearchesAt(iteration), journal)
        : _initial ??= Compute(iteration, state, start, verify, searches: true, journal);

    /// <summary>What is compared with the threshold at a state, <see cref="EdgePoint.Judged"/>; null where it is not finite.</summary>
    public double? Judge(IReplica state, double[][] start, string journal) =>
        Compute(0, state, start, null, searches: _engine is null, journal)?.Point.Judged;

    private (EdgePoint Point, double[][] Start)? Compute(int iteration, IReplica state, double[][] start, double? verify, bool searches,
        string journal)
    {
        state.Read(_hessian.State);
        double? batch = _engine is null ? null : BatchSharpness(_engine);
        if (batch is { } value && !double.IsFinite(value))
            return null;
        if (!searches)
            return (new EdgePoint(iteration, [], 0, batch), start);
        return _hessian.Largest(_settings.Eigenvalues, _settings.Tolerance, MostProducts, start, verify, journal,
            cancellation: _cancellation) is { } largest
            ? (new EdgePoint(iteration, largest.Values, largest.Residuals.Max(), batch, largest.Verified), largest.Vectors)
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hessian.Dispose();
        _batch?.Dispose();
        _replica?.Dispose();
        _engine?.Dispose();
    }

    // E over batches of g'Hg / g'g, both of the batch's own loss; not finite where the weights or a gradient are not.
    private double BatchSharpness(IEngine engine)
    {
        int batches = Math.Min(MostBatches, _hessian.Images / engine.Capacity);
        double[] terms = new double[batches], direction = new double[_hessian.Product.Size];
        if (!_hessian.State.IsFinite)
            return double.NaN;
        _hessian.Product.Load(_hessian.State);
        _replica!.Write(_hessian.State);
        float[] gradients = new float[direction.Length];
        for (int b = 0; b < batches; b++)
        {
            _cancellation.ThrowIfCancellationRequested();
            var (images, labels) = _hessian.Some(b * engine.Capacity, engine.Capacity);
            _batch!.Write(images, labels);
            engine.Forward(_replica, _batch, 0, labels.Length, new PassSettings(IsTraining: true));
            engine.Backward();
            engine.ReadGradients(gradients);
            for (int i = 0; i < direction.Length; i++)
                direction[i] = gradients[i];
            if (direction.AsSpan().ContainsAnyExceptInRange(double.MinValue, double.MaxValue))
                return double.NaN;
            _hessian.Product.Use(images, labels);
            terms[b] = _hessian.Product.Curvature(direction);
        }
        return FixedOrderSum.Of(terms) / batches;
    }
}
