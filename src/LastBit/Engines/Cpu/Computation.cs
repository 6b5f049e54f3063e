using System.Diagnostics;
using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Engines.Cpu.Layers;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Carries out the order of work (<see cref="WorkPlan"/>) on the processor: the memory of one batch, allocated once, and the one loop over
/// passes, forward and backward, with tangents in the direction of a vector or without.
/// </summary>
internal sealed unsafe class Computation : IDisposable
{
    private readonly WorkerTeam _team;
    private readonly WorkPlan _plan;
    private readonly int _capacity;
    private readonly bool _tangents;
    private readonly CpuLayer[] _layers;
    private readonly LossLayer _loss;
    private readonly Pass[] _forward;
    private readonly Pass[] _backward;
    private readonly StoredTensor[] _normalised;
    private readonly AlignedBuffer<float> _activations;
    private readonly AlignedBuffer<float> _gradientMemory;
    private readonly AlignedBuffer<float> _tables;
    private readonly AlignedBuffer<float> _gradients;
    private readonly Scratch[] _scratch;
    private readonly StoredTensor _images;
    private readonly bool _imagesAsGiven;
    private readonly (CpuLayer Layer, int Part)[] _loads;
    private readonly Action<int, int> _loadJob, _loadDirectionJob, _copyJob, _forwardJob, _forwardPartJob, _backwardJob, _backwardPartJob,
        _reduceJob;
    private readonly ForwardPass _context = new();

    // What the jobs read; set before a job is run, so that no job needs a closure of its own.
    private NetworkState? _state;
    private NetworkState? _direction;
    private Pass _pass;
    private float* _given;
    private int _count;
    private int _step;

    // The pass whose tables are yet to be added.
    private Pass? _left;

    /// <summary>Plans the work and takes the memory.</summary>
    /// <param name="model">What to compute.</param>
    /// <param name="capacity">Images in the largest batch.</param>
    /// <param name="team">The threads that will compute; they stay the caller's.</param>
    /// <param name="algorithm">How convolutions are computed that can be computed in several ways.</param>
    /// <param name="tangents">
    /// Whether every number is accompanied by its derivative in a direction. Memory is then for twice the images: the second half is for
    /// the tangents.
    /// </param>
    /// <exception cref="InputException">The kernels cannot compute this model; the message names the layer and what they can.</exception>
    public Computation(Model model, int capacity, WorkerTeam team, ConvolutionAlgorithm algorithm, bool tangents)
    {
        _plan = CpuLayers.Plan(model, tangents);
        (_team, _capacity, _tangents) = (team, capacity, tangents);
        int images = tangents ? 2 * capacity : capacity, half = tangents ? capacity : 0;
        var tensors = new[] { _plan.Images }.Concat(_plan.Layers.Select(layer => layer.Output))
            .ToDictionary(plan => plan, plan => new StoredTensor(plan));
        var gradients = _plan.Gradients.ToDictionary(plan => plan, plan => new GradientMemory(plan));
        foreach (StoredTensor tensor in tensors.Values)
        {
            tensor.ViewGradient = tensor.Plan.ViewGradient is { } view ? gradients[view] : null;
            tensor.RawGradient = tensor.Plan.RawGradient is { } raw ? gradients[raw] : null;
            if (tensor.Plan.Normalization is not { } norm)
                continue;
            tensor.Normalization = new BatchStatistics(norm, tensor.Channels, images);
            tensor.NormalizationTangent = tangents ? new TangentStatistics(tensor.Normalization, tensor.Channels, capacity) : null;
        }
        _normalised = [.. tensors.Values.Where(tensor => tensor.Normalization is not null)];
        _layers =
        [
            .. _plan.Layers.Select(layer => CpuLayers.Make(
                new LayerPlace(
                    layer, [.. layer.Inputs.Select(view => new View(tensors[view.Tensor], view.Normalised, view.Activation))],
                    tensors[layer.Output], gradients, images, half,
                    team.Size, algorithm),
                model.Loss)),
        ];
        _loss = (LossLayer)_layers[^1];
        LayerOutputs = new LayerOutputs(_plan, _layers, capacity, () => _count);
        _images = tensors[_plan.Images];

        // Layers that take all images together take their inputs over, so that images which nobody else reads need not be copied.
        _imagesAsGiven = _plan.Layers.All(layer => layer.TakesAllImages || layer.Inputs.All(view => view.Tensor != _plan.Images));
        StoredTensor[] stored = [.. tensors.Values.Where(tensor => tensor != _images || !_imagesAsGiven)];
        _activations = new AlignedBuffer<float>(stored.Sum(tensor => tensor.SampleSize) * images);
        float* next = _activations.Pointer;
        foreach (StoredTensor tensor in stored)
        {
            tensor.Data = next;
            next += tensor.SampleSize * images;
        }
        _gradientMemory = new AlignedBuffer<float>(gradients.Keys.Sum(plan => (long)plan.ImageSize * plan.PlacesFor(images)));
        next = _gradientMemory.Pointer;
        foreach (GradientBuffer plan in _plan.Gradients)
        {
            gradients[plan].Data = next;
            next += (long)plan.ImageSize * plan.PlacesFor(images);
        }

        _forward = [.. _plan.Forward.Select(plan => PassOf(plan, tensors, backward: false))];
        _backward = [.. _plan.Backward.Select(plan => PassOf(plan, tensors, backward: true))];
        _pass = _forward[0];
        _loads = [.. _layers.SelectMany(layer => Enumerable.Range(0, layer.LoadParts).Select(part => (layer, part)))];
        _tables = PlaceTables([.. _backward.Where(pass => pass.Together is null)]);
        _gradients = new AlignedBuffer<float>(model.Layout.ParameterCount);
        long padded = _layers.Max(layer => layer.PaddedSize);
        long flat = _layers.Max(layer => Math.Max(layer.Output.SampleSize, layer.Inputs.Max(view => view.Tensor.SampleSize)));
        long tiles = _layers.Max(layer => layer.TileSize);
        var (gather, slots) = PlanGathering(_backward);
        _scratch = new Scratch[team.Size];
        for (int worker = 0; worker < team.Size; worker++)
            _scratch[worker] = new Scratch(Math.Max(padded, flat), flat, tiles, gather, slots, tangents);

        _loadJob = (index, _) => _loads[index].Layer.LoadWeights(_state!, _loads[index].Part);
        _loadDirectionJob = (index, _) => _loads[index].Layer.LoadDirection(_direction!, _loads[index].Part);
        _copyJob = CopyImage;
        _forwardJob = ForwardSample;
        _forwardPartJob = ForwardPart;
        _backwardJob = BackwardChunk;
        _backwardPartJob = BackwardPart;
        _reduceJob = ReducePart;
    }

