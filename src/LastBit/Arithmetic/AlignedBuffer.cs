using System.Globalization;
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
        if (large)
            ThrowIfTooMuch((long)bytes);
        void* memory = NativeMemory.AlignedAlloc(bytes, large ? HugePage : 64u);
        if (large && OperatingSystem.IsLinux())
            _ = Advise(memory, bytes, 14);
        return memory;
    }

    /// <summary>
    /// Memory that was asked for is only missed when it is touched, and then the system kills the process without a word. What is asked for
    /// here is touched at once, so what is left of the limit (the machine's memory, or the container's) says whether it will be there.
    /// </summary>
    private static void ThrowIfTooMuch(long bytes)
    {
        long most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, used = Environment.WorkingSet;
        if (most > 0 && bytes > most - used)
        {
            throw new InsufficientMemoryException(string.Create(CultureInfo.InvariantCulture,
                $"{bytes >> 20} MB more are needed, and {Math.Max(0, most - used) >> 20} of {most >> 20} MB are left"));
        }
    }

    // MADV_HUGEPAGE: a hint that costs nothing where it is not understood.
    // Activations are read in long sweeps, and 2 MiB pages save the misses of the address cache.
    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int Advise(void* address, nuint length, int advice);
}
