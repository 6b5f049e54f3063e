using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// The weight gradient of a 3x3 convolution with stride 1 and zero padding 1 by Winograd convolution with tiles of 4 x 4 outputs: the
/// transpose of F(4x4, 3x3), dg = G' [sum over tiles of (B' d B) . (A dy A')] G, for the 6 x 6 pixels d around a tile and the 4 x 4
/// gradients dy of its outputs; 36 multiplications where direct sums take 144. The points are 0, 1, -1, 1/2, -2 and infinity: with 2 and -2
/// the error would be twice as large (docs/performance.md). Tiles of several images are gathered until they fill the second-level cache;
/// then one matrix product a point is added up over them. A weight is one chain a point over the tiles of a chunk, images outside, rows
/// inside, columns inside those; how they are gathered is no part of the order.
/// </summary>
/// <remarks>One worker's gathering of one layer's weight gradient: begin, add images, end.</remarks>
internal static unsafe class Winograd4x4
{
    /// <summary>Points of a tile.</summary>
    public const int Points = 36;

    // More tiles at once make more of a sum that has been loaded; fewer leave room in the cache.
    private const int MostTiles = 32;

    // A cache line between the planes of neighbouring points: with a distance of a power of two they would all fall into one set of the
    // first-level cache.
    private const int Gap = 16;

    /// <summary>Whether such a weight gradient can be computed.</summary>
    public static bool Fits(in ConvolutionShape shape) =>
        shape is { Size: 3, Stride: 1 } && shape.InWidth % 8 == 0 && shape.InHeight % 4 == 0 && shape.InWidth <= 4 * MostTiles
        && shape.InChannels % 16 == 0 && shape.OutChannels % 16 == 0;

    /// <summary>Floats of scratch for chunks of a number of images.</summary>
    public static long ScratchSize(in ConvolutionShape shape, int images)
    {
        long tiles = Capacity(shape, images);
        return (Points
            * (((tiles * shape.InChannels) + Gap) + ((tiles * shape.OutChannels) + Gap) + ((long)shape.InChannels * shape.OutChannels)))
            + ((shape.InWidth + 2) * shape.InChannels) + (Points * Gap);
    }

    /// <summary>
    /// Adds the tiles of one image; to be called for each image of a chunk in turn.
    /// </summary>
    /// <param name="input">height x (width + 2) x inChannels, the first and last column zero.</param>
    /// <param name="gradient">height x (width + 2) x outChannels; the first and last column are not read.</param>
    /// <param name="shape">The sizes.</param>
    /// <param name="images">Images of a whole chunk, as for <see cref="ScratchSize"/>.</param>
    /// <param name="scratch">
    /// <see cref="ScratchSize"/> floats, which belong to this chunk from its first image to <see cref="Finish{T}"/>.
    /// </param>
    /// <param name="progress">How far the chunk is: default before its first image.</param>
    public static void Add<T>(float* input, float* gradient, in ConvolutionShape shape, int images, float* scratch,
        ref WinogradProgress progress)
        where T : unmanaged, ILanes<T, float>
    {
        int width = shape.InWidth, height = shape.InHeight, across = width / 4;
        var places = new Places(shape, images, scratch);
        if (progress is { Tiles: 0, Started: false })
            new Span<float>(places.Zeros, (width + 2) * shape.InChannels).Clear();
        for (int row = 0; row < height / 4; row++)
        {
            if (progress.Tiles + across > places.Tiles)
                Multiply<T>(shape, places, ref progress, null);
            TransformInput<T>(input, places.Zeros, row, height, width, shape.InChannels,
                places.Values + ((nint)progress.Tiles * shape.InChannels), places.InPlane);
            TransformGradient<T>(gradient, row, width, shape.OutChannels, places.Gradients + ((nint)progress.Tiles * shape.OutChannels),
                places.OutPlane);
            progress.Tiles += across;
        }
    }

