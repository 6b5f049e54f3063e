using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// The matrix product inside Winograd convolution: for one of the points, products[row, column] = sum over k of left[row, k] * right[k,
/// column], one chain of fused multiply-adds over k. Lanes run across columns. It serves both directions: rows are tiles and k input
/// channels (forward), or rows are input channels and k tiles (weight gradient), which differ in two distances only.
/// </summary>
internal static unsafe class WinogradProduct
{
    /// <summary>How many vectors of columns one call computes for lanes T: two where they divide the columns, else one.</summary>
    public static int Vectors<T>(int columns)
        where T : unmanaged, ILanes<T, float> => columns % (2 * T.Count) == 0 ? 2 : 1;

    /// <summary>
    /// How many rows one call computes: what the registers hold. Sixteen sums keep two multipliers of latency 4 busy; with 16 registers
    /// there is room for eight.
    /// </summary>
    public static int Rows<T>(int columns)
        where T : unmanaged, ILanes<T, float> => IsNarrow<T>() ? 4 : Vectors<T>(columns) == 2 ? 8 : 16;

    /// <summary>Computes groups of <see cref="Rows{T}"/> rows by <see cref="Vectors{T}"/> vectors of columns.</summary>
    /// <param name="left">left[row * distance + k], or with <typeparamref name="TTransposed"/> left[k * distance + row].</param>
    /// <param name="distance">See <paramref name="left"/>.</param>
    /// <param name="right">right[k * rightTerm + column].</param>
    /// <param name="rightTerm">Distance between terms of right.</param>
    /// <param name="terms">How many terms, a multiple of 2.</param>
    /// <param name="products">products[row * productRow + column].</param>
    /// <param name="productRow">Distance between rows of products.</param>
    /// <param name="groups">How many groups of rows.</param>
    /// <param name="vectors">What <see cref="Vectors{T}"/> says.</param>
    /// <typeparam name="T">The lanes.</typeparam>
    /// <typeparam name="TTransposed">
    /// Whether neighbouring numbers of left are rows rather than terms; known to the JIT, so that it becomes part of the addresses.
    /// </typeparam>
    /// <typeparam name="TContinue">Whether the chains go on from what products holds, or begin at zero.</typeparam>
    /// <typeparam name="TAdd">Whether what products holds is added to the finished chains.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Compute<T, TTransposed, TContinue, TAdd>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow, int groups, int vectors)
        where T : unmanaged, ILanes<T, float>
        where TTransposed : IFlag
        where TContinue : IFlag
        where TAdd : IFlag
    {
        if (vectors == 2 && IsNarrow<T>())
            TwoVectors<T, No, TTransposed, TContinue, TAdd>(left, distance, right, rightTerm, terms, products, productRow, groups);
        else if (vectors == 2)
            TwoVectors<T, Yes, TTransposed, TContinue, TAdd>(left, distance, right, rightTerm, terms, products, productRow, groups);
        else if (IsNarrow<T>())
            OneVector<T, No, TTransposed, TContinue, TAdd>(left, distance, right, rightTerm, terms, products, productRow, groups);
        else
            OneVector<T, Yes, TTransposed, TContinue, TAdd>(left, distance, right, rightTerm, terms, products, productRow, groups);
    }

    private static bool IsNarrow<T>() => typeof(T) == typeof(SingleLanes256) || typeof(T) == typeof(SingleLanes1);

