using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LastBit.Arithmetic;

/// <summary>
/// Which vectors this machine's kernels are compiled for. No bit of any result depends on it.
/// The runtime says of some Intel processors (Skylake to Cascade Lake) that it would rather not use 512 bits, since a few wide instructions
/// among many others slow the clock down. Here nearly all instructions are wide, so what the processor can do decides
/// (docs/performance.md).
/// The runtime's switches DOTNET_EnableAVX512=0, DOTNET_EnableAVX2=0 and DOTNET_EnableHWIntrinsic=0 narrow them all the same.
/// </summary>
public static class VectorWidth
{
    /// <summary>Whether vectors of 512 bits are used. A constant to the JIT, as the others are.</summary>
    public static bool Is512
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector512.IsHardwareAccelerated || Avx512F.IsSupported;
    }

    /// <summary>Whether vectors of 256 bits can be used.</summary>
    public static bool Is256
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.IsHardwareAccelerated;
    }

    /// <summary>Whether vectors of 128 bits can be used.</summary>
    public static bool Is128
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.IsHardwareAccelerated;
    }

    /// <summary>The widest: 512, 256 or 128 bits, or 0 where there are none.</summary>
    public static int Bits => Is512 ? 512 : Is256 ? 256 : Is128 ? 128 : 0;
}
