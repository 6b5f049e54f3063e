using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// A product of matrices: Result[row, column] = Initial[column] + sum over the terms of Left[row, term] * Right[term, column].
/// </summary>
internal unsafe struct MatrixShape
{
    /// <summary>
    /// Panels of 32 terms, each [row][32]; the rows behind the last, up to a multiple of 8, are read, and what they give is dropped.
    /// </summary>
    public float* Left;

    /// <summary>Floats from panel to panel of <see cref="Left"/>.</summary>
    public long LeftPanel;

    /// <summary>Panels of 32 columns, each [term][32]; columns that are not there are zero.</summary>
    public float* Right;

    /// <summary>What the first chain of each column begins with, in whole panels.</summary>
    public float* Initial;

    /// <summary>Rows of <see cref="ResultRow"/> floats; written up to a multiple of 16 columns.</summary>
    public float* Result;

    /// <summary>Floats from row to row of the result.</summary>
    public long ResultRow;

    /// <summary>Terms of a sum.</summary>
    public int Terms;

    /// <summary>Columns of the result.</summary>
    public int Columns;
}

/// <summary>
/// The products of matrices that fully connected layers are made of. Lanes run across the columns of the result.
/// A sum over inputs or outputs goes in chains of 128 terms, the first from the bias on, and the chains are added in order. A sum over
/// images goes in chains of 64 images (of 8 for a bias), and the chains are added in the tree of <see cref="Pointwise.TreeSum"/>.
/// </summary>
internal static unsafe class MatrixProduct
{
    /// <summary>Columns of a panel.</summary>
    public const int Panel = 32;

    /// <summary>Rows that are computed together; matrices have room for a multiple of them.</summary>
    public const int TileRows = 8;

    /// <summary>Images of a chain.</summary>
    public const int GroupRows = 64;

    private const int ChainTerms = 4 * Panel;

    // A bias gradient is a sum of few large numbers, and costs little: short chains round less.
    private const int GroupOfSums = 8;
    private const int TileSize = TileRows * Panel;

    // At most 2^16 images of 16 positions: 2^14 groups.
    private const int Levels = 15;

    /// <summary>Floats of scratch that <see cref="WeightGradient"/> and <see cref="ColumnSums"/> need.</summary>
    public const int ScratchSize = (Levels + 1) * TileSize;

    /// <summary>
    /// Rows to have room for, an odd number of tiles: panels at a distance of a power of two would meet in the same lines of a cache.
    /// </summary>
    public static long RowsFor(int rows) => ((rows + TileRows - 1) / TileRows | 1) * TileRows;

    /// <summary>Panels of so many columns.</summary>
    public static int Panels(int columns) => (columns + Panel - 1) / Panel;

    /// <inheritdoc cref="Multiply{T}"/>
    public static void Multiply(in MatrixShape matrix, int from, int to)
    {
        var work = new MultiplyWork(matrix, from, to);
        Widest.Single(ref work, Panel);
    }

    /// <inheritdoc cref="WeightGradient{T}"/>
    public static void WeightGradient(float* outer, long outerPanel, float* input, int rows, int outputs, int inputs, float* gradient,
        long gradientRow, float* scratch)
    {
        var work = new WeightGradientWork(outer, outerPanel, input, rows, outputs, inputs, gradient, gradientRow, scratch);
        Widest.Single(ref work, Panel);
    }

    /// <inheritdoc cref="ColumnSums{T}"/>
    public static void ColumnSums(float* panel, int rows, float* sums, float* scratch)
    {
        var work = new ColumnSumsWork(panel, rows, sums, scratch);
        Widest.Single(ref work, Panel);
    }

