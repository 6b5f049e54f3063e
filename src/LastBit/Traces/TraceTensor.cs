using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace LastBit.Traces;

/// <summary>What a trace keeps of a tensor: enough to know it again to the last bit and to see how far two differ.</summary>
/// <param name="Shape">Extents, outermost first.</param>
/// <param name="Dtype">PyTorch's word for an element: "float32", "int64".</param>
/// <param name="Digest">
/// Two sums over the words of 64 bits that its bytes make, each times an odd number that depends on its place: independent of order and
/// strides, and other where any one element is.
/// </param>
public sealed record TraceTensor(IReadOnlyList<int> Shape, string Dtype, UInt128 Digest)
{
    /// <summary>How many blocks a tensor is cut into at most.</summary>
    public const int MostBlocks = 64;

    /// <summary>How many elements are kept as they are at most.</summary>
    public const int MostValues = 16;

    /// <summary>Distances of neighbours in memory, in elements; null where rows follow each other without a gap.</summary>
    public IReadOnlyList<long>? Stride { get; init; }

    /// <summary>The first sum for each of at most <see cref="MostBlocks"/> blocks.</summary>
    public IReadOnlyList<ulong> Blocks { get; init; } = [];

    /// <summary>Sum of magnitudes of the finite elements.</summary>
    public double L1 { get; init; }

    /// <summary>Euclidean norm of the finite elements.</summary>
    public double L2 { get; init; }

    /// <summary>The largest magnitude of the finite elements.</summary>
    public double Max { get; init; }

    /// <summary>How many elements are not a number.</summary>
    public long Nan { get; init; }

    /// <summary>At most <see cref="MostValues"/> elements, evenly spread, as bits.</summary>
    public IReadOnlyList<ulong> Sample { get; init; } = [];

    /// <summary>Number of elements.</summary>
    public double Count => Shape.Aggregate(1.0, (product, extent) => product * extent);

    /// <summary>Root of the mean square.</summary>
    public double Rms => Count > 0 ? L2 / Math.Sqrt(Count) : 0;

    /// <summary>Whether two are the same numbers in the same shape and type, to the last bit.</summary>
    public bool IsEqualTo(TraceTensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Digest == other.Digest && Dtype == other.Dtype && Shape.SequenceEqual(other.Shape);
    }

    /// <summary>The kept elements as numbers; null where the type is none that is known.</summary>
    public double[]? Values() => TraceNumbers.Of(Dtype) is { } type ? [.. Sample.Select(type.Value)] : null;

    /// <summary>Takes a tensor up.</summary>
    /// <typeparam name="T">float for "float32", long for "int64".</typeparam>
    /// <param name="values">Its elements, row by row.</param>
    /// <param name="shape">Its shape.</param>
    public static TraceTensor Of<T>(ReadOnlySpan<T> values, params IReadOnlyList<int> shape)
        where T : unmanaged, INumber<T>
    {
        int n = values.Length;
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        int words = Words(bytes), block = Math.Max(1, (words + MostBlocks - 1) / MostBlocks);
        var blocks = new ulong[(words + block - 1) / block];
        ulong second = 0;
        for (int b = 0, i = 0; b < blocks.Length; b++)
        {
            ulong sum = 0;
            for (int end = Math.Min(words, i + block); i < end; i++)
            {
                ulong word = Word(bytes, i);
                sum += word * First((ulong)i);
                second += word * Second((ulong)i);
            }
            blocks[b] = sum;
        }
        double l1 = 0, squares = 0, largest = 0;
        long nan = 0;
        for (int i = 0; i < n; i++)
        {
            double size = Math.Abs(double.CreateChecked(values[i]));
            nan += double.IsNaN(size) ? 1 : 0;
            if (!double.IsFinite(size))
                continue;
            l1 += size;
            squares += size * size;
            largest = Math.Max(largest, size);
        }
        ulong first = blocks.Aggregate(0UL, (sum, one) => sum + one);
        var sample = new ulong[Math.Min(n, MostValues)];
        for (int j = 0; j < sample.Length; j++)
            sample[j] = Bits(values[n <= MostValues ? j : (int)((long)j * n / MostValues)]);
        return new TraceTensor(shape, typeof(T) == typeof(float) ? "float32" : "int64", new UInt128(first, second))
        {
            Blocks = blocks,
            L1 = l1,
            L2 = Math.Sqrt(squares),
            Max = largest,
            Nan = nan,
            Sample = sample,
        };
    }

    /// <summary>The first sum of a digest alone, which is what a trace keeps of each sample of a batch.</summary>
    /// <param name="values">The sample's elements.</param>
    public static ulong SampleDigest<T>(ReadOnlySpan<T> values)
        where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        ulong sum = 0;
        for (int i = 0; i < Words(bytes); i++)
            sum += Word(bytes, i) * First((ulong)i);
        return sum;
    }

    private static int Words(ReadOnlySpan<byte> bytes) => (bytes.Length + sizeof(ulong) - 1) / sizeof(ulong);

    /// <summary>Eight bytes, little-endian; the last word is filled up with zeros.</summary>
    private static ulong Word(ReadOnlySpan<byte> bytes, int i)
    {
        int at = sizeof(ulong) * i;
        if (at + sizeof(ulong) <= bytes.Length)
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(at, sizeof(ulong)));
        ReadOnlySpan<byte> rest = bytes[at..];
        Span<byte> filled = stackalloc byte[sizeof(ulong)];
        rest.CopyTo(filled);
        return BinaryPrimitives.ReadUInt64LittleEndian(filled);
    }

    private static ulong Bits<T>(T value)
        where T : unmanaged => value switch
        {
            float single => BitConverter.SingleToUInt32Bits(single),
            long whole => unchecked((ulong)whole),
            _ => throw new NotSupportedException($"{typeof(T)} is not traced."),
        };

    private static ulong First(ulong place) => Mix(((2 * place) + 1) * 0x9e3779b97f4a7c15) | 1;

    private static ulong Second(ulong place) => Mix(((2 * place) + 2) * 0x9e3779b97f4a7c15) | 1;

    /// <summary>The finalizer of splitmix64.</summary>
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}

/// <summary>A type of floating-point numbers, as traces name it.</summary>
/// <param name="Name">What people call it.</param>
/// <param name="Precision">Bits of the significand, the leading one counted.</param>
/// <param name="Bytes">Bytes of a number.</param>
/// <param name="Value">The number that bits stand for.</param>
public sealed record TraceNumbers(string Name, int Precision, int Bytes, Func<ulong, double> Value)
{
    private static readonly Dictionary<string, TraceNumbers> s_all = new(StringComparer.Ordinal)
    {
        ["float64"] = new("binary64", 53, 8, BitConverter.UInt64BitsToDouble),
        ["float32"] = new("binary32", 24, 4, bits => BitConverter.UInt32BitsToSingle((uint)bits)),
        ["float16"] = new("float16", 11, 2, bits => (double)BitConverter.UInt16BitsToHalf((ushort)bits)),
        ["bfloat16"] = new("bfloat16", 8, 2, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)),
    };

    /// <summary>The type of a name; null where it is none of floating-point numbers.</summary>
    public static TraceNumbers? Of(string dtype) => s_all.GetValueOrDefault(dtype);

    /// <summary>The distance of neighbouring numbers where a number is as large as this.</summary>
    public double Ulp(double size)
    {
        int least = Precision switch { 53 => -1074, 11 => -24, 8 => -133, _ => -149 };
        return Math.ScaleB(1, size > 0 && double.IsFinite(size) ? Math.Max(Math.ILogB(size) - Precision + 1, least) : least);
    }
}
