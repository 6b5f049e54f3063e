using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>tanh(z); f' = 1 - tanh^2 and f'' = -2 tanh (1 - tanh^2).</summary>
internal readonly struct TanhActivation : IActivation, IActivationJet
{
    public static bool IsLong => true;

    public static bool IsPiecewiseLinear => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T z)
        where T : unmanaged, ILanes<T, float> => Transcendental.Tanh(z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T z, T gradient)
        where T : unmanaged, ILanes<T, float> => T.Multiply(gradient, OneMinusSquare(Transcendental.Tanh(z)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope<T>(T z, out T value, out T slope)
        where T : unmanaged, ILanes<T, float>
    {
        value = Transcendental.Tanh(z);
        slope = OneMinusSquare(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SlopeAndCurvature<T>(T z, out T slope, out T curvature)
        where T : unmanaged, ILanes<T, float>
    {
        T t = Transcendental.Tanh(z);
        slope = OneMinusSquare(t);
        curvature = T.Multiply(T.Multiply(T.Broadcast(-2f), t), slope);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T OneMinusSquare<T>(T t)
        where T : unmanaged, ILanes<T, float> => T.FusedMultiplyAdd(T.Negate(t), t, T.Broadcast(1f));
}

/// <summary>z above 0, exp(z) - 1 elsewhere; f' = exp(min(z, 0)), and f'' the same up to 0 and 0 above.</summary>
internal readonly struct EluActivation : IActivation, IActivationJet
{
    public static bool IsLong => true;

    public static bool IsPiecewiseLinear => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T z)
        where T : unmanaged, ILanes<T, float>
    {
        // One of the two is 0.
        T zero = T.Broadcast(0f);
        return T.Add(T.Max(zero, z), Transcendental.ExpMinusOne(T.Min(zero, z)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T z, T gradient)
        where T : unmanaged, ILanes<T, float> => T.Multiply(gradient, Slope(z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope<T>(T z, out T value, out T slope)
        where T : unmanaged, ILanes<T, float> => (value, slope) = (Value(z), Slope(z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SlopeAndCurvature<T>(T z, out T slope, out T curvature)
        where T : unmanaged, ILanes<T, float>
    {
        slope = Slope(z);
        curvature = T.Subtract(slope, T.WherePositive(z, T.Broadcast(1f)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Slope<T>(T z)
        where T : unmanaged, ILanes<T, float> => Transcendental.ExpBelow90(T.Min(T.Broadcast(0f), z));
}

/// <summary>log(1 + exp(z)); f' = sigmoid(z) and f'' = sigmoid(z) sigmoid(-z).</summary>
internal readonly struct SoftplusActivation : IActivation, IActivationJet
{
    public static bool IsLong => true;

    public static bool IsPiecewiseLinear => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T z)
        where T : unmanaged, ILanes<T, float> => Transcendental.Softplus(z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T z, T gradient)
        where T : unmanaged, ILanes<T, float> => T.Multiply(gradient, Transcendental.Sigmoid(z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope<T>(T z, out T value, out T slope)
        where T : unmanaged, ILanes<T, float> => (value, slope) = (Transcendental.Softplus(z), Transcendental.Sigmoid(z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SlopeAndCurvature<T>(T z, out T slope, out T curvature)
        where T : unmanaged, ILanes<T, float>
    {
        slope = Transcendental.Sigmoid(z);
        curvature = T.Multiply(slope, Transcendental.Sigmoid(T.Negate(z)));
    }
}
