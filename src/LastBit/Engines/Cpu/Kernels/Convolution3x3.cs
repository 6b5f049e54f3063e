using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// 3x3 convolutions with stride 1 and zero padding 1 of one image, channels last (NHWC). Each output is the sum, in order, of one chain a
/// kernel row; a chain is of fused multiply-adds in the order input channel, kernel column. (Three chains of 3 C terms round less than one
/// of 9 C.) What the padding would add is left out, rows and columns alike: 0 * w changes no sum. The caller keeps the columns beside the
/// image all the same, so that every row has one layout. One input value serves the three kernel columns that it touches, so that a load
/// feeds three to six FMAs.
/// </summary>
internal static unsafe class Convolution3x3
{
    /// <inheritdoc cref="Forward{T}"/>
    public static void Forward(
        float* input, float* weights, float* output, int height, int width, int inChannels, int outChannels, int paddingChannels,
        Prefetch? prefetch = null)
    {
        var work = new ForwardWork(input, weights, output, height, width, inChannels, outChannels, paddingChannels, prefetch);
        Widest.Single(ref work, outChannels);
    }

    /// <inheritdoc cref="WeightGradient{T}"/>
    public static void WeightGradient(
        float* input, float* gradient, float* weightGradient, int height, int width, int inChannels, int outChannels, int paddingChannels)
    {
        var work = new WeightGradientWork(input, gradient, weightGradient, height, width, inChannels, outChannels, paddingChannels);
        Widest.Single(ref work, outChannels);
    }

    /// <summary>
    /// output[y, x, o] = sum over kernel row r, input channel i, kernel column c of input[y + r - 1, x + c, i] * weights[r, i, c, o].
    /// The gradient of a loss with respect to the input is the same function of the output gradient, with flipped weights .
    /// </summary>
    /// <param name="input">height x (width + 2) x inChannels; the first and last column are not read.</param>
    /// <param name="weights">3 x inChannels x 3 x outChannels.</param>
    /// <param name="output">height x width x outChannels.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns, a multiple of 8.</param>
    /// <param name="inChannels">Input channels, any number.</param>
    /// <param name="outChannels">Output channels, a multiple of 16.</param>
    /// <param name="paddingChannels">
    /// How many of the input channels, the last ones, are there to fill memory and have weight zero; they are left out.
    /// </param>
    /// <param name="prefetch">Fetches a share of what comes next with each of the rows; or null.</param>
    public static void Forward<T>(
        float* input, float* weights, float* output, int height, int width, int inChannels, int outChannels, int paddingChannels,
        Prefetch? prefetch = null)
        where T : unmanaged, ILanes<T, float>
    {
        int rowStride = (width + 2) * inChannels, terms = inChannels - paddingChannels;
        // Which tile fits the registers: 32 of 512 bits (or of 128 bits on ARM), 16 of 256 bits. The tile does not touch the order of any
        // sum.
        bool narrow = typeof(T) == typeof(SingleLanes256) || typeof(T) == typeof(SingleLanes1);
        bool single = outChannels % (2 * T.Count) != 0;
        int pixels = narrow ? 4 : single && width % 16 == 0 ? 16 : 8;
        int lanes = single ? T.Count : 2 * T.Count;
        for (int o = 0; o < outChannels; o += lanes)
        {
            for (int y = 0; y < height; y++)
            {
                // Spread over the rows: asked for at once it would only wait at another place.
                if (o == 0)
                    prefetch?.Fetch();
                int first = y == 0 ? 1 : 0;
                int kernelRows = (y == height - 1 ? 2 : 3) - first;
                float* source = input + ((long)(y + first - 1) * rowStride);
                float* taps = weights + ((long)first * inChannels * 3 * outChannels) + o;
                float* target = output + ((long)y * width * outChannels) + o;
                for (int x = 0; x < width; x += pixels, source += pixels * inChannels, target += pixels * outChannels)
                {
                    // Beside the image there is nothing to add.
                    bool left = x == 0, right = x + pixels == width;
                    if (narrow && left)
                        Tile4x2<T, Yes, No>(source, rowStride, taps, kernelRows, inChannels, terms, outChannels, target);
                    else if (narrow && right)
                        Tile4x2<T, No, Yes>(source, rowStride, taps, kernelRows, inChannels, terms, outChannels, target);
                    else if (narrow)
                        Tile4x2<T, No, No>(source, rowStride, taps, kernelRows, inChannels, terms, outChannels, target);
                    else if (!single)
                        Tile8x2<T>(source, rowStride, taps, kernelRows, inChannels, terms, outChannels, target, left, right);
                    else if (pixels == 16)
                        Tile16x1<T>(source, rowStride, taps, kernelRows, inChannels, terms, outChannels, target, left, right);
                    else
                        Tile8x1<T>(source, rowStride, taps, kernelRows, inChannels, terms, outChannels, target, left, right);
                }
            }
        }
    }

