using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// 3x3 convolutions with stride 1 and zero padding 1 by Winograd convolution, F(2x2, 3x3) of Winograd (1980), Lavin and Gray (2016),
/// channels last. An output of 2 x 2 pixels is A' [(G g G') . (B' d B)] A of the 4 x 4 pixels d around it and the kernel g, where the
/// product in the middle is summed over input channels: 16 multiplications for four outputs where direct sums take 36. The points are 0, 1,
/// -1 and infinity, so the transforms of the images are sums alone. A block of tiles goes through all three steps while it is in the
/// caches. A point is a sum of chains of fused multiply-adds, 16 input channels each; the transforms add in the order that the code gives,
/// columns before rows.
/// </summary>
internal static unsafe class Winograd2x2
{
    /// <summary>Points of a tile.</summary>
    public const int Points = 16;

    private const int Line = 4;
    private const int TilesPerBlock = 16;

    // Input channels of one chain: chains of 64 round more than direct sums do, which are three chains that are added.
    private const int Chain = 16;

    // A cache line between the planes of neighbouring points: with a distance of a power of two they would all fall into one set of the
    // first-level cache.
    private const int Gap = 16;

    /// <summary>Whether such a convolution can be computed.</summary>
    public static bool Fits(in ConvolutionShape shape) =>
        shape is { Size: 3, Stride: 1 } && shape.InWidth % 2 == 0 && shape.InHeight % 2 == 0 && shape.InChannels % 16 == 0
            && shape.OutChannels % 16 == 0;

    /// <summary>
    /// Whether it is to be computed so: below 32 channels the transforms and the many short products cost what the multiplications save
    /// (docs/performance.md). The shape alone decides, for the bits depend on it.
    /// </summary>
    public static bool Pays(in ConvolutionShape shape) => Fits(shape) && shape.InChannels >= 32 && shape.OutChannels >= 32;

    /// <summary>Floats of scratch that <see cref="Forward{T}"/> needs.</summary>
    public static long ScratchSize(int height, int width, int inChannels, int outChannels)
    {
        int tiles = RoundedTiles(Math.Min(height / 2, RowsPerBlock(width)) * (width / 2));
        return (Line * (((long)tiles * inChannels) + Gap + ((long)tiles * outChannels) + Gap)) + ((width + 2) * inChannels);
    }

    /// <summary>
    /// The kernels at the points, G g G': transformed[point, block of output channels, input channel, channel of the block]; a block is
    /// <see cref="BlockSize"/> channels.
    /// </summary>
    /// <param name="packed">3 x inChannels x 3 x outChannels, as <see cref="WeightLayout"/> writes it.</param>
    /// <param name="transformed">16 x inChannels x outChannels.</param>
    /// <param name="inChannels">Input channels.</param>
    /// <param name="outChannels">Output channels, a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TransformWeights<T>(float* packed, float* transformed, int inChannels, int outChannels)
        where T : unmanaged, ILanes<T, float>
    {
        int size = BlockSize(outChannels);
        nint row = (nint)inChannels * 3 * outChannels, plane = (nint)inChannels * outChannels;
        T half = T.Broadcast(0.5f);
        for (int i = 0; i < inChannels; i++)
        {
            for (int o = 0; o < outChannels; o += T.Count)
            {
                float* source = packed + ((nint)i * 3 * outChannels) + o;
                float* target = transformed + ((((nint)(o / size) * inChannels) + i) * size) + (o % size);
                for (int r = 0; r < 4; r++, target += 4 * plane)
                {
                    T g0 = Column<T>(source, row, half, r);
                    T g1 = Column<T>(source + outChannels, row, half, r);
                    T g2 = Column<T>(source + (2 * outChannels), row, half, r);
                    T sum = T.Add(g0, g2);
                    T.Store(g0, target);
                    T.Store(T.Multiply(half, T.Add(sum, g1)), target + plane);
                    T.Store(T.Multiply(half, T.Subtract(sum, g1)), target + (2 * plane));
                    T.Store(g2, target + (3 * plane));
                }
            }
        }
    }

