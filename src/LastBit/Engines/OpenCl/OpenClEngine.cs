using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// Computes a model on a device with the bits of the CPU. It carries out the same order of work (<see cref="WorkPlan"/>), but layer by
/// layer for all images of a pass, since a device has more work items than a processor has threads; every sum keeps its order. Nothing in a
/// step waits for the device.
/// </summary>
internal sealed class OpenClEngine : IEngine
{
    private readonly OpenClProgram _program;
    private readonly OpenClMemory _memory;
    private readonly OpenClLayer[] _layers;
    private readonly OpenClConvolution[] _convolutions;
    private readonly OpenClLoss _loss;
    private readonly OpenClTensor _images;
    private readonly OpenClBuffer? _map;
    private readonly OpenClBuffer? _packed;
    private readonly int _packedCount;

    // The gradients of a batch whose passes are accumulated; taken with the first of them.
    private OpenClBuffer? _sum;
    private bool _accumulates, _hasGradients, _isTraining;

    // Whose weights are packed.
    private OpenClReplica? _replica;
    private long _version;

    public OpenClEngine(OpenClProgram program, Model model, int capacity, ConvolutionAlgorithm convolution)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        if (capacity > 1 << 16)
            throw InputException.Of("batchSize", $"{capacity}; the engine opencl takes passes of at most {1 << 16} images");
        (_program, Model, Capacity, Convolution) = (program, model, capacity, convolution);
        WorkPlan plan = WorkPlan.Of(model);
        _memory = new OpenClMemory(program, plan, capacity);
        try
        {
            _layers = [.. plan.Layers.Select(Make)];
            _loss = (OpenClLoss)_layers[^1];
            _images = _memory[plan.Images];
            foreach (OpenClLayer layer in _layers.Where(layer => layer.ReadsSeen))
            {
                foreach (ViewPlan view in layer.Plan.Inputs.Where(view => !view.IsRaw))
                    _memory[view.Tensor].KeepSeen();
            }
            _convolutions = [.. _layers.OfType<OpenClConvolution>()];
            var map = new List<int>();
            foreach (OpenClConvolution one in _convolutions)
                one.Map(map);
            if (_convolutions.Length == 0)
                return;
            _packedCount = map.Count;
            (_map, _packed) = (_memory.Allocate(map.Count), _memory.Allocate(map.Count));
            program.Write<int>(map.ToArray(), _map);
            foreach (OpenClConvolution one in _convolutions)
                one.Weights = _packed;
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Model Model { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public ConvolutionAlgorithm Convolution { get; }

    private OpenClBuffer Left => _accumulates ? _sum! : _memory.Gradients;

    /// <inheritdoc/>
    public IReplica CreateReplica(UpdateRule rule) => new OpenClReplica(_program, Model.Layout, rule);

    /// <inheritdoc/>
    public IBatch CreateBatch(int capacity) => new OpenClBatch(_program, Model, capacity);

    /// <inheritdoc/>
    public void Forward(IReplica replica, IBatch batch, int from, int count, in PassSettings pass)
    {
        if (replica is not OpenClReplica own || own.Layout != Model.Layout)
            throw new ArgumentException($"The replica is not one of this model, {Model.Name}.", nameof(replica));
        var given = (OpenClBatch)batch;
        if (count < 1 || count > Capacity || from < 0 || from > given.Count - count)
        {
            throw new ArgumentException(
                $"Images {from} to {from + count - 1} of {given.Count} are no pass of 1 to {Capacity} images.", nameof(count));
        }
        if (own != _replica || own.Version != _version)
        {
            (_replica, _version) = (own, own.Version);
            if (_packed is not null)
                _program.Run("pack", [_packedCount], own.Parameters, _map!, _packed, _packedCount);
            foreach (OpenClConvolution one in _convolutions)
                one.Transform();
        }
        (_memory.Count, _isTraining) = (count, pass.IsTraining);
        _loss.Labels = (given.Labels, from);
        _program.Copy(given.Images, _images.Data, (long)count * Model.ImageFloats, (long)from * Model.ImageFloats);
        foreach (OpenClTensor tensor in _memory.Tensors)
        {
            tensor.Begin();
            if (tensor.Normalization is not null && !_isTraining)
                tensor.UseRunningStatistics(own);
        }
        foreach (OpenClLayer layer in _layers)
        {
            layer.Forward(own);
            if (_isTraining && layer.Output.Normalization is not null)
                layer.Output.Normalise(own);
        }
        _program.Flush();
    }

    /// <inheritdoc/>
    public void Backward(double share = 1)
    {
        if (_replica is null || !_isTraining)
            throw new InvalidOperationException("Gradients need a forward pass in training.");
        for (int i = _layers.Length - 1; i >= 0; i--)
            _layers[i].Backward(_replica);
        _hasGradients = true;
        if (share == 1)
            return;
        int count = Model.Layout.ParameterCount;
        _sum ??= _memory.Allocate(count);
        if (!_accumulates)
            _program.Run("fill_zero", [count], _sum, count);
        _accumulates = true;
        _program.Run("add_share", [count], _memory.Gradients, _sum, (float)share, count);
    }

    /// <inheritdoc/>
    public void Update(in UpdateStep step)
    {
        if (!_hasGradients)
            throw new InvalidOperationException("An update needs gradients.");
        OpenClUpdate.Run(_program, _replica!, Left, step);
        _replica!.Version++;
        _accumulates = _hasGradients = false;
        _program.Flush();
    }

    /// <inheritdoc/>
    public void ReadGradients(Span<float> gradients) => _program.Read(Left, gradients[..Model.Layout.ParameterCount]);

    /// <inheritdoc/>
    public void ReadOutputs(Span<float> outputs)
    {
        int stored = _loss.Outputs.ImageSize;
        float[] read = new float[_memory.Count * stored];
        _program.Read(_loss.Outputs.Data, read.AsSpan());
        for (int image = 0; image < _memory.Count; image++)
            read.AsSpan(image * stored, Model.Classes).CopyTo(outputs[(image * Model.Classes)..]);
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

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
        _ => throw new NotSupportedException(plan.Name),
    };
}
