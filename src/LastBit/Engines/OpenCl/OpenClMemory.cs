using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>A tensor of a batch in a device's memory, and what belongs to it.</summary>
internal sealed class OpenClTensor
{
    /// <summary>Numbers of a channel that a normalisation has; see pointwise.cl.</summary>
    public const int CoefficientRows = 6;

    private readonly OpenClMemory _memory;
    private bool _isSeen;

    public OpenClTensor(OpenClMemory memory, TensorPlan plan)
    {
        (_memory, Plan) = (memory, plan);
        Data = memory.Allocate((long)memory.Capacity * plan.Shape.Count);
        Normalization = plan.Normalization;
        if (Normalization is null)
            return;
        Coefficients = memory.Allocate((long)CoefficientRows * memory.MostReplicas * Channels);
        First = memory.Allocate((long)memory.Capacity * Channels);
        Second = memory.Allocate((long)memory.Capacity * Channels);
    }

    /// <summary>Its place in the order of work.</summary>
    public TensorPlan Plan { get; }

    /// <summary>Images x positions x channels.</summary>
    public OpenClBuffer Data { get; }

    /// <summary>f(norm(x)), where a layer wants to have it in memory; computed once in a pass.</summary>
    public OpenClBuffer? Seen { get; private set; }

    /// <summary>Channels that are stored.</summary>
    public int Channels => Plan.Shape.Channels;

    /// <summary>Height times width.</summary>
    public int Positions => Plan.Shape.Positions;

    /// <summary>Numbers of an image.</summary>
    public int ImageSize => Plan.Shape.Count;

    /// <summary>Its batch normalisation.</summary>
    public Node? Normalization { get; }

    /// <summary>What the batch makes of the normalisation; see pointwise.cl.</summary>
    public OpenClBuffer? Coefficients { get; }

    /// <summary>Two sums of each image and channel.</summary>
    public OpenClBuffer? First { get; }

    /// <inheritdoc cref="First"/>
    public OpenClBuffer? Second { get; }

    /// <summary>Its coefficients; any memory where there are none, which is then not read.</summary>
    public OpenClBuffer CoefficientsOrAny => Coefficients ?? Data;

    /// <summary>Makes room for <see cref="Seen"/>.</summary>
    public void KeepSeen() => Seen ??= _memory.Allocate(Data.Count);

    /// <summary>A new forward pass: what was seen is out of date.</summary>
    public void Begin() => _isSeen = false;

    /// <summary>The tensor as a view has it.</summary>
    public OpenClBuffer Read(ViewPlan view)
    {
        if (view.IsRaw)
            return Data;
        if (!_isSeen)
        {
            int count = _memory.Count * ImageSize;
            _memory.Program.Run("view", [count], Data, CoefficientsOrAny, Seen!, count, Channels, view.Normalised ? 1 : 0,
                (int)view.Activation, count / _memory.Replicas);
            _isSeen = true;
        }
        return Seen!;
    }

    /// <summary>Takes the moments of the batch, and moves the running statistics.</summary>
    public void Normalise()
    {
        IReadOnlyList<Parameter> p = Normalization!.Parameters;
        _memory.Program.Run("moments", [Channels, 4, _memory.Count], [16, 4, 1], Data, First!, Second!, Positions, Channels);
        _memory.Program.Run("finish_forward", [Channels * 64L, _memory.Replicas], [64, 1], First!, Second!, Coefficients!,
            _memory.Parameters, p[0].Offset, p[1].Offset, _memory.Statistics, p[2].Offset, p[3].Offset, _memory.Count / _memory.Replicas,
            Channels, Positions, BatchNormalization.Epsilon, BatchNormalization.Momentum, 1 - BatchNormalization.Momentum, _memory.Stride,
            _memory.StatisticStride);
    }

    /// <summary>Takes the running statistics.</summary>
    public void UseRunningStatistics()
    {
        IReadOnlyList<Parameter> p = Normalization!.Parameters;
        _memory.Program.Run("use_running", [Channels, _memory.Replicas], Coefficients!, _memory.Parameters, p[0].Offset, p[1].Offset,
            _memory.Statistics, p[2].Offset, p[3].Offset, Channels, BatchNormalization.Epsilon, _memory.Stride, _memory.StatisticStride);
    }
}