    /// <summary>
    /// output[y, x, o] = sum over kernel row r, input channel i, kernel column c of input[y + r - 1, x + c, i] * weights[r, i, c, o], by
    /// Winograd convolution. The gradient of a loss with respect to the input is the same function of the output gradient, with flipped
    /// weights.
    /// </summary>
    /// <param name="input">height x (width + 2) x inChannels, the first and last column zero.</param>
    /// <param name="transformed">What <see cref="TransformWeights{T}"/> wrote.</param>
    /// <param name="output">height x width x outChannels.</param>
    /// <param name="height">Rows, even.</param>
    /// <param name="width">Columns, even.</param>
    /// <param name="inChannels">Input channels, a multiple of 16.</param>
    /// <param name="outChannels">Output channels, a multiple of 16.</param>
    /// <param name="scratch"><see cref="ScratchSize"/> floats.</param>
    /// <param name="prefetch">Fetches a share of what comes next with each of the rows; or null.</param>
    /// <param name="adds">Whether what comes out is added to what the output holds, line of points by line.</param>
    public static void Forward<T>(
        float* input, float* transformed, float* output, int height, int width, int inChannels, int outChannels, float* scratch,
        Prefetch? prefetch = null, bool adds = false)
        where T : unmanaged, ILanes<T, float>
    {
        int across = width / 2, tileRows = height / 2, rowsPerBlock = Math.Min(tileRows, RowsPerBlock(width));
        int most = RoundedTiles(rowsPerBlock * across);
        nint inPlane = ((nint)most * inChannels) + Gap, outPlane = ((nint)most * outChannels) + Gap;
        float* zeros = scratch;
        float* values = zeros + ((width + 2) * inChannels);
        float* products = values + (Line * inPlane);
        new Span<float>(zeros, (width + 2) * inChannels).Clear();
        int vectors = WinogradProduct.Vectors<T>(outChannels), rows = WinogradProduct.Rows<T>(outChannels);
        int columns = vectors * T.Count, size = BlockSize(outChannels);
        for (int first = 0; first < tileRows; first += rowsPerBlock)
        {
            int end = Math.Min(tileRows, first + rowsPerBlock);
            int tiles = RoundedTiles((end - first) * across);
            // One line of points after the other, so that what is between the steps stays in the first-level cache.
            for (int line = 0; line < Line; line++)
            {
                for (int row = first; row < end; row++)
                {
                    if (line % 2 == 0)
                        prefetch?.Fetch();
                    TransformInput<T>(input, zeros, row, line, height, width, inChannels,
                        values + ((nint)(row - first) * across * inChannels), inPlane);
                }
                for (int point = 0; point < Line; point++)
                {
                    float* weights = transformed + ((nint)((Line * line) + point) * inChannels * outChannels);
                    for (int o = 0; o < outChannels; o += columns)
                    {
                        float* right = weights + ((nint)(o / size) * inChannels * size) + (o % size);
                        float* left = values + (point * inPlane);
                        float* product = products + (point * outPlane) + o;
                        WinogradProduct.Compute<T, No, No, No>(left, inChannels, right, size, Math.Min(Chain, inChannels), product,
                            outChannels, tiles / rows, vectors);
                        for (int i = Chain; i < inChannels; i += Chain)
                        {
                            WinogradProduct.Compute<T, No, No, Yes>(
                                left + i, inChannels, right + (i * size), size, Math.Min(Chain, inChannels - i), product, outChannels,
                                tiles / rows, vectors);
                        }
                    }
                }
                for (int row = first; row < end; row++)
                {
                    float* product = products + ((nint)(row - first) * across * outChannels);
                    float* upper = output + ((nint)row * 2 * width * outChannels);
                    switch (line)
                    {
                        case 0 when adds:
                            TransformOutput<T, Plus, Leave>(product, outPlane, across, outChannels, upper);
                            break;
                        case 1 when adds:
                            TransformOutput<T, Plus, Plus>(product, outPlane, across, outChannels, upper);
                            break;
                        case 0:
                            TransformOutput<T, Begin, Leave>(product, outPlane, across, outChannels, upper);
                            break;
                        case 1:
                            TransformOutput<T, Plus, Begin>(product, outPlane, across, outChannels, upper);
                            break;
                        case 2:
                            TransformOutput<T, Plus, Minus>(product, outPlane, across, outChannels, upper);
                            break;
                        default:
                            TransformOutput<T, Leave, Minus>(product, outPlane, across, outChannels, upper);
                            break;
                    }
                }
            }
        }
    }

    /// <summary>Output channels that lie side by side in the transformed weights: two vectors of the widest lanes, or one.</summary>
    private static int BlockSize(int outChannels) => outChannels % 32 == 0 ? 32 : 16;

    private static int RowsPerBlock(int width) => Math.Max(1, TilesPerBlock / (width / 2));

    // The product takes whole groups of rows; what it computes beyond the last tile is not read.
    private static int RoundedTiles(int tiles) => (tiles + 15) & ~15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Column<T>(float* source, nint row, T half, int r)
        where T : unmanaged, ILanes<T, float>
    {
        if (r == 0)
            return T.Load(source);
        if (r == 3)
            return T.Load(source + (2 * row));
        T sum = T.Add(T.Load(source), T.Load(source + (2 * row))), middle = T.Load(source + row);
        return T.Multiply(half, r == 1 ? T.Add(sum, middle) : T.Subtract(sum, middle));
    }