    /// <summary>
    /// weightGradient[r, i, c, o] += sum over y, x of input[y + r - 1, x + c, i] * gradient[y, x + 1, o]:
    /// one chain an image, rows outside, columns inside, which is then added to the value that is already there.
    /// </summary>
    /// <param name="input">height x (width + 2) x inChannels; the first and last column are not read.</param>
    /// <param name="gradient">
    /// height x (width + 2) x outChannels: the gradient with respect to the output; the first and last column are not read.
    /// </param>
    /// <param name="weightGradient">3 x inChannels x 3 x outChannels, added to.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns, at least 2.</param>
    /// <param name="inChannels">Input channels, a multiple of 4.</param>
    /// <param name="outChannels">Output channels, a multiple of 16.</param>
    /// <param name="paddingChannels">
    /// How many of the input channels, the last ones, are there to fill memory; nobody reads their gradient, which may be left out.
    /// </param>
    public static void WeightGradient<T>(
        float* input, float* gradient, float* weightGradient, int height, int width, int inChannels, int outChannels, int paddingChannels)
        where T : unmanaged, ILanes<T, float>
    {
        bool narrow = typeof(T) == typeof(SingleLanes256) || typeof(T) == typeof(SingleLanes1);
        bool wide = !narrow && inChannels % 8 == 0;
        bool three = inChannels == 4 && paddingChannels == 1;
        int channels = three ? 4 : narrow ? 2 : wide ? 8 : 4;
        int lanes = narrow && !three ? 2 * T.Count : T.Count;
        for (int r = 0; r < 3; r++)
        {
            int firstRow = r == 0 ? 1 : 0;
            int rows = height - (r == 1 ? 0 : 1);
            float* source = input + ((long)(firstRow + r - 1) * (width + 2) * inChannels);
            float* outer = gradient + ((long)firstRow * (width + 2) * outChannels);
            for (int i = 0; i < inChannels; i += channels)
            {
                float* target = weightGradient + ((((long)r * inChannels) + i) * 3 * outChannels);
                for (int o = 0; o < outChannels; o += lanes)
                {
                    if (three)
                        Tile3<T>(source, outer + o, target + o, rows, width, outChannels);
                    else if (narrow)
                        Tile2x2<T>(source + i, outer + o, target + o, rows, width, inChannels, outChannels);
                    else if (wide)
                        WeightGradientTile<T, Yes>(source + i, outer + o, target + o, rows, width, inChannels, outChannels);
                    else
                        WeightGradientTile<T, No>(source + i, outer + o, target + o, rows, width, inChannels, outChannels);
                }
            }
        }
    }

