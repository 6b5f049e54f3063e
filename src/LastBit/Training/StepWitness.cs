using LastBit.Data;
using LastBit.Engines;

namespace LastBit.Training;

/// <summary>A device has computed a step otherwise than the CPU: the training is where it was before it.</summary>
public sealed class WitnessException : Exception
{
    /// <summary>An exception with its line.</summary>
    /// <param name="message">Which step and tensor, both results, and what to do.</param>
    public WitnessException(string message)
        : base(ForeignText.Printable(message))
    {
    }
}

/// <summary>
/// Computes some steps a second time, by the engine that a factory names as its witness, and compares every bit: the first step of
/// the process for all replicas, then the first of every epoch, or one in so many, for one replica in turn.
/// </summary>
internal sealed class StepWitness(IEngineFactory engines, int? every, Trainer trainer) : IDisposable
{
    private readonly Dictionary<Models.ConvolutionAlgorithm, IEngine> _engines = [];
    private readonly List<NetworkState> _before = [];
    private bool _hasSeenOne;
    private int[] _replicas = [];

    /// <summary>Called before a step: whether it is one to witness, and then keeps the state of every replica.</summary>
    public bool Begin()
    {
        int count = trainer.Replicas.Count;
        (long number, long rest) = every is { } steps ? Math.DivRem(trainer.StepsDone, steps) : (trainer.Epoch, trainer.BatchIndex);
        _replicas = !_hasSeenOne ? [.. Enumerable.Range(0, count)] : rest == 0 ? [(int)(number % count)] : [];
        if (_replicas.Length == 0)
            return false;
        // What a step has found that is then undone is not to be taken for another's.
        trainer.TakeResults();
        for (int i = 0; i < count; i++)
        {
            if (_before.Count == i)
                _before.Add(new NetworkState(trainer.Model.Layout, trainer.Replicas[i].State.StateVectors));
            trainer.Replicas[i].State.Read(_before[i]);
        }
        return true;
    }

    /// <summary>Called after the step.</summary>
    /// <param name="batch">Its batch.</param>
    /// <param name="learningRate">Its learning rate.</param>
    /// <exception cref="WitnessException">The engines differ; the step is undone.</exception>
    public void End(Batch batch, double learningRate)
    {
        _hasSeenOne = true;
        foreach (int i in _replicas)
        {
            if (Difference(i, batch, learningRate) is not { } wrong)
                continue;
            trainer.DropResults();
            for (int k = 0; k < _before.Count; k++)
                trainer.Replicas[k].State.Write(_before[k]);
            trainer.MoveTo(trainer.Epoch, trainer.BatchIndex);
            throw new WitnessException($"the device computed step {trainer.StepsDone + 1} otherwise than the CPU ({wrong}); the run stands "
                + "before that step and goes on from there with the engine cpu, or with another device");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IEngine engine in _engines.Values)
            engine.Dispose();
        _before.ForEach(state => state.Dispose());
        engines.Dispose();
    }

    private string? Difference(int i, Batch batch, double learningRate)
    {
        Replica replica = trainer.Replicas[i];
        Models.ConvolutionAlgorithm convolution = trainer.ConvolutionOf(i);
        if (!_engines.TryGetValue(convolution, out IEngine? engine))
            _engines[convolution] = engine = engines.CreateEngine(trainer.Model, trainer.PassSize, convolution);
        using IReplica own = engine.CreateReplica(replica.State.Rule);
        own.Write(_before[i]);
        using IBatch seen = engine.CreateBatch(batch.Count);
        if (!trainer.HasView(i))
            seen.Write(batch.ImageMemory, batch.LabelMemory);
        trainer.Train(new ReplicaGroup([i], [own]), engine, batch, seen, learningRate);
        using NetworkState ours = new(trainer.Model.Layout, own.StateVectors), theirs = new(trainer.Model.Layout, own.StateVectors);
        own.Read(ours);
        replica.State.Read(theirs);
        foreach (Models.Parameter tensor in trainer.Model.Layout.All)
        {
            Span<float> a = ours.Get(tensor), b = theirs.Get(tensor);
            for (int k = 0; k < a.Length; k++)
            {
                // Which NaN it is, is the processor's choice (docs/arithmetic.md).
                bool same = BitConverter.SingleToUInt32Bits(a[k]) == BitConverter.SingleToUInt32Bits(b[k]);
                if (!same && !(float.IsNaN(a[k]) && float.IsNaN(b[k])))
                {
                    return FormattableString.Invariant(
                        $"{replica.Perturbation.Name}, {tensor.Name}, number {k}: {b[k]:R} there, {a[k]:R} on the CPU");
                }
            }
        }
        return null;
    }
}
