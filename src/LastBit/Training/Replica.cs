using LastBit.Arithmetic;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;
using LastBit.Random;

namespace LastBit.Training;

/// <summary>One copy of the network's state in a run with several perturbations: weights, running statistics and momentum.</summary>
public sealed unsafe class Replica : IDisposable
{
    private const int Chunk = 1 << 14;
    private readonly AlignedBuffer<float> _velocity;
    private readonly Action<int, int> _updateJob;
    private UpdateKernel.Rule _rule;
    private float* _gradients;
    private ulong _seed;
    private uint _step;

    /// <summary>Takes the memory of a replica, all zeros.</summary>
    /// <param name="layout">The tensors of the network, <see cref="Model.Layout"/>.</param>
    /// <param name="perturbation">The perturbation; a number is a k.</param>
    public Replica(ParameterLayout layout, Perturbation perturbation)
    {
        ArgumentNullException.ThrowIfNull(perturbation);
        Perturbation = perturbation;
        State = new NetworkState(layout);
        _velocity = new AlignedBuffer<float>(layout.ParameterCount);
        _updateJob = perturbation.Kind == PerturbationKind.Stochastic ? UpdateChunkStochastically : UpdateChunk;
    }

    /// <summary>What sets it apart from the plain run.</summary>
    public Perturbation Perturbation { get; }

    /// <summary>Weights and running statistics.</summary>
    public NetworkState State { get; }

    /// <summary>The momentum terms, in definition order.</summary>
    public Span<float> Velocity => _velocity.Span;

    /// <summary>Draws the model's initial weights, perturbs them where that is the perturbation, and lets the momentum be zero.</summary>
    /// <param name="seed">The seed; every replica of a seed starts from the same bits, but for the one that <see cref="PerturbationKind.Ulp"/> moves.</param>
    public void Initialise(ulong seed)
    {
        State.Initialise(seed);
        Begin(seed);
    }

    /// <summary>Begins from weights that were drawn before: what <see cref="Initialise"/> does after the drawing.</summary>
    /// <param name="seed">The seed that they were drawn from.</param>
    internal void Begin(ulong seed)
    {
        Velocity.Clear();
        if (Perturbation.Kind == PerturbationKind.Ulp)
            MoveOneUlp(seed, State.Parameters);
    }

    /// <summary>One step of perturbed SGD with the gradients that the engine holds.</summary>
    /// <param name="engine">The engine after a backward pass with this replica's state.</param>
    /// <param name="settings">Momentum, weight decay, kind of momentum, and the seed of what is rounded at random.</param>
    /// <param name="learningRate">The learning rate; rounded to binary32 before it is multiplied by k.</param>
    /// <param name="team">The threads.</param>
    /// <param name="step">How many steps were done before; numbers what is drawn at random.</param>
    public void Update(IEngine engine, TrainingSettings settings, double learningRate, WorkerTeam team, long step = 0)
    {
        ArgumentNullException.ThrowIfNull(engine);
        Update(engine.Gradients, settings, learningRate, team, step);
    }

    /// <summary>The same with gradients from anywhere, in definition order.</summary>
    internal void Update(ReadOnlySpan<float> gradients, TrainingSettings settings, double learningRate, WorkerTeam team, long step)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(team);
        float k = (float)Perturbation.K;
        _rule = new UpdateKernel.Rule((float)learningRate * k, k, (float)settings.Momentum, (float)settings.WeightDecay, settings.Nesterov);
        (_seed, _step) = (settings.Seed, (uint)step);
        fixed (float* pointer = gradients)
        {
            _gradients = pointer;
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

    /// <summary>Moves one number away from zero by one unit in the last place: the first that is not zero from a place drawn from the seed on.</summary>
    private static void MoveOneUlp(ulong seed, Span<float> values)
    {
        // A unit in the last place of zero would be lost in the first sum that it meets.
        int place = NonZeroFrom((int)Philox.Below(seed, RandomPurpose.Perturbation, 0, 0, (uint)values.Length), values);
        if (place >= 0)
            values[place] = OneUlpFurther(values[place]);
    }

    /// <summary>The place of the first number that is not zero from one on, in a circle; -1 where all are zero.</summary>
    internal static int NonZeroFrom(int start, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            int place = (start + i) % values.Length;
            if (values[place] != 0)
                return place;
        }
        return -1;
    }

    /// <summary>The next number away from zero.</summary>
    internal static float OneUlpFurther(float value) => value < 0 ? MathF.BitDecrement(value) : MathF.BitIncrement(value);

    private void UpdateChunk(int chunk, int worker)
    {
        int from = chunk * Chunk, count = Math.Min(Chunk, State.Layout.ParameterCount - from);
        UpdateKernel.Update(State.ParameterPointer + from, _gradients + from, _velocity.Pointer + from, count, _rule);
    }

    private void UpdateChunkStochastically(int chunk, int worker)
    {
        int from = chunk * Chunk, count = Math.Min(Chunk, State.Layout.ParameterCount - from);
        StochasticUpdate.Update(State.ParameterPointer + from, _gradients + from, _velocity.Pointer + from, count, _rule, _seed, _step, from);
    }
}
