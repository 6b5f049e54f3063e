using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>Computes a model on the processor's vectors. docs/networks.md tells what is stored and what is not.</summary>
public sealed unsafe class CpuEngine : IEngine
{
    // Weights that a thread updates at once; no bit depends on it.
    private const int UpdateSize = 1 << 14;

    private readonly WorkerTeam _team;
    private readonly Computation _computation;
    private readonly Action<int, int> _accumulateJob, _updateJob;

    // The gradients of a batch whose passes are accumulated; taken with the first of them.
    private AlignedBuffer<float>? _sum;
    private bool _accumulates;
    private bool _hasGradients;
    private float _share;

    // Whose weights are in the kernels' layouts.
    private CpuReplica? _replica;
    private long _version;

    /// <summary>Plans the work and takes the memory.</summary>
    /// <param name="model">What to compute.</param>
    /// <param name="capacity">Images in the largest pass, at least 1.</param>
    /// <param name="team">The threads that will compute; they stay the caller's.</param>
    /// <param name="convolution">How convolutions are computed that can be computed in several ways.</param>
    /// <exception cref="InputException">The kernels cannot compute this model; the message names the layer and what they can.</exception>
    public CpuEngine(Model model, int capacity, WorkerTeam team, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(team);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (Model, Capacity, Convolution, _team) = (model, capacity, convolution, team);
        _computation = new Computation(model, capacity, team, convolution, tangents: false);
        _computation.Context.Places = new int[capacity];
        _accumulateJob = AccumulateChunk;
        _updateJob = UpdateChunk;
    }

    /// <inheritdoc/>
    public Model Model { get; }

    /// <inheritdoc/>
    public int Capacity { get; }

    /// <inheritdoc/>
    public ConvolutionAlgorithm Convolution { get; }

    /// <summary>Memory outside the managed heap that this engine holds, in bytes: activations, gradients and tables.</summary>
    public long Bytes => _computation.Bytes;

    /// <summary>
    /// Floating-point operations of one image's training step counted as direct convolutions with padding:
    /// forward, weight gradient, and input gradient for all but the first layer.
    /// </summary>
    public long TrainingFlop => _computation.TrainingFlop;

    private int Chunks => (Model.Layout.ParameterCount + UpdateSize - 1) / UpdateSize;

    private AlignedBuffer<float> Left => _accumulates ? _sum! : _computation.Gradients;

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
        {
            throw new ArgumentException(
                $"Images {from} to {from + count - 1} of {given.Labels.Length} are no pass of 1 to {Capacity} images.", nameof(count));
        }
        if (own != _replica || own.Version != _version)
        {
            (_replica, _version) = (own, own.Version);
            _computation.Load(own.State);
        }
        var context = _computation.Context;
        (context.IsTraining, context.Draws, context.Seed, context.Step) = (pass.IsTraining, pass.IsTraining, pass.Seed, pass.Step);
        for (int i = 0; i < count; i++)
            context.Places[i] = given.PlaceOf(from + i);
        float loss = _computation.Forward(given.Images.Span.Slice(from * Model.ImageFloats, count * Model.ImageFloats),
            given.Labels.Span.Slice(from, count));
        own.Add(new BatchResult(loss, _computation.Correct(), count));
    }

    /// <inheritdoc/>
    public void Backward(double share = 1)
    {
        if (_replica is null || !_computation.Context.IsTraining)
            throw new InvalidOperationException("Gradients need a forward pass in training.");
        _computation.Backward();
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
        _replica!.Kernel.Begin(step);
        _team.Run(Chunks, _updateJob);
        _replica.Version++;
        _accumulates = _hasGradients = false;
    }

    /// <inheritdoc/>
    public void ReadGradients(Span<float> gradients) => Left.Span.CopyTo(gradients);

    /// <inheritdoc/>
    public IOutputReader Outputs => _computation.LayerOutputs;

    /// <inheritdoc/>
    public void ReadOutputs(Span<float> outputs)
    {
        for (int sample = 0; sample < _computation.Count; sample++)
            _computation.Outputs(sample).CopyTo(outputs[(sample * Model.Classes)..]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _computation.Dispose();
        _sum?.Dispose();
    }

    /// <summary>Where the time has gone since the last call.</summary>
    internal IReadOnlyList<PassTime> TakeTimes() => _computation.TakeTimes();

    private void AccumulateChunk(int chunk, int worker)
    {
        int from = chunk * UpdateSize, count = Math.Min(UpdateSize, Model.Layout.ParameterCount - from);
        FixedOrderSum.AddScaled(_share, _computation.Gradients.Span.Slice(from, count), _sum!.Span.Slice(from, count));
    }

    private void UpdateChunk(int chunk, int worker)
    {
        int from = chunk * UpdateSize;
        _replica!.Kernel.Update(_replica.State, Left.Pointer, from, Math.Min(UpdateSize, Model.Layout.ParameterCount - from));
    }
}
