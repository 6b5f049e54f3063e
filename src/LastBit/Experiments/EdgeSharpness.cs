using LastBit.Arithmetic;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.LinearAlgebra;

namespace LastBit.Experiments;

/// <summary>The curvature along a run at the edge of stability: largest eigenvalues, each search beginning with what the one before found, and with small batches the batch sharpness.</summary>
internal sealed class EdgeSharpness : IDisposable
{
    /// <summary>An eigenvalue is taken as found when its residual is at most this fraction of the largest: more than a curve shows.</summary>
    public const double Tolerance = 1e-3;

    /// <summary>A search ends after so many products, whatever the residual is then; it is recorded.</summary>
    public const int MostProducts = 200;

    /// <summary>The batch sharpness is a mean over at most so many batches, the first in file order.</summary>
    public const int MostBatches = 50;

    private readonly int _eigenvalues;
    private readonly LossHessian _hessian;
    private readonly CpuEngine? _engine;
    private readonly CancellationToken _cancellation;

    /// <summary>Takes the memory.</summary>
    public EdgeSharpness(EdgeSettings settings, TrainingData data, CancellationToken cancellation)
    {
        (_eigenvalues, _cancellation) = (settings.Eigenvalues, cancellation);
        _hessian = new LossHessian(settings, data, settings.PassSize);
        if (!settings.IsFullBatch)
            _engine = new CpuEngine(_hessian.Product.Model, Math.Min(settings.BatchSize, _hessian.Images), data.Team, settings.Convolution);
    }

    /// <summary>The curvature at a state.</summary>
    /// <param name="iteration">How many steps had been done.</param>
    /// <param name="state">The state; it is left as it is.</param>
    /// <param name="start">A vector to begin the search with, the sum of the eigenvectors found before; null for a random one.</param>
    /// <returns>The eigenvalues, and the vector to begin the next search with; null where the weights or a product are no longer finite.</returns>
    public (EdgePoint Point, double[] Start)? At(int iteration, NetworkState state, double[]? start)
    {
        _hessian.State.CopyFrom(state);
        if (_hessian.Largest(_eigenvalues, Tolerance, MostProducts, start, cancellation: _cancellation) is not { } largest)
            return null;
        double[] sum = new double[_hessian.Product.Size];
        foreach (double[] vector in largest.Vectors)
        {
            for (int i = 0; i < sum.Length; i++)
                sum[i] += vector[i];
        }
        return (new EdgePoint(iteration, largest.Values, largest.Residuals.Max(), _engine is null ? null : BatchSharpness(_engine)), sum);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hessian.Dispose();
        _engine?.Dispose();
    }

    // E over batches of g'Hg / g'g, both of the batch's own loss.
    private double BatchSharpness(CpuEngine engine)
    {
        int batches = Math.Min(MostBatches, _hessian.Images / engine.Capacity);
        double[] terms = new double[batches], direction = new double[_hessian.Product.Size];
        for (int b = 0; b < batches; b++)
        {
            _cancellation.ThrowIfCancellationRequested();
            var (images, labels) = _hessian.Some(b * engine.Capacity, engine.Capacity);
            engine.Load(_hessian.State);
            engine.Forward(images.Span, labels.Span, training: true);
            engine.Backward();
            for (int i = 0; i < direction.Length; i++)
                direction[i] = engine.Gradients[i];
            _hessian.Product.Use(images, labels);
            terms[b] = _hessian.Product.Curvature(direction);
        }
        return FixedOrderSum.Of(terms) / batches;
    }
}
