using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Products H v of the Hessian of the training loss with vectors, exact up to rounding in binary32 (Pearlmutter's R-operator): one pass
/// forward and one backward in which every number is accompanied by its derivative in the direction v. No matrix is ever made. The bits of
/// a product depend on state, images, chunks and v alone (docs/arithmetic.md).
/// </summary>
public sealed class HessianProduct : IHessian
{
    private readonly Computation _computation;
    private readonly NetworkState _state;
    private readonly NetworkState _direction;
    private ReadOnlyMemory<float> _images;
    private ReadOnlyMemory<int> _labels;
    private bool _loaded;

    /// <summary>Plans the work and takes the memory.</summary>
    /// <param name="model">The network.</param>
    /// <param name="capacity">Images in a chunk, at least 1.</param>
    /// <param name="team">The threads that will compute; they stay the caller's.</param>
    /// <param name="convolution">How convolutions are computed, as in the engine whose loss is meant.</param>
    /// <exception cref="InputException">
    /// The engine cannot compute this model, or a layer of it has no tangents; the message names the layer.
    /// </exception>
    public HessianProduct(Model model, int capacity, WorkerTeam team, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(team);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (Model, Capacity) = (model, capacity);
        _computation = new Computation(model, capacity, team, convolution, tangents: true);
        // Batch normalisation uses the statistics of the chunk; layers that draw at random are off, as in a test.
        _computation.Context.IsTraining = true;
        _state = new NetworkState(model.Layout);
        _direction = new NetworkState(model.Layout);
    }

    /// <inheritdoc/>
    public Model Model { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public int Size => Model.Layout.ParameterCount;

    /// <inheritdoc/>
    public double Loss { get; private set; } = double.NaN;

    /// <summary>
    /// Memory outside the managed heap, in bytes: about twice what an engine of the same capacity takes (<see cref="CpuEngine.Bytes"/>).
    /// </summary>
    public long Bytes => _computation.Bytes;

    /// <inheritdoc/>
    public void Load(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Layout != Model.Layout)
            throw new ArgumentException($"The state is not one of this model, {Model.Name}.", nameof(state));
        _state.CopyFrom(state);
        _computation.Load(_state);
        _loaded = true;
    }

    /// <inheritdoc/>
    public void Use(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels)
    {
        if (labels.Length < 1 || images.Length != (long)labels.Length * Model.ImageFloats)
            throw new ArgumentException($"{images.Length} numbers and {labels.Length} labels are no images of {Model.ImageFloats} numbers.",
                nameof(images));
        if (labels.Span.ContainsAnyExceptInRange(0, Model.Classes - 1))
            throw new ArgumentException($"A label is not one of the {Model.Classes} classes.", nameof(labels));
        (_images, _labels) = (images, labels);
    }

    /// <inheritdoc/>
    public void Multiply(ReadOnlySpan<double> v, Span<double> product)
    {
        if (v.Length != Size || product.Length != Size)
        {
            throw new ArgumentException(
                $"Vectors of {v.Length} and {product.Length} numbers; the Hessian of {Model.Name} is of order {Size}.", nameof(v));
        }
        if (!_loaded || _labels.IsEmpty)
            throw new InvalidOperationException("Load a state and give images first.");
        double largest = FixedOrderSum.Largest(v);
        if (!double.IsFinite(largest))
            throw new ArgumentException("A number of the vector is not finite.", nameof(v));
        int exponent = largest == 0 ? 0 : Math.ILogB(largest);
        Span<float> direction = _direction.Parameters;
        FixedOrderSum.Narrow(v, -exponent, direction);
        _computation.LoadDirection(_direction);

        product.Clear();
        double loss = 0;
        int total = _labels.Length;
        for (int from = 0; from < total; from += Capacity)
        {
            int count = Math.Min(Capacity, total - from);
            loss += _computation.Forward(_images.Span.Slice(from * Model.ImageFloats, count * Model.ImageFloats),
                _labels.Span.Slice(from, count));
            _computation.Backward();
            // The chunk's loss is a mean over its images.
            double weight = Math.ScaleB(count / (double)total, exponent);
            FixedOrderSum.AddScaled(weight, _computation.Gradients.Span, product);
        }
        Loss = loss / total;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _computation.Dispose();
        _state.Dispose();
        _direction.Dispose();
    }
}