    /// <summary>8 pixels of a row by 2 rows of output channels: 16 running sums, 6 weights and one broadcast input in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x2<T>(
        float* input, int rowStride, float* weights, int kernelRows, int inChannels, int terms, int outChannels, float* output, bool left,
        bool right)
        where T : unmanaged, ILanes<T, float>
    {
        nint paddingWeights = (nint)(inChannels - terms) * 3 * outChannels;
        for (int row = 0; row < kernelRows; row++, input += rowStride, weights += paddingWeights)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            T b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
            float* pixel = input;
            for (int channel = 0; channel < terms; channel++, pixel++, weights += 3 * outChannels)
            {
                T w0a = T.Load(weights), w0b = T.Load(weights + T.Count);
                T w1a = T.Load(weights + outChannels), w1b = T.Load(weights + outChannels + T.Count);
                T w2a = T.Load(weights + (2 * outChannels)), w2b = T.Load(weights + (2 * outChannels) + T.Count);
                T x;
                if (!left)
                {
                    x = T.Broadcast(pixel[0]);
                    a0 = T.FusedMultiplyAdd(x, w0a, a0); b0 = T.FusedMultiplyAdd(x, w0b, b0);
                }
                x = T.Broadcast(pixel[inChannels]);
                a1 = T.FusedMultiplyAdd(x, w0a, a1); b1 = T.FusedMultiplyAdd(x, w0b, b1);
                a0 = T.FusedMultiplyAdd(x, w1a, a0); b0 = T.FusedMultiplyAdd(x, w1b, b0);
                x = T.Broadcast(pixel[2 * inChannels]);
                a2 = T.FusedMultiplyAdd(x, w0a, a2); b2 = T.FusedMultiplyAdd(x, w0b, b2);
                a1 = T.FusedMultiplyAdd(x, w1a, a1); b1 = T.FusedMultiplyAdd(x, w1b, b1);
                a0 = T.FusedMultiplyAdd(x, w2a, a0); b0 = T.FusedMultiplyAdd(x, w2b, b0);
                x = T.Broadcast(pixel[3 * inChannels]);
                a3 = T.FusedMultiplyAdd(x, w0a, a3); b3 = T.FusedMultiplyAdd(x, w0b, b3);
                a2 = T.FusedMultiplyAdd(x, w1a, a2); b2 = T.FusedMultiplyAdd(x, w1b, b2);
                a1 = T.FusedMultiplyAdd(x, w2a, a1); b1 = T.FusedMultiplyAdd(x, w2b, b1);
                x = T.Broadcast(pixel[4 * inChannels]);
                a4 = T.FusedMultiplyAdd(x, w0a, a4); b4 = T.FusedMultiplyAdd(x, w0b, b4);
                a3 = T.FusedMultiplyAdd(x, w1a, a3); b3 = T.FusedMultiplyAdd(x, w1b, b3);
                a2 = T.FusedMultiplyAdd(x, w2a, a2); b2 = T.FusedMultiplyAdd(x, w2b, b2);
                x = T.Broadcast(pixel[5 * inChannels]);
                a5 = T.FusedMultiplyAdd(x, w0a, a5); b5 = T.FusedMultiplyAdd(x, w0b, b5);
                a4 = T.FusedMultiplyAdd(x, w1a, a4); b4 = T.FusedMultiplyAdd(x, w1b, b4);
                a3 = T.FusedMultiplyAdd(x, w2a, a3); b3 = T.FusedMultiplyAdd(x, w2b, b3);
                x = T.Broadcast(pixel[6 * inChannels]);
                a6 = T.FusedMultiplyAdd(x, w0a, a6); b6 = T.FusedMultiplyAdd(x, w0b, b6);
                a5 = T.FusedMultiplyAdd(x, w1a, a5); b5 = T.FusedMultiplyAdd(x, w1b, b5);
                a4 = T.FusedMultiplyAdd(x, w2a, a4); b4 = T.FusedMultiplyAdd(x, w2b, b4);
                x = T.Broadcast(pixel[7 * inChannels]);
                a7 = T.FusedMultiplyAdd(x, w0a, a7); b7 = T.FusedMultiplyAdd(x, w0b, b7);
                a6 = T.FusedMultiplyAdd(x, w1a, a6); b6 = T.FusedMultiplyAdd(x, w1b, b6);
                a5 = T.FusedMultiplyAdd(x, w2a, a5); b5 = T.FusedMultiplyAdd(x, w2b, b5);
                x = T.Broadcast(pixel[8 * inChannels]);
                a7 = T.FusedMultiplyAdd(x, w1a, a7); b7 = T.FusedMultiplyAdd(x, w1b, b7);
                a6 = T.FusedMultiplyAdd(x, w2a, a6); b6 = T.FusedMultiplyAdd(x, w2b, b6);
                if (!right)
                {
                    x = T.Broadcast(pixel[9 * inChannels]);
                    a7 = T.FusedMultiplyAdd(x, w2a, a7); b7 = T.FusedMultiplyAdd(x, w2b, b7);
                }
            }
            if (row > 0)
            {
                a0 = T.Add(T.Load(output), a0); b0 = T.Add(T.Load(output + T.Count), b0);
                a1 = T.Add(T.Load(output + outChannels), a1); b1 = T.Add(T.Load(output + outChannels + T.Count), b1);
                a2 = T.Add(T.Load(output + (2 * outChannels)), a2); b2 = T.Add(T.Load(output + (2 * outChannels) + T.Count), b2);
                a3 = T.Add(T.Load(output + (3 * outChannels)), a3); b3 = T.Add(T.Load(output + (3 * outChannels) + T.Count), b3);
                a4 = T.Add(T.Load(output + (4 * outChannels)), a4); b4 = T.Add(T.Load(output + (4 * outChannels) + T.Count), b4);
                a5 = T.Add(T.Load(output + (5 * outChannels)), a5); b5 = T.Add(T.Load(output + (5 * outChannels) + T.Count), b5);
                a6 = T.Add(T.Load(output + (6 * outChannels)), a6); b6 = T.Add(T.Load(output + (6 * outChannels) + T.Count), b6);
                a7 = T.Add(T.Load(output + (7 * outChannels)), a7); b7 = T.Add(T.Load(output + (7 * outChannels) + T.Count), b7);
            }
            T.Store(a0, output); T.Store(b0, output + T.Count);
            T.Store(a1, output + outChannels); T.Store(b1, output + outChannels + T.Count);
            T.Store(a2, output + (2 * outChannels)); T.Store(b2, output + (2 * outChannels) + T.Count);
            T.Store(a3, output + (3 * outChannels)); T.Store(b3, output + (3 * outChannels) + T.Count);
            T.Store(a4, output + (4 * outChannels)); T.Store(b4, output + (4 * outChannels) + T.Count);
            T.Store(a5, output + (5 * outChannels)); T.Store(b5, output + (5 * outChannels) + T.Count);
            T.Store(a6, output + (6 * outChannels)); T.Store(b6, output + (6 * outChannels) + T.Count);
            T.Store(a7, output + (7 * outChannels)); T.Store(b7, output + (7 * outChannels) + T.Count);
        }
    }

    /// <summary>
    /// 16 pixels of a row by 1 row of output channels: 16 running sums, 3 weights and one broadcast input in registers. A multiply-add
    /// takes four cycles and two begin in one, so that eight sums, each of which waits for itself, would keep the multipliers busy only if
    /// nothing ever came late.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x1<T>(
        float* input, int rowStride, float* weights, int kernelRows, int inChannels, int terms, int outChannels, float* output, bool left,
        bool right)
        where T : unmanaged, ILanes<T, float>
    {
        nint step = inChannels, step2 = 2 * step, step3 = 3 * step, step4 = 4 * step, step5 = 5 * step;
        nint column = outChannels, twoColumns = 2 * column, paddingWeights = (inChannels - terms) * 3 * column;
        for (int row = 0; row < kernelRows; row++, input += rowStride, weights += paddingWeights)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            T a8 = default, a9 = default, a10 = default, a11 = default, a12 = default, a13 = default, a14 = default, a15 = default;
            float* pixel = input, end = input + terms;
            for (; pixel < end; pixel++, weights += 3 * column)
            {
                T w0 = T.Load(weights), w1 = T.Load(weights + column), w2 = T.Load(weights + twoColumns), x;
                float* at = pixel;
                if (!left)
                {
                    x = T.Broadcast(*at);
                    T.AddProduct(ref a0, x, w0);
                }
                x = T.Broadcast(*(at + step));
                T.AddProduct(ref a1, x, w0); T.AddProduct(ref a0, x, w1);
                x = T.Broadcast(*(at + step2));
                T.AddProduct(ref a2, x, w0); T.AddProduct(ref a1, x, w1); T.AddProduct(ref a0, x, w2);
                x = T.Broadcast(*(at + step3));
                T.AddProduct(ref a3, x, w0); T.AddProduct(ref a2, x, w1); T.AddProduct(ref a1, x, w2);
                x = T.Broadcast(*(at + step4));
                T.AddProduct(ref a4, x, w0); T.AddProduct(ref a3, x, w1); T.AddProduct(ref a2, x, w2);
                x = T.Broadcast(*(at + step5));
                T.AddProduct(ref a5, x, w0); T.AddProduct(ref a4, x, w1); T.AddProduct(ref a3, x, w2);
                at += 6 * step;
                x = T.Broadcast(*at);
                T.AddProduct(ref a6, x, w0); T.AddProduct(ref a5, x, w1); T.AddProduct(ref a4, x, w2);
                x = T.Broadcast(*(at + step));
                T.AddProduct(ref a7, x, w0); T.AddProduct(ref a6, x, w1); T.AddProduct(ref a5, x, w2);
                x = T.Broadcast(*(at + step2));
                T.AddProduct(ref a8, x, w0); T.AddProduct(ref a7, x, w1); T.AddProduct(ref a6, x, w2);
                x = T.Broadcast(*(at + step3));
                T.AddProduct(ref a9, x, w0); T.AddProduct(ref a8, x, w1); T.AddProduct(ref a7, x, w2);
                x = T.Broadcast(*(at + step4));
                T.AddProduct(ref a10, x, w0); T.AddProduct(ref a9, x, w1); T.AddProduct(ref a8, x, w2);
                x = T.Broadcast(*(at + step5));
                T.AddProduct(ref a11, x, w0); T.AddProduct(ref a10, x, w1); T.AddProduct(ref a9, x, w2);
                at += 6 * step;
                x = T.Broadcast(*at);
                T.AddProduct(ref a12, x, w0); T.AddProduct(ref a11, x, w1); T.AddProduct(ref a10, x, w2);
                x = T.Broadcast(*(at + step));
                T.AddProduct(ref a13, x, w0); T.AddProduct(ref a12, x, w1); T.AddProduct(ref a11, x, w2);
                x = T.Broadcast(*(at + step2));
                T.AddProduct(ref a14, x, w0); T.AddProduct(ref a13, x, w1); T.AddProduct(ref a12, x, w2);
                x = T.Broadcast(*(at + step3));
                T.AddProduct(ref a15, x, w0); T.AddProduct(ref a14, x, w1); T.AddProduct(ref a13, x, w2);
                x = T.Broadcast(*(at + step4));
                T.AddProduct(ref a15, x, w1); T.AddProduct(ref a14, x, w2);
                if (!right)
                {
                    x = T.Broadcast(*(at + step5));
                    T.AddProduct(ref a15, x, w2);
                }
            }
            float* to = output;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a0), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a1), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a2), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a3), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a4), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a5), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a6), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a7), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a8), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a9), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a10), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a11), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a12), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a13), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a14), to); to += column;
            T.Store(T.Add(row > 0 ? T.Load(to) : default, a15), to);
        }
    }

    /// <summary>8 pixels of a row by 1 row of output channels: 8 running sums, 3 weights and one broadcast input in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x1<T>(
        float* input, int rowStride, float* weights, int kernelRows, int inChannels, int terms, int outChannels, float* output, bool left,
        bool right)
        where T : unmanaged, ILanes<T, float>
    {
        T sum0 = default, sum1 = default, sum2 = default, sum3 = default, sum4 = default, sum5 = default, sum6 = default, sum7 = default;
        nint paddingWeights = (nint)(inChannels - terms) * 3 * outChannels;
        for (int row = 0; row < kernelRows; row++, input += rowStride, weights += paddingWeights)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            float* pixel = input;
            for (int channel = 0; channel < terms; channel++, pixel++, weights += 3 * outChannels)
            {
                T w0a = T.Load(weights);
                T w1a = T.Load(weights + outChannels);
                T w2a = T.Load(weights + (2 * outChannels));
                T x;
                if (!left)
                {
                    x = T.Broadcast(pixel[0]);
                    a0 = T.FusedMultiplyAdd(x, w0a, a0);
                }
                x = T.Broadcast(pixel[inChannels]);
                a1 = T.FusedMultiplyAdd(x, w0a, a1);
                a0 = T.FusedMultiplyAdd(x, w1a, a0);
                x = T.Broadcast(pixel[2 * inChannels]);
                a2 = T.FusedMultiplyAdd(x, w0a, a2);
                a1 = T.FusedMultiplyAdd(x, w1a, a1);
                a0 = T.FusedMultiplyAdd(x, w2a, a0);
                x = T.Broadcast(pixel[3 * inChannels]);
                a3 = T.FusedMultiplyAdd(x, w0a, a3);
                a2 = T.FusedMultiplyAdd(x, w1a, a2);
                a1 = T.FusedMultiplyAdd(x, w2a, a1);
                x = T.Broadcast(pixel[4 * inChannels]);
                a4 = T.FusedMultiplyAdd(x, w0a, a4);
                a3 = T.FusedMultiplyAdd(x, w1a, a3);
                a2 = T.FusedMultiplyAdd(x, w2a, a2);
                x = T.Broadcast(pixel[5 * inChannels]);
                a5 = T.FusedMultiplyAdd(x, w0a, a5);
                a4 = T.FusedMultiplyAdd(x, w1a, a4);
                a3 = T.FusedMultiplyAdd(x, w2a, a3);
                x = T.Broadcast(pixel[6 * inChannels]);
                a6 = T.FusedMultiplyAdd(x, w0a, a6);
                a5 = T.FusedMultiplyAdd(x, w1a, a5);
                a4 = T.FusedMultiplyAdd(x, w2a, a4);
                x = T.Broadcast(pixel[7 * inChannels]);
                a7 = T.FusedMultiplyAdd(x, w0a, a7);
                a6 = T.FusedMultiplyAdd(x, w1a, a6);
                a5 = T.FusedMultiplyAdd(x, w2a, a5);
                x = T.Broadcast(pixel[8 * inChannels]);
                a7 = T.FusedMultiplyAdd(x, w1a, a7);
                a6 = T.FusedMultiplyAdd(x, w2a, a6);
                if (!right)
                {
                    x = T.Broadcast(pixel[9 * inChannels]);
                    a7 = T.FusedMultiplyAdd(x, w2a, a7);
                }
            }
            sum0 = T.Add(sum0, a0); sum1 = T.Add(sum1, a1); sum2 = T.Add(sum2, a2); sum3 = T.Add(sum3, a3); sum4 = T.Add(sum4, a4);
            sum5 = T.Add(sum5, a5); sum6 = T.Add(sum6, a6); sum7 = T.Add(sum7, a7);
        }
        T.Store(sum0, output);
        T.Store(sum1, output + outChannels);
        T.Store(sum2, output + (2 * outChannels));
        T.Store(sum3, output + (3 * outChannels));
        T.Store(sum4, output + (4 * outChannels));
        T.Store(sum5, output + (5 * outChannels));
        T.Store(sum6, output + (6 * outChannels));
        T.Store(sum7, output + (7 * outChannels));
    }

    /// <summary>4 pixels of a row by 2 rows of output channels: 8 running sums, 6 weights and one broadcast input in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2<T, TLeftBorder, TRightBorder>(
        float* input, int rowStride, float* weights, int kernelRows, int inChannels, int terms, int outChannels, float* output)
        where T : unmanaged, ILanes<T, float>
        where TLeftBorder : IFlag
        where TRightBorder : IFlag
    {
        // Every distance in a register of its own: what is left in the loop is the work itself.
        nint step1 = inChannels, step2 = 2 * step1, step3 = 3 * step1, step4 = 4 * step1, step5 = 5 * step1;
        nint column = outChannels, twoColumns = 2 * column, channelStride = 3 * column, paddingWeights =
            (inChannels - terms) * channelStride;
        for (int row = 0; row < kernelRows; row++, input += rowStride, weights += paddingWeights)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default;
            T b0 = default, b1 = default, b2 = default, b3 = default;
            float* pixel = input, end = input + terms;
            for (; pixel < end; pixel++, weights += channelStride)
            {
                T w0a = T.Load(weights), w0b = T.Load(weights + T.Count);
                T w1a = T.Load(weights + column), w1b = T.Load(weights + column + T.Count);
                T w2a = T.Load(weights + twoColumns), w2b = T.Load(weights + twoColumns + T.Count);
                T x;
                if (!TLeftBorder.IsSet)
                {
                    x = T.Broadcast(pixel[0]);
                    T.AddProduct(ref a0, x, w0a); T.AddProduct(ref b0, x, w0b);
                }
                x = T.Broadcast(*(pixel + step1));
                T.AddProduct(ref a1, x, w0a); T.AddProduct(ref b1, x, w0b);
                T.AddProduct(ref a0, x, w1a); T.AddProduct(ref b0, x, w1b);
                x = T.Broadcast(*(pixel + step2));
                T.AddProduct(ref a2, x, w0a); T.AddProduct(ref b2, x, w0b);
                T.AddProduct(ref a1, x, w1a); T.AddProduct(ref b1, x, w1b);
                T.AddProduct(ref a0, x, w2a); T.AddProduct(ref b0, x, w2b);
                x = T.Broadcast(*(pixel + step3));
                T.AddProduct(ref a3, x, w0a); T.AddProduct(ref b3, x, w0b);
                T.AddProduct(ref a2, x, w1a); T.AddProduct(ref b2, x, w1b);
                T.AddProduct(ref a1, x, w2a); T.AddProduct(ref b1, x, w2b);
                x = T.Broadcast(*(pixel + step4));
                T.AddProduct(ref a3, x, w1a); T.AddProduct(ref b3, x, w1b);
                T.AddProduct(ref a2, x, w2a); T.AddProduct(ref b2, x, w2b);
                if (!TRightBorder.IsSet)
                {
                    x = T.Broadcast(*(pixel + step5));
                    T.AddProduct(ref a3, x, w2a); T.AddProduct(ref b3, x, w2b);
                }
            }
            if (row > 0)
            {
                a0 = T.Add(T.Load(output), a0); b0 = T.Add(T.Load(output + T.Count), b0);
                a1 = T.Add(T.Load(output + outChannels), a1); b1 = T.Add(T.Load(output + outChannels + T.Count), b1);
                a2 = T.Add(T.Load(output + (2 * outChannels)), a2); b2 = T.Add(T.Load(output + (2 * outChannels) + T.Count), b2);
                a3 = T.Add(T.Load(output + (3 * outChannels)), a3); b3 = T.Add(T.Load(output + (3 * outChannels) + T.Count), b3);
            }
            T.Store(a0, output); T.Store(b0, output + T.Count);
            T.Store(a1, output + outChannels); T.Store(b1, output + outChannels + T.Count);
            T.Store(a2, output + (2 * outChannels)); T.Store(b2, output + (2 * outChannels) + T.Count);
            T.Store(a3, output + (3 * outChannels)); T.Store(b3, output + (3 * outChannels) + T.Count);
        }
    }

    /// <summary>
    /// 8 or 4 input channels by 3 kernel columns by one row of output channels:
    /// 24 or 12 running sums, three output gradients and one broadcast input in registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeightGradientTile<T, TEight>(float* input, float* gradient, float* weightGradient, int rows, int width,
        int inChannels, int outChannels)
        where T : unmanaged, ILanes<T, float>
        where TEight : IFlag
    {
        float* target = weightGradient;
        int next = 3 * outChannels;
        T s0l = default, s0m = default, s0r = default;
        T s1l = default, s1m = default, s1r = default;
        T s2l = default, s2m = default, s2r = default;
        T s3l = default, s3m = default, s3r = default;
        T s4l = default, s4m = default, s4r = default;
        T s5l = default, s5m = default, s5r = default;
        T s6l = default, s6m = default, s6r = default;
        T s7l = default, s7m = default, s7r = default;
        for (int row = 0; row < rows; row++)
        {
            float* pixel = input + ((long)row * (width + 2) * inChannels) + inChannels;
            float* outer = gradient + ((long)row * (width + 2) * outChannels) + outChannels;
            T here = T.Load(outer), after = T.Load(outer + outChannels), before, x;
            x = T.Broadcast(pixel[0]); s0l = T.FusedMultiplyAdd(x, after, s0l); s0m = T.FusedMultiplyAdd(x, here, s0m);
            x = T.Broadcast(pixel[1]); s1l = T.FusedMultiplyAdd(x, after, s1l); s1m = T.FusedMultiplyAdd(x, here, s1m);
            x = T.Broadcast(pixel[2]); s2l = T.FusedMultiplyAdd(x, after, s2l); s2m = T.FusedMultiplyAdd(x, here, s2m);
            x = T.Broadcast(pixel[3]); s3l = T.FusedMultiplyAdd(x, after, s3l); s3m = T.FusedMultiplyAdd(x, here, s3m);
            if (TEight.IsSet)
            {
                x = T.Broadcast(pixel[4]); s4l = T.FusedMultiplyAdd(x, after, s4l); s4m = T.FusedMultiplyAdd(x, here, s4m);
                x = T.Broadcast(pixel[5]); s5l = T.FusedMultiplyAdd(x, after, s5l); s5m = T.FusedMultiplyAdd(x, here, s5m);
                x = T.Broadcast(pixel[6]); s6l = T.FusedMultiplyAdd(x, after, s6l); s6m = T.FusedMultiplyAdd(x, here, s6m);
                x = T.Broadcast(pixel[7]); s7l = T.FusedMultiplyAdd(x, after, s7l); s7m = T.FusedMultiplyAdd(x, here, s7m);
            }
            for (int column = 1; column < width - 1; column++)
            {
                pixel += inChannels;
                before = T.Load(outer); outer += outChannels; here = T.Load(outer); after = T.Load(outer + outChannels);
                x = T.Broadcast(pixel[0]); s0l = T.FusedMultiplyAdd(x, after, s0l); s0m = T.FusedMultiplyAdd(x, here, s0m);
                s0r = T.FusedMultiplyAdd(x, before, s0r);
                x = T.Broadcast(pixel[1]); s1l = T.FusedMultiplyAdd(x, after, s1l); s1m = T.FusedMultiplyAdd(x, here, s1m);
                s1r = T.FusedMultiplyAdd(x, before, s1r);
                x = T.Broadcast(pixel[2]); s2l = T.FusedMultiplyAdd(x, after, s2l); s2m = T.FusedMultiplyAdd(x, here, s2m);
                s2r = T.FusedMultiplyAdd(x, before, s2r);
                x = T.Broadcast(pixel[3]); s3l = T.FusedMultiplyAdd(x, after, s3l); s3m = T.FusedMultiplyAdd(x, here, s3m);
                s3r = T.FusedMultiplyAdd(x, before, s3r);
                if (TEight.IsSet)
                {
                    x = T.Broadcast(pixel[4]); s4l = T.FusedMultiplyAdd(x, after, s4l); s4m = T.FusedMultiplyAdd(x, here, s4m);
                    s4r = T.FusedMultiplyAdd(x, before, s4r);
                    x = T.Broadcast(pixel[5]); s5l = T.FusedMultiplyAdd(x, after, s5l); s5m = T.FusedMultiplyAdd(x, here, s5m);
                    s5r = T.FusedMultiplyAdd(x, before, s5r);
                    x = T.Broadcast(pixel[6]); s6l = T.FusedMultiplyAdd(x, after, s6l); s6m = T.FusedMultiplyAdd(x, here, s6m);
                    s6r = T.FusedMultiplyAdd(x, before, s6r);
                    x = T.Broadcast(pixel[7]); s7l = T.FusedMultiplyAdd(x, after, s7l); s7m = T.FusedMultiplyAdd(x, here, s7m);
                    s7r = T.FusedMultiplyAdd(x, before, s7r);
                }
            }
            pixel += inChannels; before = here; here = after;
            before = T.Load(outer);
            x = T.Broadcast(pixel[0]); s0m = T.FusedMultiplyAdd(x, here, s0m); s0r = T.FusedMultiplyAdd(x, before, s0r);
            x = T.Broadcast(pixel[1]); s1m = T.FusedMultiplyAdd(x, here, s1m); s1r = T.FusedMultiplyAdd(x, before, s1r);
            x = T.Broadcast(pixel[2]); s2m = T.FusedMultiplyAdd(x, here, s2m); s2r = T.FusedMultiplyAdd(x, before, s2r);
            x = T.Broadcast(pixel[3]); s3m = T.FusedMultiplyAdd(x, here, s3m); s3r = T.FusedMultiplyAdd(x, before, s3r);
            if (TEight.IsSet)
            {
                x = T.Broadcast(pixel[4]); s4m = T.FusedMultiplyAdd(x, here, s4m); s4r = T.FusedMultiplyAdd(x, before, s4r);
                x = T.Broadcast(pixel[5]); s5m = T.FusedMultiplyAdd(x, here, s5m); s5r = T.FusedMultiplyAdd(x, before, s5r);
                x = T.Broadcast(pixel[6]); s6m = T.FusedMultiplyAdd(x, here, s6m); s6r = T.FusedMultiplyAdd(x, before, s6r);
                x = T.Broadcast(pixel[7]); s7m = T.FusedMultiplyAdd(x, here, s7m); s7r = T.FusedMultiplyAdd(x, before, s7r);
            }
        }
        AddTo<T>(target, outChannels, s0l, s0m, s0r);
        AddTo<T>(target + (1 * next), outChannels, s1l, s1m, s1r);
        AddTo<T>(target + (2 * next), outChannels, s2l, s2m, s2r);
        AddTo<T>(target + (3 * next), outChannels, s3l, s3m, s3r);
        if (TEight.IsSet)
        {
            AddTo<T>(target + (4 * next), outChannels, s4l, s4m, s4r);
            AddTo<T>(target + (5 * next), outChannels, s5l, s5m, s5r);
            AddTo<T>(target + (6 * next), outChannels, s6l, s6m, s6r);
            AddTo<T>(target + (7 * next), outChannels, s7l, s7m, s7r);
        }
    }

    /// <summary>
    /// 2 input channels by 3 kernel columns by 2 rows of output channels:
    /// 12 running sums, two inputs and one output gradient fit 16 registers with room to spare;
    /// a spilled sum would wait for memory in every step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2x2<T>(float* input, float* gradient, float* weightGradient, int rows, int width, int inChannels,
        int outChannels)
        where T : unmanaged, ILanes<T, float>
    {
        float* target = weightGradient;
        int next = 3 * outChannels;
        T s0la = default, s0lb = default, s0ma = default, s0mb = default, s0ra = default, s0rb = default;
        T s1la = default, s1lb = default, s1ma = default, s1mb = default, s1ra = default, s1rb = default;
        nint inputStep = inChannels, step = outChannels, back = -step;
        for (int row = 0; row < rows; row++)
        {
            float* pixel = input + ((long)row * (width + 2) * inChannels) + inChannels;
            float* outer = gradient + ((long)row * (width + 2) * outChannels) + outChannels;
            float* last = outer + ((width - 2) * step);
            T x, y, g;
            x = T.Broadcast(pixel[0]); y = T.Broadcast(pixel[1]);
            g = T.Load(outer + step); T.AddProduct(ref s0la, x, g); T.AddProduct(ref s1la, y, g);
            g = T.Load(outer + step + T.Count); T.AddProduct(ref s0lb, x, g); T.AddProduct(ref s1lb, y, g);
            g = T.Load(outer); T.AddProduct(ref s0ma, x, g); T.AddProduct(ref s1ma, y, g);
            g = T.Load(outer + T.Count); T.AddProduct(ref s0mb, x, g); T.AddProduct(ref s1mb, y, g);
            while (outer < last)
            {
                pixel += inputStep;
                outer += step;
                x = T.Broadcast(pixel[0]); y = T.Broadcast(pixel[1]);
                g = T.Load(outer + step); T.AddProduct(ref s0la, x, g); T.AddProduct(ref s1la, y, g);
                g = T.Load(outer + step + T.Count); T.AddProduct(ref s0lb, x, g); T.AddProduct(ref s1lb, y, g);
                g = T.Load(outer); T.AddProduct(ref s0ma, x, g); T.AddProduct(ref s1ma, y, g);
                g = T.Load(outer + T.Count); T.AddProduct(ref s0mb, x, g); T.AddProduct(ref s1mb, y, g);
                g = T.Load(outer + back); T.AddProduct(ref s0ra, x, g); T.AddProduct(ref s1ra, y, g);
                g = T.Load(outer + back + T.Count); T.AddProduct(ref s0rb, x, g); T.AddProduct(ref s1rb, y, g);
            }
            pixel += inputStep;
            outer += step;
            x = T.Broadcast(pixel[0]); y = T.Broadcast(pixel[1]);
            g = T.Load(outer); T.AddProduct(ref s0ma, x, g); T.AddProduct(ref s1ma, y, g);
            g = T.Load(outer + T.Count); T.AddProduct(ref s0mb, x, g); T.AddProduct(ref s1mb, y, g);
            g = T.Load(outer + back); T.AddProduct(ref s0ra, x, g); T.AddProduct(ref s1ra, y, g);
            g = T.Load(outer + back + T.Count); T.AddProduct(ref s0rb, x, g); T.AddProduct(ref s1rb, y, g);
        }
        AddTo<T>(target, outChannels, s0la, s0ma, s0ra);
        AddTo<T>(target + T.Count, outChannels, s0lb, s0mb, s0rb);
        AddTo<T>(target + next, outChannels, s1la, s1ma, s1ra);
        AddTo<T>(target + next + T.Count, outChannels, s1lb, s1mb, s1rb);
    }

    /// <summary>
    /// The 3 channels of an image of 4 by 3 kernel columns by one row of output channels: 9 running sums, three output gradients and one
    /// broadcast input in registers.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile3<T>(float* input, float* gradient, float* weightGradient, int rows, int width, int outChannels)
        where T : unmanaged, ILanes<T, float>
    {
        const int Stored = 4;
        T s0l = default, s0m = default, s0r = default;
        T s1l = default, s1m = default, s1r = default;
        T s2l = default, s2m = default, s2r = default;
        nint step = outChannels;
        for (int row = 0; row < rows; row++)
        {
            float* pixel = input + ((long)row * (width + 2) * Stored) + Stored;
            float* outer = gradient + ((long)row * (width + 2) * step) + step;
            float* last = outer + ((width - 2) * step);
            T before, here = T.Load(outer), after = T.Load(outer + step), x;
            x = T.Broadcast(pixel[0]); T.AddProduct(ref s0l, x, after); T.AddProduct(ref s0m, x, here);
            x = T.Broadcast(pixel[1]); T.AddProduct(ref s1l, x, after); T.AddProduct(ref s1m, x, here);
            x = T.Broadcast(pixel[2]); T.AddProduct(ref s2l, x, after); T.AddProduct(ref s2m, x, here);
            while (outer < last)
            {
                pixel += Stored;
                before = T.Load(outer);
                outer += step;
                here = T.Load(outer);
                after = T.Load(outer + step);
                x = T.Broadcast(pixel[0]); T.AddProduct(ref s0l, x, after); T.AddProduct(ref s0m, x, here);
                T.AddProduct(ref s0r, x, before);
                x = T.Broadcast(pixel[1]); T.AddProduct(ref s1l, x, after); T.AddProduct(ref s1m, x, here);
                T.AddProduct(ref s1r, x, before);
                x = T.Broadcast(pixel[2]); T.AddProduct(ref s2l, x, after); T.AddProduct(ref s2m, x, here);
                T.AddProduct(ref s2r, x, before);
            }
            pixel += Stored;
            before = T.Load(outer);
            here = T.Load(outer + step);
            x = T.Broadcast(pixel[0]); T.AddProduct(ref s0m, x, here); T.AddProduct(ref s0r, x, before);
            x = T.Broadcast(pixel[1]); T.AddProduct(ref s1m, x, here); T.AddProduct(ref s1r, x, before);
            x = T.Broadcast(pixel[2]); T.AddProduct(ref s2m, x, here); T.AddProduct(ref s2r, x, before);
        }
        AddTo<T>(weightGradient, outChannels, s0l, s0m, s0r);
        AddTo<T>(weightGradient + (3 * outChannels), outChannels, s1l, s1m, s1r);
        AddTo<T>(weightGradient + (6 * outChannels), outChannels, s2l, s2m, s2r);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo<T>(float* target, int outChannels, T left, T middle, T right)
        where T : unmanaged, ILanes<T, float>
    {
        T.Store(T.Add(T.Load(target), left), target);
        T.Store(T.Add(T.Load(target + outChannels), middle), target + outChannels);
        T.Store(T.Add(T.Load(target + (2 * outChannels)), right), target + (2 * outChannels));
    }

    private readonly struct ForwardWork(
        float* input, float* weights, float* output, int height, int width, int inChannels, int outChannels, int paddingChannels,
        Prefetch? prefetch) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> =>
                Forward<T>(input, weights, output, height, width, inChannels, outChannels, paddingChannels, prefetch);
    }

    private readonly struct WeightGradientWork(
        float* input, float* gradient, float* weightGradient, int height, int width, int inChannels, int outChannels, int paddingChannels)
        : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> =>
                WeightGradient<T>(input, gradient, weightGradient, height, width, inChannels, outChannels, paddingChannels);
    }
}
