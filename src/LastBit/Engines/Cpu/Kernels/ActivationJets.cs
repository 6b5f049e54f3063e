using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// An activation function with its first two derivatives, which products with the Hessian need; lane by lane, as
/// <see cref="IActivation"/>.
/// </summary>
internal interface IActivationJet
{
    /// <summary>Whether f'' is 0 wherever it exists, so that nobody need ask for it.</summary>
    static abstract bool IsPiecewiseLinear { get; }

    /// <summary>f(z), in the bits of <see cref="IActivation.Value"/>, and f'(z).</summary>
    static abstract void ValueAndSlope<T>(T z, out T value, out T slope)
        where T : unmanaged, ILanes<T, float>;

    /// <summary>f'(z) and f''(z).</summary>
    static abstract void SlopeAndCurvature<T>(T z, out T slope, out T curvature)
        where T : unmanaged, ILanes<T, float>;
}

internal readonly struct IdentityJet : IActivationJet
{
    public static bool IsPiecewiseLinear => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope<T>(T z, out T value, out T slope)
        where T : unmanaged, ILanes<T, float> => (value, slope) = (z, T.Broadcast(1f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SlopeAndCurvature<T>(T z, out T slope, out T curvature)
        where T : unmanaged, ILanes<T, float> => (slope, curvature) = (T.Broadcast(1f), default);
}

/// <summary>
/// The derivative at 0 is 0, as in <see cref="ReluActivation"/>; the kink's share in the second derivative is left out, as in PyTorch.
/// </summary>
internal readonly struct ReluJet : IActivationJet
{
    public static bool IsPiecewiseLinear => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope<T>(T z, out T value, out T slope)
        where T : unmanaged, ILanes<T, float> => (value, slope) = (ReluActivation.Value(z), T.WherePositive(z, T.Broadcast(1f)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SlopeAndCurvature<T>(T z, out T slope, out T curvature)
        where T : unmanaged, ILanes<T, float> => (slope, curvature) = (T.WherePositive(z, T.Broadcast(1f)), default);
}

/// <summary>With s = sigmoid(5 z): f' = s (1 + 5 z (1 - s)) and f'' = 5 s (1 - s) (2 + 5 z (1 - 2 s)).</summary>
internal readonly struct SwishJet : IActivationJet
{
    private const float Beta = 5f;

    public static bool IsPiecewiseLinear => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ValueAndSlope<T>(T z, out T value, out T slope)
        where T : unmanaged, ILanes<T, float>
    {
        T scaled = T.Multiply(T.Broadcast(Beta), z);
        T s = Transcendental.Sigmoid(scaled);
        value = T.Multiply(z, s);
        slope = Slope(scaled, s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SlopeAndCurvature<T>(T z, out T slope, out T curvature)
        where T : unmanaged, ILanes<T, float>
    {
        T scaled = T.Multiply(T.Broadcast(Beta), z);
        T s = Transcendental.Sigmoid(scaled), rest = T.Subtract(T.Broadcast(1f), s);
        slope = Slope(scaled, s);
        T bend = T.FusedMultiplyAdd(scaled, T.Subtract(rest, s), T.Broadcast(2f));
        curvature = T.Multiply(T.Multiply(T.Broadcast(Beta), T.Multiply(s, rest)), bend);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Slope<T>(T scaled, T s)
        where T : unmanaged, ILanes<T, float>
    {
        T one = T.Broadcast(1f);
        return T.Multiply(s, T.FusedMultiplyAdd(scaled, T.Subtract(one, s), one));
    }
}
