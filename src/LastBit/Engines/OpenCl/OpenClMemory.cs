using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>A tensor of a batch in a device's memory, and what belongs to it.</summary>
internal sealed class OpenClTensor
{
    private readonly OpenClMemory _memory;
    private bool _isSeen;

    public OpenClTensor(OpenClMemory memory, TensorPlan plan)
    {
        (_memory, Plan) = (memory, plan);
        Data = memory.Allocate((long)memory.Capacity * plan.Shape.Count);
        Normalization = plan.Normalization;
        if (Normalization is null)
            return;
        Coefficients = memory.Allocate(6L * Channels);
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
                (int)view.Activation);
            _isSeen = true;
        }
        return Seen!;
    }

    /// <summary>Takes the moments of the batch, and moves the running statistics.</summary>
    public void Normalise(OpenClReplica replica)
    {
        IReadOnlyList<Parameter> p = Normalization!.Parameters;
        _memory.Program.Run("moments", [Channels, 4, _memory.Count], [16, 4, 1], Data, First!, Second!, Positions, Channels);
        _memory.Program.Run("finish_forward", [Channels * 64L], [64], First!, Second!, Coefficients!, replica.Parameters, p[0].Offset,
            p[1].Offset, replica.Statistics, p[2].Offset, p[3].Offset, _memory.Count, Channels, Positions, BatchNormalization.Epsilon,
            BatchNormalization.Momentum, 1 - BatchNormalization.Momentum);
    }

    /// <summary>Takes the running statistics.</summary>
    public void UseRunningStatistics(OpenClReplica replica)
    {
        IReadOnlyList<Parameter> p = Normalization!.Parameters;
        _memory.Program.Run("use_running", [Channels], Coefficients!, replica.Parameters, p[0].Offset, p[1].Offset, replica.Statistics,
            p[2].Offset, p[3].Offset, Channels, BatchNormalization.Epsilon);
    }
}

/// <summary>The memory of one batch on a device, and what is known of the pass.</summary>
internal sealed class OpenClMemory : IDisposable
{
    private readonly List<OpenClBuffer> _buffers = [];
    private readonly Dictionary<TensorPlan, OpenClTensor> _tensors = [];
    private readonly Dictionary<GradientBuffer, OpenClBuffer> _gradients = [];
    private readonly Dictionary<string, OpenClBuffer> _scratch = [];

    public OpenClMemory(OpenClProgram program, WorkPlan plan, int capacity)
    {
        (Program, Capacity) = (program, capacity);
        try
        {
            foreach (TensorPlan tensor in plan.Layers.Select(layer => layer.Output).Prepend(plan.Images))
                _tensors[tensor] = new OpenClTensor(this, tensor);
            foreach (GradientBuffer gradient in plan.Gradients)
                _gradients[gradient] = Allocate((long)capacity * gradient.ImageSize);
            Gradients = Allocate(plan.Model.Layout.ParameterCount);
            Losses = Allocate(capacity);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where it lies.</summary>
    public OpenClProgram Program { get; }

    /// <summary>Images of the largest batch.</summary>
    public int Capacity { get; }

    /// <summary>Images of the pass.</summary>
    public int Count { get; set; }

    /// <summary>The gradient of all parameters.</summary>
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
