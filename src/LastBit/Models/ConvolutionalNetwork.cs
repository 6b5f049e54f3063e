namespace LastBit.Models;

/// <summary>
/// The small convolutional networks of the literature on the edge of stability (Cohen et al. 2021): two 3x3 convolutions of 32 channels,
/// each with activation and 2x2 pooling, and a linear layer; biases everywhere, PyTorch's default initialisation. cnn-relu, cnn-tanh,
/// cnn-elu, cnn-softplus pool by the average, cnn-relu-max and so on by the largest number.
/// </summary>
public sealed record ConvolutionalNetworkSettings : NetworkSettings
{
    private const string Prefix = "cnn-", Largest = "-max";

    /// <summary>Average or largest.</summary>
    public PoolKind Pooling { get; init; }

    /// <inheritdoc/>
    public override string Name => Prefix + ConnectedNetworkSettings.NameOf(Activation) + (Pooling == PoolKind.Max ? Largest : "");

    /// <inheritdoc/>
    public override string MiddleTensor => "conv2.weight";

    /// <inheritdoc/>
    public override bool NamesActivation => true;

    /// <summary>Multiples of 4, for two poolings halve height and width.</summary>
    public override (int Height, int Width) SizeFor(int height, int width) => MultiplesOf(4, height, width);

    /// <inheritdoc/>
    public override Model Build()
    {
        var b = new ModelBuilder(Images);
        Node x = b.Images;
        foreach (int i in (int[])[1, 2])
            x = b.Pool($"pool{i}", b.Activate(b.DefaultConvolution($"conv{i}", x, 32, bias: true), Activation), Pooling);
        b.Connect("fc", x, Classes);
        return b.Build(Name, Loss);
    }

    /// <summary>Reads a name; null when it is none of these networks.</summary>
    internal static ConvolutionalNetworkSettings? Read(string name)
    {
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        PoolKind pooling = name.EndsWith(Largest, StringComparison.Ordinal) ? PoolKind.Max : PoolKind.Average;
        string function = name[Prefix.Length..^(pooling == PoolKind.Max ? Largest.Length : 0)];
        return ConnectedNetworkSettings.ReadActivation(function) is { } activation ? new() { Activation = activation, Pooling = pooling }
            : null;
    }
}
