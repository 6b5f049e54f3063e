using System.Diagnostics;
using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Computes a model on the processor's vectors: the memory of one batch, allocated once, and the order of work.
/// A pass is a run of layers that one thread can take an image through without waiting for other images;
/// passes end where a batch normalisation needs the moments (or, going back, the gradient sums) of the whole batch.
/// docs/networks.md tells what is stored and what is not.
/// </summary>
public sealed unsafe class CpuEngine : IEngine
{
    /// <summary>Images of a piece: weight gradients are one chain within a piece, a fixed tree over pieces.</summary>
    internal const int PieceSize = 4;

    // Weights that a thread updates at once; no bit depends on it.
    private const int UpdateSize = 1 << 14;

    private readonly WorkerTeam _team;
    private readonly CpuLayer[] _layers;
    private readonly LossLayer _loss;
    private readonly Pass[] _forward;
    private readonly Pass[] _backward;
    private readonly BatchStatistics[] _normalizations;
    private readonly IDisposable[] _owned;
    private readonly AlignedBuffer<float> _activations;
    private readonly AlignedBuffer<float> _gradientMemory;
    private readonly AlignedBuffer<float> _tables;
    private readonly AlignedBuffer<float> _gradients;
    private readonly Scratch[] _scratch;
    private readonly StoredTensor _images;
    private readonly bool _imagesAsGiven;
    private readonly (CpuLayer Layer, int Part)[] _loads;
    private readonly Action<int, int> _loadJob;
    private readonly Action<int, int> _copyJob;
    private readonly Action<int, int> _forwardJob;
    private readonly Action<int, int> _forwardPartJob;
    private readonly Action<int, int> _backwardPartJob;
    private readonly Action<int, int> _backwardJob;
    private readonly Action<int, int> _reduceJob;
    private readonly Action<int, int> _accumulateJob;
    private readonly Action<int, int> _updateJob;

    // The gradients of a batch whose passes are accumulated; taken with the first of them.
    private AlignedBuffer<float>? _sum;
    private bool _accumulates;
    private bool _hasGradients;
    private float _share;

    // Whose weights are in the kernels' layouts.
    private CpuReplica? _replica;
    private long _version;

    // What the jobs read; set before a job is run, so that no job needs a closure of its own.
    private NetworkState? _state;
    private CpuUpdate? _update;
    private Pass _pass = new();
    private float* _given;
    private int _count;
    private int _step;
    private bool _training;

    /// <summary>Plans the work and takes the memory.</summary>
    /// <param name="model">What to compute.</param>
    /// <param name="capacity">Images in the largest batch, at least 1.</param>
    /// <param name="team">The threads that will compute; they stay the caller's.</param>
    /// <param name="convolution">How convolutions are computed that can be computed in several ways.</param>
    /// <exception cref="InputException">The kernels cannot compute this model; the message names the layer and what they can.</exception>
    public CpuEngine(Model model, int capacity, WorkerTeam team, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(team);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _team = team;
        Model = model;
        Capacity = capacity;
        Convolution = convolution;
        var plan = Plan.Of(model, capacity, convolution, team.Size);
        _owned = plan.Owned;
        _layers = plan.Layers;
        _loss = plan.Loss;
        _images = plan.Images;
        _normalizations = [.. _layers.Select(layer => layer.Output.Normalization).OfType<BatchStatistics>()];

        // Batch layers take their inputs over, so that images which nobody else reads need not be copied.
        _imagesAsGiven = _layers.All(layer => layer is BatchLayer || layer.Inputs.All(view => view.Tensor != _images));
        StoredTensor[] tensors = [.. _imagesAsGiven ? [] : (StoredTensor[])[_images], .. _layers.Select(layer => layer.Output)];
        _activations = new AlignedBuffer<float>(tensors.Sum(tensor => tensor.SampleSize) * Capacity);
        float* next = _activations.Pointer;
        foreach (var tensor in tensors)
        {
            tensor.Data = next;
            next += tensor.SampleSize * Capacity;
        }
        _forward = ForwardPasses(_layers);
        _backward = BackwardPasses(_layers);
        _gradientMemory = GradientPlan.Assign(_layers, _images, Capacity, _backward);
        foreach (Pass pass in _forward.Where(pass => pass.Together is null))
            pass.Reads = ReadsOfForward(pass.Layers);
        foreach (Pass pass in _backward.Where(pass => pass.Together is null))
            pass.Reads = ReadsOfBackward(pass.Layers);
        _loads = [.. _layers.SelectMany(layer => Enumerable.Range(0, layer.LoadParts).Select(part => (layer, part)))];
        int pieces = (Capacity + PieceSize - 1) / PieceSize;
        _tables = new AlignedBuffer<float>(_backward.Max(pass => pass.Layers.Sum(layer => (long)layer.TableSize)) * pieces);
        _gradients = new AlignedBuffer<float>(model.Layout.ParameterCount);
        long padded = _layers.Max(layer => layer.PaddedSize);
        long flat = _layers.Max(layer => Math.Max(layer.Output.SampleSize, layer.Inputs.Max(view => view.Tensor.SampleSize)));
        long tiles = _layers.Max(layer => layer.TileSize);
        var (gather, slots) = PlanGathering(_backward);
        _scratch = [.. Enumerable.Range(0, team.Size).Select(_ => new Scratch(Math.Max(padded, flat), flat, tiles, gather, slots))];

        _loadJob = LoadPart;
        _copyJob = CopyImage;
        _forwardJob = ForwardSample;
        _forwardPartJob = ForwardPart;
        _backwardPartJob = BackwardPart;
        _backwardJob = BackwardPiece;
        _reduceJob = ReducePart;
        _accumulateJob = AccumulateChunk;
        _updateJob = UpdateChunk;
    }