    /// <summary>The gradient of the mean loss, in definition order and PyTorch's layouts; with tangents, their tangents.</summary>
    public AlignedBuffer<float> Gradients => _gradients;

    /// <summary>What the next forward pass is for.</summary>
    public ForwardPass Context => _context;

    /// <summary>Memory outside the managed heap, in bytes: activations, gradients and tables.</summary>
    public long Bytes => sizeof(float) * (_activations.Count + _gradientMemory.Count + _tables.Count + _gradients.Count);

    /// <summary>
    /// Floating-point operations of one image's training step counted as direct convolutions with padding:
    /// forward, weight gradient, and input gradient for all but the first layer.
    /// </summary>
    public long TrainingFlop => _layers.Sum(layer => layer.ForwardFlop * (IsFirst(layer) ? 2 : 3));

    /// <summary>Brings the weights of a state into the kernels' layouts. Forward passes in training move its running statistics.</summary>
    public void Load(NetworkState state)
    {
        _state = state;
        _team.Run(_loads.Length, _loadJob);
    }

    /// <summary>Brings the direction of the tangents into the kernels' layouts.</summary>
    public void LoadDirection(NetworkState direction)
    {
        _direction = direction;
        _team.Run(_loads.Length, _loadDirectionJob);
    }

    /// <summary>Computes outputs and losses, with the weights that were loaded last.</summary>
    /// <param name="images">The images; they may change once the method has returned.</param>
    /// <param name="labels">A class an image.</param>
    /// <returns>The sum of the losses of the images, in a fixed tree.</returns>
    public float Forward(ReadOnlySpan<float> images, ReadOnlySpan<int> labels)
    {
        labels.CopyTo(_loss.Labels);
        _loss.BatchCount = _count = labels.Length;
        if (!_context.IsTraining)
        {
            foreach (StoredTensor tensor in _normalised)
                tensor.Normalization!.UseRunningStatistics(_state!);
        }
        fixed (float* given = images)
        {
            _given = given;
            RunForward();
            _given = null;
        }
        float* losses = _loss.Output.Sample(0);
        PointwiseTable.TreeSum(losses, _count, _loss.Output.SampleSize, 1);
        return losses[0];
    }

