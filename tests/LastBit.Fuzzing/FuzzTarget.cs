namespace LastBit.Fuzzing;

/// <summary>A reader under attack.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Seeds">Valid inputs, from which the bad ones are made.</param>
/// <param name="Read">Hands an input to the reader.</param>
/// <param name="Wrap">
/// Puts mutated content back into its envelope, so that it gets past check sums and compression to the code behind; null for none. The
/// mutations are then made to the content in half of the tries, and to the enveloped file in the other half.
/// </param>
/// <param name="Words">Words of the format, which are put in at random places.</param>
public sealed record FuzzTarget(
    string Name,
    IReadOnlyList<byte[]> Seeds,
    Action<byte[]> Read,
    Func<byte[], byte[]>? Wrap = null,
    IReadOnlyList<string>? Words = null)
{
    /// <summary>Whether the content is JSON: half of the mutations are then made to its members, types, values and structure.</summary>
    public bool IsJson { get; init; }

    /// <summary>Whether there may be no input that is wrong: text in a free form.</summary>
    public bool MayReadAll { get; init; }

    /// <summary>How many inputs the tests give it; less where one takes long.</summary>
    public int Tries { get; init; } = 3000;
}