    /// <summary>Computes some rows of a product.</summary>
    /// <param name="matrix">The matrices.</param>
    /// <param name="from">The first row, a multiple of 8.</param>
    /// <param name="to">The row after the last.</param>
    public static void Multiply<T>(in MatrixShape matrix, int from, int to)
        where T : unmanaged, ILanes<T, float>
    {
        bool wide = typeof(T) == typeof(SingleLanes512);
        int tile = wide ? TileRows : TileRows / 2;
        long rightPanel = (long)matrix.Terms * Panel;
        // So many terms of so many rows stay in the second-level cache while all columns are computed, and so many terms of 32 columns in
        // the first.
        for (int term = 0; term < matrix.Terms; term += ChainTerms)
        {
            int terms = Math.Min(ChainTerms, matrix.Terms - term);
            float* left = matrix.Left + (term / Panel * matrix.LeftPanel);
            for (int column = 0; column < matrix.Columns; column += Panel)
            {
                float* right = matrix.Right + (column / Panel * rightPanel) + ((long)term * Panel);
                float* begin = term > 0 ? null : matrix.Initial + column; // Null: the chain is added to the result.
                int columns = Math.Min(Panel, (matrix.Columns - column + 15) & ~15);
                for (int row = from; row < to; row += tile)
                {
                    float* a = left + ((long)row * Panel);
                    float* c = matrix.Result + (row * matrix.ResultRow) + column;
                    int rows = to - row;
                    if (wide && columns < Panel)
                        MultiplyTile<T, Yes, No>(a, matrix.LeftPanel, right, terms, begin, c, matrix.ResultRow, rows);
                    else if (wide)
                        MultiplyTile<T, Yes, Yes>(a, matrix.LeftPanel, right, terms, begin, c, matrix.ResultRow, rows);
                    else
                    {
                        for (int part = 0; part < columns; part += 2 * T.Count)
                            MultiplyTile<T, No, Yes>(a, matrix.LeftPanel, right + part, terms, begin == null ? null : begin + part,
                                c + part, matrix.ResultRow, rows);
                    }
                }
            }
        }
    }

    /// <summary>
    /// gradient[output, input] = sum over rows of outer[row, output] * input[row, input], for the 32 inputs of one panel.
    /// </summary>
    /// <param name="outer">The gradient with respect to the outputs, in panels [row][32].</param>
    /// <param name="outerPanel">Floats from panel to panel.</param>
    /// <param name="input">One panel of inputs, [row][32].</param>
    /// <param name="rows">Images.</param>
    /// <param name="outputs">Outputs.</param>
    /// <param name="inputs">Inputs of this panel, at most 32.</param>
    /// <param name="gradient">Written: outputs x inputs.</param>
    /// <param name="gradientRow">Floats from output to output.</param>
    /// <param name="scratch"><see cref="ScratchSize"/> floats.</param>
    public static void WeightGradient<T>(
        float* outer, long outerPanel, float* input, int rows, int outputs, int inputs, float* gradient, long gradientRow, float* scratch)
        where T : unmanaged, ILanes<T, float>
    {
        bool wide = typeof(T) == typeof(SingleLanes512);
        int tile = wide ? TileRows : TileRows / 2, lanes = 2 * T.Count;
        for (int o = 0; o < outputs; o += tile)
        {
            float* g = outer + (o / Panel * outerPanel) + (o % Panel);
            for (int i = 0; i < inputs; i += lanes)
            {
                if (wide)
                    GradientTile<T, Yes>(g, input + i, rows, scratch);
                else
                    GradientTile<T, No>(g, input + i, rows, scratch);
                int width = Math.Min(lanes, inputs - i);
                for (int k = 0; k < Math.Min(tile, outputs - o); k++)
                    new Span<float>(scratch + (k * lanes), width).CopyTo(new Span<float>(gradient + ((o + k) * gradientRow) + i, width));
            }
        }
    }

