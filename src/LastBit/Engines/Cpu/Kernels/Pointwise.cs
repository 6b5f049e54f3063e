using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>The per-channel numbers of a batch normalisation z = (x - Mean) * Scale + Shift; each points to one number a channel.</summary>
internal unsafe struct NormCoefficients
{
    /// <summary>The mean of x over samples and positions (or the running mean in evaluation).</summary>
    public float* Mean;

    /// <summary>weight / sqrt(variance + eps).</summary>
    public float* Scale;

    /// <summary>The bias.</summary>
    public float* Shift;

    /// <summary>The gradient with respect to x is Scale * dz + GradientSlope * (x - Mean) + GradientOffset.</summary>
    public float* GradientSlope;

    /// <inheritdoc cref="GradientSlope"/>
    public float* GradientOffset;

    /// <summary>One row of channels after the other.</summary>
    /// <param name="first">Where the first of the five rows is.</param>
    /// <param name="channels">Numbers in a row.</param>
    public static NormCoefficients At(float* first, int channels) => new()
    {
        Mean = first,
        Scale = first + channels,
        Shift = first + (2 * channels),
        GradientSlope = first + (3 * channels),
        GradientOffset = first + (4 * channels),
    };
}

/// <summary>
/// The passes over one image that do one or two operations a number: normalisation, activation, residual addition, their gradients and
/// their sums. They run on data that a convolution has just left in the cache or is about to read, so that nothing is read from memory
/// twice. Sums run over positions in four interleaved chains (position modulo 4) that are added as (0 + 1) + (2 + 3).
/// </summary>
internal static unsafe class Pointwise
{
    /// <summary>So many positions of two tensors, a cache line each, are 8 KiB: they lie in any first-level cache.</summary>
    private const int RowsInCache = 64;

    // Four of gradients and four of their products.
    private const int Sums = 8;