    /// <summary>
    /// One line of B' d B of one row of tiles, written to one plane a point. B' d = (d0 - d2, d1 + d2, d2 - d1, d1 - d3).
    /// </summary>
    private static void TransformInput<T>(float* input, float* zeros, int row, int line, int height, int width, int channels, float* values,
        nint plane)
        where T : unmanaged, ILanes<T, float>
    {
        nint rowStride = (nint)(width + 2) * channels;
        float* upper = input + (2 * row * rowStride);
        float* lower = upper + rowStride;
        if (line == 0)
            TransformLine<T, No>(row == 0 ? zeros : upper - rowStride, lower, width, channels, values, plane);
        else if (line == 1)
            TransformLine<T, Yes>(upper, lower, width, channels, values, plane);
        else if (line == 2)
            TransformLine<T, No>(lower, upper, width, channels, values, plane);
        else
            TransformLine<T, No>(upper, (2 * row) + 2 == height ? zeros : lower + rowStride, width, channels, values, plane);
    }

    /// <summary>The points of the sum or difference of two rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformLine<T, TSum>(float* one, float* other, int width, nint step, float* values, nint plane)
        where T : unmanaged, ILanes<T, float>
        where TSum : IFlag
    {
        nint plane2 = 2 * plane, plane3 = 3 * plane, step2 = 2 * step, step3 = 3 * step;
        for (int c = 0; c < (int)step; c += T.Count)
        {
            float* p = one + c, q = other + c, to = values + c, end = to + (width / 2 * step);
            T d0 = Both<T, TSum>(p, q), d1 = Both<T, TSum>(p + step, q + step);
            for (; to < end; to += step, p += step2, q += step2)
            {
                T d2 = Both<T, TSum>(p + step2, q + step2), d3 = Both<T, TSum>(p + step3, q + step3);
                T.Store(T.Subtract(d0, d2), to);
                T.Store(T.Add(d1, d2), to + plane);
                T.Store(T.Subtract(d2, d1), to + plane2);
                T.Store(T.Subtract(d1, d3), to + plane3);
                d0 = d2;
                d1 = d3;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Both<T, TSum>(float* one, float* other)
        where T : unmanaged, ILanes<T, float>
        where TSum : IFlag => TSum.IsSet ? T.Add(T.Load(one), T.Load(other)) : T.Subtract(T.Load(one), T.Load(other));

    /// <summary>
    /// What one line of points gives to two rows of output: A' m A, where A' m = (m0 + m1 + m2, m1 - m2 - m3), so that the upper row begins
    /// with line 0 and takes 1 and 2, the lower begins with 1 and loses 2 and 3.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformOutput<T, TUpper, TLower>(float* products, nint plane, int across, int channels, float* output)
        where T : unmanaged, ILanes<T, float>
        where TUpper : IGather
        where TLower : IGather
    {
        nint step = channels, rowStride = 2 * across * step, plane2 = 2 * plane, plane3 = 3 * plane;
        for (int tile = 0; tile < across; tile++, output += step)
        {
            for (int c = 0; c < channels; c += T.Count, products += T.Count, output += T.Count)
            {
                T m1 = T.Load(products + plane), m2 = T.Load(products + plane2);
                T left = T.Add(T.Add(T.Load(products), m1), m2), right = T.Subtract(T.Subtract(m1, m2), T.Load(products + plane3));
                TUpper.Take(left, output);
                TUpper.Take(right, output + step);
                TLower.Take(left, output + rowStride);
                TLower.Take(right, output + rowStride + step);
            }
        }
    }

    /// <summary>What becomes of an output when a line of points is done.</summary>
    private interface IGather
    {
        static abstract void Take<T>(T value, float* output)
            where T : unmanaged, ILanes<T, float>;
    }

    private readonly struct Leave : IGather
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Take<T>(T value, float* output)
            where T : unmanaged, ILanes<T, float>
        {
        }
    }

    private readonly struct Begin : IGather
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Take<T>(T value, float* output)
            where T : unmanaged, ILanes<T, float> => T.Store(value, output);
    }

    private readonly struct Plus : IGather
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Take<T>(T value, float* output)
            where T : unmanaged, ILanes<T, float> => T.Store(T.Add(T.Load(output), value), output);
    }

    private readonly struct Minus : IGather
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Take<T>(T value, float* output)
            where T : unmanaged, ILanes<T, float> => T.Store(T.Subtract(T.Load(output), value), output);
    }
}
