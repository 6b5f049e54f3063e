namespace LastBit.Models;

/// <summary>A tensor that a layer asks for: a trainable parameter, or a running statistic.</summary>
/// <param name="Name">PyTorch's name within the layer: "weight", "bias", "running_mean".</param>
/// <param name="Shape">PyTorch's shape.</param>
/// <param name="Initial">How it begins.</param>
/// <param name="IsTrainable">Whether gradient descent moves it.</param>
public sealed record ParameterDefinition(string Name, IReadOnlyList<int> Shape, Initialisation Initial, bool IsTrainable = true);

/// <summary>One tensor of a network's state: a trainable parameter, or a running statistic of a batch normalisation.</summary>
/// <param name="Name">PyTorch's name, "layer2.5.conv1.weight".</param>
/// <param name="Shape">
/// PyTorch's shape: [out, in, rows, columns] for a convolution, [out, in] for a linear layer, [channels] otherwise.
/// </param>
/// <param name="IsTrainable">Whether it is one of the numbers that gradient descent moves, or a running statistic.</param>
/// <param name="Offset">Where it begins among those or among these.</param>
/// <param name="Initial">How it begins.</param>
public sealed record Parameter(string Name, IReadOnlyList<int> Shape, bool IsTrainable, int Offset, Initialisation Initial)
{
    /// <summary>Number of elements.</summary>
    public int Count { get; } = Shape.Aggregate(1, (product, size) => checked(product * size));
}

/// <summary>The tensors of a network in definition order, which is PyTorch's state_dict order without num_batches_tracked.</summary>
public sealed class ParameterLayout
{
    private readonly List<Parameter> _all = [];
    private readonly Dictionary<string, Parameter> _byName = new(StringComparer.Ordinal);

    /// <summary>All tensors in definition order.</summary>
    public IReadOnlyList<Parameter> All => _all;

    /// <summary>Number of trainable numbers (855,770 for ResNet-56).</summary>
    public int ParameterCount { get; private set; }

    /// <summary>All trainable numbers as one tensor.</summary>
    public Parameter Weights => new("", [ParameterCount], IsTrainable: true, 0, new Initialisation.Constant(0));

    /// <summary>Number of running statistics.</summary>
    public int StatisticCount { get; private set; }

    /// <summary>The tensor of that name.</summary>
    /// <param name="name">PyTorch's name.</param>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public Parameter this[string name] => _byName[name];

    /// <summary>Finds a tensor by name.</summary>
    /// <param name="name">PyTorch's name.</param>
    /// <returns>The tensor, or null.</returns>
    public Parameter? Find(string name) => _byName.GetValueOrDefault(name);

    internal Parameter Add(string layer, ParameterDefinition definition)
    {
        string name = $"{layer}.{definition.Name}";
        var parameter = new Parameter(
            name, definition.Shape, definition.IsTrainable, definition.IsTrainable ? ParameterCount : StatisticCount, definition.Initial);
        if (!_byName.TryAdd(name, parameter))
            throw new ArgumentException($"There are two tensors of the name {name}.", nameof(layer));
        _all.Add(parameter);
        if (parameter.IsTrainable)
            ParameterCount = checked(ParameterCount + parameter.Count);
        else
            StatisticCount = checked(StatisticCount + parameter.Count);
        return parameter;
    }
}
