using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Engines.Reference;
using LastBit.Models;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>
/// Own exp, logistic function and log beside binary64, over the whole range of arguments; the worst errors are stated in
/// docs/arithmetic.md.
/// </summary>
public unsafe class TranscendentalTests(ITestOutputHelper output)
{
    [Fact]
    public void Exp_is_within_its_stated_error() =>
        AssertWorst(x => One(x, Transcendental.Exp), Math.Exp, -104f, 89f, 1.01);

    [Fact]
    public void Sigmoid_is_within_its_stated_error() =>
        AssertWorst(x => One(x, Transcendental.Sigmoid), x => x > 0 ? 1 / (1 + Math.Exp(-x)) : Math.Exp(x) / (1 + Math.Exp(x)), -104f, 104f,
            2.5);

    [Fact]
    public void ExpMinusOne_is_within_its_stated_error() =>
        AssertWorst(x => One(x, Transcendental.ExpMinusOne), ExactExpMinusOne, float.MinValue, 0f, 1.01);

    [Fact]
    public void Tanh_is_within_its_stated_error() =>
        AssertWorst(x => One(x, Transcendental.Tanh), Math.Tanh, float.MinValue, float.MaxValue, 2.6);

    [Fact]
    public void Softplus_is_within_its_stated_error() =>
        AssertWorst(x => One(x, Transcendental.Softplus), x => Math.Max(x, 0) + Logarithm.Log1P(Math.Exp(-Math.Abs(x))), -104f,
            float.MaxValue, 2.6);

    /// <summary>f of the second derivative beside central differences of f', and f' of both interfaces the same.</summary>
    [Fact]
    public void Slopes_and_curvatures_are_those_of_the_functions()
    {
        for (float z = -6; z <= 6; z += 0.173f)
        {
            Check<TanhActivation>(z, Activation.Tanh);
            Check<EluActivation>(z, Activation.Elu);
            Check<SoftplusActivation>(z, Activation.Softplus);
        }

        static void Check<TActivation>(float z, Activation function)
            where TActivation : IActivation, IActivationJet
        {
            TActivation.SlopeAndCurvature(new SingleLanes1(z), out var slope, out var curvature);
            TActivation.ValueAndSlope(new SingleLanes1(z), out var value, out var again);
            Assert.Equal(ReferenceEngine.Value(function, z), value.Value, 1e-6);
            Assert.Equal(ReferenceEngine.Slope(function, z), slope.Value, 1e-6);
            Assert.Equal((ReferenceEngine.Slope(function, z + 1e-5) - ReferenceEngine.Slope(function, z - 1e-5)) / 2e-5, curvature.Value,
                1e-5);
            Assert.Equal(slope.Value, again.Value);
            Assert.Equal(slope.Value * 3, TActivation.Backward(new SingleLanes1(z), new SingleLanes1(3)).Value, 1e-6);
            Assert.True(float.IsNaN(TActivation.Value(new SingleLanes1(float.NaN)).Value));
        }
    }

    // exp(x) - 1 without the cancellation: by the series near 0.
    private static double ExactExpMinusOne(double x) =>
        x > -1e-3 ? x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5)))) : Math.Exp(x) - 1;

    [Fact]
    public void Log_is_within_its_stated_error() => AssertWorst(Transcendental.Log, Math.Log, 0f, float.MaxValue, 1.01);

    [Fact]
    public void Limits_and_numbers_that_are_none()
    {
        Assert.Equal(0, One(float.NegativeInfinity, Transcendental.Exp));
        Assert.Equal(float.PositiveInfinity, One(float.PositiveInfinity, Transcendental.Exp));
        Assert.Equal(1, One(0, Transcendental.Exp));
        Assert.True(float.IsNaN(One(float.NaN, Transcendental.Exp)));
        Assert.Equal(0.5f, One(0, Transcendental.Sigmoid));
        Assert.Equal(1, One(float.PositiveInfinity, Transcendental.Sigmoid));
        Assert.Equal(0, One(float.NegativeInfinity, Transcendental.Sigmoid));
        Assert.True(float.IsNaN(One(float.NaN, Transcendental.Sigmoid)));
        Assert.Equal(0, Transcendental.Log(1));
        Assert.Equal(float.NegativeInfinity, Transcendental.Log(0));
        Assert.Equal(float.PositiveInfinity, Transcendental.Log(float.PositiveInfinity));
        Assert.True(float.IsNaN(Transcendental.Log(-1)) && float.IsNaN(Transcendental.Log(float.NaN)));
        Assert.Equal(float.Epsilon, One(-103.2f, Transcendental.Exp), float.Epsilon);
    }

    [Fact]
    public void Every_width_gives_the_same_bits()
    {
        float[] x = new float[1 << 16], one = new float[x.Length], wide = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
            x[i] = BitConverter.Int32BitsToSingle(i << 16);
        fixed (float* source = x, a = one, b = wide)
        {
            for (int i = 0; i < x.Length; i++)
                SingleLanes1.Store(Transcendental.Sigmoid(SingleLanes1.Load(source + i)), a + i);
            for (int i = 0; i < x.Length; i += 16)
                SingleLanes512.Store(Transcendental.Sigmoid(SingleLanes512.Load(source + i)), b + i);
            AssertSame();
            for (int i = 0; i < x.Length; i += 8)
                SingleLanes256.Store(Transcendental.Sigmoid(SingleLanes256.Load(source + i)), b + i);
            AssertSame();
            for (int i = 0; i < x.Length; i += 4)
                SingleLanes128.Store(Transcendental.Sigmoid(SingleLanes128.Load(source + i)), b + i);
            AssertSame();
        }

        // Two NaN are equal here: which one an operation gives is the processor's choice, and none is left in a run that goes well.
        void AssertSame() => Assert.Equal(one, wide);
    }

    private delegate SingleLanes1 LaneFunction(SingleLanes1 x);

    private static float One(float x, LaneFunction function)
    {
        float result;
        SingleLanes1.Store(function(SingleLanes1.Load(&x)), &result);
        return result;
    }

    /// <summary>Every 997th binary32 number of the range, both signs, subnormal numbers and results included.</summary>
    private void AssertWorst(Func<float, float> actual, Func<double, double> exact, float from, float to, double limit)
    {
        double worst = 0;
        float where = 0;
        for (long bits = 1; bits < 0x7F800000; bits += 997)
        {
            float magnitude = BitConverter.Int32BitsToSingle((int)bits);
            foreach (float x in (ReadOnlySpan<float>)[magnitude, -magnitude])
            {
                if (x < from || x > to)
                    continue;
                double value = exact(x);
                float rounded = (float)value;
                if (float.IsInfinity(rounded))
                    continue;
                float size = Math.Abs(rounded);
                double ulp = size == float.MaxValue ? (double)size - MathF.BitDecrement(size) : MathF.BitIncrement(size) - (double)size;
                double error = Math.Abs(actual(x) - value) / ulp;
                if (error > worst)
                    (worst, where) = (error, x);
            }
        }
        output.WriteLine($"worst error {worst:F3} ulp at {where:R}");
        Assert.True(worst <= limit, $"{worst} ulp at {where:R}");
    }
}
