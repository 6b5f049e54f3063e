using System.Diagnostics;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A network ready to compute: the memory of one batch, allocated once, and the order of work.
/// A pass is a run of layers that one thread can take an image through without waiting for other images;
/// passes end where a batch normalisation needs the moments (or, going back, the gradient sums) of the whole batch.
/// States (<see cref="NetworkState"/>) are loaded into it in turn: replicas share the network.
/// </summary>
public sealed unsafe class Network : IDisposable
{
    /// <summary>Images of a piece: weight gradients are one chain within a piece, a fixed tree over pieces.</summary>
    internal const int PieceSize = 4;

    private readonly WorkerTeam _team;
    private readonly Layer[] _layers;
    private readonly ClassifierLayer _classifier;
    private readonly Pass[] _forward;
    private readonly Pass[] _backward;
    private readonly BatchNormalization[] _normalizations;
    private readonly IDisposable[] _owned;
    private readonly NativeBuffer _activations;
    private readonly NativeBuffer _gradientMemory;
    private readonly NativeBuffer _tables;
    private readonly NativeBuffer _gradients;
    private readonly Scratch[] _scratch;
    private readonly StoredTensor _images;
    private readonly Action<int, int> _loadJob;
    private readonly Action<int, int> _forwardJob;
    private readonly Action<int, int> _backwardJob;
    private readonly Action<int, int> _reduceJob;

    // What the jobs read; set before a job is run, so that no job needs a closure of its own.
    private NetworkState? _state;
    private Pass _pass = new();
    private int _count;
    private bool _training;

    internal Network(NetworkBuilder builder, WorkerTeam team, IDisposable[] owned)
    {
        _team = team;
        _owned = owned;
        _layers = [.. builder.Layers];
        _classifier = builder.Classifier ?? throw new InvalidOperationException("A network ends in a classifier; call Classify before Build.");
        _images = builder.Images;
        Layout = builder.Layout;
        Capacity = builder.Capacity;
        _normalizations = [.. _layers.Select(layer => layer.Output.Normalization).OfType<BatchNormalization>()];

        _activations = new NativeBuffer(_layers.Sum(layer => layer.Output.SampleSize) * Capacity);
        float* next = _activations.Pointer;
        foreach (var layer in _layers)
        {
            layer.Output.Data = next;
            next += layer.Output.SampleSize * Capacity;
        }
        _gradientMemory = GradientPlan.Assign(_layers, _images, Capacity);

        _forward = ForwardPasses(_layers);
        _backward = BackwardPasses(_layers);
        foreach (Pass pass in _forward)
            pass.Reads = ReadsOfForward(pass.Layers);
        foreach (Pass pass in _backward)
            pass.Reads = ReadsOfBackward(pass.Layers);
        int pieces = (Capacity + PieceSize - 1) / PieceSize;
        _tables = new NativeBuffer(_backward.Max(pass => pass.Layers.Sum(layer => (long)layer.TableSize)) * pieces);
        _gradients = new NativeBuffer(Layout.ParameterCount);
        long padded = _layers.Max(layer => layer.PaddedSize);
        long flat = _layers.Max(layer => Math.Max(layer.Output.SampleSize, layer.Inputs.Max(view => view.Tensor.SampleSize)));
        _scratch = [.. Enumerable.Range(0, team.Size).Select(_ => new Scratch(Math.Max(padded, flat), flat))];

        _loadJob = LoadLayer;
        _forwardJob = ForwardSample;
        _backwardJob = BackwardPiece;
        _reduceJob = ReducePart;
    }

    /// <summary>Names, shapes and places of the parameters.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>The layers in the order of the forward pass.</summary>
    public IReadOnlyList<Layer> Layers => _layers;

    /// <summary>Images in the largest batch.</summary>
    public int Capacity { get; }

    /// <summary>
    /// The gradient of the mean loss with respect to every trainable number, in definition order and PyTorch's layouts;
    /// written by <see cref="Backward"/>.
    /// </summary>
    public Span<float> Gradients => _gradients.Span;

    internal float* GradientPointer => _gradients.Pointer;

    /// <summary>Memory outside the managed heap that this network holds, in bytes: activations, gradients, tables and scratch.</summary>
    public long Bytes => sizeof(float) * (_activations.Count + _gradientMemory.Count + _tables.Count + _gradients.Count);

    /// <summary>
    /// Floating-point operations of one image's training step counted as direct convolutions with padding:
    /// forward, weight gradient, and input gradient for all but the first layer.
    /// </summary>
    public long TrainingFlop => _layers.Sum(layer => layer.ForwardFlop * (layer.Inputs[0].Tensor == _images ? 2 : 3));

    /// <summary>
    /// Takes the weights of a state; to be called again when they have changed.
    /// The state's running statistics are moved by forward passes in training.
    /// </summary>
    /// <param name="state">A state of this network's layout.</param>
    public void Load(NetworkState state)
    {
        _state = state;
        _team.Run(_layers.Length, _loadJob);
    }

    /// <summary>Computes logits and losses of a batch.</summary>
    /// <param name="images">count x 32 x 32 x 4 numbers; must stay where they are until <see cref="Backward"/> has returned.</param>
    /// <param name="labels">count classes.</param>
    /// <param name="count">Number of images, from 1 to <see cref="Capacity"/>.</param>
    /// <param name="training">
    /// Whether batch normalisation uses (and moves the running statistics towards) the moments of this batch,
    /// rather than the running statistics.
    /// </param>
    /// <returns>The sum of the cross-entropies of the images, and how many were classified rightly.</returns>
    internal BatchResult Forward(float* images, int* labels, int count, bool training)
    {
        if (_state is null)
            throw new InvalidOperationException("Load a state first.");
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Capacity);
        _images.Data = images;
        _classifier.Labels = labels;
        _classifier.BatchCount = count;
        _count = count;
        _training = training;
        if (!training)
        {
            foreach (var norm in _normalizations)
                norm.UseRunningStatistics(_state);
        }
        foreach (var pass in _forward)
        {
            _pass = pass;
            long start = Stopwatch.GetTimestamp();
            _team.Run(count, _forwardJob);
            if (training)
            {
                foreach (var tensor in pass.Normalised)
                    tensor.Normalization!.FinishForward(_state, count, tensor.Positions);
            }
            pass.Ticks += Stopwatch.GetTimestamp() - start;
        }