    /// <summary>weightGradient = what the images of the chunk add up to, 3 x inChannels x 3 x outChannels; the chunk is over.</summary>
    public static void Finish<T>(in ConvolutionShape shape, int images, float* scratch, ref WinogradProgress progress,
        float* weightGradient)
        where T : unmanaged, ILanes<T, float>
    {
        Multiply<T>(shape, new Places(shape, images, scratch), ref progress, weightGradient);
        progress = default;
    }

    private static int Capacity(in ConvolutionShape shape, int images) =>
        Math.Min(MostTiles, shape.InWidth / 4 * (shape.InHeight / 4) * images);

    /// <summary>Adds the gathered tiles to the sums; with a target, brings the sums from the points to weights.</summary>
    private static void Multiply<T>(in ConvolutionShape shape, in Places places, ref WinogradProgress progress, float* target)
        where T : unmanaged, ILanes<T, float>
    {
        int inC = shape.InChannels, outC = shape.OutChannels;
        int vectors = WinogradProduct.Vectors<T>(outC), rows = WinogradProduct.Rows<T>(outC), columns = vectors * T.Count;
        // Sums that are begun and ended at once are needed for one block at a time, which then stays in the first-level cache.
        nint blockSize = progress.Started || target == null ? (nint)Points * rows * columns : 0;
        float* sums = places.Sums;
        for (int i = 0; i < inC; i += rows)
        {
            for (int o = 0; o < outC; o += columns, sums += blockSize)
            {
                for (int point = 0; point < Points; point++)
                {
                    float* left = places.Values + (point * places.InPlane) + i;
                    float* right = places.Gradients + (point * places.OutPlane) + o;
                    float* sum = sums + ((nint)point * rows * columns);
                    if (progress.Started)
                        WinogradProduct.Compute<T, Yes, Yes, No>(left, inC, right, outC, progress.Tiles, sum, columns, 1, vectors);
                    else
                        WinogradProduct.Compute<T, Yes, No, No>(left, inC, right, outC, progress.Tiles, sum, columns, 1, vectors);
                }
                if (target != null)
                    TransformSums<T>(sums, rows, columns, target + ((nint)i * 3 * outC) + o, inC, outC, places.Temporary);
            }
        }
        progress = new WinogradProgress { Started = true };
    }

    /// <summary>B' d B of one row of tiles, one plane a point.</summary>
    private static void TransformInput<T>(float* input, float* zeros, int row, int height, int width, int channels, float* values,
        nint plane)
        where T : unmanaged, ILanes<T, float>
    {
        nint rowStride = (nint)(width + 2) * channels;
        float* r1 = input + (4 * row * rowStride);
        float* r0 = row == 0 ? zeros : r1 - rowStride;
        float* r4 = r1 + (3 * rowStride);
        float* r5 = (4 * row) + 4 == height ? zeros : r4 + rowStride;
        InputLines<T, No>(r0, r1, rowStride, width / 4, channels, values, plane);
        InputLines<T, Yes>(r5, r1, rowStride, width / 4, channels, values + (18 * plane), plane);
    }