    /// <inheritdoc/>
    public Model Model { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <summary>How convolutions are computed that can be computed in several ways.</summary>
    public ConvolutionAlgorithm Convolution { get; }

    /// <summary>Memory outside the managed heap that this engine holds, in bytes: activations, gradients, tables and scratch.</summary>
    public long Bytes => sizeof(float) * (_activations.Count + _gradientMemory.Count + _tables.Count + _gradients.Count);

    /// <summary>
    /// Floating-point operations of one image's training step counted as direct convolutions with padding:
    /// forward, weight gradient, and input gradient for all but the first layer.
    /// </summary>
    public long TrainingFlop => _layers.Sum(layer => layer.ForwardFlop * (layer.Inputs[0].Tensor == _images ? 2 : 3));

    /// <inheritdoc/>
    public IReplica CreateReplica(UpdateRule rule) => new CpuReplica(Model.Layout, rule);

    /// <inheritdoc/>
    public IBatch CreateBatch(int capacity) => new HostBatch(Model, capacity);

    /// <inheritdoc/>
    public void Forward(IReplica replica, IBatch batch, int from, int count, in PassSettings pass)
    {
        ArgumentNullException.ThrowIfNull(replica);
        ArgumentNullException.ThrowIfNull(batch);
        if (replica is not CpuReplica own || own.Layout != Model.Layout)
            throw new ArgumentException($"The replica is not one of this model, {Model.Name}.", nameof(replica));
        var given = (HostBatch)batch;
        if (count < 1 || count > Capacity || from < 0 || from > given.Labels.Length - count)
            throw new ArgumentException($"Images {from} to {from + count - 1} of {given.Labels.Length} are no pass of 1 to {Capacity} images.", nameof(count));
        Load(own);
        given.Labels.Span.Slice(from, count).CopyTo(_loss.Labels);
        _loss.BatchCount = count;
        _count = count;
        _training = pass.IsTraining;
        if (!_training)
        {
            foreach (var norm in _normalizations)
                norm.UseRunningStatistics(_state!);
        }
        fixed (float* images = given.Images.Span.Slice(from * Model.ImageFloats, count * Model.ImageFloats))
        {
            _given = images;
            RunForward(_state!);
            _given = null;
        }
        own.Add(ResultOf(count));
    }

    private BatchResult ResultOf(int count)
    {
        int correct = 0;
        for (int s = 0; s < count; s++)
            correct += _loss.IsCorrect(s) ? 1 : 0;
        float* losses = _loss.Output.Sample(0);
        PointwiseTable.TreeSum(losses, count, _loss.Output.SampleSize, 1);
        return new BatchResult(losses[0], correct, count);
    }

    private void Load(CpuReplica replica)
    {
        if (replica == _replica && replica.Version == _version)
            return;
        (_replica, _version, _state) = (replica, replica.Version, replica.State);
        _team.Run(_loads.Length, _loadJob);
    }

    /// <inheritdoc/>
    public void Backward(double share = 1)
    {
        if (!_training || _replica is null)
            throw new InvalidOperationException("Gradients need a forward pass in training mode.");
        int pieces = (_count + PieceSize - 1) / PieceSize;
        foreach (var pass in _backward)
        {
            _pass = pass;
            long start = Stopwatch.GetTimestamp();
            if (pass.Together is { } layer)
            {
                for (_step = 0; _step < layer.BackwardSteps; _step++)
                    _team.Run(layer.BackwardParts(_step, _count), _backwardPartJob);
            }
            else
            {
                _team.Run(pieces, _backwardJob);
            }
            foreach (var tensor in pass.Normalised)
                tensor.Normalization!.FinishBackward(_gradients.Pointer, _count, tensor.Positions);
            long reduce = Stopwatch.GetTimestamp();
            _team.Run(pass.Parts.Length, _reduceJob);
            long end = Stopwatch.GetTimestamp();
            pass.Ticks += reduce - start;
            pass.ReduceTicks += end - reduce;
        }
        _hasGradients = true;
        if (share == 1)
            return;
        _sum ??= new AlignedBuffer<float>(Model.Layout.ParameterCount);
        if (!_accumulates)
            _sum.Span.Clear();
        (_accumulates, _share) = (true, (float)share);
        _team.Run(Chunks, _accumulateJob);
    }

    /// <inheritdoc/>
    public void Update(in UpdateStep step)
    {
        if (!_hasGradients)
            throw new InvalidOperationException("An update needs gradients.");
        _update = _replica!.Kernel;
        _update.Begin(step);
        _team.Run(Chunks, _updateJob);
        _replica.Version++;
        _accumulates = _hasGradients = false;
    }

    /// <inheritdoc/>
    public void ReadGradients(Span<float> gradients) => (_accumulates ? _sum! : _gradients).Span.CopyTo(gradients);

    /// <inheritdoc/>
    public void ReadOutputs(Span<float> outputs)
    {
        for (int sample = 0; sample < _count; sample++)
            new ReadOnlySpan<float>(_loss.Inputs[0].Tensor.Sample(sample), Model.Classes).CopyTo(outputs[(sample * Model.Classes)..]);
    }

    private int Chunks => (Model.Layout.ParameterCount + UpdateSize - 1) / UpdateSize;

    private void AccumulateChunk(int chunk, int worker)
    {
        int from = chunk * UpdateSize, count = Math.Min(UpdateSize, Model.Layout.ParameterCount - from);
        FixedOrderSum.AddScaled(_share, _gradients.Span.Slice(from, count), _sum!.Span.Slice(from, count));
    }

    private void UpdateChunk(int chunk, int worker)
    {
        int from = chunk * UpdateSize;
        _update!.Update(_state!, (_accumulates ? _sum! : _gradients).Pointer, from, Math.Min(UpdateSize, Model.Layout.ParameterCount - from));
    }

    private void RunForward(NetworkState state)
    {
        if (_imagesAsGiven)
            _images.Data = _given;
        else if (_forward[0].Together is not null)
            _team.Run(_count, _copyJob);
        foreach (var pass in _forward)
        {
            _pass = pass;
            long start = Stopwatch.GetTimestamp();
            if (pass.Together is { } layer)
                _team.Run(layer.ForwardParts(_count), _forwardPartJob);
            else
                _team.Run(_count, _forwardJob);
            if (_training)
            {
                foreach (var tensor in pass.Normalised)
                    tensor.Normalization!.FinishForward(state, _count, tensor.Positions);
            }
            pass.Ticks += Stopwatch.GetTimestamp() - start;
        }
    }

    /// <summary>Where the time has gone since the last call: one line a pass, with the operations of its convolutions a batch of one image.</summary>
    internal IReadOnlyList<PassTime> TakeTimes()
    {
        var times = new List<PassTime>();
        foreach (bool backward in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var pass in backward ? _backward : _forward)
            {
                long flop = pass.Layers.Sum(layer => layer.ForwardFlop * (!backward ? 1 : layer.Inputs[0].Tensor == _images ? 1 : 2));
                string names = string.Join(" + ", pass.Layers.Select(layer => layer.Name));
                double seconds = pass.Ticks / (double)Stopwatch.Frequency, reduceSeconds = pass.ReduceTicks / (double)Stopwatch.Frequency;
                times.Add(new PassTime(names, backward, seconds, reduceSeconds, flop));
                pass.Ticks = pass.ReduceTicks = 0;
            }
        }
        return times;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var resource in _owned)
            resource.Dispose();
        foreach (var scratch in _scratch)
            scratch.Dispose();
        _activations.Dispose();
        _gradientMemory.Dispose();
        _tables.Dispose();
        _gradients.Dispose();
        _sum?.Dispose();
    }

    private void LoadPart(int index, int worker) => _loads[index].Layer.LoadWeights(_state!, _loads[index].Part);

    // Nothing is summed over images here, so they are shared out one by one: threads wait less for each other at the end of a pass.
    private void ForwardSample(int sample, int worker)
    {
        Aim(_scratch[worker].Ahead, sample + _team.Size);
        if (_pass == _forward[0])
            CopyImage(sample, worker);
        foreach (var layer in _pass.Layers)
            layer.Forward(sample, _scratch[worker], _training);
    }

    private void CopyImage(int sample, int worker)
    {
        int size = (int)_images.SampleSize;
        new ReadOnlySpan<float>(_given + ((long)sample * size), size).CopyTo(new Span<float>(_images.Sample(sample), size));
    }

    private void ForwardPart(int part, int worker) => _pass.Together!.ForwardPart(part, _count, _scratch[worker], _training);

    private void BackwardPart(int part, int worker) => _pass.Together!.BackwardPart(_step, part, _count, _scratch[worker], _gradients.Pointer);

    private void BackwardPiece(int piece, int worker)
    {
        int end = Math.Min(_count, (piece + 1) * PieceSize);
        for (int i = 0; i < _pass.Layers.Length; i++)
        {
            int written = _pass.Layers[i].GatheredTableSize;
            new Span<float>(Table(i, piece) + written, _pass.Layers[i].TableSize - written).Clear();
        }
        Array.Clear(_scratch[worker].Progress);
        for (int sample = piece * PieceSize; sample < end; sample++)
        {
            Aim(_scratch[worker].Ahead, sample + 1 < end ? sample + 1 : (piece + _team.Size) * PieceSize);
            for (int i = 0; i < _pass.Layers.Length; i++)
                _pass.Layers[i].Backward(sample, _scratch[worker], Table(i, piece));
        }
        for (int i = 0; i < _pass.Layers.Length; i++)
            _pass.Layers[i].FinishPiece(_scratch[worker], Table(i, piece));
    }

    /// <summary>Lets a worker fetch the image that it will most likely have next.</summary>
    private void Aim(ReadAhead ahead, int next)
    {
        if (ReadAhead.IsSupported && next < _count)
            ahead.Aim(_pass.Reads, next, _pass.Fetches);
        else
            ahead.Rest();
    }

    /// <summary>What layers read that they do not write themselves.</summary>
    private ReadAhead.Stream[] ReadsOfForward(CpuLayer[] layers) =>
    [
        .. layers.SelectMany(layer => layer.Inputs.Select(view => view.Tensor)).Distinct()
            .Where(tensor => tensor != _images && !layers.Contains(tensor.Producer!))
            .Select(tensor => new ReadAhead.Stream(tensor.Data, tensor.SampleSize)),
    ];

    /// <summary>The gradients and tensors that layers read or write going back and that are not in the caches; what is written comes through them too.</summary>
    private ReadAhead.Stream[] ReadsOfBackward(CpuLayer[] layers)
    {
        var reads = new List<ReadAhead.Stream>();
        foreach (CpuLayer layer in layers)
        {
            Add(layer.Output.ViewGradient);
            Add(layer.Output.RawGradient);
            if (layer.Output.Normalization is not null)
                AddData(layer.Output);
            foreach (View view in layer.Inputs)
            {
                if (view.Tensor == _images)
                    continue;
                AddData(view.Tensor);
                Add(view.IsPastTheView ? view.Tensor.RawGradient : view.Tensor.ViewGradient);
            }
        }
        return [.. reads];

        void Add(GradientBuffer? buffer)
        {
            if (buffer is { IsBrief: false } && reads.TrueForAll(read => read.Data != buffer.Data))
                reads.Add(new ReadAhead.Stream(buffer.Data, buffer.SampleSize));
        }

        void AddData(StoredTensor tensor)
        {
            if (reads.TrueForAll(read => read.Data != tensor.Data))
                reads.Add(new ReadAhead.Stream(tensor.Data, tensor.SampleSize));
        }
    }

    private void ReducePart(int index, int worker)
    {
        var (layer, part) = _pass.Parts[index];
        _pass.Layers[layer].ReduceTables(Table(layer, 0), (_count + PieceSize - 1) / PieceSize, _gradients.Pointer, part);
    }

    private float* Table(int layer, int piece)
    {
        int pieces = (Capacity + PieceSize - 1) / PieceSize;
        return _tables.Pointer + (_pass.TableStarts[layer] * pieces) + ((long)piece * _pass.Layers[layer].TableSize);
    }

    /// <summary>Shares out the room in which the layers of a backward pass gather images.</summary>
    private static (long Size, int Slots) PlanGathering(Pass[] passes)
    {
        long most = 0;
        int slots = 0;
        foreach (Pass pass in passes)
        {
            long start = 0;
            int slot = 0;
            foreach (CpuLayer layer in pass.Layers.Where(layer => layer.GatherSize > 0))
            {
                (layer.GatherStart, layer.GatherSlot) = (start, slot++);
                start += layer.GatherSize;
            }
            (most, slots) = (Math.Max(most, start), Math.Max(slots, slot));
        }
        return (most, slots);
    }

    /// <summary>Cuts the layers into passes forward.</summary>
    internal static Pass[] ForwardPasses(CpuLayer[] layers)
    {
        var passes = new List<Pass>();
        var current = new List<CpuLayer>();
        foreach (var layer in layers)
        {
            if (layer is BatchLayer || current is [BatchLayer] || layer.Inputs.Any(view => view.Normalised && current.Contains(view.Tensor.Producer!)))
                Close();
            current.Add(layer);
        }
        Close();
        return [.. passes];

        void Close()
        {
            if (current.Count == 0)
                return;
            passes.Add(new Pass
            {
                Layers = [.. current],
                Fetches = current.Sum(layer => layer.FetchesForward),
                Normalised = [.. current.Select(layer => layer.Output).Where(output => output.Normalization is not null)],
            });
            current.Clear();
        }
    }

    /// <summary>Cuts the layers into passes backward, the last layer first.</summary>
    internal static Pass[] BackwardPasses(CpuLayer[] layers)
    {
        var passes = new List<Pass>();
        var current = new List<CpuLayer>();
        var closed = new List<StoredTensor>();
        var done = new HashSet<CpuLayer>();
        foreach (var layer in layers.Reverse())
        {
            // The gradient of a normalised output needs the sums over the batch, which the last of its readers leaves.
            if (layer is BatchLayer || current is [BatchLayer] || closed.Contains(layer.Output))
                Close();
            current.Add(layer);
            done.Add(layer);
            foreach (var view in layer.Inputs)
            {
                if (view.Normalised && layers.All(other => done.Contains(other) || !other.Inputs.Any(read => read.Normalised && read.Tensor == view.Tensor)))
                    closed.Add(view.Tensor);
            }
        }
        Close();
        return [.. passes];

        void Close()
        {
            if (current.Count == 0)
                return;
            long start = 0;
            var starts = new List<long>();
            foreach (var layer in current)
            {
                starts.Add(start);
                start += layer.TableSize;
            }
            passes.Add(new Pass
            {
                Layers = [.. current],
                Fetches = current.Sum(layer => layer.FetchesBackward),
                Normalised = [.. closed],
                TableStarts = [.. starts],
                Parts = [.. current.SelectMany((layer, index) => Enumerable.Range(0, layer.ReduceParts).Select(part => (index, part)))],
            });
            current.Clear();
            closed.Clear();
        }
    }

    /// <summary>A run of layers that one thread can take an image through.</summary>
    internal sealed class Pass
    {
        public CpuLayer[] Layers { get; init; } = [];

        /// <summary>The layer, where it computes all images together.</summary>
        public BatchLayer? Together => Layers is [BatchLayer layer] ? layer : null;

        /// <summary>Tensors whose normalisation is finished when the pass is.</summary>
        public StoredTensor[] Normalised { get; init; } = [];

        /// <summary>The tensors that the pass reads from memory.</summary>
        public ReadAhead.Stream[] Reads { get; set; } = [];

        /// <summary>How often the work on an image lets its worker fetch ahead.</summary>
        public int Fetches { get; init; }

        public long[] TableStarts { get; init; } = [];

        public (int Layer, int Part)[] Parts { get; init; } = [];

        /// <summary>Time spent in the pass, and of a backward pass in adding its tables, in ticks of <see cref="Stopwatch"/>.</summary>
        public long Ticks { get; set; }

        /// <inheritdoc cref="Ticks"/>
        public long ReduceTicks { get; set; }
    }
}

/// <summary>Time of one pass.</summary>
internal readonly record struct PassTime(string Layers, bool Backward, double Seconds, double ReduceSeconds, long Flop);