    /// <summary>How many images of the last forward pass were classified correctly.</summary>
    public int Correct()
    {
        int correct = 0;
        for (int s = 0; s < _count; s++)
            correct += _loss.IsCorrect(s) ? 1 : 0;
        return correct;
    }

    /// <summary>The outputs of an image of the last forward pass.</summary>
    public ReadOnlySpan<float> Outputs(int sample) => _loss.Outputs(sample);

    /// <summary>Reads the outputs of all nodes, and keeps their gradients where that is asked for.</summary>
    public LayerOutputs LayerOutputs { get; }

    /// <summary>Images of the last forward pass.</summary>
    public int Count => _count;

    /// <summary>Computes <see cref="Gradients"/> for the images of the last forward pass.</summary>
    public void Backward()
    {
        _left = null;
        foreach (Pass pass in _backward)
        {
            _pass = pass;
            long start = Stopwatch.GetTimestamp();
            if (pass.Together is { } layer)
            {
                LayerOutputs.KeepAll(layer);
                for (_step = 0; _step < layer.BackwardSteps; _step++)
                    _team.Run(layer.BackwardParts(_step, _count), _backwardPartJob);
            }
            else
            {
                // The tables of the pass before are added where threads would wait for one another at the end of this one.
                _team.Run(WorkPlan.Chunks(_count), _backwardJob, _left?.Parts.Length ?? 0);
                _left = pass;
            }
            foreach (StoredTensor tensor in pass.Normalised)
            {
                if (tensor.NormalizationTangent is { } tangent)
                    tangent.FinishBackward(_state!, _direction!, _gradients.Pointer, _count, tensor.Positions);
                else
                    tensor.Normalization!.FinishBackward(_gradients.Pointer, _count, tensor.Positions);
            }
            pass.Ticks += Stopwatch.GetTimestamp() - start;
        }
        if (_left is not null)
            _team.Run(_left.Parts.Length, _reduceJob);
    }

