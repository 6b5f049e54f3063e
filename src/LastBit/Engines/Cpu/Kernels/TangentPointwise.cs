using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>Numbers and their derivatives in one direction, at two places of one layout.</summary>
internal readonly unsafe struct Dual(float* value, float* tangent)
{
    /// <summary>The numbers.</summary>
    public float* Value { get; } = value;

    /// <summary>Their tangents.</summary>
    public float* Tangent { get; } = tangent;
}

/// <summary>
/// The pointwise passes of <see cref="Pointwise"/> with their derivatives in the direction of a vector. A dot marks a tangent in the
/// comments: x and x'. Sums over positions run in four interleaved chains (position modulo 4) that are added as (0 + 1) + (2 + 3).
/// </summary>
internal static unsafe class TangentPointwise
{
    private const int RowsInCache = 32;

    /// <summary>
    /// padded = f(norm(x)) where <typeparamref name="TValue"/> is set, and its tangent f'(z) z' with z' = (x' - Mean') Scale + (x - Mean)
    /// Scale' + Shift', both with zero border columns.
    /// </summary>
    /// <param name="source">height x width x channels: the stored tensor.</param>
    /// <param name="norm">The normalisation.</param>
    /// <param name="normTangent">Its tangents.</param>
    /// <param name="padded">height x (width + 2 border) x channels.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="border">Zero columns at both ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FillPadded<T, TJet, TNorm, TValue>(
        Dual source, in NormCoefficients norm, in NormCoefficients normTangent, Dual padded, int height, int width, int channels,
        int border)
        where T : unmanaged, ILanes<T, float>
        where TJet : IActivationJet
        where TNorm : IFlag
        where TValue : IFlag
    {
        float* x = source.Value, dx = source.Tangent, to = padded.Value, dTo = padded.Tangent;
        int edge = border * channels, row = width * channels;
        for (int y = 0; y < height; y++)
        {
            ClearEdges<T>(dTo, edge, row);
            if (TValue.IsSet)
                ClearEdges<T>(to, edge, row);
            for (int c = 0; c < channels; c += T.Count)
            {
                var n = Normalisation<T>.Load<TNorm>(norm, normTangent, c);
                for (int i = c; i < row; i += channels)
                {
                    n.Apply<TNorm>(T.Load(x + i), T.Load(dx + i), out T z, out T dz);
                    TJet.ValueAndSlope(z, out T value, out T slope);
                    T.Store(T.Multiply(slope, dz), dTo + edge + i);
                    if (TValue.IsSet)
                        T.Store(value, to + edge + i);
                }
            }
            x += row;
            dx += row;
            to += row + (2 * edge);
            dTo += row + (2 * edge);
        }
    }

    /// <summary>The two sums of one image from which the tangents of mean and variance come: of x', and of (x - mean) x'.</summary>
    /// <param name="x">positions x channels.</param>
    /// <param name="positions">Height times width.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="mean">The image's mean of x, one number a channel.</param>
    /// <param name="sum">One number a channel, written.</param>
    /// <param name="product">One number a channel, written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Moments<T>(Dual x, int positions, int channels, float* mean, float* sum, float* product)
        where T : unmanaged, ILanes<T, float>
    {
        for (int c = 0; c < channels; c += T.Count)
        {
            T m = T.Load(mean + c);
            var sums = default(Chains<T>);
            sums.Add(x.Tangent + c, x.Value + c, m, positions, channels);
            sums.Store(sum + c, product + c);
        }
    }

    /// <summary>
    /// The gradient that reaches a normalised and activated view, and its tangent: with g = (already ? target : 0) + contribution, target =
    /// g f'(z) and target' = g' f'(z) + g f''(z) z'. With a normalisation also their sums over the image: of target, of target (x - mean),
    /// of target', and of target' (x - mean) + target (x' - mean').
    /// </summary>
    /// <param name="contribution">positions x channels: the gradient from the last consumer.</param>
    /// <param name="x">positions x channels: the stored tensor.</param>
    /// <param name="norm">The normalisation.</param>
    /// <param name="normTangent">Its tangents.</param>
    /// <param name="target">positions x channels: read when <typeparamref name="TAlready"/> is set, and written.</param>
    /// <param name="positions">Height times width.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="sum">One number a channel, written; not used without normalisation.</param>
    /// <param name="product">One number a channel, written; not used without normalisation.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Close<T, TJet, TNorm, TAlready>(
        Dual contribution, Dual x, in NormCoefficients norm, in NormCoefficients normTangent, Dual target, int positions, int channels,
        Dual sum, Dual product)
        where T : unmanaged, ILanes<T, float>
        where TJet : IActivationJet
        where TNorm : IFlag
        where TAlready : IFlag
    {
        nint step = channels;
        for (int c = 0; c < channels; c += T.Count)
        {
            var n = Normalisation<T>.Load<TNorm>(norm, normTangent, c);
            Chains<T> values = default, tangents = default;
            for (int from = 0; from < positions; from += RowsInCache)
            {
                int rows = Math.Min(RowsInCache, positions - from);
                nint at = c + (from * step), end = at + (rows * step);
                for (nint i = at; i < end; i += step)
                {
                    n.Apply<TNorm>(T.Load(x.Value + i), T.Load(x.Tangent + i), out T z, out T dz);
                    T gradient = T.Load(contribution.Value + i), tangent = T.Load(contribution.Tangent + i);
                    if (TAlready.IsSet)
                    {
                        gradient = T.Add(T.Load(target.Value + i), gradient);
                        tangent = T.Add(T.Load(target.Tangent + i), tangent);
                    }
                    TJet.SlopeAndCurvature(z, out T slope, out T curvature);
                    tangent = T.Multiply(tangent, slope);
                    if (!TJet.IsPiecewiseLinear)
                        tangent = T.FusedMultiplyAdd(T.Multiply(curvature, dz), gradient, tangent);
                    T.Store(T.Multiply(gradient, slope), target.Value + i);
                    T.Store(tangent, target.Tangent + i);
                }
                if (TNorm.IsSet)
                {
                    values.Add(target.Value + at, x.Value + at, n.Mean, rows, channels);
                    tangents.Add(target.Tangent + at, x.Value + at, n.Mean, rows, channels);
                    tangents.AddProducts(target.Value + at, x.Tangent + at, n.MeanTangent, rows, channels);
                }
            }
            if (TNorm.IsSet)
            {
                values.Store(sum.Value + c, product.Value + c);
                tangents.Store(sum.Tangent + c, product.Tangent + c);
            }
        }
    }

    /// <summary>
    /// The gradient with respect to a stored tensor from that of its normalised view, g = Scale dz + GradientSlope (x - Mean) +
    /// GradientOffset (+ raw), and its tangent g' = Scale dz' + Scale' dz + GradientSlope (x' - Mean') + GradientSlope' (x - Mean) +
    /// GradientOffset' (+ raw'), both with zero border columns. Without normalisation they are dz (+ raw) and dz' (+ raw').
    /// </summary>
    /// <param name="dz">height x width x channels: the gradient with respect to the normalised view.</param>
    /// <param name="x">height x width x channels: the stored tensor.</param>
    /// <param name="norm">The normalisation.</param>
    /// <param name="normTangent">Its tangents.</param>
    /// <param name="raw">
    /// height x width x channels: the gradient from consumers that read the tensor as it is; not used unless <typeparamref name="TRaw"/>
    /// is set.
    /// </param>
    /// <param name="padded">height x (width + 2 border) x channels.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">Channels, a multiple of the lanes.</param>
    /// <param name="border">Zero columns at both ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void NormBackward<T, TNorm, TRaw>(
        Dual dz, Dual x, in NormCoefficients norm, in NormCoefficients normTangent, Dual raw, Dual padded, int height, int width,
        int channels, int border)
        where T : unmanaged, ILanes<T, float>
        where TNorm : IFlag
        where TRaw : IFlag
    {
        float* to = padded.Value, dTo = padded.Tangent;
        int edge = border * channels, row = width * channels;
        nint first = 0;
        for (int y = 0; y < height; y++, first += row, to += row + (2 * edge), dTo += row + (2 * edge))
        {
            ClearEdges<T>(to, edge, row);
            ClearEdges<T>(dTo, edge, row);
            for (int c = 0; c < channels; c += T.Count)
            {
                T mean = default, scale = default, slope = default, offset = default;
                T dMean = default, dScale = default, dSlope = default, dOffset = default;
                if (TNorm.IsSet)
                {
                    (mean, scale) = (T.Load(norm.Mean + c), T.Load(norm.Scale + c));
                    (slope, offset) = (T.Load(norm.GradientSlope + c), T.Load(norm.GradientOffset + c));
                    (dMean, dScale) = (T.Load(normTangent.Mean + c), T.Load(normTangent.Scale + c));
                    (dSlope, dOffset) = (T.Load(normTangent.GradientSlope + c), T.Load(normTangent.GradientOffset + c));
                }
                for (int i = c; i < row; i += channels)
                {
                    T gradient = T.Load(dz.Value + first + i), tangent = T.Load(dz.Tangent + first + i);
                    if (TNorm.IsSet)
                    {
                        T d = T.Subtract(T.Load(x.Value + first + i), mean), dd = T.Subtract(T.Load(x.Tangent + first + i), dMean);
                        tangent = T.FusedMultiplyAdd(
                            scale, tangent,
                            T.FusedMultiplyAdd(dScale, gradient, T.FusedMultiplyAdd(slope, dd, T.FusedMultiplyAdd(dSlope, d, dOffset))));
                        gradient = T.FusedMultiplyAdd(scale, gradient, T.FusedMultiplyAdd(slope, d, offset));
                    }
                    if (TRaw.IsSet)
                    {
                        gradient = T.Add(gradient, T.Load(raw.Value + first + i));
                        tangent = T.Add(tangent, T.Load(raw.Tangent + first + i));
                    }
                    T.Store(gradient, to + edge + i);
                    T.Store(tangent, dTo + edge + i);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ClearEdges<T>(float* row, int edge, int width)
        where T : unmanaged, ILanes<T, float>
    {
        for (int i = 0; i < edge; i += T.Count)
        {
            T.Store(default, row + i);
            T.Store(default, row + edge + width + i);
        }
    }

    /// <summary>The coefficients of a row of channels.</summary>
    private struct Normalisation<T>
        where T : unmanaged, ILanes<T, float>
    {
        public T Mean, MeanTangent;
        private T _scale, _shift, _scaleTangent, _shiftTangent;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Normalisation<T> Load<TNorm>(in NormCoefficients norm, in NormCoefficients tangent, int c)
            where TNorm : IFlag => !TNorm.IsSet ? default : new()
            {
                Mean = T.Load(norm.Mean + c),
                MeanTangent = T.Load(tangent.Mean + c),
                _scale = T.Load(norm.Scale + c),
                _shift = T.Load(norm.Shift + c),
                _scaleTangent = T.Load(tangent.Scale + c),
                _shiftTangent = T.Load(tangent.Shift + c),
            };

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Apply<TNorm>(T x, T tangent, out T z, out T zTangent)
            where TNorm : IFlag
        {
            (z, zTangent) = (x, tangent);
            if (!TNorm.IsSet)
                return;
            T d = T.Subtract(x, Mean);
            z = T.FusedMultiplyAdd(d, _scale, _shift);
            zTangent = T.FusedMultiplyAdd(T.Subtract(tangent, MeanTangent), _scale, T.FusedMultiplyAdd(d, _scaleTangent, _shiftTangent));
        }
    }

    /// <summary>Four chains of a sum and four of a sum of products.</summary>
    private struct Chains<T>
        where T : unmanaged, ILanes<T, float>
    {
        private T _s0, _s1, _s2, _s3, _p0, _p1, _p2, _p3;

        /// <summary>Adds g and g (x - mean) of so many rows, the first of which goes to the first chain.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float* g, float* x, T mean, int rows, nint step)
        {
            T s0 = _s0, s1 = _s1, s2 = _s2, s3 = _s3, p0 = _p0, p1 = _p1, p2 = _p2, p3 = _p3;
            for (; rows >= 4; rows -= 4, g += 4 * step, x += 4 * step)
            {
                One(g, x, mean, ref s0, ref p0);
                One(g + step, x + step, mean, ref s1, ref p1);
                One(g + (2 * step), x + (2 * step), mean, ref s2, ref p2);
                One(g + (3 * step), x + (3 * step), mean, ref s3, ref p3);
            }
            if (rows > 0)
                One(g, x, mean, ref s0, ref p0);
            if (rows > 1)
                One(g + step, x + step, mean, ref s1, ref p1);
            if (rows > 2)
                One(g + (2 * step), x + (2 * step), mean, ref s2, ref p2);
            (_s0, _s1, _s2, _s3, _p0, _p1, _p2, _p3) = (s0, s1, s2, s3, p0, p1, p2, p3);
        }

        /// <summary>Adds g (x - mean) of so many rows to the sums of products alone.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddProducts(float* g, float* x, T mean, int rows, nint step)
        {
            T p0 = _p0, p1 = _p1, p2 = _p2, p3 = _p3;
            for (; rows >= 4; rows -= 4, g += 4 * step, x += 4 * step)
            {
                T.AddProduct(ref p0, T.Load(g), T.Subtract(T.Load(x), mean));
                T.AddProduct(ref p1, T.Load(g + step), T.Subtract(T.Load(x + step), mean));
                T.AddProduct(ref p2, T.Load(g + (2 * step)), T.Subtract(T.Load(x + (2 * step)), mean));
                T.AddProduct(ref p3, T.Load(g + (3 * step)), T.Subtract(T.Load(x + (3 * step)), mean));
            }
            if (rows > 0)
                T.AddProduct(ref p0, T.Load(g), T.Subtract(T.Load(x), mean));
            if (rows > 1)
                T.AddProduct(ref p1, T.Load(g + step), T.Subtract(T.Load(x + step), mean));
            if (rows > 2)
                T.AddProduct(ref p2, T.Load(g + (2 * step)), T.Subtract(T.Load(x + (2 * step)), mean));
            (_p0, _p1, _p2, _p3) = (p0, p1, p2, p3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* sum, float* product)
        {
            T.Store(T.Add(T.Add(_s0, _s1), T.Add(_s2, _s3)), sum);
            T.Store(T.Add(T.Add(_p0, _p1), T.Add(_p2, _p3)), product);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void One(float* g, float* x, T mean, ref T sum, ref T product)
        {
            T value = T.Load(g);
            sum = T.Add(sum, value);
            T.AddProduct(ref product, value, T.Subtract(T.Load(x), mean));
        }
    }
}
