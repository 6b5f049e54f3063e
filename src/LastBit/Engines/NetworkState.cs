using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines;

/// <summary>
/// What training changes in a network: weights and running statistics, in PyTorch's layouts, and the vectors of an update rule. A replica
/// costs this and nothing else: activations belong to the engine and serve all replicas in turn.
/// </summary>
public sealed unsafe class NetworkState : IDisposable
{
    private readonly AlignedBuffer<float> _parameters;
    private readonly AlignedBuffer<float> _statistics;
    private readonly AlignedBuffer<float>[] _vectors;

    /// <summary>Allocates a state of zeros.</summary>
    /// <param name="layout">The tensors of the network, <see cref="Model.Layout"/>.</param>
    /// <param name="vectors">How many vectors of an update rule it has room for, <see cref="UpdateRule.Vectors"/>.</param>
    public NetworkState(ParameterLayout layout, int vectors = 0)
    {
        ArgumentNullException.ThrowIfNull(layout);
        Layout = layout;
        _parameters = new AlignedBuffer<float>(layout.ParameterCount);
        _statistics = new AlignedBuffer<float>(layout.StatisticCount);
        _vectors = [.. Enumerable.Range(0, vectors).Select(_ => new AlignedBuffer<float>(layout.ParameterCount))];
    }

    /// <summary>Names, shapes and places.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>All trainable numbers in definition order.</summary>
    public Span<float> Parameters => _parameters.Span;

    /// <summary>All running means and variances in definition order.</summary>
    public Span<float> Statistics => _statistics.Span;

    /// <summary>How many vectors of an update rule it has.</summary>
    public int Vectors => _vectors.Length;

    /// <summary>One vector of the update rule: a number for each trainable one, in definition order.</summary>
    /// <param name="index">Which of <see cref="Vectors"/>.</param>
    public Span<float> Vector(int index) => _vectors[index].Span;

    /// <summary>Whether every trainable number is finite.</summary>
    public bool IsFinite => !Parameters.ContainsAnyExceptInRange(float.MinValue, float.MaxValue);

    internal float* ParameterPointer => _parameters.Pointer;

    internal float* StatisticPointer => _statistics.Pointer;

    internal float* VectorPointer(int index) => _vectors[index].Pointer;

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

    /// <summary>
    /// Copies all numbers from another state of a network of the same tensors; vectors that it does not have become zero.
    /// </summary>
    /// <param name="other">The state to copy.</param>
    /// <exception cref="ArgumentException">It is of another network.</exception>
    public void CopyFrom(NetworkState other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Layout.ParameterCount != Layout.ParameterCount || other.Layout.StatisticCount != Layout.StatisticCount)
            throw new ArgumentException("The state is one of another network.", nameof(other));
        other.Parameters.CopyTo(Parameters);
        other.Statistics.CopyTo(Statistics);
        for (int i = 0; i < Vectors; i++)
        {
            if (i < other.Vectors)
                other.Vector(i).CopyTo(Vector(i));
            else
                Vector(i).Clear();
        }
    }

    /// <summary>Draws the initial weights that the model asks for.</summary>
    /// <param name="seed">The seed; every state of a seed starts from the same bits.</param>
    public void Initialise(ulong seed)
    {
        for (int number = 0; number < Layout.All.Count; number++)
        {
            var parameter = Layout.All[number];
            parameter.Initial.Fill(seed, (uint)number, Get(parameter));
        }
    }

    /// <summary>SHA-256 over all tensors in definition order, binary32, little-endian, PyTorch's layouts (docs/arithmetic.md).</summary>
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
        foreach (var vector in _vectors)
            vector.Dispose();
    }
}