/// <summary>
/// The memory of one batch on a device, of as many replicas as are computed at once, and what is known of the pass. The images of the
/// replicas follow one another, and so do their parameters, running statistics and gradients, which are copies of the replicas' own.
/// </summary>
internal sealed class OpenClMemory : IDisposable
{
    private readonly List<OpenClBuffer> _buffers = [];
    private readonly Dictionary<TensorPlan, OpenClTensor> _tensors = [];
    private readonly Dictionary<GradientBuffer, OpenClBuffer> _gradients = [];
    private readonly Dictionary<string, OpenClBuffer> _scratch = [];

    public OpenClMemory(OpenClProgram program, WorkPlan plan, int capacity, int replicas)
    {
        ParameterLayout layout = plan.Model.Layout;
        (Program, MostReplicas, Stride, StatisticStride) = (program, replicas, layout.ParameterCount, layout.StatisticCount);
        Capacity = capacity * replicas;
        try
        {
            foreach (TensorPlan tensor in plan.Layers.Select(layer => layer.Output).Prepend(plan.Images))
                _tensors[tensor] = new OpenClTensor(this, tensor);
            foreach (GradientBuffer gradient in plan.Gradients)
                _gradients[gradient] = Allocate((long)Capacity * gradient.ImageSize);
            Parameters = Allocate((long)replicas * Stride);
            Statistics = Allocate((long)replicas * StatisticStride);
            Gradients = Allocate((long)replicas * Stride);
            Losses = Allocate(Capacity);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where it lies.</summary>
    public OpenClProgram Program { get; }

    /// <summary>Images of the largest pass, those of all replicas.</summary>
    public int Capacity { get; }

    /// <summary>Replicas of the largest pass.</summary>
    public int MostReplicas { get; }

    /// <summary>How many parameters a replica has.</summary>
    public int Stride { get; }

    /// <summary>How many running statistics.</summary>
    public int StatisticStride { get; }

    /// <summary>The replicas of the pass.</summary>
    public OpenClReplica[] States { get; set; } = [];

    /// <summary>How many they are.</summary>
    public int Replicas => States.Length;

    /// <summary>Images of the pass, those of all replicas.</summary>
    public int Count { get; set; }

    /// <summary>What the pass is for.</summary>
    public PassSettings Pass { get; set; }

    /// <summary>Its batch.</summary>
    public OpenClBatch Batch { get; set; } = null!;

    /// <summary>The first of its images in the batch.</summary>
    public int From { get; set; }

    /// <summary>Bytes that were taken so far.</summary>
    public long Bytes => 4 * _buffers.Sum(buffer => buffer.Count);

    /// <summary>Bytes of the largest buffer.</summary>
    public long LargestBytes => 4 * _buffers.Max(buffer => buffer.Count);

    /// <summary>The trainable numbers of the replicas.</summary>
    public OpenClBuffer Parameters { get; } = null!;

    /// <summary>Their running statistics.</summary>
    public OpenClBuffer Statistics { get; } = null!;

    /// <summary>The gradients of all parameters.</summary>
    public OpenClBuffer Gradients { get; } = null!;

    /// <summary>The loss of each image.</summary>
    public OpenClBuffer Losses { get; } = null!;

    /// <summary>All tensors.</summary>
    public IEnumerable<OpenClTensor> Tensors => _tensors.Values;

    /// <summary>The memory of a tensor.</summary>
    public OpenClTensor this[TensorPlan plan] => _tensors[plan];

    /// <summary>The memory of a gradient.</summary>
    public OpenClBuffer this[GradientBuffer plan] => _gradients[plan];

    /// <summary>Memory that is freed with this.</summary>
    /// <param name="numbers">How many numbers.</param>
    public OpenClBuffer Allocate(long numbers)
    {
        // Kernels count numbers by 32 bits.
        if (numbers > int.MaxValue)
            throw InputException.Of(
                "batchSize", $"a tensor of {numbers} numbers is more than the engine opencl can count; give a smaller batch");
        _buffers.Add(Program.Allocate(numbers));
        return _buffers[^1];
    }

    /// <summary>Memory that nothing outlives a layer in; one for each use, as large as the largest asks for.</summary>
    /// <param name="use">What for.</param>
    /// <param name="numbers">At least so many numbers.</param>
    public OpenClBuffer Scratch(string use, long numbers)
    {
        if (_scratch.TryGetValue(use, out OpenClBuffer? buffer) && buffer.Count >= numbers)
            return buffer;
        // What is queued keeps the smaller one until it is done.
        if (buffer is not null)
        {
            _buffers.Remove(buffer);
            buffer.Dispose();
        }
        return _scratch[use] = Allocate(numbers);
    }

    /// <inheritdoc/>
    public void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());
}
