using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>An activation function as the kernels want it: applied lane by lane, and its transposed derivative.</summary>
internal interface IActivation
{
    /// <summary>Whether f takes so many steps that its constants and values fill the registers.</summary>
    static abstract bool IsLong { get; }

    /// <summary>f(z).</summary>
    static abstract T Value<T>(T z)
        where T : unmanaged, ILanes<T, float>;

    /// <summary>gradient * f'(z).</summary>
    static abstract T Backward<T>(T z, T gradient)
        where T : unmanaged, ILanes<T, float>;
}

internal readonly struct IdentityActivation : IActivation
{
    public static bool IsLong => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T z)
        where T : unmanaged, ILanes<T, float> => z;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T z, T gradient)
        where T : unmanaged, ILanes<T, float> => gradient;
}

/// <summary>
/// max(0, z); the derivative at 0 is 0, as in PyTorch. A NaN stays a NaN, so that a run that has blown up is seen to have.
/// </summary>
internal readonly struct ReluActivation : IActivation
{
    public static bool IsLong => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T z)
        where T : unmanaged, ILanes<T, float> => T.Max(T.Broadcast(0f), z);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T z, T gradient)
        where T : unmanaged, ILanes<T, float> => T.WherePositive(z, gradient);
}

/// <summary>z * sigmoid(5 z), the activation of the paper's section 5 with beta = 5.</summary>
internal readonly struct SwishActivation : IActivation
{
    private const float Beta = 5f;

    public static bool IsLong => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Value<T>(T z)
        where T : unmanaged, ILanes<T, float> => T.Multiply(z, Transcendental.Sigmoid(T.Multiply(T.Broadcast(Beta), z)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Backward<T>(T z, T gradient)
        where T : unmanaged, ILanes<T, float>
    {
        // f' = s + 5 z s (1 - s) = s (1 + 5 z (1 - s)).
        T one = T.Broadcast(1f);
        T scaled = T.Multiply(T.Broadcast(Beta), z);
        T s = Transcendental.Sigmoid(scaled);
        T derivative = T.Multiply(s, T.FusedMultiplyAdd(scaled, T.Subtract(one, s), one));
        return T.Multiply(gradient, derivative);
    }
}