    /// <summary>
    /// The first or the last three lines of B' d B. Three lines of B' d are 18 vectors, which stay in the registers where there are 32:
    /// six would go to memory and back, and storing is what takes the time.
    /// </summary>
    /// <param name="edge">The first row of pixels for the first lines, the last row for the last.</param>
    /// <param name="inner">The second row; the next three follow it.</param>
    /// <param name="rowStride">Distance between rows.</param>
    /// <param name="across">Tiles.</param>
    /// <param name="step">Channels.</param>
    /// <param name="to">The plane of the first of the points.</param>
    /// <param name="plane">Distance between planes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InputLines<T, TLast>(float* edge, float* inner, nint rowStride, int across, nint step, float* to, nint plane)
        where T : unmanaged, ILanes<T, float>
        where TLast : IFlag
    {
        nint two = 2 * rowStride, three = 3 * rowStride;
        for (int tile = 0; tile < across; tile++, edge += 3 * step, inner += 3 * step)
        {
            for (nint c = 0; c < step; c += T.Count, edge += T.Count, inner += T.Count, to += T.Count)
            {
                float* e = edge, d = inner;
                ThreeLines<T, TLast>(e, d, rowStride, two, three, out T a0, out T b0, out T c0); e += step; d += step;
                ThreeLines<T, TLast>(e, d, rowStride, two, three, out T a1, out T b1, out T c1); e += step; d += step;
                ThreeLines<T, TLast>(e, d, rowStride, two, three, out T a2, out T b2, out T c2); e += step; d += step;
                ThreeLines<T, TLast>(e, d, rowStride, two, three, out T a3, out T b3, out T c3); e += step; d += step;
                ThreeLines<T, TLast>(e, d, rowStride, two, three, out T a4, out T b4, out T c4); e += step; d += step;
                ThreeLines<T, TLast>(e, d, rowStride, two, three, out T a5, out T b5, out T c5);
                Points6<T>(a0, a1, a2, a3, a4, a5, to, plane);
                Points6<T>(b0, b1, b2, b3, b4, b5, to + (6 * plane), plane);
                Points6<T>(c0, c1, c2, c3, c4, c5, to + (12 * plane), plane);
            }
        }
    }

    /// <summary>One column of three lines of B' d, as <see cref="Points6"/> computes them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ThreeLines<T, TLast>(float* edge, float* inner, nint one, nint two, nint three, out T a, out T b, out T c)
        where T : unmanaged, ILanes<T, float>
        where TLast : IFlag
    {
        T d1 = T.Load(inner), d2 = T.Load(inner + one), d3 = T.Load(inner + two), d4 = T.Load(inner + three), end = T.Load(edge);
        T half = T.Broadcast(0.5f), oneAndHalf = T.Broadcast(1.5f);
        if (TLast.IsSet)
        {
            T p = T.Subtract(d3, d1), q = T.Subtract(d4, d2);
            a = T.FusedMultiplyAdd(T.Broadcast(2f), p, q);
            b = T.FusedMultiplyAdd(T.Broadcast(-0.5f), p, q);
            c = T.FusedMultiplyAdd(oneAndHalf, q, T.FusedMultiplyAdd(T.Broadcast(-2f), d3, T.Add(d1, end)));
            return;
        }
        a = T.FusedMultiplyAdd(oneAndHalf, T.Subtract(d3, d1), T.FusedMultiplyAdd(T.Broadcast(-2f), d2, T.Add(end, d4)));
        b = T.FusedMultiplyAdd(T.Broadcast(2.5f), d3, T.FusedMultiplyAdd(half, d2, T.Subtract(d4, d1)));
        c = T.FusedMultiplyAdd(T.Broadcast(-2.5f), d2, T.FusedMultiplyAdd(half, d3, T.Add(d1, d4)));
    }

    /// <summary>B' d for the points 0, 1, -1, 1/2, -2 and infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Points6<T>(T d0, T d1, T d2, T d3, T d4, T d5, float* to, nint step)
        where T : unmanaged, ILanes<T, float>
    {
        T two = T.Broadcast(2f), half = T.Broadcast(0.5f), oneAndHalf = T.Broadcast(1.5f);
        T p = T.Subtract(d3, d1), q = T.Subtract(d4, d2);
        T.Store(T.FusedMultiplyAdd(oneAndHalf, p, T.FusedMultiplyAdd(T.Broadcast(-2f), d2, T.Add(d0, d4))), to);
        T.Store(T.FusedMultiplyAdd(T.Broadcast(2.5f), d3, T.FusedMultiplyAdd(half, d2, T.Subtract(d4, d1))), to + step);
        T.Store(T.FusedMultiplyAdd(T.Broadcast(-2.5f), d2, T.FusedMultiplyAdd(half, d3, T.Add(d1, d4))), to + (2 * step));
        T.Store(T.FusedMultiplyAdd(two, p, q), to + (3 * step));
        T.Store(T.FusedMultiplyAdd(T.Broadcast(-0.5f), p, q), to + (4 * step));
        T.Store(T.FusedMultiplyAdd(oneAndHalf, q, T.FusedMultiplyAdd(T.Broadcast(-2f), d3, T.Add(d1, d5))), to + (5 * step));
    }

