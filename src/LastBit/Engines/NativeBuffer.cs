using System.Runtime.InteropServices;

namespace LastBit.Engines;

/// <summary>
/// Binary32 numbers outside the managed heap: 64-byte aligned (a vector never straddles two cache lines),
/// zero at the beginning, never moved, freed with its owner.
/// </summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int HugePage = 1 << 21;

    /// <summary>Allocates <paramref name="count"/> zeros.</summary>
    public NativeBuffer(long count)
    {
        Count = count;
        nuint bytes = (nuint)Math.Max(count, 16) * sizeof(float);
        bool large = bytes >= HugePage;
        Pointer = (float*)NativeMemory.AlignedAlloc(bytes, large ? HugePage : 64u);
        if (large && OperatingSystem.IsLinux())
            _ = Advise(Pointer, bytes, 14);
        NativeMemory.Clear(Pointer, bytes);
    }

    /// <summary>Frees the memory of a buffer that nobody disposed.</summary>
    ~NativeBuffer() => Free();

    public long Count { get; }

    public float* Pointer { get; private set; }

    public Span<float> Span => new(Pointer, checked((int)Count));

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(Pointer);
        Pointer = null;
    }

    // MADV_HUGEPAGE: a hint that costs nothing where it is not understood.
    // Activations are read in long sweeps, and 2 MiB pages save the misses of the address cache.
    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(void* address, nuint length, int advice);
}