    /// <summary>sums[column] = sum over rows of panel[row, column], in chains of 8 rows and a tree.</summary>
    /// <param name="panel">[row][32].</param>
    /// <param name="rows">Images.</param>
    /// <param name="sums">32 numbers, written.</param>
    /// <param name="scratch"><see cref="ScratchSize"/> floats.</param>
    public static void ColumnSums<T>(float* panel, int rows, float* sums, float* scratch)
        where T : unmanaged, ILanes<T, float>
    {
        for (int column = 0; column < Panel; column += T.Count)
        {
            float* from = panel + column;
            int left = rows;
            for (int group = 0; left > 0; group++, left -= GroupOfSums)
            {
                T sum = default;
                for (int i = Math.Min(left, GroupOfSums); i > 0; i--, from += Panel)
                    sum = T.Add(sum, T.Load(from));
                bool last = left <= GroupOfSums;
                int level = 0;
                for (; last ? group >> level != 0 : (group >> level & 1) != 0; level++)
                {
                    if ((group >> level & 1) != 0)
                        sum = T.Add(T.Load(scratch + (level * T.Count)), sum);
                }
                T.Store(sum, last ? sums + column : scratch + (level * T.Count));
            }
        }
    }

    /// <summary>Brings 32 rows of weights into the panel of the forward product: panel[input, output] = weights[output, input].</summary>
    /// <param name="weights">outputs x inputs.</param>
    /// <param name="outputs">Rows, at most 32; the panel's other columns stay as they are.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="panel">inputs x 32.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* weights, int outputs, int inputs, float* panel)
    {
        // A cache line of each row at a time, four rows to a store.
        for (int i = 0; i < inputs; i += 16)
        {
            int count = Math.Min(16, inputs - i), o = 0;
            for (; o < outputs - 3; o += 4)
            {
                float* a = weights + ((long)o * inputs) + i, b = a + inputs, c = b + inputs, d = c + inputs, target =
                    panel + ((long)i * Panel) + o;
                for (int k = 0; k < count; k++)
                    Vector128.Create(a[k], b[k], c[k], d[k]).Store(target + (k * Panel));
            }
            for (; o < outputs; o++)
            {
                float* source = weights + ((long)o * inputs) + i, target = panel + ((long)i * Panel) + o;
                for (int k = 0; k < count; k++)
                    target[k * Panel] = source[k];
            }
        }
    }

    /// <summary>
    /// Brings 32 columns of weights into the panel of the input gradient's product: panel[output, input] = weights[output, input].
    /// </summary>
    /// <param name="weights">outputs x row floats; the first of the columns.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Columns, at most 32; the panel's others stay as they are.</param>
    /// <param name="row">Floats from row to row of the weights.</param>
    /// <param name="panel">outputs x 32.</param>
    public static void CopyPanel(float* weights, int outputs, int inputs, long row, float* panel)
    {
        for (int o = 0; o < outputs; o++, weights += row, panel += Panel)
            new Span<float>(weights, inputs).CopyTo(new Span<float>(panel, inputs));
    }

