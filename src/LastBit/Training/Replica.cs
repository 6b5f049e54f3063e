using LastBit.Engines.Cpu;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;
using LastBit.Random;

namespace LastBit.Training;

/// <summary>One copy of the network's state in a run with several k: weights, running statistics and momentum.</summary>
public sealed unsafe class Replica : IDisposable
{
    private const int Chunk = 1 << 14;
    private readonly NativeBuffer _velocity;
    private readonly Action<int, int> _updateJob;
    private UpdateKernel.Rule _rule;
    private float* _gradients;

    internal Replica(ParameterLayout layout, double k)
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

    /// <summary>
    /// Draws initial weights: convolutions normal with deviation sqrt(2 / (rows * columns * out)), batch normalisation 1 and 0,
    /// linear weights and biases uniform in +-1/sqrt(features) (spec: experiments, 3).
    /// </summary>
    /// <param name="seed">The seed; every replica of a seed starts from the same bits.</param>
    public void Initialise(ulong seed)
    {
        uint number = 0;
        double bound = 0;
        foreach (var parameter in State.Layout.All)
        {
            var values = State.Get(parameter);
            var shape = parameter.Shape;
            if (shape.Count == 4)
            {
                Philox.FillNormal(seed, RandomPurpose.Weights, number, Math.Sqrt(2.0 / (shape[2] * shape[3] * shape[0])), values);
            }
            else if (shape.Count == 2 || parameter.Name == "fc.bias")
            {
                if (shape.Count == 2)
                    bound = 1 / Math.Sqrt(shape[1]);
                Philox.FillUniform(seed, RandomPurpose.Weights, number, -bound, bound, values);
            }
            else
            {
                bool one = parameter.Name.EndsWith(".weight", StringComparison.Ordinal) || parameter.Name.EndsWith(".running_var", StringComparison.Ordinal);
                values.Fill(one ? 1 : 0);
            }
            number++;
        }
        Velocity.Clear();
    }

    /// <summary>One step of perturbed SGD with the gradients that the network holds.</summary>
    /// <param name="network">The network after a backward pass with this replica's state.</param>
    /// <param name="settings">Momentum, weight decay and kind of momentum.</param>
    /// <param name="learningRate">The learning rate; rounded to binary32 before it is multiplied by k.</param>
    /// <param name="team">The threads.</param>
    public void Update(Network network, TrainingSettings settings, double learningRate, WorkerTeam team)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(team);
        _rule = new UpdateKernel.Rule((float)learningRate * (float)K, (float)K, (float)settings.Momentum, (float)settings.WeightDecay, settings.Nesterov);
        _gradients = network.GradientPointer;
        team.Run((State.Layout.ParameterCount + Chunk - 1) / Chunk, _updateJob);
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