        int right = 0;
        for (int s = 0; s < count; s++)
            right += _classifier.IsRight(s) ? 1 : 0;
        PointwiseTable.TreeSum(_classifier.Losses, count, 1, 1);
        return new BatchResult(_classifier.Losses[0], right, count);
    }

    /// <summary>Computes <see cref="Gradients"/> for the batch of the last forward pass, which must have been in training mode.</summary>
    internal void Backward()
    {
        if (!_training)
            throw new InvalidOperationException("Gradients need a forward pass in training mode.");
        int pieces = (_count + PieceSize - 1) / PieceSize;
        foreach (var pass in _backward)
        {
            _pass = pass;
            long start = Stopwatch.GetTimestamp();
            _team.Run(pieces, _backwardJob);
            foreach (var tensor in pass.Normalised)
                tensor.Normalization!.FinishBackward(_gradients.Pointer, _count, tensor.Positions);
            long reduce = Stopwatch.GetTimestamp();
            _team.Run(pass.Parts.Length, _reduceJob);
            long end = Stopwatch.GetTimestamp();
            pass.Ticks += reduce - start;
            pass.ReduceTicks += end - reduce;
        }
    }

    /// <summary>The logits of the last forward pass.</summary>
    /// <param name="sample">Which image of the batch.</param>
    /// <returns>One number a class.</returns>
    public ReadOnlySpan<float> Logits(int sample) => new(_classifier.Output.Sample(sample), _classifier.Classes);

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
    }

    private void LoadLayer(int index, int worker) => _layers[index].LoadWeights(_state!);

    // Nothing is summed over images here, so they are shared out one by one: threads wait less for each other at the end of a pass.
    private void ForwardSample(int sample, int worker)
    {
        Aim(_scratch[worker].Ahead, sample + _team.Size);
        foreach (var layer in _pass.Layers)
            layer.Forward(sample, _scratch[worker], _training);
    }

    private void BackwardPiece(int piece, int worker)
    {
        int end = Math.Min(_count, (piece + 1) * PieceSize);
        for (int i = 0; i < _pass.Layers.Length; i++)
            new Span<float>(Table(i, piece), _pass.Layers[i].TableSize).Clear();
        for (int sample = piece * PieceSize; sample < end; sample++)
        {
            Aim(_scratch[worker].Ahead, sample + 1 < end ? sample + 1 : (piece + _team.Size) * PieceSize);
            for (int i = 0; i < _pass.Layers.Length; i++)
                _pass.Layers[i].Backward(sample, _scratch[worker], Table(i, piece));
        }
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
    private ReadAhead.Stream[] ReadsOfForward(Layer[] layers) =>
    [
        .. layers.SelectMany(layer => layer.Inputs.Select(view => view.Tensor)).Distinct()
            .Where(tensor => tensor != _images && !layers.Contains(tensor.Producer!))
            .Select(tensor => new ReadAhead.Stream(tensor.Data, tensor.SampleSize)),
    ];

    /// <summary>The gradients and tensors that layers read or write going back; what is written comes through the caches too.</summary>
    private ReadAhead.Stream[] ReadsOfBackward(Layer[] layers)
    {
        var reads = new List<ReadAhead.Stream>();
        foreach (Layer layer in layers)
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
                Add(view.BypassesNormalisation ? view.Tensor.RawGradient : view.Tensor.ViewGradient);
            }
        }
        return [.. reads];

        void Add(GradientBuffer? buffer)
        {
            if (buffer is not null && reads.TrueForAll(read => read.Data != buffer.Data))
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

    private static Pass[] ForwardPasses(Layer[] layers)
    {
        var passes = new List<Pass>();
        var current = new List<Layer>();
        foreach (var layer in layers)
        {
            if (layer.Inputs.Any(view => view.Normalised && current.Contains(view.Tensor.Producer!)))
                Close();
            current.Add(layer);
        }
        Close();
        return [.. passes];

        void Close()
        {
            passes.Add(new Pass
            {
                Layers = [.. current],
                Fetches = current.Sum(layer => layer.FetchesForward),
                Normalised = [.. current.Select(layer => layer.Output).Where(output => output.Normalization is not null)],
            });
            current.Clear();
        }
    }

    private static Pass[] BackwardPasses(Layer[] layers)
    {
        var passes = new List<Pass>();
        var current = new List<Layer>();
        var closed = new List<StoredTensor>();
        var done = new HashSet<Layer>();
        foreach (var layer in layers.Reverse())
        {
            // The gradient of a normalised output needs the sums over the batch, which the last of its readers leaves.
            if (closed.Contains(layer.Output))
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

    private sealed class Pass
    {
        public Layer[] Layers { get; init; } = [];

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

/// <summary>What a forward pass says of a batch.</summary>
/// <param name="LossSum">Sum of the cross-entropies of its images.</param>
/// <param name="Right">Images classified rightly.</param>
/// <param name="Count">Images.</param>
public readonly record struct BatchResult(float LossSum, int Right, int Count);