    /// <summary>padded[y, border + x, c] = f(norm(source[y, x, c])), the border columns zero.</summary>
    /// <param name="source">height x width x channels.</param>
    /// <param name="norm">The normalisation.</param>
    /// <param name="padded">height x (width + 2 border) x channels.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="border">Zero columns at both ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillPadded<T, TActivation, TNorm>(
        float* source, in NormCoefficients norm, float* padded, int height, int width, int channels, int border)
        where T : unmanaged, ILanes<T, float>
        where TActivation : IActivation
        where TNorm : IFlag
    {
        CheckWhole<T>(channels);
        float* mean = norm.Mean, scale = norm.Scale, shift = norm.Shift;
        int edge = border * channels;
        nint step = TNorm.IsSet ? channels : T.Count, row = width * channels;
        for (int y = 0; y < height; y++)
        {
            for (int i = 0; i < edge; i += T.Count)
                T.Store(default, padded + i);
            padded += edge;
            // A row stays in the first-level cache, so that going through it once for each row of channels costs less than loading the
            // coefficients again.
            for (int c = 0; c < step; c += T.Count)
            {
                T m = default, s = default, b = default;
                if (TNorm.IsSet)
                {
                    m = T.Load(mean + c);
                    s = T.Load(scale + c);
                    b = T.Load(shift + c);
                }
                float* from = source + c, to = padded + c, end = to + row;
                for (; to < end; from += step, to += step)
                {
                    T z = T.Load(from);
                    if (TNorm.IsSet)
                        z = T.FusedMultiplyAdd(T.Subtract(z, m), s, b);
                    T.Store(TActivation.Value(z), to);
                }
            }
            source += width * channels;
            padded += width * channels;
            for (int i = 0; i < edge; i += T.Count)
                T.Store(default, padded + i);
            padded += edge;
        }
    }

    /// <summary>sum = norm(left) + f(norm(right)): the end of a residual block, before its activation.</summary>
    /// <param name="left">positions x channels.</param>
    /// <param name="leftNorm">The normalisation of the left operand.</param>
    /// <param name="right">positions x channels.</param>
    /// <param name="rightNorm">The normalisation of the right operand.</param>
    /// <param name="sum">positions x channels.</param>
    /// <param name="positions">Height times width.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<T, TLeft, TActivation, TRight>(
        float* left, in NormCoefficients leftNorm, float* right, in NormCoefficients rightNorm, float* sum, int positions, int channels)
        where T : unmanaged, ILanes<T, float>
        where TLeft : IFlag
        where TActivation : IActivation
        where TRight : IFlag
    {
        CheckWhole<T>(channels);
        float* lm = leftNorm.Mean, ls = leftNorm.Scale, lb = leftNorm.Shift, rm = rightNorm.Mean, rs = rightNorm.Scale, rb =
            rightNorm.Shift;
        for (int p = 0; p < positions; p++, left += channels, right += channels, sum += channels)
        {
            for (int c = 0; c < channels; c += T.Count)
            {
                T a = T.Load(left + c), b = T.Load(right + c);
                if (TLeft.IsSet)
                    a = T.FusedMultiplyAdd(T.Subtract(a, T.Load(lm + c)), T.Load(ls + c), T.Load(lb + c));
                if (TRight.IsSet)
                    b = T.FusedMultiplyAdd(T.Subtract(b, T.Load(rm + c)), T.Load(rs + c), T.Load(rb + c));
                T.Store(T.Add(a, TActivation.Value(b)), sum + c);
            }
        }
    }

    /// <summary>Mean and sum of squared deviations from it, per channel, over the positions of one image (two passes).</summary>
    /// <param name="x">positions x channels.</param>
    /// <param name="positions">Height times width, a multiple of 4.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="mean">One number a channel, written.</param>
    /// <param name="squares">One number a channel, written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Moments<T>(float* x, int positions, int channels, float* mean, float* squares)
        where T : unmanaged, ILanes<T, float>
    {
        CheckWhole<T>(channels);
        CheckPositions(positions);
        int step = 4 * channels;
        for (int c = 0; c < channels; c += T.Count)
        {
            T s0 = default, s1 = default, s2 = default, s3 = default;
            float* p = x + c;
            for (int i = 0; i < positions; i += 4, p += step)
            {
                s0 = T.Add(s0, T.Load(p));
                s1 = T.Add(s1, T.Load(p + channels));
                s2 = T.Add(s2, T.Load(p + (2 * channels)));
                s3 = T.Add(s3, T.Load(p + (3 * channels)));
            }
            T m = T.Divide(T.Add(T.Add(s0, s1), T.Add(s2, s3)), T.Broadcast(positions));
            T.Store(m, mean + c);
            s0 = s1 = s2 = s3 = default;
            p = x + c;
            for (int i = 0; i < positions; i += 4, p += step)
            {
                T d0 = T.Subtract(T.Load(p), m), d1 = T.Subtract(T.Load(p + channels), m);
                T d2 = T.Subtract(T.Load(p + (2 * channels)), m), d3 = T.Subtract(T.Load(p + (3 * channels)), m);
                s0 = T.FusedMultiplyAdd(d0, d0, s0);
                s1 = T.FusedMultiplyAdd(d1, d1, s1);
                s2 = T.FusedMultiplyAdd(d2, d2, s2);
                s3 = T.FusedMultiplyAdd(d3, d3, s3);
            }
            T.Store(T.Add(T.Add(s0, s1), T.Add(s2, s3)), squares + c);
        }
    }

    /// <summary>
    /// The gradient that reaches a normalised and activated view: g = (already ? target : 0) + contribution; target = g * f'(norm(x)). With
    /// a normalisation, also its two sums over the image: sum of target and sum of target * (x - mean).
    /// </summary>
    /// <param name="contribution">positions x channels: the gradient from the last consumer.</param>
    /// <param name="x">positions x channels: the stored tensor.</param>
    /// <param name="norm">The normalisation.</param>
    /// <param name="target">positions x channels: read when <typeparamref name="TAlready"/> is set, and written.</param>
    /// <param name="positions">Height times width; with a normalisation a multiple of 4.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="sum">One number a channel, written; not used without normalisation.</param>
    /// <param name="product">One number a channel, written; not used without normalisation.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Close<T, TActivation, TNorm, TAlready>(
        float* contribution, float* x, in NormCoefficients norm, float* target, int positions, int channels, float* sum, float* product)
        where T : unmanaged, ILanes<T, float>
        where TActivation : IActivation
        where TNorm : IFlag
        where TAlready : IFlag
    {
        CheckWhole<T>(channels);
        if (TNorm.IsSet)
            CheckPositions(positions);
        if (!TNorm.IsSet)
        {
            // The channels are alike, and the image is gone through as it lies in memory.
            Gradients<T, TActivation, TNorm, TAlready>(contribution, x, target, T.Count, positions * channels / T.Count, norm, 0);
            return;
        }
        float* sums = stackalloc float[Sums * T.Count];
        for (int c = 0; c < channels; c += T.Count, contribution += T.Count, x += T.Count, target += T.Count)
        {
            new Span<float>(sums, Sums * T.Count).Clear();
            // Where the function needs the registers for itself, it is taken first, on rows that the sums then find in the first-level
            // cache.
            for (int p = 0, rows; p < positions; p += rows)
            {
                rows = TActivation.IsLong ? Math.Min(RowsInCache, positions - p) : positions;
                nint at = (nint)p * channels;
                if (TActivation.IsLong)
                    Gradients<T, TActivation, TNorm, TAlready>(contribution + at, x + at, target + at, channels, rows, norm, c);
                AddRows<T, TActivation, TNorm, TAlready>(contribution + at, x + at, target + at, channels, rows, norm, c, sums);
            }
            T.Store(InOrder<T>(sums), sum + c);
            T.Store(InOrder<T>(sums + (4 * T.Count)), product + c);
        }
    }

    /// <summary>(0 + 1) + (2 + 3) of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T InOrder<T>(float* sums)
        where T : unmanaged, ILanes<T, float> => T.Add(
            T.Add(T.Load(sums), T.Load(sums + T.Count)), T.Add(T.Load(sums + (2 * T.Count)), T.Load(sums + (3 * T.Count))));

    /// <summary>
    /// What <see cref="Close"/> writes, at one vector a row. A method of its own: in a larger one the JIT stops inlining, and calls every
    /// operation (docs/performance.md).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gradients<T, TActivation, TNorm, TAlready>(
        float* source, float* data, float* to, nint next, int rows, in NormCoefficients norm, int channel)
        where T : unmanaged, ILanes<T, float>
        where TActivation : IActivation
        where TNorm : IFlag
        where TAlready : IFlag
    {
        T mean = default, scale = default, shift = default;
        if (TNorm.IsSet)
        {
            mean = T.Load(norm.Mean + channel);
            scale = T.Load(norm.Scale + channel);
            shift = T.Load(norm.Shift + channel);
        }
        for (float* end = to + (rows * next); to < end; to += next, data += next, source += next)
            T.Store(Gradient<T, TActivation, TNorm, TAlready>(source, data, to, mean, scale, shift), to);
    }

    /// <summary>Adds rows to the four sums and the four of products; writes them first where that is not yet done.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<T, TActivation, TNorm, TAlready>(
        float* source, float* data, float* to, nint next, int rows, in NormCoefficients norm, int channel, float* sums)
        where T : unmanaged, ILanes<T, float>
        where TActivation : IActivation
        where TNorm : IFlag
        where TAlready : IFlag
    {
        T mean = T.Load(norm.Mean + channel), scale = T.Load(norm.Scale + channel), shift = T.Load(norm.Shift + channel);
        T s0 = T.Load(sums), s1 = T.Load(sums + T.Count), s2 = T.Load(sums + (2 * T.Count)), s3 = T.Load(sums + (3 * T.Count));
        float* products = sums + (4 * T.Count);
        T q0 = T.Load(products), q1 = T.Load(products + T.Count), q2 = T.Load(products + (2 * T.Count));
        T q3 = T.Load(products + (3 * T.Count));
        nint next2 = 2 * next, next3 = 3 * next, step = 4 * next;
        for (float* end = to + (rows * next); to < end; to += step, data += step, source += step)
        {
            One<T, TActivation, TNorm, TAlready>(source, data, to, mean, scale, shift, ref s0, ref q0);
            One<T, TActivation, TNorm, TAlready>(source + next, data + next, to + next, mean, scale, shift, ref s1, ref q1);
            One<T, TActivation, TNorm, TAlready>(source + next2, data + next2, to + next2, mean, scale, shift, ref s2, ref q2);
            One<T, TActivation, TNorm, TAlready>(source + next3, data + next3, to + next3, mean, scale, shift, ref s3, ref q3);
        }
        T.Store(s0, sums); T.Store(s1, sums + T.Count); T.Store(s2, sums + (2 * T.Count)); T.Store(s3, sums + (3 * T.Count));
        T.Store(q0, products); T.Store(q1, products + T.Count); T.Store(q2, products + (2 * T.Count));
        T.Store(q3, products + (3 * T.Count));
    }

    /// <summary>What <see cref="Close"/> writes at one position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Gradient<T, TActivation, TNorm, TAlready>(float* source, float* data, float* to, T mean, T scale, T shift)
        where T : unmanaged, ILanes<T, float>
        where TActivation : IActivation
        where TNorm : IFlag
        where TAlready : IFlag
    {
        T gradient = T.Load(source);
        if (TAlready.IsSet)
            gradient = T.Add(T.Load(to), gradient);
        T z = T.Load(data);
        if (TNorm.IsSet)
            z = T.FusedMultiplyAdd(T.Subtract(z, mean), scale, shift);
        return TActivation.Backward(z, gradient);
    }

    /// <summary>Writes one position, unless that is done, and adds it to the sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void One<T, TActivation, TNorm, TAlready>(float* source, float* data, float* to, T mean, T scale, T shift, ref T sum,
        ref T product)
        where T : unmanaged, ILanes<T, float>
        where TActivation : IActivation
        where TNorm : IFlag
        where TAlready : IFlag
    {
        T gradient;
        if (TActivation.IsLong)
        {
            gradient = T.Load(to);
        }
        else
        {
            gradient = Gradient<T, TActivation, TNorm, TAlready>(source, data, to, mean, scale, shift);
            T.Store(gradient, to);
        }
        sum = T.Add(sum, gradient);
        T.AddProduct(ref product, gradient, T.Subtract(T.Load(data), mean));
    }

    /// <summary>
    /// padded[y, border + x, c] = Scale * dz + GradientSlope * (x - Mean) + GradientOffset (+ raw): the gradient with respect to a stored
    /// tensor from that of its normalised view, the border columns zero. Without normalisation it is dz (+ raw).
    /// </summary>
    /// <param name="dz">height x width x channels: the gradient with respect to the normalised view.</param>
    /// <param name="x">height x width x channels: the stored tensor.</param>
    /// <param name="norm">The normalisation.</param>
    /// <param name="raw">
    /// height x width x channels: the gradient from consumers that read the tensor as it is;
    /// not used unless <typeparamref name="TRaw"/> is set.
    /// </param>
    /// <param name="padded">height x (width + 2 border) x channels.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="border">Zero columns at both ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NormBackward<T, TNorm, TRaw>(
        float* dz, float* x, in NormCoefficients norm, float* raw, float* padded, int height, int width, int channels, int border)
        where T : unmanaged, ILanes<T, float>
        where TNorm : IFlag
        where TRaw : IFlag
    {
        CheckWhole<T>(channels);
        float* mean = norm.Mean, scale = norm.Scale, slope = norm.GradientSlope, offset = norm.GradientOffset;
        int edge = border * channels, row = width * channels, next = TNorm.IsSet ? channels : T.Count;
        for (int y = 0; y < height; y++)
        {
            for (int i = 0; i < edge; i += T.Count)
                T.Store(default, padded + i);
            padded += edge;
            for (int c = 0; c < next; c += T.Count)
            {
                T m = default, a = default, b = default, o = default;
                if (TNorm.IsSet)
                {
                    m = T.Load(mean + c);
                    a = T.Load(scale + c);
                    b = T.Load(slope + c);
                    o = T.Load(offset + c);
                }
                float* to = padded + c;
                for (int i = c; i < row; i += next, to += next)
                {
                    T gradient = T.Load(dz + i);
                    if (TNorm.IsSet)
                        gradient = T.FusedMultiplyAdd(a, gradient, T.FusedMultiplyAdd(b, T.Subtract(T.Load(x + i), m), o));
                    if (TRaw.IsSet)
                        gradient = T.Add(gradient, T.Load(raw + i));
                    T.Store(gradient, to);
                }
            }
            dz += row;
            x += row;
            raw += row;
            padded += row;
            for (int i = 0; i < edge; i += T.Count)
                T.Store(default, padded + i);
            padded += edge;
        }
    }

    /// <summary>target += source.</summary>
    /// <param name="source">count numbers.</param>
    /// <param name="target">count numbers.</param>
    /// <param name="count">A multiple of the lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<T>(float* source, float* target, int count)
        where T : unmanaged, ILanes<T, float>
    {
        CheckWhole<T>(count);
        for (int i = 0; i < count; i += T.Count)
            T.Store(T.Add(T.Load(target + i), T.Load(source + i)), target + i);
    }

    /// <summary>
    /// Adds the rows of a table in a fixed tree, in place: row i += row i + 1 for even i, then row i += row i + 2 for i divisible by 4,
    /// and so on. The sum is left in row 0.
    /// </summary>
    /// <param name="table">rows x stride.</param>
    /// <param name="rows">How many rows, at least 1.</param>
    /// <param name="stride">Distance between rows in floats.</param>
    /// <param name="count">How many numbers of a row, a multiple of the lanes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TreeSum<T>(float* table, int rows, long stride, int count)
        where T : unmanaged, ILanes<T, float>
    {
        CheckWhole<T>(count);
        for (int distance = 1; distance < rows; distance *= 2)
        {
            for (int row = 0; row + distance < rows; row += 2 * distance)
            {
                float* target = table + (row * stride);
                float* source = target + (distance * stride);
                for (int i = 0; i < count; i += T.Count)
                    T.Store(T.Add(T.Load(target + i), T.Load(source + i)), target + i);
            }
        }
    }

    // A vector that reached beyond a row would read and write what belongs to others.
    private static void CheckWhole<T>(int numbers)
        where T : unmanaged, ILanes<T, float>
    {
        if (numbers % T.Count != 0)
            throw new ArgumentException($"Rows of {numbers} numbers are not whole vectors of {T.Count}.", nameof(numbers));
    }

    private static void CheckPositions(int positions)
    {
        if (positions % 4 != 0)
            throw new ArgumentException($"{positions} positions are not a multiple of 4.", nameof(positions));
    }
}
