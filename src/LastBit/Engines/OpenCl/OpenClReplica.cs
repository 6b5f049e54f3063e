using System.Runtime.Intrinsics;
using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>A replica in a device's memory.</summary>
internal sealed class OpenClReplica : IReplica
{
    // Results of passes that the device keeps until somebody asks.
    private const int Places = 2048;
    private readonly OpenClProgram _program;
    private readonly List<int> _counts = [];
    private readonly List<BatchResult> _early = [];
    private readonly OpenClBuffer _results;
    private readonly OpenClBuffer _counter;
    private OpenClBuffer? _terms;
    private OpenClBuffer? _sums;

    public OpenClReplica(OpenClProgram program, ParameterLayout layout, UpdateRule rule)
    {
        (_program, Layout, Rule) = (program, layout, rule);
        Parameters = program.Allocate(layout.ParameterCount);
        Statistics = program.Allocate(layout.StatisticCount);
        Vectors = [.. Enumerable.Range(0, rule.Vectors).Select(_ => program.Allocate(layout.ParameterCount))];
        _results = program.Allocate(2 * Places);
        _counter = program.Allocate(1);
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <inheritdoc/>
    public UpdateRule Rule { get; }

    /// <summary>All trainable numbers, in definition order and PyTorch's layouts.</summary>
    public OpenClBuffer Parameters { get; }

    /// <summary>All running statistics.</summary>
    public OpenClBuffer Statistics { get; }

    /// <summary>The vectors of the rule.</summary>
    public OpenClBuffer[] Vectors { get; }

    /// <summary>Changes whenever the weights may have changed.</summary>
    public long Version { get; set; } = 1;

    /// <inheritdoc/>
    public void Write(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Check(state.Layout);
        _program.Write<float>(state.Parameters, Parameters);
        if (Layout.StatisticCount > 0)
            _program.Write<float>(state.Statistics, Statistics);
        for (int i = 0; i < Vectors.Length; i++)
        {
            if (i < state.Vectors)
                _program.Write<float>(state.Vector(i), Vectors[i]);
            else
                _program.Run("fill_zero", [Layout.ParameterCount], Vectors[i], Layout.ParameterCount);
        }
        Version++;
    }

    /// <inheritdoc/>
    public void Read(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Check(state.Layout);
        _program.Read(Parameters, state.Parameters);
        if (Layout.StatisticCount > 0)
            _program.Read(Statistics, state.Statistics);
        for (int i = 0; i < state.Vectors; i++)
        {
            if (i < Vectors.Length)
                _program.Read(Vectors[i], state.Vector(i));
            else
                state.Vector(i).Clear();
        }
    }

    /// <inheritdoc/>
    public void Read(Parameter tensor, Span<float> values) =>
        _program.Read(tensor.IsTrainable ? Parameters : Statistics, values[..tensor.Count], tensor.Offset);

    /// <inheritdoc/>
    public bool IsFinite()
    {
        Span<int> count = [0];
        _program.Write<int>(count, _counter);
        _program.Run("count_not_finite", [Layout.ParameterCount], Parameters, Layout.ParameterCount, _counter);
        _program.Read(_counter, count);
        return count[0] == 0;
    }

    /// <inheritdoc/>
    public void Differences(IReplica other, ReadOnlySpan<Parameter> tensors, Span<double> differences)
    {
        ArgumentNullException.ThrowIfNull(other);
        var theirs = (OpenClReplica)other;
        if (tensors.IsEmpty)
            return;
        if (!_program.Device.HasDoubles)
        {
            for (int i = 0; i < tensors.Length; i++)
            {
                float[] a = new float[tensors[i].Count], b = new float[a.Length];
                Read(tensors[i], a);
                theirs.Read(tensors[i], b);
                differences[i] = a.AsSpan().SequenceEqual(b) ? 0 : RelativeDifference.L1(a, b);
            }
            return;
        }
        // Of each tensor eight sums, every eighth term in turn, and for each whether a term is not 0: RelativeDifference's order.
        const int Lanes = 8;
        _terms = Enough(_terms, 2 * Layout.All.Append(Layout.Weights).Max(tensor => (long)tensor.Count));
        _sums = Enough(_sums, 2L * 2 * Lanes * tensors.Length);
        for (int i = 0; i < tensors.Length; i++)
        {
            Parameter tensor = tensors[i];
            _program.Run("difference_terms", [tensor.Count], Of(tensor), theirs.Of(tensor), tensor.Offset, tensor.Count, _terms);
            _program.Run("difference_sums", [Lanes], [Lanes, 1, 1], _terms, tensor.Count, _sums, 2 * Lanes * i);
        }
        double[] sums = new double[2 * Lanes * tensors.Length];
        _program.Read(_sums, sums.AsSpan());
        for (int i = 0; i < tensors.Length; i++)
        {
            ReadOnlySpan<double> row = sums.AsSpan(2 * Lanes * i, 2 * Lanes);
            bool differ = row[Lanes..].ContainsAnyExcept(0.0);
            differences[i] = differ ? 2 * (FixedOrderSum.Tree(Vector512.Create(row)) / tensors[i].Count) : 0;
        }
    }

    /// <inheritdoc/>
    public void TakeResults(List<BatchResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        Collect();
        results.Clear();
        results.AddRange(_early);
        _early.Clear();
    }

    /// <summary>A place for the result of a pass.</summary>
    /// <param name="images">How many images it has.</param>
    /// <param name="place">Its place, to be written by a kernel.</param>
    /// <returns>The memory of all results.</returns>
    public OpenClBuffer PlaceFor(int images, out int place)
    {
        if (_counts.Count == Places)
            Collect();
        place = _counts.Count;
        _counts.Add(images);
        return _results;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (OpenClBuffer? buffer in (OpenClBuffer?[])[Parameters, Statistics, .. Vectors, _results, _counter, _terms, _sums])
            buffer?.Dispose();
    }

    private OpenClBuffer Of(Parameter tensor) => tensor.IsTrainable ? Parameters : Statistics;

    private OpenClBuffer Enough(OpenClBuffer? buffer, long numbers)
    {
        if (buffer is not null && buffer.Count >= numbers)
            return buffer;
        buffer?.Dispose();
        return _program.Allocate(numbers);
    }

    private void Collect()
    {
        if (_counts.Count == 0)
            return;
        float[] read = new float[2 * _counts.Count];
        _program.Read(_results, read.AsSpan());
        for (int i = 0; i < _counts.Count; i++)
            _early.Add(new BatchResult(read[2 * i], BitConverter.SingleToInt32Bits(read[(2 * i) + 1]), _counts[i]));
        _counts.Clear();
    }

    private void Check(ParameterLayout layout)
    {
        if (layout.ParameterCount != Layout.ParameterCount || layout.StatisticCount != Layout.StatisticCount)
            throw new ArgumentException("The state is one of another network.", nameof(layout));
    }
}
