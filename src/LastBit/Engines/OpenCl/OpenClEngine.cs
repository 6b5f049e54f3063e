using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// Computes a model on a device with the bits of the CPU. It carries out the same order of work (<see cref="WorkPlan"/>), but layer by
/// layer for all images of a pass, since a device has more work items than a processor has threads; every sum keeps its order. Nothing in a
/// step waits for the device.
/// </summary>
internal sealed class OpenClEngine : IEngine
{
    // The most replicas whose activations are given a device's memory; beyond it there is little left to share.
    private const int MostReplicas = 16;
    private readonly OpenClProgram _program;
    private readonly WorkPlan _plan;
    private OpenClMemory _memory = null!;
    private OpenClLayer[] _layers = [];
    private OpenClConvolution[] _convolutions = [];
    private OpenClBuffer? _map;
    private OpenClBuffer? _packed;
    private int _packedCount;

    // The gradients of a batch whose passes are accumulated; taken with the first of them.
    private OpenClBuffer? _sum;
    private bool _accumulates, _hasGradients, _isTraining;

    // What the copies of the replicas' numbers were taken of.
    private long[] _versions = [];

    public OpenClEngine(OpenClProgram program, Model model, int capacity, ConvolutionAlgorithm convolution)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (capacity > 1 << 16)
            throw InputException.Of("batchSize", $"{capacity}; the engine opencl takes passes of at most {1 << 16} images");
        (_program, Model, Capacity, Convolution) = (program, model, capacity, convolution);
        _plan = WorkPlan.Of(model);
        MakeRoom(1);
        // Half of the memory is left to what layers take besides, and to others.
        long most = Math.Min(program.Device.Memory / 2 / _memory.Bytes,
            Math.Min(program.Device.LargestBuffer, 4L * int.MaxValue) / _memory.LargestBytes);
        ReplicasTogether = (int)Math.Clamp(most, 1, MostReplicas);
    }

    /// <inheritdoc/>
    public Model Model { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public ConvolutionAlgorithm Convolution { get; }

    /// <inheritdoc/>
    public int ReplicasTogether { get; }

    private OpenClBuffer Left => _accumulates ? _sum! : _memory.Gradients;

    /// <inheritdoc/>
    public IReplica CreateReplica(UpdateRule rule) => new OpenClReplica(_program, Model.Layout, rule);

    /// <inheritdoc/>
    public IBatch CreateBatch(int capacity) => new OpenClBatch(_program, Model, capacity);

    /// <inheritdoc/>
    public void Forward(IReplica replica, IBatch batch, int from, int count, in PassSettings pass) =>
        ForwardTogether([replica], batch, from, count, pass);

    /// <inheritdoc/>
    public void ForwardTogether(ReadOnlySpan<IReplica> replicas, IBatch batch, int from, int count, in PassSettings pass)
    {
        var given = (OpenClBatch)batch;
        if (count < 1 || count > Capacity || from < 0 || from > given.Count - count)
        {
            throw new ArgumentException(
                $"Images {from} to {from + count - 1} of {given.Count} are no pass of 1 to {Capacity} images.", nameof(count));
        }
        Load(replicas);
        (_memory.Count, _isTraining) = (count * replicas.Length, pass.IsTraining);
        (_memory.Pass, _memory.Batch, _memory.From) = (pass, given, from);
        long floats = (long)count * Model.ImageFloats;
        for (int r = 0; r < replicas.Length; r++)
            _program.Copy(given.Images, _memory[_plan.Images].Data, floats, (long)from * Model.ImageFloats, r * floats);
        foreach (OpenClTensor tensor in _memory.Tensors)
        {
            tensor.Begin();
            if (tensor.Normalization is not null && !_isTraining)
                tensor.UseRunningStatistics();
        }
        foreach (OpenClLayer layer in _layers)
        {
            layer.Forward();
            if (_isTraining && layer.Output.Normalization is not null)
                layer.Output.Normalise();
        }
        for (int r = 0; _isTraining && r < replicas.Length; r++)
        {
            // They are what the engine has still.
            _program.Copy(_memory.Statistics, _memory.States[r].Statistics, _memory.StatisticStride, (long)r * _memory.StatisticStride);
            _versions[r] = ++_memory.States[r].Version;
        }
        _program.Flush();
    }

    /// <inheritdoc/>
    public void Backward(double share = 1)
    {
        if (_memory.Replicas == 0 || !_isTraining)
            throw new InvalidOperationException("Gradients need a forward pass in training.");
        for (int i = _layers.Length - 1; i >= 0; i--)
            _layers[i].Backward();
        _hasGradients = true;
        if (share == 1)
            return;
        int count = _memory.Replicas * _memory.Stride;
        _sum ??= _memory.Allocate((long)_memory.MostReplicas * _memory.Stride);
        if (!_accumulates)
            _program.Run("fill_zero", [count], _sum, count);
        _accumulates = true;
        _program.Run("add_share", [count], _memory.Gradients, _sum, (float)share, count);
    }

    /// <inheritdoc/>
    public void Update(in UpdateStep step) => UpdateTogether([step]);

    /// <inheritdoc/>
    public void UpdateTogether(ReadOnlySpan<UpdateStep> steps)
    {
        if (!_hasGradients)
            throw new InvalidOperationException("An update needs gradients.");
        for (int r = 0; r < _memory.Replicas; r++)
        {
            OpenClUpdate.Run(_program, _memory.States[r], Left, r * _memory.Stride, steps[r]);
            _memory.States[r].Version++;
        }
        _accumulates = _hasGradients = false;
        _program.Flush();
    }

    /// <inheritdoc/>
    public void ReadGradients(Span<float> gradients) => _program.Read(Left, gradients[..Model.Layout.ParameterCount]);

    /// <inheritdoc/>
    public void ReadOutputs(Span<float> outputs)
    {
        OpenClTensor given = ((OpenClLoss)_layers[^1]).Outputs;
        int stored = given.ImageSize;
        float[] read = new float[_memory.Count * stored];
        _program.Read(given.Data, read.AsSpan());
        for (int image = 0; image < _memory.Count; image++)
            read.AsSpan(image * stored, Model.Classes).CopyTo(outputs[(image * Model.Classes)..]);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    /// <summary>Takes the memory of as many replicas at once, if it is not there yet.</summary>
    private void MakeRoom(int replicas)
    {
        if (_layers.Length > 0 && replicas <= _memory.MostReplicas)
            return;
        _memory?.Dispose();
        (_layers, _sum, _versions) = ([], null, []);
        _memory = new OpenClMemory(_program, _plan, Capacity, replicas);
        try
        {
            OpenClLayer[] layers = [.. _plan.Layers.Select(Make)];
            foreach (ViewPlan view in layers.Where(layer => layer.ReadsSeen).SelectMany(layer => layer.Plan.Inputs))
            {
                if (!view.IsRaw)
                    _memory[view.Tensor].KeepSeen();
            }
            _convolutions = [.. layers.OfType<OpenClConvolution>()];
            var map = new List<int>();
            foreach (OpenClConvolution one in _convolutions)
                one.Map(map);
            _packedCount = map.Count;
            if (_packedCount > 0)
            {
                (_map, _packed) = (_memory.Allocate(_packedCount), _memory.Allocate((long)replicas * _packedCount));
                _program.Write<int>(map.ToArray(), _map);
            }
            foreach (OpenClConvolution one in _convolutions)
                (one.Weights, one.PackedStride) = (_packed!, _packedCount);
            _layers = layers;
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
    }

    /// <summary>Copies what the pass reads of the replicas, where it has changed.</summary>
    private void Load(ReadOnlySpan<IReplica> replicas)
    {
        var own = new OpenClReplica[replicas.Length];
        for (int r = 0; r < own.Length; r++)
        {
            own[r] = replicas[r] as OpenClReplica is { } one && one.Layout == Model.Layout ? one
                : throw new ArgumentException($"A replica is not one of this model, {Model.Name}.", nameof(replicas));
        }
        MakeRoom(own.Length);
        long[] versions = [.. own.Select(one => one.Version)];
        if (own.AsSpan().SequenceEqual(_memory.States) && versions.AsSpan().SequenceEqual(_versions))
            return;
        (_memory.States, _versions) = (own, versions);
        for (int r = 0; r < own.Length; r++)
        {
            _program.Copy(own[r].Parameters, _memory.Parameters, _memory.Stride, 0, (long)r * _memory.Stride);
            _program.Copy(own[r].Statistics, _memory.Statistics, _memory.StatisticStride, 0, (long)r * _memory.StatisticStride);
        }
        if (_packedCount > 0)
            _program.Run("pack", [_packedCount, own.Length], _memory.Parameters, _map!, _packed!, _packedCount, _memory.Stride);
        foreach (OpenClConvolution one in _convolutions)
            one.Transform();
    }

    // A further layer is a further line.
    private OpenClLayer Make(LayerPlan plan) => plan.Node?.Layer switch
    {
        null => new OpenClLoss(_memory, plan, Model.Loss),
        Models.Convolution when !plan.TakesAllImages => new OpenClConvolution(_memory, plan, Convolution),
        Linear when !plan.TakesAllImages => new OpenClLinear(_memory, plan),
        Models.Convolution or Linear => new OpenClProducts(_memory, plan),
        Addition => new OpenClAddition(_memory, plan),
        Pool => new OpenClPool(_memory, plan),
        GlobalAverage => new OpenClAverage(_memory, plan),
        GroupNormalization => new OpenClGroupNorm(_memory, plan),
        Dropout => new OpenClDropout(_memory, plan),
        _ => throw new NotSupportedException(plan.Name),
    };
}
