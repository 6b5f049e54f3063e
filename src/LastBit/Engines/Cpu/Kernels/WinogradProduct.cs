using System.Runtime.CompilerServices;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// The matrix product inside minimal filtering: for one of the points, products[row, column] = sum over k of left[row, k] * right[k, column], one chain of fused
/// multiply-adds over k. Lanes run across columns. It serves both directions: rows are tiles and k input channels (forward), or rows are input channels
/// and k tiles (weight gradient), which differ in two distances only.
/// </summary>
internal static unsafe class WinogradProduct
{
    /// <summary>How many vectors of columns one call computes for lanes T: two where they divide the columns, else one.</summary>
    public static int Vectors<T>(int columns)
        where T : struct, ILanes<T> => columns % (2 * T.Count) == 0 ? 2 : 1;

    /// <summary>
    /// How many rows one call computes: what the registers hold. Sixteen sums keep two multipliers of latency 4 busy; with 16 registers there is room for eight.
    /// </summary>
    public static int Rows<T>(int columns)
        where T : struct, ILanes<T> => IsNarrow<T>() ? 4 : Vectors<T>(columns) == 2 ? 8 : 16;

    /// <summary>Computes <see cref="Rows{T}"/> rows by <see cref="Vectors{T}"/> vectors of columns.</summary>
    /// <param name="left">left[row * distance + k], or with <typeparamref name="TTransposed"/> left[k * distance + row].</param>
    /// <param name="distance">See <paramref name="left"/>.</param>
    /// <param name="right">right[k * rightTerm + column].</param>
    /// <param name="rightTerm">Distance between terms of right.</param>
    /// <param name="terms">How many terms, a multiple of 2.</param>
    /// <param name="products">products[row * productRow + column].</param>
    /// <param name="productRow">Distance between rows of products.</param>
    /// <param name="vectors">What <see cref="Vectors{T}"/> says.</param>
    /// <typeparam name="T">The lanes.</typeparam>
    /// <typeparam name="TTransposed">Whether neighbouring numbers of left are rows rather than terms; known to the JIT, so that it becomes part of the addresses.</typeparam>
    /// <typeparam name="TContinue">Whether the chains go on from what products holds, or begin at zero.</typeparam>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Compute<T, TTransposed, TContinue>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow, int vectors)
        where T : struct, ILanes<T>
        where TTransposed : IFlag
        where TContinue : IFlag
    {
        if (IsNarrow<T>())
        {
            if (vectors == 2)
                Tile4x2<T, TTransposed, TContinue>(left, distance, right, rightTerm, terms, products, productRow);
            else
                Tile4x1<T, TTransposed, TContinue>(left, distance, right, rightTerm, terms, products, productRow);
        }
        else if (vectors == 2)
        {
            Tile8x2<T, TTransposed, TContinue>(left, distance, right, rightTerm, terms, products, productRow);
        }
        else
        {
            Tile16x1<T, TTransposed, TContinue>(left, distance, right, rightTerm, terms, products, productRow);
        }
    }

    private static bool IsNarrow<T>() => typeof(T) == typeof(Lanes256) || typeof(T) == typeof(Lanes1);

