using LastBit.Arithmetic;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.Cpu.Tangents;
using LastBit.LinearAlgebra;

namespace LastBit.Experiments;

/// <summary>The curvature of the training loss of a network, over all training images in file order and without augmentation.</summary>
internal sealed class EdgeSharpness : IDisposable
{
    /// <summary>An eigenvalue is taken as found when its residual is at most this fraction of the largest: more than a curve shows.</summary>
    public const double Tolerance = 1e-3;

    /// <summary>A search ends after so many products, whatever the residual is then; it is recorded.</summary>
    public const int MostProducts = 200;

    /// <summary>The batch sharpness is a mean over at most so many batches, the first in file order.</summary>
    public const int MostBatches = 50;

    private readonly int _eigenvalues;
    private readonly int _batchSize;
    private readonly float[] _images;
    private readonly int[] _labels;
    private readonly HessianProduct _hessian;
    private readonly CpuEngine? _engine;
    private readonly NetworkState _state;
    private readonly CancellationToken _cancellation;

    /// <summary>Takes the memory.</summary>
    public EdgeSharpness(EdgeSettings settings, TrainingData data, CancellationToken cancellation)
    {
        (_eigenvalues, _batchSize, _cancellation) = (settings.Eigenvalues, settings.BatchSize, cancellation);
        (_images, _labels) = data.TrainingImages();
        Models.Model model = data.ModelOf(settings);
        _hessian = new HessianProduct(model, Math.Min(settings.PassSize, _labels.Length), data.Team);
        _state = new NetworkState(model.Layout);
        if (settings.IsFullBatch)
            return;
        _engine = new CpuEngine(model, Math.Min(_batchSize, _labels.Length), data.Team, settings.Convolution);
    }

    /// <summary>The curvature at a state.</summary>
    /// <param name="iteration">How many steps had been done.</param>
    /// <param name="state">The state; it is left as it is.</param>
    /// <param name="start">A vector to begin the search with, the sum of the eigenvectors found before; null for a random one.</param>
    /// <returns>The eigenvalues, and the vector to begin the next search with; null where the weights or a product are no longer finite.</returns>
    public (EdgePoint Point, double[] Start)? At(int iteration, NetworkState state, double[]? start)
    {
        if (state.Parameters.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            return null;
        // A copy: the trainer's model is another object, and a forward pass in training moves running statistics, which are not ours to move.
        _state.CopyFrom(state);
        _hessian.Load(_state);
        _hessian.Use(_images, _labels);
        bool finite = true;
        LargestEigenvalues largest = Lanczos.Largest(Multiply, _hessian.Size, _eigenvalues, Tolerance, MostProducts, start, _cancellation);
        if (!finite)
            return null;
        double[] sum = new double[_hessian.Size];
        foreach (double[] vector in largest.Vectors)
        {
            for (int i = 0; i < sum.Length; i++)
                sum[i] += vector[i];
        }
        return (new EdgePoint(iteration, largest.Values, largest.Residuals.Max(), _engine is null ? null : BatchSharpness()), sum);

        // A search must end; with a matrix of zeros it does at once.
        void Multiply(ReadOnlySpan<double> x, Span<double> y)
        {
            if (finite)
                _hessian.Multiply(x, y);
            finite = finite && !y.ContainsAnyExceptInRange(double.MinValue, double.MaxValue);
            if (!finite)
                y.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hessian.Dispose();
        _engine?.Dispose();
        _state.Dispose();
    }

    // E over batches of g'Hg / g'g, both of the batch's own loss.
    private double BatchSharpness()
    {
        int floats = _hessian.Model.ImageFloats, batches = Math.Min(MostBatches, _labels.Length / _engine!.Capacity);
        double[] terms = new double[batches], direction = new double[_hessian.Size];
        for (int b = 0; b < batches; b++)
        {
            _cancellation.ThrowIfCancellationRequested();
            int from = b * _engine.Capacity;
            ReadOnlyMemory<float> images = _images.AsMemory(from * floats, _engine.Capacity * floats);
            ReadOnlyMemory<int> labels = _labels.AsMemory(from, _engine.Capacity);
            _engine.Load(_state);
            _engine.Forward(images.Span, labels.Span, training: true);
            _engine.Backward();
            for (int i = 0; i < direction.Length; i++)
                direction[i] = _engine.Gradients[i];
            _hessian.Use(images, labels);
            terms[b] = _hessian.Curvature(direction);
        }
        return FixedOrderSum.Of(terms) / batches;
    }
}
