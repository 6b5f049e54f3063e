namespace LastBit.Traces;

/// <summary>What a record of a trace is of.</summary>
public enum TraceKind
{
    /// <summary>A parameter or buffer before the first recorded step.</summary>
    Weights,

    /// <summary>What a step is taken with.</summary>
    Batch,

    /// <summary>The state of a generator of random numbers.</summary>
    Random,

    /// <summary>What a module is given.</summary>
    Input,

    /// <summary>What it gives.</summary>
    Output,

    /// <summary>One operation inside a module.</summary>
    Op,

    /// <summary>A loss.</summary>
    Loss,

    /// <summary>The gradient of the loss with respect to what a module gave.</summary>
    OutputGradient,

    /// <summary>The gradient with respect to a parameter, before the optimizer's step.</summary>
    Gradient,

    /// <summary>A parameter after the optimizer's step.</summary>
    Update,

    /// <summary>A buffer after the step.</summary>
    Buffer,

    /// <summary>The factor of a gradient scaler.</summary>
    Scale,
}

/// <summary>What a record is of, within its step: two traces are compared record by record of equal keys.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The module, parameter or generator.</param>
/// <param name="Call">The how-manieth call of the module in this step and phase, from 0.</param>
/// <param name="Phase">"forward", "backward" or "recomputed".</param>
/// <param name="Index">Which tensor, where a module takes or gives several.</param>
public readonly record struct TraceKey(TraceKind Kind, string Name, int Call = 0, string Phase = TraceKey.Forward, int Index = 0)
{
    /// <summary>The phase of a forward pass.</summary>
    public const string Forward = "forward";

    /// <summary>The phase of a backward pass.</summary>
    public const string Backward = "backward";

    /// <summary>The words of the kinds in a file, in their order.</summary>
    public static IReadOnlyList<string> Words { get; } =
    [
        "weights", "batch", "random", "input", "output", "op", "loss", "gradient-of-output", "gradient", "update", "buffer", "scale",
    ];

    /// <summary>The kind as a file has it.</summary>
    public string Word => Words[(int)Kind];

    /// <summary>The place in the order of questions: weights, then the batch, then random numbers, then all else as it comes.</summary>
    public int Rank => Math.Min((int)Kind, (int)TraceKind.Input);
}

/// <summary>A line of a trace.</summary>
/// <param name="Step">Its step.</param>
/// <param name="Key">What it is of.</param>
public sealed record TraceRecord(long Step, TraceKey Key)
{
    /// <summary>The tensor; null where the record is a state or a number.</summary>
    public TraceTensor? Tensor { get; init; }

    /// <summary>The digest of a state.</summary>
    public UInt128? State { get; init; }

    /// <summary>A number: a loss, a scale.</summary>
    public double? Value { get; init; }

    /// <summary>A digest of each sample of a batch.</summary>
    public IReadOnlyList<ulong>? Samples { get; init; }

    /// <summary>Whether two records are of the same, to the last bit.</summary>
    public bool IsEqualTo(TraceRecord other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Tensor is { } mine && other.Tensor is { } theirs ? mine.IsEqualTo(theirs)
            : Tensor is null == other.Tensor is null && State == other.State && Nullable.Equals(Value, other.Value);
    }
}

/// <summary>All records of a step, in the order of time.</summary>
/// <param name="Number">The step.</param>
/// <param name="Records">Its records.</param>
public sealed record TraceStep(long Number, IReadOnlyList<TraceRecord> Records);
