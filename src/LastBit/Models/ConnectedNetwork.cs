namespace LastBit.Models;

/// <summary>
/// The fully connected networks of the literature on the edge of stability (Cohen et al. 2021): two hidden layers of 200 units, biases
/// everywhere, PyTorch's default initialisation. fc-tanh, fc-relu, fc-elu, fc-softplus.
/// </summary>
public sealed record ConnectedNetworkSettings : NetworkSettings
{
    private const string Prefix = "fc-";

    /// <summary>Units of each hidden layer.</summary>
    public IReadOnlyList<int> Hidden { get; init; } = [200, 200];

    /// <inheritdoc/>
    public override string Name => Prefix + NameOf(Activation);

    /// <inheritdoc/>
    public override string MiddleTensor => "fc2.weight";

    /// <inheritdoc/>
    public override bool NamesActivation => true;

    /// <summary>After each hidden activation.</summary>
    public override bool HasDropout => true;

    /// <inheritdoc/>
    public override Model Build()
    {
        var b = new ModelBuilder(Images);
        Node x = b.Images;
        for (int i = 0; i < Hidden.Count; i++)
            x = b.Drop(b.Activate(b.Connect($"fc{i + 1}", x, Hidden[i]), Activation), Dropout);
        b.Connect($"fc{Hidden.Count + 1}", x, Classes);
        return b.Build(Name, Loss);
    }

    /// <summary>Reads a name; null when it is none of these networks.</summary>
    internal static ConnectedNetworkSettings? Read(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && ReadActivation(name[Prefix.Length..]) is { } activation
            ? new() { Activation = activation } : null;

    /// <summary>The function as names spell it.</summary>
    internal static string NameOf(Activation activation) => activation.ToString().ToLowerInvariant();

    /// <summary>The inverse of <see cref="NameOf"/>; null for what is none of the functions of these networks.</summary>
    internal static Activation? ReadActivation(string name) =>
        Enum.GetValues<Activation>().Where(one => one is not (Activation.None or Activation.Swish) && NameOf(one) == name)
            .Select(one => (Activation?)one).FirstOrDefault();
}
