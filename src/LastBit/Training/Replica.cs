using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>One copy of the network's state in a run with several k: weights, running statistics and momentum.</summary>
public sealed unsafe class Replica : IDisposable
{
    private const int Chunk = 1 << 14;
    private readonly NativeBuffer _velocity;
    private readonly Action<int, int> _updateJob;
    private UpdateKernel.Rule _rule;
    private float* _gradients;

    /// <summary>Takes the memory of a replica, all zeros.</summary>
    /// <param name="layout">The tensors of the network, <see cref="Model.Layout"/>.</param>
    /// <param name="k">The perturbation.</param>
    public Replica(ParameterLayout layout, double k)
    {
        K = k;
        State = new NetworkState(layout);
        _velocity = new NativeBuffer(layout.ParameterCount);
        _updateJob = UpdateChunk;
    }

    /// <summary>The perturbation: the step is (lr k) (d / k), which is the same in exact arithmetic for every k.</summary>
    public double K { get; }

    /// <summary>Weights and running statistics.</summary>
    public NetworkState State { get; }

    /// <summary>The momentum terms, in definition order.</summary>
    public Span<float> Velocity => _velocity.Span;

    /// <summary>Draws the model's initial weights and lets the momentum be zero.</summary>
    /// <param name="seed">The seed; every replica of a seed starts from the same bits.</param>
    public void Initialise(ulong seed)
    {
        State.Initialise(seed);
        Velocity.Clear();
    }

    /// <summary>One step of perturbed SGD with the gradients that the engine holds.</summary>
    /// <param name="engine">The engine after a backward pass with this replica's state.</param>
    /// <param name="settings">Momentum, weight decay and kind of momentum.</param>
    /// <param name="learningRate">The learning rate; rounded to binary32 before it is multiplied by k.</param>
    /// <param name="team">The threads.</param>
    public void Update(IEngine engine, TrainingSettings settings, double learningRate, WorkerTeam team)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(team);
        _rule = new UpdateKernel.Rule((float)learningRate * (float)K, (float)K, (float)settings.Momentum, (float)settings.WeightDecay, settings.Nesterov);
        fixed (float* gradients = engine.Gradients)
        {
            _gradients = gradients;
            team.Run((State.Layout.ParameterCount + Chunk - 1) / Chunk, _updateJob);
            _gradients = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        State.Dispose();
        _velocity.Dispose();
    }

    private void UpdateChunk(int chunk, int worker)
    {
        int from = chunk * Chunk, count = Math.Min(Chunk, State.Layout.ParameterCount - from);
        UpdateKernel.Update(State.ParameterPointer + from, _gradients + from, _velocity.Pointer + from, count, _rule);
    }
}
