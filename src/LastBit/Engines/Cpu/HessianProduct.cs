using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Products H v of the Hessian of the training loss with vectors, exact up to rounding in binary32 (Pearlmutter's R-operator): one pass forward and one backward in which
/// every number is accompanied by its derivative in the direction v. No matrix is ever made.
/// The bits of a product depend on state, images, pieces and v alone (docs/arithmetic.md). For one thread at a time.
/// </summary>
public sealed unsafe class HessianProduct : IHessian
{
    private readonly WorkerTeam _team;
    private readonly IDisposable[] _owned;
    private readonly TangentLayer[] _layers;
    private readonly LossLayer _loss;
    private readonly StoredTensor _images;
    private readonly Pass[] _forward;
    private readonly Pass[] _backward;
    private readonly Dictionary<StoredTensor, TangentStatistics> _statistics;
    private readonly AlignedBuffer<float> _activations;
    private readonly AlignedBuffer<float> _gradientMemory;
    private readonly AlignedBuffer<float> _tables;
    private readonly AlignedBuffer<float> _product;
    private readonly TangentScratch[] _scratch;
    private readonly NetworkState _state;
    private readonly NetworkState _direction;
    private readonly (TangentLayer Layer, int Part)[] _loads, _directionLoads;
    private readonly Action<int, int> _loadJob, _loadDirectionJob, _copyJob, _forwardJob, _forwardPartJob, _backwardJob, _backwardPartJob, _reduceJob;
    private ReadOnlyMemory<float> _allImages;
    private ReadOnlyMemory<int> _allLabels;
    private bool _loaded;

    // What the jobs read; set before a job is run.
    private Pass _pass;
    private float* _given;
    private int _count;
    private int _step;

    /// <summary>Plans the work and takes the memory.</summary>
    /// <param name="model">The network.</param>
    /// <param name="capacity">Images in a piece, at least 1.</param>
    /// <param name="team">The threads that will compute; they stay the caller's.</param>
    /// <param name="convolution">How convolutions are computed, as in the engine whose loss is meant.</param>
    /// <exception cref="InputException">The engine cannot compute this model, or a layer of it has no tangents; the message names the layer.</exception>
    public HessianProduct(Model model, int capacity, WorkerTeam team, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(team);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (Model, Capacity, _team) = (model, capacity, team);

        // Memory as for a batch of twice the images: the second half is for the tangents.
        var plan = Plan.Of(model, 2 * capacity, convolution, team.Size, together: false);
        _images = plan.Images;
        _loss = plan.Loss;
        StoredTensor[] tensors = [_images, .. plan.Layers.Select(layer => layer.Output)];
        _statistics = tensors.Where(tensor => tensor.Normalization is not null)
            .ToDictionary(tensor => tensor, tensor => new TangentStatistics(tensor.Normalization!, tensor.Channels, capacity));
        _state = new NetworkState(model.Layout);
        _direction = new NetworkState(model.Layout);
        _activations = new AlignedBuffer<float>(tensors.Sum(tensor => tensor.SampleSize) * 2 * capacity);
        float* next = _activations.Pointer;
        foreach (var tensor in tensors)
        {
            tensor.Data = next;
            next += tensor.SampleSize * 2 * capacity;
        }
        _gradientMemory = GradientPlan.Assign(plan.Layers, _images, 2 * capacity, passes: []);
        var made = new List<TangentLayer>();
        _owned = [.. plan.Owned, .. _statistics.Values];
        try
        {
            foreach (var layer in plan.Layers)
                made.Add(TangentOf(layer));
        }
        catch
        {
            Free([.. _owned, .. made.OfType<IDisposable>(), _state, _direction, _activations, _gradientMemory]);
            throw;
        }
        _layers = [.. made];
        _owned = [.. _owned, .. made.OfType<IDisposable>()];

        var byLayer = _layers.ToDictionary(tangent => tangent.Layer);
        _forward = [.. CpuEngine.ForwardPasses(plan.Layers).Select(pass => new Pass(pass, byLayer))];
        _backward = [.. CpuEngine.BackwardPasses(plan.Layers).Select(pass => new Pass(pass, byLayer))];
        _pass = _forward[0];
        int pieces = (capacity + CpuEngine.PieceSize - 1) / CpuEngine.PieceSize;
        _tables = new AlignedBuffer<float>(_backward.Max(pass => pass.Plan.Layers.Sum(layer => (long)layer.TableSize)) * pieces);
        _product = new AlignedBuffer<float>(model.Layout.ParameterCount);
        long padded = plan.Layers.Max(layer => layer.PaddedSize);
        long flat = plan.Layers.Max(layer => Math.Max(layer.Output.SampleSize, layer.Inputs.Max(view => view.Tensor.SampleSize)));
        long tiles = _layers.Max(layer => layer.TileSize);
        _scratch = [.. Enumerable.Range(0, team.Size).Select(_ => new TangentScratch(Math.Max(padded, flat), flat, tiles))];

        _loads = [.. _layers.SelectMany(layer => Enumerable.Range(0, layer.Layer.LoadParts).Select(part => (layer, part)))];
        _directionLoads = [.. _layers.SelectMany(layer => Enumerable.Range(0, layer.LoadParts).Select(part => (layer, part)))];
        _loadJob = (index, _) => _loads[index].Layer.Layer.LoadWeights(_state, _loads[index].Part);
        _loadDirectionJob = (index, _) => _directionLoads[index].Layer.LoadDirection(_direction, _directionLoads[index].Part);
        _copyJob = CopyImage;
        _forwardJob = ForwardSample;
        _forwardPartJob = (part, worker) => _pass.Together!.ForwardPart(part, _count, _scratch[worker]);
        _backwardPartJob = (part, worker) => _pass.Together!.BackwardPart(_step, part, _count, _scratch[worker], _product.Pointer);
        _backwardJob = BackwardPiece;
        _reduceJob = ReducePart;
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
    /// Memory outside the managed heap, in bytes: about twice what an engine of the same capacity takes (<see cref="CpuEngine.Bytes"/>), images and scratch included.
    /// </summary>
    public long Bytes => sizeof(float) * (_activations.Count + _gradientMemory.Count + _tables.Count + _product.Count);

    /// <inheritdoc/>
    public void Load(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Layout != Model.Layout)
            throw new ArgumentException($"The state is not one of this model, {Model.Name}.", nameof(state));
        _state.CopyFrom(state);
        _team.Run(_loads.Length, _loadJob);
        _loaded = true;
    }

    /// <inheritdoc/>
    public void Use(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels)
    {
        if (labels.Length < 1 || images.Length != (long)labels.Length * Model.ImageFloats)
            throw new ArgumentException($"{images.Length} numbers and {labels.Length} labels are no images of {Model.ImageFloats} numbers.", nameof(images));
        if (labels.Span.ContainsAnyExceptInRange(0, Model.Classes - 1))
            throw new ArgumentException($"A label is not one of the {Model.Classes} classes.", nameof(labels));
        (_allImages, _allLabels) = (images, labels);
    }

    /// <inheritdoc/>
    public void Multiply(ReadOnlySpan<double> v, Span<double> product)
    {
        if (v.Length != Size || product.Length != Size)
            throw new ArgumentException($"Vectors of {v.Length} and {product.Length} numbers; the Hessian of {Model.Name} is of order {Size}.", nameof(v));
        if (!_loaded || _allLabels.IsEmpty)
            throw new InvalidOperationException("Load a state and give images first.");
        double largest = 0;
        foreach (double value in v)
            largest = Math.Max(largest, Math.Abs(value));
        if (!double.IsFinite(largest))
            throw new ArgumentException("A number of the vector is not finite.", nameof(v));
        int exponent = largest == 0 ? 0 : Math.ILogB(largest);
        for (int i = 0; i < v.Length; i++)
            _direction.Parameters[i] = (float)Math.ScaleB(v[i], -exponent);
        _team.Run(_directionLoads.Length, _loadDirectionJob);

        product.Clear();
        double loss = 0;
        int total = _allLabels.Length;
        for (int from = 0; from < total; from += Capacity)
        {
            _count = Math.Min(Capacity, total - from);
            loss += Forward(from);
            Backward();
            // The piece's loss is a mean over its images.
            double weight = Math.ScaleB(_count / (double)total, exponent);
            var piece = _product.Span;
            for (int i = 0; i < piece.Length; i++)
                product[i] = Math.FusedMultiplyAdd(weight, piece[i], product[i]);
        }
        Loss = loss / total;
    }

    /// <inheritdoc/>
    public void Dispose() => Free([.. _owned, .. _scratch, _state, _direction, _activations, _gradientMemory, _tables, _product]);

    private static void Free(IDisposable[] resources)
    {
        foreach (var resource in resources)
            resource.Dispose();
    }

    private TangentLayer TangentOf(CpuLayer layer) => layer switch
    {
        ConvolutionLayer convolution => new ConvolutionTangent(convolution, Capacity, _statistics),
        AddLayer add => new AddTangent(add, Capacity, _statistics),
        PoolLayer pool => new PoolTangent(pool, Capacity, _statistics),
        GlobalAverageLayer average => new GlobalAverageTangent(average, Capacity, _statistics),
        LinearLayer linear => new LinearTangent(linear, _state, Capacity, _statistics),
        ConnectedLayer connected => new ConnectedTangent(connected, Capacity, _statistics),
        SquaredErrorLayer loss => new SquaredErrorTangent(loss, Model.Classes, Capacity, _statistics),
        CrossEntropyLayer loss => new CrossEntropyTangent(loss, Model.Classes, Capacity, _statistics),
        _ => throw new InputException(WhyNot(Model)!),
    };

    /// <summary>Why there are no products with the Hessian of a model that the engine computes; null where there are.</summary>
    internal static string? WhyNot(Model model) => model.Nodes.FirstOrDefault(node => node.Layer is CustomLayer) is { } custom
        ? $"{model.Name}: {custom.Layer.Name}: products with the Hessian need a layer's tangents; a custom layer has none" : null;

    /// <summary>The sum of the losses of a piece; outputs and tangents are left in memory.</summary>
    private double Forward(int from)
    {
        _allLabels.Span.Slice(from, _count).CopyTo(_loss.Labels);
        _loss.BatchCount = _count;
        fixed (float* given = _allImages.Span.Slice(from * Model.ImageFloats, _count * Model.ImageFloats))
        {
            _given = given;
            _team.Run(_count, _copyJob);
            foreach (var pass in _forward)
            {
                _pass = pass;
                if (pass.Together is { } layer)
                    _team.Run(layer.Together.ForwardParts(_count), _forwardPartJob);
                else
                    _team.Run(_count, _forwardJob);
                foreach (var tensor in pass.Plan.Normalised)
                    _statistics[tensor].FinishForward(_state, _direction, _count, tensor.Positions);
            }
            _given = null;
        }
        float* losses = _loss.Output.Sample(0);
        PointwiseTable.TreeSum(losses, _count, _loss.Output.SampleSize, 1);
        return losses[0];
    }

    private void Backward()
    {
        int pieces = (_count + CpuEngine.PieceSize - 1) / CpuEngine.PieceSize;
        foreach (var pass in _backward)
        {
            _pass = pass;
            if (pass.Together is { } layer)
            {
                for (_step = 0; _step < layer.Together.BackwardSteps; _step++)
                    _team.Run(layer.Together.BackwardParts(_step, _count), _backwardPartJob);
            }
            else
            {
                _team.Run(pieces, _backwardJob);
            }
            foreach (var tensor in pass.Plan.Normalised)
                _statistics[tensor].FinishBackward(_state, _direction, _product.Pointer, _count, tensor.Positions);
            _team.Run(pass.Plan.Parts.Length, _reduceJob);
        }
    }

    private void CopyImage(int sample, int worker)
    {
        int size = (int)_images.SampleSize;
        new ReadOnlySpan<float>(_given + ((long)sample * size), size).CopyTo(new Span<float>(_images.Sample(sample), size));
    }

    private void ForwardSample(int sample, int worker)
    {
        foreach (var layer in _pass.Layers)
            layer.Forward(sample, _scratch[worker]);
    }

    private void BackwardPiece(int piece, int worker)
    {
        int end = Math.Min(_count, (piece + 1) * CpuEngine.PieceSize);
        for (int i = 0; i < _pass.Layers.Length; i++)
            new Span<float>(Table(i, piece), _pass.Layers[i].Layer.TableSize).Clear();
        for (int sample = piece * CpuEngine.PieceSize; sample < end; sample++)
        {
            for (int i = 0; i < _pass.Layers.Length; i++)
                _pass.Layers[i].Backward(sample, _scratch[worker], Table(i, piece));
        }
    }

    private void ReducePart(int index, int worker)
    {
        var (layer, part) = _pass.Plan.Parts[index];
        _pass.Layers[layer].Layer.ReduceTables(Table(layer, 0), (_count + CpuEngine.PieceSize - 1) / CpuEngine.PieceSize, _product.Pointer, part);
    }

    private float* Table(int layer, int piece)
    {
        int pieces = (Capacity + CpuEngine.PieceSize - 1) / CpuEngine.PieceSize;
        return _tables.Pointer + (_pass.Plan.TableStarts[layer] * pieces) + ((long)piece * _pass.Layers[layer].Layer.TableSize);
    }

    /// <summary>A pass of the engine with the tangents of its layers.</summary>
    private sealed class Pass(CpuEngine.Pass plan, Dictionary<CpuLayer, TangentLayer> tangents)
    {
        public CpuEngine.Pass Plan { get; } = plan;

        /// <summary>The layer, where it computes all images together.</summary>
        public BatchTangent? Together => Layers is [BatchTangent layer] ? layer : null;

        public TangentLayer[] Layers { get; } = [.. plan.Layers.Select(layer => tangents[layer])];
    }
}