    /// <summary>8 rows by 2 vectors: 16 sums, two vectors of the right matrix and one broadcast value in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8x2<T, TTransposed, TContinue>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow)
        where T : struct, ILanes<T>
        where TTransposed : IFlag
        where TContinue : IFlag
    {
        T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        T b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        if (TContinue.IsSet)
        {
            a0 = T.Load(products); b0 = T.Load(products + T.Count);
            a1 = T.Load(products + productRow); b1 = T.Load(products + productRow + T.Count);
            a2 = T.Load(products + (2 * productRow)); b2 = T.Load(products + (2 * productRow) + T.Count);
            a3 = T.Load(products + (3 * productRow)); b3 = T.Load(products + (3 * productRow) + T.Count);
            a4 = T.Load(products + (4 * productRow)); b4 = T.Load(products + (4 * productRow) + T.Count);
            a5 = T.Load(products + (5 * productRow)); b5 = T.Load(products + (5 * productRow) + T.Count);
            a6 = T.Load(products + (6 * productRow)); b6 = T.Load(products + (6 * productRow) + T.Count);
            a7 = T.Load(products + (7 * productRow)); b7 = T.Load(products + (7 * productRow) + T.Count);
        }
        nint row = TTransposed.IsSet ? 1 : distance, term = TTransposed.IsSet ? distance : 1;
        nint row2 = 2 * row, row3 = 3 * row, row4 = 4 * row, row5 = 5 * row, row6 = 6 * row, row7 = 7 * row;
        float* end = right + (terms * rightTerm);
        while (right < end)
        {
            T wa = T.Load(right), wb = T.Load(right + T.Count), x;
            x = T.Broadcast(*left); T.AddProduct(ref a0, x, wa); T.AddProduct(ref b0, x, wb);
            x = T.Broadcast(*(left + row)); T.AddProduct(ref a1, x, wa); T.AddProduct(ref b1, x, wb);
            x = T.Broadcast(*(left + row2)); T.AddProduct(ref a2, x, wa); T.AddProduct(ref b2, x, wb);
            x = T.Broadcast(*(left + row3)); T.AddProduct(ref a3, x, wa); T.AddProduct(ref b3, x, wb);
            x = T.Broadcast(*(left + row4)); T.AddProduct(ref a4, x, wa); T.AddProduct(ref b4, x, wb);
            x = T.Broadcast(*(left + row5)); T.AddProduct(ref a5, x, wa); T.AddProduct(ref b5, x, wb);
            x = T.Broadcast(*(left + row6)); T.AddProduct(ref a6, x, wa); T.AddProduct(ref b6, x, wb);
            x = T.Broadcast(*(left + row7)); T.AddProduct(ref a7, x, wa); T.AddProduct(ref b7, x, wb);
            wa = T.Load(right + rightTerm); wb = T.Load(right + rightTerm + T.Count);
            x = T.Broadcast(*(left + term)); T.AddProduct(ref a0, x, wa); T.AddProduct(ref b0, x, wb);
            x = T.Broadcast(*(left + row + term)); T.AddProduct(ref a1, x, wa); T.AddProduct(ref b1, x, wb);
            x = T.Broadcast(*(left + row2 + term)); T.AddProduct(ref a2, x, wa); T.AddProduct(ref b2, x, wb);
            x = T.Broadcast(*(left + row3 + term)); T.AddProduct(ref a3, x, wa); T.AddProduct(ref b3, x, wb);
            x = T.Broadcast(*(left + row4 + term)); T.AddProduct(ref a4, x, wa); T.AddProduct(ref b4, x, wb);
            x = T.Broadcast(*(left + row5 + term)); T.AddProduct(ref a5, x, wa); T.AddProduct(ref b5, x, wb);
            x = T.Broadcast(*(left + row6 + term)); T.AddProduct(ref a6, x, wa); T.AddProduct(ref b6, x, wb);
            x = T.Broadcast(*(left + row7 + term)); T.AddProduct(ref a7, x, wa); T.AddProduct(ref b7, x, wb);
            right += 2 * rightTerm;
            left += 2 * term;
        }
        T.Store(a0, products); T.Store(b0, products + T.Count);
        T.Store(a1, products + productRow); T.Store(b1, products + productRow + T.Count);
        T.Store(a2, products + (2 * productRow)); T.Store(b2, products + (2 * productRow) + T.Count);
        T.Store(a3, products + (3 * productRow)); T.Store(b3, products + (3 * productRow) + T.Count);
        T.Store(a4, products + (4 * productRow)); T.Store(b4, products + (4 * productRow) + T.Count);
        T.Store(a5, products + (5 * productRow)); T.Store(b5, products + (5 * productRow) + T.Count);
        T.Store(a6, products + (6 * productRow)); T.Store(b6, products + (6 * productRow) + T.Count);
        T.Store(a7, products + (7 * productRow)); T.Store(b7, products + (7 * productRow) + T.Count);
    }

