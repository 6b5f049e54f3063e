using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>One tensor of a network's state: a trainable parameter, or a running statistic of a batch normalisation.</summary>
/// <param name="Name">PyTorch's name, "layer2.5.conv1.weight".</param>
/// <param name="Shape">PyTorch's shape: [out, in, rows, columns] for a convolution, [out, in] for a linear layer, [channels] otherwise.</param>
/// <param name="IsTrainable">Whether it lies in <see cref="NetworkState.Parameters"/>, else in <see cref="NetworkState.Statistics"/>.</param>
/// <param name="Offset">Where it begins there.</param>
public sealed record Parameter(string Name, IReadOnlyList<int> Shape, bool IsTrainable, int Offset)
{
    /// <summary>Number of elements.</summary>
    public int Count { get; } = Shape.Aggregate(1, (product, size) => product * size);
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

    internal Parameter Add(string name, bool trainable, params int[] shape)
    {
        var parameter = new Parameter(name, shape, trainable, trainable ? ParameterCount : StatisticCount);
        if (!_byName.TryAdd(name, parameter))
            throw new ArgumentException($"There are two tensors of the name {name}.", nameof(name));
        _all.Add(parameter);
        if (trainable)
            ParameterCount += parameter.Count;
        else
            StatisticCount += parameter.Count;
        return parameter;
    }
}

/// <summary>
/// What training changes in a network: weights and running statistics, in PyTorch's layouts. A replica costs this (and its momentum) and nothing
/// else: activations belong to the <see cref="Network"/> and serve all replicas in turn.
/// </summary>
public sealed unsafe class NetworkState : IDisposable
{
    private readonly NativeBuffer _parameters;
    private readonly NativeBuffer _statistics;

    /// <summary>Allocates a state of zeros.</summary>
    /// <param name="layout">The tensors of the network.</param>
    public NetworkState(ParameterLayout layout)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        _parameters = new NativeBuffer(layout.ParameterCount);
        _statistics = new NativeBuffer(layout.StatisticCount);
    }

    /// <summary>Names, shapes and places.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>All trainable numbers in definition order.</summary>
    public Span<float> Parameters => _parameters.Span;

    /// <summary>All running means and variances in definition order.</summary>
    public Span<float> Statistics => _statistics.Span;

    internal float* ParameterPointer => _parameters.Pointer;

    internal float* StatisticPointer => _statistics.Pointer;

    /// <summary>One tensor's numbers.</summary>
    /// <param name="parameter">A tensor of <see cref="Layout"/>.</param>
    /// <returns>Its numbers, in PyTorch's order.</returns>
    public Span<float> Get(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return (parameter.IsTrainable ? Parameters : Statistics).Slice(parameter.Offset, parameter.Count);
    }

    /// <summary>One tensor's numbers.</summary>
    /// <param name="name">PyTorch's name.</param>
    /// <returns>Its numbers, in PyTorch's order.</returns>
    public Span<float> Get(string name) => Get(Layout[name]);

    /// <summary>Copies all numbers from another state of the same layout.</summary>
    /// <param name="other">The state to copy.</param>
    public void CopyFrom(NetworkState other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other.Parameters.CopyTo(Parameters);
        other.Statistics.CopyTo(Statistics);
    }

    /// <summary>SHA-256 over all tensors in definition order, binary32, little-endian, PyTorch's layouts (spec: arithmetic, 7).</summary>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public string Digest()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        byte[] bytes = [];
        foreach (var parameter in Layout.All)
        {
            var values = Get(parameter);
            if (bytes.Length < values.Length * sizeof(float))
                bytes = new byte[values.Length * sizeof(float)];
            for (int i = 0; i < values.Length; i++)
                System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
            hash.AppendData(bytes, 0, values.Length * sizeof(float));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _parameters.Dispose();
        _statistics.Dispose();
    }
}
