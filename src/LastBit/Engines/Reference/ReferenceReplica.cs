using LastBit.Arithmetic;
using LastBit.Models;
using LastBit.Random;

namespace LastBit.Engines.Reference;

/// <summary>
/// A replica in binary64. A <see cref="NetworkState"/> holds its weights and statistics rounded to binary32, and in the vectors that it
/// asks for (<see cref="StateVectors"/>) the bits of all its numbers in binary64, two places each, so that a stop loses none.
/// </summary>
internal sealed class ReferenceReplica : IReplica
{
    private readonly double[][] _vectors;
    private readonly List<BatchResult> _results = [];

    public ReferenceReplica(ParameterLayout layout, UpdateRule rule)
    {
        (Layout, Rule) = (layout, rule);
        Parameters = new double[layout.ParameterCount];
        Statistics = new double[layout.StatisticCount];
        _vectors = [.. Enumerable.Range(0, rule.Vectors).Select(_ => new double[layout.ParameterCount])];
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <inheritdoc/>
    public UpdateRule Rule { get; }

    /// <inheritdoc/>
    public int StateVectors => 2 * Exact().Count();

    /// <summary>All trainable numbers.</summary>
    public double[] Parameters { get; }

    /// <summary>All running statistics.</summary>
    public double[] Statistics { get; }

    /// <inheritdoc/>
    public void Write(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Check(state.Layout);
        if (state.Vectors == StateVectors)
        {
            int vector = 0;
            foreach (double[] numbers in Exact())
            {
                ReadOnlySpan<float> first = state.Vector(vector++), second = state.Vector(vector++);
                for (int i = 0; i < numbers.Length; i++)
                    numbers[i] = BitConverter.UInt64BitsToDouble(
                        ((ulong)BitConverter.SingleToUInt32Bits(first[i]) << 32) | BitConverter.SingleToUInt32Bits(second[i]));
            }
            return;
        }
        for (int i = 0; i < Parameters.Length; i++)
            Parameters[i] = state.Parameters[i];
        for (int i = 0; i < Statistics.Length; i++)
            Statistics[i] = state.Statistics[i];
        foreach (double[] vector in _vectors)
            Array.Clear(vector);
    }

    /// <inheritdoc/>
    public void Read(NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        Check(state.Layout);
        for (int i = 0; i < Parameters.Length; i++)
            state.Parameters[i] = (float)Parameters[i];
        for (int i = 0; i < Statistics.Length; i++)
            state.Statistics[i] = (float)Statistics[i];
        if (state.Vectors != StateVectors)
            return;
        int vector = 0;
        foreach (double[] numbers in Exact())
        {
            Span<float> first = state.Vector(vector++), second = state.Vector(vector++);
            for (int i = 0; i < numbers.Length; i++)
            {
                ulong bits = BitConverter.DoubleToUInt64Bits(numbers[i]);
                (first[i], second[i]) = (BitConverter.UInt32BitsToSingle((uint)(bits >> 32)), BitConverter.UInt32BitsToSingle((uint)bits));
            }
        }
    }

    /// <inheritdoc/>
    public void Read(Parameter tensor, Span<float> values)
    {
        ReadOnlySpan<double> numbers = Get(tensor);
        for (int i = 0; i < numbers.Length; i++)
            values[i] = (float)numbers[i];
    }

    /// <inheritdoc/>
    public bool IsFinite() => Array.TrueForAll(Parameters, double.IsFinite);

    /// <inheritdoc/>
    public void Differences(IReplica other, ReadOnlySpan<Parameter> tensors, Span<double> differences)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int i = 0; i < tensors.Length; i++)
            differences[i] = RelativeDifference.L1(Get(tensors[i]), ((ReferenceReplica)other).Get(tensors[i]));
    }

    /// <inheritdoc/>
    public void TakeResults(List<BatchResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        results.Clear();
        results.AddRange(_results);
        _results.Clear();
    }

    /// <summary>Keeps the result of a forward pass.</summary>
    public void Add(BatchResult result) => _results.Add(result);

    /// <summary>One step of the rule, by its formula. Weights that are rounded at random are rounded to binary32, as elsewhere.</summary>
    public void Update(double[] gradients, in UpdateStep step)
    {
        for (int i = 0; i < Parameters.Length; i++)
        {
            (double kept, double rate, double d) = Direction(i, gradients[i], step);
            double moved = kept - (rate * step.K * (d / step.K));
            if (step.RoundsStochastically)
            {
                RandomWords words = Philox.Draw(step.Seed, RandomPurpose.Rounding, (uint)step.Step, (ulong)i / 4);
                moved = StochasticRounding.Round(moved, words[i]);
            }
            Parameters[i] = moved;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>Whether <see cref="Update"/> knows a rule.</summary>
    public static bool Has(UpdateRule rule) => rule is Sgd or AdamW;

    /// <summary>What is kept of a weight, the rate, and the direction; moves the vectors.</summary>
    private (double Kept, double Rate, double Direction) Direction(int i, double gradient, in UpdateStep step)
    {
        switch (Rule)
        {
            case Sgd sgd:
                double g = gradient + (sgd.WeightDecay * Parameters[i]), v = _vectors[0][i] = (sgd.Momentum * _vectors[0][i]) + g;
                return (Parameters[i], step.LearningRate, sgd.Nesterov ? g + (sgd.Momentum * v) : v);
            case AdamW adam:
                double first = _vectors[0][i] = (adam.Beta1 * _vectors[0][i]) + ((1 - adam.Beta1) * gradient);
                double second = _vectors[1][i] = (adam.Beta2 * _vectors[1][i]) + ((1 - adam.Beta2) * gradient * gradient);
                double correction = 1 - WholePower.Of(adam.Beta1, step.Step + 1), other = 1 - WholePower.Of(adam.Beta2, step.Step + 1);
                return ((1 - (step.LearningRate * adam.WeightDecay)) * Parameters[i], step.LearningRate / correction,
                    first / ((Math.Sqrt(second) / Math.Sqrt(other)) + adam.Epsilon));
            default:
                throw new NotSupportedException(Rule.ToString());
        }
    }

    /// <summary>Every array of numbers in the order in which a state has their bits.</summary>
    private IEnumerable<double[]> Exact() => [Parameters, .. Statistics.Length > 0 ? [Statistics] : (double[][])[], .. _vectors];

    private ReadOnlySpan<double> Get(Parameter tensor) =>
        (tensor.IsTrainable ? Parameters : Statistics).AsSpan(tensor.Offset, tensor.Count);

    private void Check(ParameterLayout layout)
    {
        if (layout.ParameterCount != Layout.ParameterCount || layout.StatisticCount != Layout.StatisticCount)
            throw new ArgumentException("The state is one of another network.", nameof(layout));
    }
}
