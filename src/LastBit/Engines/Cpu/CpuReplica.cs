using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>A replica in the process's own memory.</summary>
internal sealed class CpuReplica : IReplica
{
    private readonly List<BatchResult> _results = new(64);

    public CpuReplica(ParameterLayout layout, UpdateRule rule)
    {
        State = new NetworkState(layout, rule.Vectors);
        (Rule, Kernel) = (rule, CpuUpdate.Of(rule));
    }

    /// <inheritdoc/>
    public ParameterLayout Layout => State.Layout;

    /// <inheritdoc/>
    public UpdateRule Rule { get; }

    /// <summary>The kernel of the rule.</summary>
    public CpuUpdate Kernel { get; }

    /// <summary>The numbers themselves.</summary>
    public NetworkState State { get; }

    /// <summary>
    /// Changes whenever the weights may have changed: an engine brings them into the layouts of its kernels once for each value.
    /// </summary>
    public long Version { get; set; } = 1;

    /// <inheritdoc/>
    public void Write(NetworkState state)
    {
        State.CopyFrom(state);
        Version++;
    }

    /// <inheritdoc/>
    public void Read(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.CopyFrom(State);
    }

    /// <inheritdoc/>
    public void Read(Parameter tensor, Span<float> values) => State.Get(tensor).CopyTo(values);

    /// <inheritdoc/>
    public bool IsFinite() => State.IsFinite;

    /// <inheritdoc/>
    public void Differences(IReplica other, ReadOnlySpan<Parameter> tensors, Span<double> differences)
    {
        ArgumentNullException.ThrowIfNull(other);
        NetworkState theirs = ((CpuReplica)other).State;
        for (int i = 0; i < tensors.Length; i++)
        {
            Span<float> a = State.Get(tensors[i]), b = theirs.Get(tensors[i]);
            differences[i] = a.SequenceEqual(b) ? 0 : RelativeDifference.L1(a, b);
        }
    }

    /// <summary>Keeps the result of a forward pass.</summary>
    public void Add(BatchResult result) => _results.Add(result);

    /// <inheritdoc/>
    public void TakeResults(List<BatchResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        results.Clear();
        results.AddRange(_results);
        _results.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => State.Dispose();
}