    /// <summary>A dy A' of one row of tiles, one plane a point.</summary>
    private static void TransformGradient<T>(float* gradient, int row, int width, int channels, float* values, nint plane)
        where T : unmanaged, ILanes<T, float>
    {
        nint rowStride = (nint)(width + 2) * channels;
        float* first = gradient + (4 * row * rowStride) + channels;
        GradientLines<T, No>(first, rowStride, width / 4, channels, values, plane);
        GradientLines<T, Yes>(first, rowStride, width / 4, channels, values + (18 * plane), plane);
    }

    /// <summary>The first or the last three lines of A dy A', by way of twelve vectors in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GradientLines<T, TLast>(float* first, nint rowStride, int across, nint step, float* to, nint plane)
        where T : unmanaged, ILanes<T, float>
        where TLast : IFlag
    {
        nint two = 2 * rowStride, three = 3 * rowStride;
        for (int tile = 0; tile < across; tile++, first += 3 * step)
        {
            for (nint c = 0; c < step; c += T.Count, first += T.Count, to += T.Count)
            {
                float* d = first;
                ThreeLines<T, TLast>(d, rowStride, two, three, out T a0, out T b0, out T c0); d += step;
                ThreeLines<T, TLast>(d, rowStride, two, three, out T a1, out T b1, out T c1); d += step;
                ThreeLines<T, TLast>(d, rowStride, two, three, out T a2, out T b2, out T c2); d += step;
                ThreeLines<T, TLast>(d, rowStride, two, three, out T a3, out T b3, out T c3);
                Points4<T>(a0, a1, a2, a3, to, plane);
                Points4<T>(b0, b1, b2, b3, to + (6 * plane), plane);
                Points4<T>(c0, c1, c2, c3, to + (12 * plane), plane);
            }
        }
    }

    /// <summary>One column of three lines of A dy, as <see cref="Points4"/> computes them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ThreeLines<T, TLast>(float* first, nint one, nint two, nint three, out T a, out T b, out T c)
        where T : unmanaged, ILanes<T, float>
        where TLast : IFlag
    {
        T y0 = T.Load(first), y1 = T.Load(first + one), y2 = T.Load(first + two), y3 = T.Load(first + three);
        if (TLast.IsSet)
        {
            T half = T.Broadcast(0.5f), minusTwo = T.Broadcast(-2f);
            a = T.FusedMultiplyAdd(half, T.FusedMultiplyAdd(half, T.FusedMultiplyAdd(half, y3, y2), y1), y0);
            b = T.FusedMultiplyAdd(minusTwo, T.FusedMultiplyAdd(minusTwo, T.FusedMultiplyAdd(minusTwo, y3, y2), y1), y0);
            c = y3;
            return;
        }
        T even = T.Add(y0, y2), odd = T.Add(y1, y3);
        a = y0;
        b = T.Add(even, odd);
        c = T.Subtract(even, odd);
    }

    /// <summary>A dy: the polynomial with coefficients dy at the points 0, 1, -1, 1/2, -2 and infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Points4<T>(T y0, T y1, T y2, T y3, float* to, nint step)
        where T : unmanaged, ILanes<T, float>
    {
        T half = T.Broadcast(0.5f), minusTwo = T.Broadcast(-2f);
        T even = T.Add(y0, y2), odd = T.Add(y1, y3);
        T.Store(y0, to);
        T.Store(T.Add(even, odd), to + step);
        T.Store(T.Subtract(even, odd), to + (2 * step));
        T.Store(T.FusedMultiplyAdd(half, T.FusedMultiplyAdd(half, T.FusedMultiplyAdd(half, y3, y2), y1), y0), to + (3 * step));
        T.Store(T.FusedMultiplyAdd(minusTwo, T.FusedMultiplyAdd(minusTwo, T.FusedMultiplyAdd(minusTwo, y3, y2), y1), y0), to + (4 * step));
        T.Store(y3, to + (5 * step));
    }