    /// <summary>8 or 4 rows by 2 vectors of columns or one: 16 sums fill 32 registers, 8 fill 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTile<T, TEight, TTwo>(float* left, long leftPanel, float* right, int terms, float* initial,
        float* result, long row, int rows)
        where T : unmanaged, ILanes<T, float>
        where TEight : IFlag
        where TTwo : IFlag
    {
        T a0 = initial == null ? default : T.Load(initial);
        T a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        T b0 = !TTwo.IsSet || initial == null ? default : T.Load(initial + T.Count);
        T b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0, b6 = b0, b7 = b0;
        for (; terms > 0; terms -= Panel, left += leftPanel)
        {
            float* at = left, end = left + Math.Min(terms, Panel);
            for (; at < end; at++, right += Panel)
            {
                T wa = T.Load(right), wb = TTwo.IsSet ? T.Load(right + T.Count) : default, x;
                x = T.Broadcast(at[0]);
                T.AddProduct(ref a0, x, wa); if (TTwo.IsSet) T.AddProduct(ref b0, x, wb);
                x = T.Broadcast(at[1 * Panel]);
                T.AddProduct(ref a1, x, wa); if (TTwo.IsSet) T.AddProduct(ref b1, x, wb);
                x = T.Broadcast(at[2 * Panel]);
                T.AddProduct(ref a2, x, wa); if (TTwo.IsSet) T.AddProduct(ref b2, x, wb);
                x = T.Broadcast(at[3 * Panel]);
                T.AddProduct(ref a3, x, wa); if (TTwo.IsSet) T.AddProduct(ref b3, x, wb);
                if (TEight.IsSet)
                {
                    x = T.Broadcast(at[4 * Panel]);
                    T.AddProduct(ref a4, x, wa); if (TTwo.IsSet) T.AddProduct(ref b4, x, wb);
                    x = T.Broadcast(at[5 * Panel]);
                    T.AddProduct(ref a5, x, wa); if (TTwo.IsSet) T.AddProduct(ref b5, x, wb);
                    x = T.Broadcast(at[6 * Panel]);
                    T.AddProduct(ref a6, x, wa); if (TTwo.IsSet) T.AddProduct(ref b6, x, wb);
                    x = T.Broadcast(at[7 * Panel]);
                    T.AddProduct(ref a7, x, wa); if (TTwo.IsSet) T.AddProduct(ref b7, x, wb);
                }
            }
        }
        // What lies beyond the last row is computed and written nowhere else.
        float* spare = stackalloc float[2 * T.Count];
        bool adds = initial == null;
        Put<T, TTwo>(adds, result, a0, b0);
        Put<T, TTwo>(adds, rows > 1 ? result + (1 * row) : spare, a1, b1);
        Put<T, TTwo>(adds, rows > 2 ? result + (2 * row) : spare, a2, b2);
        Put<T, TTwo>(adds, rows > 3 ? result + (3 * row) : spare, a3, b3);
        if (TEight.IsSet)
        {
            Put<T, TTwo>(adds, rows > 4 ? result + (4 * row) : spare, a4, b4);
            Put<T, TTwo>(adds, rows > 5 ? result + (5 * row) : spare, a5, b5);
            Put<T, TTwo>(adds, rows > 6 ? result + (6 * row) : spare, a6, b6);
            Put<T, TTwo>(adds, rows > 7 ? result + (7 * row) : spare, a7, b7);
        }
    }

    /// <summary>8 or 4 outputs by 2 vectors of inputs; the sums are left in the first rows of <paramref name="scratch"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GradientTile<T, TEight>(float* outer, float* input, int rows, float* scratch)
        where T : unmanaged, ILanes<T, float>
        where TEight : IFlag
    {
        for (int group = 0; rows > 0; group++, rows -= GroupRows)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            T b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
            float* end = input + ((long)Math.Min(rows, GroupRows) * Panel);
            for (; input < end; input += Panel, outer += Panel)
            {
                T xa = T.Load(input), xb = T.Load(input + T.Count), g;
                g = T.Broadcast(outer[0]);
                T.AddProduct(ref a0, g, xa); T.AddProduct(ref b0, g, xb);
                g = T.Broadcast(outer[1]);
                T.AddProduct(ref a1, g, xa); T.AddProduct(ref b1, g, xb);
                g = T.Broadcast(outer[2]);
                T.AddProduct(ref a2, g, xa); T.AddProduct(ref b2, g, xb);
                g = T.Broadcast(outer[3]);
                T.AddProduct(ref a3, g, xa); T.AddProduct(ref b3, g, xb);
                if (TEight.IsSet)
                {
                    g = T.Broadcast(outer[4]);
                    T.AddProduct(ref a4, g, xa); T.AddProduct(ref b4, g, xb);
                    g = T.Broadcast(outer[5]);
                    T.AddProduct(ref a5, g, xa); T.AddProduct(ref b5, g, xb);
                    g = T.Broadcast(outer[6]);
                    T.AddProduct(ref a6, g, xa); T.AddProduct(ref b6, g, xb);
                    g = T.Broadcast(outer[7]);
                    T.AddProduct(ref a7, g, xa); T.AddProduct(ref b7, g, xb);
                }
            }
            bool last = rows <= GroupRows;
            float* target;
            for (int level = 0; ; level++)
            {
                float* sum = scratch + ((level + 1L) * TileSize);
                if ((group >> level & 1) == 0)
                {
                    if (last && group >> level != 0)
                        continue;
                    target = last ? scratch : sum;
                    break;
                }
                a0 = T.Add(T.Load(sum + (0 * T.Count)), a0); b0 = T.Add(T.Load(sum + (1 * T.Count)), b0);
                a1 = T.Add(T.Load(sum + (2 * T.Count)), a1); b1 = T.Add(T.Load(sum + (3 * T.Count)), b1);
                a2 = T.Add(T.Load(sum + (4 * T.Count)), a2); b2 = T.Add(T.Load(sum + (5 * T.Count)), b2);
                a3 = T.Add(T.Load(sum + (6 * T.Count)), a3); b3 = T.Add(T.Load(sum + (7 * T.Count)), b3);
                if (TEight.IsSet)
                {
                    a4 = T.Add(T.Load(sum + (8 * T.Count)), a4); b4 = T.Add(T.Load(sum + (9 * T.Count)), b4);
                    a5 = T.Add(T.Load(sum + (10 * T.Count)), a5); b5 = T.Add(T.Load(sum + (11 * T.Count)), b5);
                    a6 = T.Add(T.Load(sum + (12 * T.Count)), a6); b6 = T.Add(T.Load(sum + (13 * T.Count)), b6);
                    a7 = T.Add(T.Load(sum + (14 * T.Count)), a7); b7 = T.Add(T.Load(sum + (15 * T.Count)), b7);
                }
            }
            T.Store(a0, target + (0 * T.Count)); T.Store(b0, target + (1 * T.Count));
            T.Store(a1, target + (2 * T.Count)); T.Store(b1, target + (3 * T.Count));
            T.Store(a2, target + (4 * T.Count)); T.Store(b2, target + (5 * T.Count));
            T.Store(a3, target + (6 * T.Count)); T.Store(b3, target + (7 * T.Count));
            if (TEight.IsSet)
            {
                T.Store(a4, target + (8 * T.Count)); T.Store(b4, target + (9 * T.Count));
                T.Store(a5, target + (10 * T.Count)); T.Store(b5, target + (11 * T.Count));
                T.Store(a6, target + (12 * T.Count)); T.Store(b6, target + (13 * T.Count));
                T.Store(a7, target + (14 * T.Count)); T.Store(b7, target + (15 * T.Count));
            }
        }
    }

    /// <summary>Writes one row of a tile, or adds it to what is there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<T, TTwo>(bool adds, float* target, T a, T b)
        where T : unmanaged, ILanes<T, float>
        where TTwo : IFlag
    {
        T.Store(adds ? T.Add(T.Load(target), a) : a, target);
        if (TTwo.IsSet)
            T.Store(adds ? T.Add(T.Load(target + T.Count), b) : b, target + T.Count);
    }

    private readonly struct MultiplyWork(MatrixShape matrix, int from, int to) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Multiply<T>(matrix, from, to);
    }

    private readonly struct WeightGradientWork(
        float* outer, long outerPanel, float* input, int rows, int outputs, int inputs, float* gradient, long gradientRow, float* scratch)
        : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> =>
                WeightGradient<T>(outer, outerPanel, input, rows, outputs, inputs, gradient, gradientRow, scratch);
    }

    private readonly struct ColumnSumsWork(float* panel, int rows, float* sums, float* scratch) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => ColumnSums<T>(panel, rows, sums, scratch);
    }
}