    /// <summary>
    /// Where the time has gone since the last call: one line a pass, with the operations of its convolutions a batch of one image.
    /// </summary>
    public IReadOnlyList<PassTime> TakeTimes()
    {
        var times = new List<PassTime>();
        foreach (bool backward in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (Pass pass in backward ? _backward : _forward)
            {
                long flop = pass.Layers.Sum(layer => layer.ForwardFlop * (!backward || IsFirst(layer) ? 1 : 2));
                string names = string.Join(" + ", pass.Layers.Select(layer => layer.Name));
                times.Add(new PassTime(names, backward, pass.Ticks / (double)Stopwatch.Frequency, flop));
                pass.Ticks = 0;
            }
        }
        return times;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable layer in _layers)
            layer.Dispose();
        foreach (StoredTensor tensor in _normalised)
        {
            tensor.Normalization!.Dispose();
            tensor.NormalizationTangent?.Dispose();
        }
        foreach (Scratch scratch in _scratch)
            scratch.Dispose();
        LayerOutputs.Dispose();
        _activations.Dispose();
        _gradientMemory.Dispose();
        _tables.Dispose();
        _gradients.Dispose();
    }

    private void RunForward()
    {
        if (_imagesAsGiven)
            _images.Data = _given;
        else if (_forward[0].Together is not null)
            _team.Run(_count, _copyJob);
        foreach (Pass pass in _forward)
        {
            _pass = pass;
            long start = Stopwatch.GetTimestamp();
            if (pass.Together is { } layer)
                _team.Run(layer.ForwardParts(_count), _forwardPartJob);
            else
                _team.Run(_count, _forwardJob);
            if (_context.IsTraining)
            {
                foreach (StoredTensor tensor in pass.Normalised)
                {
                    if (tensor.NormalizationTangent is { } tangent)
                        tangent.FinishForward(_state!, _direction!, _count, tensor.Positions);
                    else
                        tensor.Normalization!.FinishForward(_state!, _count, tensor.Positions);
                }
            }
            pass.Ticks += Stopwatch.GetTimestamp() - start;
        }
    }

    // Nothing is summed over images here, so they are shared out one by one: threads wait less for each other at the end of a pass.
    private void ForwardSample(int sample, int worker)
    {
        Scratch scratch = _scratch[worker];
        PrefetchNext(scratch, sample + _team.Size);
        if (_pass == _forward[0])
            CopyImage(sample, worker);
        foreach (CpuLayer layer in _pass.Layers)
        {
            layer.Forward(sample, scratch, _context);
            if (!_tangents)
                continue;
            layer.ForwardTangent(sample, scratch);
            layer.TakeTangentMoments(sample);
        }
    }

    private void CopyImage(int sample, int worker)
    {
        int size = (int)_images.SampleSize;
        new ReadOnlySpan<float>(_given + ((long)sample * size), size).CopyTo(new Span<float>(_images.Sample(sample), size));
    }

    private void ForwardPart(int part, int worker)
    {
        _pass.Together!.ForwardPart(part, _count, _scratch[worker], _context);
        if (_tangents)
            _pass.Together.ForwardPartTangent(part, _count, _scratch[worker]);
    }

    private void BackwardPart(int part, int worker)
    {
        if (_tangents)
            _pass.Together!.BackwardPartTangent(_step, part, _count, _scratch[worker], _gradients.Pointer);
        else
            _pass.Together!.BackwardPart(_step, part, _count, _scratch[worker], _gradients.Pointer);
    }

    private void BackwardChunk(int chunk, int worker)
    {
        if (chunk >= WorkPlan.Chunks(_count))
        {
            ReducePart(chunk - WorkPlan.Chunks(_count), worker);
            return;
        }
        Scratch scratch = _scratch[worker];
        CpuLayer[] layers = _pass.Layers;
        int first = chunk * WorkPlan.ChunkSize, end = Math.Min(_count, first + WorkPlan.ChunkSize);
        for (int i = 0; i < layers.Length; i++)
        {
            int written = layers[i].GatheredTableSize;
            new Span<float>(Table(_pass, i, chunk) + written, layers[i].TableSize - written).Clear();
        }
        Array.Clear(scratch.Progress);
        for (int sample = first; sample < end; sample++)
        {
            PrefetchNext(scratch, sample + 1 < end ? sample + 1 : (chunk + _team.Size) * WorkPlan.ChunkSize);
            for (int i = 0; i < layers.Length; i++)
            {
                if (LayerOutputs.KeepsGradients)
                    LayerOutputs.Keep(layers[i], sample);
                if (_tangents)
                    layers[i].BackwardTangent(sample, scratch, Table(_pass, i, chunk));
                else
                    layers[i].Backward(sample, scratch, Table(_pass, i, chunk));
            }
        }
        for (int i = 0; i < layers.Length; i++)
            layers[i].FinishChunk(scratch, Table(_pass, i, chunk));
    }

    private void ReducePart(int index, int worker)
    {
        var (layer, part) = _left!.Parts[index];
        _left.Layers[layer].ReduceTables(Table(_left, layer, 0), WorkPlan.Chunks(_count), _gradients.Pointer, part);
    }

    /// <summary>Lets a worker fetch the image that it will most likely have next.</summary>
    private void PrefetchNext(Scratch scratch, int next)
    {
        if (Kernels.Prefetch.IsSupported && !_tangents && next < _count)
            scratch.Prefetch.Begin(_pass.Reads, next, _pass.Fetches);
        else
            scratch.Prefetch.Rest();
    }

    private float* Table(Pass pass, int layer, int chunk) =>
        _tables.Pointer + pass.Tables + (pass.TableStarts[layer] * WorkPlan.Chunks(_capacity))
            + ((long)chunk * pass.Layers[layer].TableSize);

    private bool IsFirst(CpuLayer layer) => layer.Inputs[0].Tensor == _images;

    private Pass PassOf(PassPlan plan, Dictionary<TensorPlan, StoredTensor> tensors, bool backward)
    {
        CpuLayer[] layers = [.. plan.Layers.Select(layer => _layers[layer.Index])];
        long start = 0;
        var starts = new List<long>();
        foreach (CpuLayer layer in layers)
        {
            starts.Add(start);
            start += layer.TableSize;
        }
        return new Pass
        {
            Layers = layers,
            Normalised = [.. plan.Normalised.Select(tensor => tensors[tensor])],
            Reads = plan.TakesAllImages ? [] : backward ? ReadsOfBackward(layers) : ReadsOfForward(layers),
            Fetches = layers.Sum(layer => backward ? layer.FetchesBackward : layer.FetchesForward),
            TableStarts = [.. starts],
            Parts = [.. layers.SelectMany((layer, index) => Enumerable.Range(0, layer.ReduceParts).Select(part => (index, part)))],
        };
    }

    /// <summary>What layers read that they do not write themselves.</summary>
    private Prefetch.Stream[] ReadsOfForward(CpuLayer[] layers) =>
    [
        .. layers.SelectMany(layer => layer.Inputs.Select(view => view.Tensor)).Distinct()
            .Where(tensor => tensor != _images && layers.All(layer => layer.Output != tensor))
            .Select(tensor => new Prefetch.Stream(tensor.Data, tensor.SampleSize)),
    ];

    /// <summary>
    /// The gradients and tensors that layers read or write going back and that are not in the caches; what is written comes through them
    /// too.
    /// </summary>
    private Prefetch.Stream[] ReadsOfBackward(CpuLayer[] layers)
    {
        var reads = new List<Prefetch.Stream>();
        foreach (CpuLayer layer in layers)
        {
            Add(layer.Output.ViewGradient);
            Add(layer.Output.RawGradient);
            if (layer.Output.Normalization is not null)
                AddData(layer.Output);
            for (int i = 0; i < layer.Inputs.Count; i++)
            {
                StoredTensor tensor = layer.Inputs[i].Tensor;
                if (tensor == _images)
                    continue;
                AddData(tensor);
                Add(layer.Plan.Inputs[i].IsPastTheView ? tensor.RawGradient : tensor.ViewGradient);
            }
        }
        return [.. reads];

        void Add(GradientMemory? buffer)
        {
            if (buffer is { Plan.IsBrief: false } && reads.TrueForAll(read => read.Data != buffer.Data))
                reads.Add(new Prefetch.Stream(buffer.Data, buffer.SampleSize));
        }

        void AddData(StoredTensor tensor)
        {
            if (reads.TrueForAll(read => read.Data != tensor.Data))
                reads.Add(new Prefetch.Stream(tensor.Data, tensor.SampleSize));
        }
    }

    /// <summary>Shares out the scratch in which the layers of a backward pass gather images.</summary>
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

    /// <summary>Takes memory for tables: a pass has its own at one end, while those of the pass before are added at the other.</summary>
    private AlignedBuffer<float> PlaceTables(Pass[] passes)
    {
        long[] sizes = [.. passes.Select(pass => pass.Layers.Sum(layer => (long)layer.TableSize) * WorkPlan.Chunks(_capacity)), 0];
        long most = passes.Select((_, i) => sizes[i] + sizes[i + 1]).DefaultIfEmpty().Max();
        for (int i = 1; i < passes.Length; i += 2)
            passes[i].Tables = most - sizes[i];
        return new AlignedBuffer<float>(most);
    }

    /// <summary>A pass with the memory of its layers.</summary>
    private sealed class Pass
    {
        public CpuLayer[] Layers { get; init; } = [];

        /// <summary>The layer, where it computes all images together.</summary>
        public BatchLayer? Together => Layers is [BatchLayer layer] ? layer : null;

        /// <summary>Tensors whose normalisation is finished when the pass is.</summary>
        public StoredTensor[] Normalised { get; init; } = [];

        /// <summary>The tensors that the pass reads from memory.</summary>
        public Prefetch.Stream[] Reads { get; init; } = [];

        /// <summary>How often the work on an image lets its worker prefetch.</summary>
        public int Fetches { get; init; }

        /// <summary>Where its tables begin, and in them those of its layers, an image's worth of each.</summary>
        public long Tables { get; set; }

        /// <inheritdoc cref="Tables"/>
        public long[] TableStarts { get; init; } = [];

        public (int Layer, int Part)[] Parts { get; init; } = [];

        /// <summary>Time spent in the pass, in ticks of <see cref="Stopwatch"/>.</summary>
        public long Ticks { get; set; }
    }
}

/// <summary>Time of one pass.</summary>
internal readonly record struct PassTime(string Layers, bool Backward, double Seconds, long Flop);