    /// <summary>16 rows by 1 vector: 16 sums, one vector of the right matrix and one broadcast value in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile16x1<T, TTransposed, TContinue>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow)
        where T : struct, ILanes<T>
        where TTransposed : IFlag
        where TContinue : IFlag
    {
        T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        T a8 = default, a9 = default, a10 = default, a11 = default, a12 = default, a13 = default, a14 = default, a15 = default;
        if (TContinue.IsSet)
        {
            a0 = T.Load(products);
            a1 = T.Load(products + productRow);
            a2 = T.Load(products + (2 * productRow));
            a3 = T.Load(products + (3 * productRow));
            a4 = T.Load(products + (4 * productRow));
            a5 = T.Load(products + (5 * productRow));
            a6 = T.Load(products + (6 * productRow));
            a7 = T.Load(products + (7 * productRow));
            a8 = T.Load(products + (8 * productRow));
            a9 = T.Load(products + (9 * productRow));
            a10 = T.Load(products + (10 * productRow));
            a11 = T.Load(products + (11 * productRow));
            a12 = T.Load(products + (12 * productRow));
            a13 = T.Load(products + (13 * productRow));
            a14 = T.Load(products + (14 * productRow));
            a15 = T.Load(products + (15 * productRow));
        }
        nint row = TTransposed.IsSet ? 1 : distance, term = TTransposed.IsSet ? distance : 1;
        nint row2 = 2 * row, row3 = 3 * row, row4 = 4 * row, row5 = 5 * row, row6 = 6 * row, row7 = 7 * row;
        float* later = left + (8 * row);
        float* end = right + (terms * rightTerm);
        while (right < end)
        {
            T wa = T.Load(right);
            T.AddProduct(ref a0, T.Broadcast(*left), wa);
            T.AddProduct(ref a1, T.Broadcast(*(left + row)), wa);
            T.AddProduct(ref a2, T.Broadcast(*(left + row2)), wa);
            T.AddProduct(ref a3, T.Broadcast(*(left + row3)), wa);
            T.AddProduct(ref a4, T.Broadcast(*(left + row4)), wa);
            T.AddProduct(ref a5, T.Broadcast(*(left + row5)), wa);
            T.AddProduct(ref a6, T.Broadcast(*(left + row6)), wa);
            T.AddProduct(ref a7, T.Broadcast(*(left + row7)), wa);
            T.AddProduct(ref a8, T.Broadcast(*later), wa);
            T.AddProduct(ref a9, T.Broadcast(*(later + row)), wa);
            T.AddProduct(ref a10, T.Broadcast(*(later + row2)), wa);
            T.AddProduct(ref a11, T.Broadcast(*(later + row3)), wa);
            T.AddProduct(ref a12, T.Broadcast(*(later + row4)), wa);
            T.AddProduct(ref a13, T.Broadcast(*(later + row5)), wa);
            T.AddProduct(ref a14, T.Broadcast(*(later + row6)), wa);
            T.AddProduct(ref a15, T.Broadcast(*(later + row7)), wa);
            wa = T.Load(right + rightTerm);
            T.AddProduct(ref a0, T.Broadcast(*(left + term)), wa);
            T.AddProduct(ref a1, T.Broadcast(*(left + row + term)), wa);
            T.AddProduct(ref a2, T.Broadcast(*(left + row2 + term)), wa);
            T.AddProduct(ref a3, T.Broadcast(*(left + row3 + term)), wa);
            T.AddProduct(ref a4, T.Broadcast(*(left + row4 + term)), wa);
            T.AddProduct(ref a5, T.Broadcast(*(left + row5 + term)), wa);
            T.AddProduct(ref a6, T.Broadcast(*(left + row6 + term)), wa);
            T.AddProduct(ref a7, T.Broadcast(*(left + row7 + term)), wa);
            T.AddProduct(ref a8, T.Broadcast(*(later + term)), wa);
            T.AddProduct(ref a9, T.Broadcast(*(later + row + term)), wa);
            T.AddProduct(ref a10, T.Broadcast(*(later + row2 + term)), wa);
            T.AddProduct(ref a11, T.Broadcast(*(later + row3 + term)), wa);
            T.AddProduct(ref a12, T.Broadcast(*(later + row4 + term)), wa);
            T.AddProduct(ref a13, T.Broadcast(*(later + row5 + term)), wa);
            T.AddProduct(ref a14, T.Broadcast(*(later + row6 + term)), wa);
            T.AddProduct(ref a15, T.Broadcast(*(later + row7 + term)), wa);
            right += 2 * rightTerm;
            left += 2 * term;
            later += 2 * term;
        }
        T.Store(a0, products);
        T.Store(a1, products + productRow);
        T.Store(a2, products + (2 * productRow));
        T.Store(a3, products + (3 * productRow));
        T.Store(a4, products + (4 * productRow));
        T.Store(a5, products + (5 * productRow));
        T.Store(a6, products + (6 * productRow));
        T.Store(a7, products + (7 * productRow));
        T.Store(a8, products + (8 * productRow));
        T.Store(a9, products + (9 * productRow));
        T.Store(a10, products + (10 * productRow));
        T.Store(a11, products + (11 * productRow));
        T.Store(a12, products + (12 * productRow));
        T.Store(a13, products + (13 * productRow));
        T.Store(a14, products + (14 * productRow));
        T.Store(a15, products + (15 * productRow));
    }

