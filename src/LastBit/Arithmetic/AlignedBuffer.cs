using System.Runtime.InteropServices;

namespace LastBit.Arithmetic;

/// <summary>
/// Numbers outside the managed heap for vectors to walk through: 64-byte aligned (a vector never straddles two cache lines), zero at the
/// beginning, never moved, freed with its owner.
/// </summary>
/// <typeparam name="T">The number.</typeparam>
internal sealed unsafe class AlignedBuffer<T> : IDisposable
    where T : unmanaged
{
    /// <summary>Allocates <paramref name="count"/> zeros.</summary>
    public AlignedBuffer(long count)
    {
        Count = count;
        nuint bytes = (nuint)(Math.Max(count * sizeof(T), 64) + 63 & ~63L);
        Pointer = (T*)AlignedMemory.Allocate(bytes);
        NativeMemory.Clear(Pointer, bytes);
    }

    /// <summary>Frees the memory of a buffer that nobody disposed.</summary>
    ~AlignedBuffer() => Free();

    public long Count { get; }

    public T* Pointer { get; private set; }

    public Span<T> Span => new(Pointer, checked((int)Count));

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
}

/// <summary>Where aligned memory comes from.</summary>
internal static unsafe class AlignedMemory
{
    private const int HugePage = 1 << 21;

    /// <summary>Memory that begins at a multiple of 64 bytes, or of a large page where it fills one.</summary>
    public static void* Allocate(nuint bytes)
    {
        bool large = bytes >= HugePage;
        void* memory = NativeMemory.AlignedAlloc(bytes, large ? HugePage : 64u);
        if (large && OperatingSystem.IsLinux())
            _ = Advise(memory, bytes, 14);
        return memory;
    }

    // MADV_HUGEPAGE: a hint that costs nothing where it is not understood.
    // Activations are read in long sweeps, and 2 MiB pages save the misses of the address cache.
    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(void* address, nuint length, int advice);
}
