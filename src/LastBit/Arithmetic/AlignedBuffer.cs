namespace LastBit.Arithmetic;

/// <summary>Zeroed memory for numbers that vectors walk through: it does not move, and begins at a multiple of 64 bytes.</summary>
internal sealed unsafe class AlignedBuffer
{
    private readonly double[] _memory;

    /// <summary>Allocates; the garbage collector frees it with this object.</summary>
    /// <param name="length">How many numbers.</param>
    public AlignedBuffer(int length)
    {
        _memory = GC.AllocateArray<double>(length + 7, pinned: true);
        fixed (double* start = _memory)
            Start = (double*)(((nint)start + 63) & ~63);
    }

    /// <summary>The first number.</summary>
    public double* Start { get; }
}
