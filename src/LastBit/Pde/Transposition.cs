using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LastBit.Pde;

/// <summary>
/// Turns 8 x 8 complex numbers of one panel into 8 x 8 of another: lanes become rows and rows lanes. It moves numbers and computes nothing.
/// </summary>
internal static unsafe class Transposition
{
    /// <summary>
    /// Row i, lane j of <paramref name="from"/> goes to row j, lane i of <paramref name="to"/>, real and imaginary parts.
    /// </summary>
    /// <param name="from">Eight rows of <see cref="PanelFft.RowSize"/> numbers.</param>
    /// <param name="to">Eight rows of <see cref="PanelFft.RowSize"/> numbers; not the same ones.</param>
    public static void Complex8x8(double* from, double* to)
    {
        Real8x8(from, to);
        Real8x8(from + PanelFft.Lanes, to + PanelFft.Lanes);
    }

    private static void Real8x8(double* from, double* to)
    {
        const int Row = PanelFft.RowSize;
        if (Avx512F.IsSupported)
        {
            Vector512<double> r0 = Vector512.Load(from), r1 = Vector512.Load(from + Row);
            Vector512<double> r2 = Vector512.Load(from + 2 * Row), r3 = Vector512.Load(from + 3 * Row);
            Vector512<double> r4 = Vector512.Load(from + 4 * Row), r5 = Vector512.Load(from + 5 * Row);
            Vector512<double> r6 = Vector512.Load(from + 6 * Row), r7 = Vector512.Load(from + 7 * Row);
            // Pairs of rows, then pairs of pairs (128 bits at a time), then halves.
            Vector512<double> a0 = Avx512F.UnpackLow(r0, r1), a1 = Avx512F.UnpackHigh(r0, r1), a2 = Avx512F.UnpackLow(r2, r3), a3 =
                Avx512F.UnpackHigh(r2, r3);
            Vector512<double> a4 = Avx512F.UnpackLow(r4, r5), a5 = Avx512F.UnpackHigh(r4, r5), a6 = Avx512F.UnpackLow(r6, r7), a7 =
                Avx512F.UnpackHigh(r6, r7);
            Vector512<double> b0 = Avx512F.Shuffle4x128(a0, a2, 0x88), b2 = Avx512F.Shuffle4x128(a0, a2, 0xdd);
            Vector512<double> b1 = Avx512F.Shuffle4x128(a1, a3, 0x88), b3 = Avx512F.Shuffle4x128(a1, a3, 0xdd);
            Vector512<double> b4 = Avx512F.Shuffle4x128(a4, a6, 0x88), b6 = Avx512F.Shuffle4x128(a4, a6, 0xdd);
            Vector512<double> b5 = Avx512F.Shuffle4x128(a5, a7, 0x88), b7 = Avx512F.Shuffle4x128(a5, a7, 0xdd);
            Avx512F.Shuffle4x128(b0, b4, 0x88).Store(to);
            Avx512F.Shuffle4x128(b1, b5, 0x88).Store(to + Row);
            Avx512F.Shuffle4x128(b2, b6, 0x88).Store(to + 2 * Row);
            Avx512F.Shuffle4x128(b3, b7, 0x88).Store(to + 3 * Row);
            Avx512F.Shuffle4x128(b0, b4, 0xdd).Store(to + 4 * Row);
            Avx512F.Shuffle4x128(b1, b5, 0xdd).Store(to + 5 * Row);
            Avx512F.Shuffle4x128(b2, b6, 0xdd).Store(to + 6 * Row);
            Avx512F.Shuffle4x128(b3, b7, 0xdd).Store(to + 7 * Row);
        }
        else if (Avx.IsSupported)
        {
            for (int i = 0; i < 8; i += 4)
            {
                for (int j = 0; j < 8; j += 4)
                {
                    double* source = from + i * Row + j, target = to + j * Row + i;
                    Vector256<double> r0 = Vector256.Load(source), r1 = Vector256.Load(source + Row);
                    Vector256<double> r2 = Vector256.Load(source + 2 * Row), r3 = Vector256.Load(source + 3 * Row);
                    Vector256<double> a0 = Avx.UnpackLow(r0, r1), a1 = Avx.UnpackHigh(r0, r1), a2 = Avx.UnpackLow(r2, r3), a3 =
                        Avx.UnpackHigh(r2, r3);
                    Avx.Permute2x128(a0, a2, 0x20).Store(target);
                    Avx.Permute2x128(a1, a3, 0x20).Store(target + Row);
                    Avx.Permute2x128(a0, a2, 0x31).Store(target + 2 * Row);
                    Avx.Permute2x128(a1, a3, 0x31).Store(target + 3 * Row);
                }
            }
        }
        else
        {
            for (int i = 0; i < 8; i++)
            {
                for (int j = 0; j < 8; j++)
                    to[j * Row + i] = from[i * Row + j];
            }
        }
    }
}