    /// <summary>4 rows by 2 vectors: 8 sums, two vectors of the right matrix and one broadcast value in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x2<T, TTransposed, TContinue>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow)
        where T : struct, ILanes<T>
        where TTransposed : IFlag
        where TContinue : IFlag
    {
        T a0 = default, a1 = default, a2 = default, a3 = default;
        T b0 = default, b1 = default, b2 = default, b3 = default;
        if (TContinue.IsSet)
        {
            a0 = T.Load(products); b0 = T.Load(products + T.Count);
            a1 = T.Load(products + productRow); b1 = T.Load(products + productRow + T.Count);
            a2 = T.Load(products + (2 * productRow)); b2 = T.Load(products + (2 * productRow) + T.Count);
            a3 = T.Load(products + (3 * productRow)); b3 = T.Load(products + (3 * productRow) + T.Count);
        }
        nint row = TTransposed.IsSet ? 1 : distance, term = TTransposed.IsSet ? distance : 1;
        nint row2 = 2 * row, row3 = 3 * row;
        float* end = right + (terms * rightTerm);
        while (right < end)
        {
            T wa = T.Load(right), wb = T.Load(right + T.Count), x;
            x = T.Broadcast(*left); T.AddProduct(ref a0, x, wa); T.AddProduct(ref b0, x, wb);
            x = T.Broadcast(*(left + row)); T.AddProduct(ref a1, x, wa); T.AddProduct(ref b1, x, wb);
            x = T.Broadcast(*(left + row2)); T.AddProduct(ref a2, x, wa); T.AddProduct(ref b2, x, wb);
            x = T.Broadcast(*(left + row3)); T.AddProduct(ref a3, x, wa); T.AddProduct(ref b3, x, wb);
            wa = T.Load(right + rightTerm); wb = T.Load(right + rightTerm + T.Count);
            x = T.Broadcast(*(left + term)); T.AddProduct(ref a0, x, wa); T.AddProduct(ref b0, x, wb);
            x = T.Broadcast(*(left + row + term)); T.AddProduct(ref a1, x, wa); T.AddProduct(ref b1, x, wb);
            x = T.Broadcast(*(left + row2 + term)); T.AddProduct(ref a2, x, wa); T.AddProduct(ref b2, x, wb);
            x = T.Broadcast(*(left + row3 + term)); T.AddProduct(ref a3, x, wa); T.AddProduct(ref b3, x, wb);
            right += 2 * rightTerm;
            left += 2 * term;
        }
        T.Store(a0, products); T.Store(b0, products + T.Count);
        T.Store(a1, products + productRow); T.Store(b1, products + productRow + T.Count);
        T.Store(a2, products + (2 * productRow)); T.Store(b2, products + (2 * productRow) + T.Count);
        T.Store(a3, products + (3 * productRow)); T.Store(b3, products + (3 * productRow) + T.Count);
    }

    /// <summary>4 rows by 1 vector, for the few shapes that two do not divide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4x1<T, TTransposed, TContinue>(
        float* left, nint distance, float* right, nint rightTerm, int terms, float* products, nint productRow)
        where T : struct, ILanes<T>
        where TTransposed : IFlag
        where TContinue : IFlag
    {
        T a0 = default, a1 = default, a2 = default, a3 = default;
        if (TContinue.IsSet)
        {
            a0 = T.Load(products);
            a1 = T.Load(products + productRow);
            a2 = T.Load(products + (2 * productRow));
            a3 = T.Load(products + (3 * productRow));
        }
        nint row = TTransposed.IsSet ? 1 : distance, term = TTransposed.IsSet ? distance : 1;
        nint row2 = 2 * row, row3 = 3 * row;
        float* end = right + (terms * rightTerm);
        while (right < end)
        {
            T wa = T.Load(right);
            T.AddProduct(ref a0, T.Broadcast(*left), wa);
            T.AddProduct(ref a1, T.Broadcast(*(left + row)), wa);
            T.AddProduct(ref a2, T.Broadcast(*(left + row2)), wa);
            T.AddProduct(ref a3, T.Broadcast(*(left + row3)), wa);
            wa = T.Load(right + rightTerm);
            T.AddProduct(ref a0, T.Broadcast(*(left + term)), wa);
            T.AddProduct(ref a1, T.Broadcast(*(left + row + term)), wa);
            T.AddProduct(ref a2, T.Broadcast(*(left + row2 + term)), wa);
            T.AddProduct(ref a3, T.Broadcast(*(left + row3 + term)), wa);
            right += 2 * rightTerm;
            left += 2 * term;
        }
        T.Store(a0, products);
        T.Store(a1, products + productRow);
        T.Store(a2, products + (2 * productRow));
        T.Store(a3, products + (3 * productRow));
    }
}