    /// <summary>G' s G of a block of weights, which nobody reads before all chunks are done: they need not go through the caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransformSums<T>(float* sums, int rows, int columns, float* target, int inChannels, int outChannels,
        float* temporary)
        where T : unmanaged, ILanes<T, float>
    {
        nint plane = (nint)rows * columns, kernelRow = (nint)inChannels * 3 * outChannels;
        for (int row = 0; row < rows; row++, target += 3 * outChannels)
        {
            for (int c = 0; c < columns; c += T.Count)
            {
                float* s = sums + (row * columns) + c;
                float* t = temporary;
                for (int column = 0; column < 6; column++, s += plane, t += T.Count)
                {
                    Kernel3<T, No>(
                        T.Load(s), T.Load(s + (6 * plane)), T.Load(s + (12 * plane)), T.Load(s + (18 * plane)), T.Load(s + (24 * plane)),
                        T.Load(s + (30 * plane)),
                        t, 6 * T.Count);
                }
                t = temporary;
                float* to = target + c;
                for (int line = 0; line < 3; line++, t += 6 * T.Count, to += kernelRow)
                {
                    Kernel3<T, Yes>(
                        T.Load(t), T.Load(t + T.Count), T.Load(t + (2 * T.Count)), T.Load(t + (3 * T.Count)), T.Load(t + (4 * T.Count)),
                        T.Load(t + (5 * T.Count)),
                        to, outChannels);
                }
            }
        }
    }

    /// <summary>G' s: 1, x and x^2 at each point, divided by the product of its distances from the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Kernel3<T, TAway>(T s0, T s1, T s2, T s3, T s4, T s5, float* to, nint step)
        where T : unmanaged, ILanes<T, float>
        where TAway : IFlag
    {
        T third = T.Broadcast(1f / 3), fifteenth = T.Broadcast(1f / 15);
        T difference = T.Subtract(s1, s2), sum = T.Add(s1, s2);
        T one = T.FusedMultiplyAdd(third, difference, T.FusedMultiplyAdd(fifteenth, T.FusedMultiplyAdd(T.Broadcast(-16f), s3, s4), s0));
        T x = T.FusedMultiplyAdd(third, sum, T.Multiply(T.Broadcast(-2f / 15), T.FusedMultiplyAdd(T.Broadcast(4f), s3, s4)));
        T square = T.FusedMultiplyAdd(third, difference, T.FusedMultiplyAdd(T.Broadcast(4f / 15), T.Subtract(s4, s3), s5));
        if (TAway.IsSet)
        {
            T.StoreAway(one, to);
            T.StoreAway(x, to + step);
            T.StoreAway(square, to + (2 * step));
        }
        else
        {
            T.Store(one, to);
            T.Store(x, to + step);
            T.Store(square, to + (2 * step));
        }
    }

    /// <summary>How the scratch is divided.</summary>
    private readonly ref struct Places
    {
        public Places(in ConvolutionShape shape, int images, float* scratch)
        {
            Tiles = Capacity(shape, images);
            InPlane = ((nint)Tiles * shape.InChannels) + Gap;
            OutPlane = ((nint)Tiles * shape.OutChannels) + Gap;
            Values = scratch;
            Gradients = Values + (Points * InPlane);
            Sums = Gradients + (Points * OutPlane);
            Temporary = Sums + ((nint)Points * shape.InChannels * shape.OutChannels);
            Zeros = Temporary + (Points * Gap);
        }

        public readonly int Tiles;
        public readonly nint InPlane, OutPlane;
        public readonly float* Values, Gradients, Sums, Temporary, Zeros;
    }
}

/// <summary>How far the weight gradient of a chunk is.</summary>
internal struct WinogradProgress
{
    /// <summary>Tiles that are gathered and not yet added up.</summary>
    public int Tiles;

    /// <summary>Whether the sums have been begun.</summary>
    public bool Started;
}