    /// <summary>8 or 4 rows by 2 vectors: 16 or 8 sums, two vectors of the right matrix and one broadcast value in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TwoVectors<T, TEight, TTransposed, TContinue, TAdd>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow, int groups)
        where T : unmanaged, ILanes<T, float>
        where TEight : IFlag
        where TTransposed : IFlag
        where TContinue : IFlag
        where TAdd : IFlag
    {
        // In bytes, so that every address is a pointer, a distance once or twice, and a constant.
        nint row = sizeof(float) * (TTransposed.IsSet ? 1 : distance), term = sizeof(float) * (TTransposed.IsSet ? distance : 1), row3 =
            3 * row;
        float* end = right + (terms * rightTerm);
        nint nextVectors = 2 * rightTerm;
        for (byte* group = (byte*)left; groups > 0; groups--, group += (TEight.IsSet ? 8 : 4) * row)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            T b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
            float* product = products;
            if (TContinue.IsSet)
            {
                a0 = T.Load(product); b0 = T.Load(product + T.Count); product += productRow;
                a1 = T.Load(product); b1 = T.Load(product + T.Count); product += productRow;
                a2 = T.Load(product); b2 = T.Load(product + T.Count); product += productRow;
                a3 = T.Load(product); b3 = T.Load(product + T.Count); product += productRow;
                if (TEight.IsSet)
                {
                    a4 = T.Load(product); b4 = T.Load(product + T.Count); product += productRow;
                    a5 = T.Load(product); b5 = T.Load(product + T.Count); product += productRow;
                    a6 = T.Load(product); b6 = T.Load(product + T.Count); product += productRow;
                    a7 = T.Load(product); b7 = T.Load(product + T.Count);
                }
                product = products;
            }
            byte* p0 = group, p1 = p0 + (4 * row);
            for (float* vector = right; vector < end; vector += nextVectors)
            {
                T wa = T.Load(vector), wb = T.Load(vector + T.Count), x;
                x = T.Broadcast(*(float*)p0); T.AddProduct(ref a0, x, wa); T.AddProduct(ref b0, x, wb);
                x = T.Broadcast(*(float*)(p0 + row)); T.AddProduct(ref a1, x, wa); T.AddProduct(ref b1, x, wb);
                x = T.Broadcast(*(float*)(p0 + (2 * row))); T.AddProduct(ref a2, x, wa); T.AddProduct(ref b2, x, wb);
                x = T.Broadcast(*(float*)(p0 + row3)); T.AddProduct(ref a3, x, wa); T.AddProduct(ref b3, x, wb);
                if (TEight.IsSet)
                {
                    x = T.Broadcast(*(float*)p1); T.AddProduct(ref a4, x, wa); T.AddProduct(ref b4, x, wb);
                    x = T.Broadcast(*(float*)(p1 + row)); T.AddProduct(ref a5, x, wa); T.AddProduct(ref b5, x, wb);
                    x = T.Broadcast(*(float*)(p1 + (2 * row))); T.AddProduct(ref a6, x, wa); T.AddProduct(ref b6, x, wb);
                    x = T.Broadcast(*(float*)(p1 + row3)); T.AddProduct(ref a7, x, wa); T.AddProduct(ref b7, x, wb);
                }
                wa = T.Load(vector + rightTerm); wb = T.Load(vector + rightTerm + T.Count);
                x = T.Broadcast(*(float*)(p0 + term)); T.AddProduct(ref a0, x, wa); T.AddProduct(ref b0, x, wb);
                x = T.Broadcast(*(float*)(p0 + row + term)); T.AddProduct(ref a1, x, wa); T.AddProduct(ref b1, x, wb);
                x = T.Broadcast(*(float*)(p0 + (2 * row) + term)); T.AddProduct(ref a2, x, wa); T.AddProduct(ref b2, x, wb);
                x = T.Broadcast(*(float*)(p0 + row3 + term)); T.AddProduct(ref a3, x, wa); T.AddProduct(ref b3, x, wb);
                if (TEight.IsSet)
                {
                    x = T.Broadcast(*(float*)(p1 + term)); T.AddProduct(ref a4, x, wa); T.AddProduct(ref b4, x, wb);
                    x = T.Broadcast(*(float*)(p1 + row + term)); T.AddProduct(ref a5, x, wa); T.AddProduct(ref b5, x, wb);
                    x = T.Broadcast(*(float*)(p1 + (2 * row) + term)); T.AddProduct(ref a6, x, wa); T.AddProduct(ref b6, x, wb);
                    x = T.Broadcast(*(float*)(p1 + row3 + term)); T.AddProduct(ref a7, x, wa); T.AddProduct(ref b7, x, wb);
                }
                p0 += 2 * term;
                if (TEight.IsSet)
                    p1 += 2 * term;
            }
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a0) : a0, product);
            T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b0) : b0, product + T.Count); product += productRow;
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a1) : a1, product);
            T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b1) : b1, product + T.Count); product += productRow;
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a2) : a2, product);
            T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b2) : b2, product + T.Count); product += productRow;
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a3) : a3, product);
            T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b3) : b3, product + T.Count); product += productRow;
            if (TEight.IsSet)
            {
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a4) : a4, product);
                T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b4) : b4, product + T.Count); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a5) : a5, product);
                T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b5) : b5, product + T.Count); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a6) : a6, product);
                T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b6) : b6, product + T.Count); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a7) : a7, product);
                T.Store(TAdd.IsSet ? T.Add(T.Load(product + T.Count), b7) : b7, product + T.Count);
            }
            products += (TEight.IsSet ? 8 : 4) * productRow;
        }
    }

    /// <summary>16 or 4 rows by 1 vector: 16 or 4 sums, one vector of the right matrix and one broadcast value in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneVector<T, TSixteen, TTransposed, TContinue, TAdd>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow, int groups)
        where T : unmanaged, ILanes<T, float>
        where TSixteen : IFlag
        where TTransposed : IFlag
        where TContinue : IFlag
        where TAdd : IFlag
    {
        // In bytes, so that every address is a pointer, a distance once or twice, and a constant.
        nint row = sizeof(float) * (TTransposed.IsSet ? 1 : distance), term = sizeof(float) * (TTransposed.IsSet ? distance : 1), row3 =
            3 * row;
        float* end = right + (terms * rightTerm);
        nint nextVectors = 2 * rightTerm;
        for (byte* group = (byte*)left; groups > 0; groups--, group += (TSixteen.IsSet ? 16 : 4) * row)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            T a8 = default, a9 = default, a10 = default, a11 = default, a12 = default, a13 = default, a14 = default, a15 = default;
            float* product = products;
            if (TContinue.IsSet)
            {
                a0 = T.Load(product); product += productRow;
                a1 = T.Load(product); product += productRow;
                a2 = T.Load(product); product += productRow;
                a3 = T.Load(product); product += productRow;
                if (TSixteen.IsSet)
                {
                    a4 = T.Load(product); product += productRow;
                    a5 = T.Load(product); product += productRow;
                    a6 = T.Load(product); product += productRow;
                    a7 = T.Load(product); product += productRow;
                    a8 = T.Load(product); product += productRow;
                    a9 = T.Load(product); product += productRow;
                    a10 = T.Load(product); product += productRow;
                    a11 = T.Load(product); product += productRow;
                    a12 = T.Load(product); product += productRow;
                    a13 = T.Load(product); product += productRow;
                    a14 = T.Load(product); product += productRow;
                    a15 = T.Load(product);
                }
                product = products;
            }
            byte* p0 = group, p1 = p0 + (4 * row), p2 = p1 + (4 * row), p3 = p2 + (4 * row);
            for (float* vector = right; vector < end; vector += nextVectors)
            {
                T wa = T.Load(vector);
                T.AddProduct(ref a0, T.Broadcast(*(float*)p0), wa);
                T.AddProduct(ref a1, T.Broadcast(*(float*)(p0 + row)), wa);
                T.AddProduct(ref a2, T.Broadcast(*(float*)(p0 + (2 * row))), wa);
                T.AddProduct(ref a3, T.Broadcast(*(float*)(p0 + row3)), wa);
                if (TSixteen.IsSet)
                {
                    T.AddProduct(ref a4, T.Broadcast(*(float*)p1), wa);
                    T.AddProduct(ref a5, T.Broadcast(*(float*)(p1 + row)), wa);
                    T.AddProduct(ref a6, T.Broadcast(*(float*)(p1 + (2 * row))), wa);
                    T.AddProduct(ref a7, T.Broadcast(*(float*)(p1 + row3)), wa);
                    T.AddProduct(ref a8, T.Broadcast(*(float*)p2), wa);
                    T.AddProduct(ref a9, T.Broadcast(*(float*)(p2 + row)), wa);
                    T.AddProduct(ref a10, T.Broadcast(*(float*)(p2 + (2 * row))), wa);
                    T.AddProduct(ref a11, T.Broadcast(*(float*)(p2 + row3)), wa);
                    T.AddProduct(ref a12, T.Broadcast(*(float*)p3), wa);
                    T.AddProduct(ref a13, T.Broadcast(*(float*)(p3 + row)), wa);
                    T.AddProduct(ref a14, T.Broadcast(*(float*)(p3 + (2 * row))), wa);
                    T.AddProduct(ref a15, T.Broadcast(*(float*)(p3 + row3)), wa);
                }
                wa = T.Load(vector + rightTerm);
                T.AddProduct(ref a0, T.Broadcast(*(float*)(p0 + term)), wa);
                T.AddProduct(ref a1, T.Broadcast(*(float*)(p0 + row + term)), wa);
                T.AddProduct(ref a2, T.Broadcast(*(float*)(p0 + (2 * row) + term)), wa);
                T.AddProduct(ref a3, T.Broadcast(*(float*)(p0 + row3 + term)), wa);
                if (TSixteen.IsSet)
                {
                    T.AddProduct(ref a4, T.Broadcast(*(float*)(p1 + term)), wa);
                    T.AddProduct(ref a5, T.Broadcast(*(float*)(p1 + row + term)), wa);
                    T.AddProduct(ref a6, T.Broadcast(*(float*)(p1 + (2 * row) + term)), wa);
                    T.AddProduct(ref a7, T.Broadcast(*(float*)(p1 + row3 + term)), wa);
                    T.AddProduct(ref a8, T.Broadcast(*(float*)(p2 + term)), wa);
                    T.AddProduct(ref a9, T.Broadcast(*(float*)(p2 + row + term)), wa);
                    T.AddProduct(ref a10, T.Broadcast(*(float*)(p2 + (2 * row) + term)), wa);
                    T.AddProduct(ref a11, T.Broadcast(*(float*)(p2 + row3 + term)), wa);
                    T.AddProduct(ref a12, T.Broadcast(*(float*)(p3 + term)), wa);
                    T.AddProduct(ref a13, T.Broadcast(*(float*)(p3 + row + term)), wa);
                    T.AddProduct(ref a14, T.Broadcast(*(float*)(p3 + (2 * row) + term)), wa);
                    T.AddProduct(ref a15, T.Broadcast(*(float*)(p3 + row3 + term)), wa);
                }
                p0 += 2 * term;
                if (TSixteen.IsSet)
                {
                    p1 += 2 * term;
                    p2 += 2 * term;
                    p3 += 2 * term;
                }
            }
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a0) : a0, product); product += productRow;
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a1) : a1, product); product += productRow;
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a2) : a2, product); product += productRow;
            T.Store(TAdd.IsSet ? T.Add(T.Load(product), a3) : a3, product); product += productRow;
            if (TSixteen.IsSet)
            {
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a4) : a4, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a5) : a5, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a6) : a6, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a7) : a7, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a8) : a8, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a9) : a9, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a10) : a10, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a11) : a11, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a12) : a12, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a13) : a13, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a14) : a14, product); product += productRow;
                T.Store(TAdd.IsSet ? T.Add(T.Load(product), a15) : a15, product);
            }
            products += (TSixteen.IsSet ? 16 : 4) * productRow;
        }
    }
}
