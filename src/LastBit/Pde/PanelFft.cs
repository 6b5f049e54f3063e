using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>
/// The discrete Fourier transform of eight independent sequences at once, one in each lane of a vector. A panel holds them row by row:
/// eight real parts, then eight imaginary parts, for each index of the sequences; so no instruction ever mixes lanes, and every
/// element goes through the same operations whatever the processor's vectors are (the runtime splits them where they are narrower).
/// The forward transform leaves the frequencies in digit-reversed order and the inverse takes them so: a correlation needs no other order.
/// Neither is normalised: one after the other multiplies by the length.
/// </summary>
internal sealed unsafe class PanelFft
{
    /// <summary>Sequences in a panel.</summary>
    public const int Lanes = 8;

    /// <summary>Numbers in a row of a panel: real parts, then imaginary parts.</summary>
    public const int RowSize = 2 * Lanes;

    private readonly Pass[] _passes;

    /// <summary>Prepares transforms of one length.</summary>
    /// <param name="length">A product of 2, 3 and 5, at least 1.</param>
    public PanelFft(int length)
    {
        Length = length;
        var passes = new List<Pass>();
        for (int block = length; block > 1;)
        {
            int radix = Radix(block);
            passes.Add(new Pass(block, radix));
            block /= radix;
        }
        _passes = [.. passes];
        Position = Positions(length);
    }

    /// <summary>Length of the sequences.</summary>
    public int Length { get; }

    /// <summary>In which row of the transformed panel frequency k lies.</summary>
    public int[] Position { get; }

    /// <summary>
    /// The smallest length of at least <paramref name="size"/> that can be transformed and is a multiple of <paramref name="multipleOf"/>.
    /// </summary>
    public static int GoodLength(int size, int multipleOf = 1)
    {
        int length = (size + multipleOf - 1) / multipleOf * multipleOf;
        while (!IsSmooth(length))
            length += multipleOf;
        return length;
    }

    /// <summary>Transforms a panel in place.</summary>
    /// <param name="panel">Length rows of <see cref="RowSize"/> numbers.</param>
    /// <param name="nonzero">Only the first so many rows count as input; the others need not be set.</param>
    public void Forward<T>(double* panel, int nonzero)
        where T : unmanaged, ILanes<T, double>
    {
        // Narrower vectors go through the panel several times, a part of its lanes at a time.
        for (int lane = 0; lane < Lanes; lane += T.Count)
            ForwardLanes<T>(panel + lane, nonzero);
    }

    /// <summary>Transforms a panel back in place.</summary>
    /// <param name="panel">Length rows of <see cref="RowSize"/> numbers.</param>
    /// <param name="wanted">Only the first so many rows are computed; the others hold nothing of use afterwards.</param>
    public void Inverse<T>(double* panel, int wanted)
        where T : unmanaged, ILanes<T, double>
    {
        for (int lane = 0; lane < Lanes; lane += T.Count)
            InverseLanes<T>(panel + lane, wanted);
    }

    private void ForwardLanes<T>(double* panel, int nonzero)
        where T : unmanaged, ILanes<T, double>
    {
        int given = nonzero;
        foreach (Pass pass in _passes)
        {
            // As long as all input lies in the first part of every block, a butterfly only spreads it over the others.
            if (given <= pass.Part)
            {
                pass.Spread<T>(panel, Length, given);
                continue;
            }
            if (given < pass.Block)
            {
                for (int block = 0; block < Length; block += pass.Block)
                {
                    for (int row = block + given; row < block + pass.Block; row++)
                        new Complex<T>(T.Broadcast(0), T.Broadcast(0)).Store(panel + row * RowSize);
                }
            }
            given = pass.Block;
            pass.Forward<T>(panel, Length);
        }
    }

    private void InverseLanes<T>(double* panel, int wanted)
        where T : unmanaged, ILanes<T, double>
    {
        for (int i = _passes.Length - 1; i >= 0; i--)
        {
            Pass pass = _passes[i];
            if (wanted <= pass.Part)
                pass.Gather<T>(panel, Length, wanted);
            else
                pass.Inverse<T>(panel, Length);
        }
    }

    private static bool IsSmooth(int length)
    {
        foreach (int prime in (ReadOnlySpan<int>)[2, 3, 5])
        {
            while (length % prime == 0)
                length /= prime;
        }
        return length == 1;
    }

    // 8 costs least a point; 16 is better as 4 x 4 than as 8 x 2.
    private static int Radix(int block) =>
        block % 8 == 0 && block % 32 != 16 ? 8 : block % 4 == 0 ? 4 : block % 2 == 0 ? 2 : block % 5 == 0 ? 5 : 3;

    private static int[] Positions(int length)
    {
        int[] position = new int[length];
        for (int frequency = 0; frequency < length; frequency++)
        {
            for (int block = length, rest = frequency; block > 1;)
            {
                int radix = Radix(block);
                block /= radix;
                position[frequency] += rest % radix * block;
                rest /= radix;
            }
        }
        return position;
    }

    /// <summary>One stage: blocks of Block = Radix x Part rows become Radix blocks of Part rows each (forward), or back.</summary>
    private sealed class Pass
    {
        private readonly int _radix;

        // w^(jk), w = exp(-2 pi i / Block), for j < Part and k = 1 .. Radix-1: cosine, sine.
        private readonly double[] _twiddles;

        // exp(-2 pi i k / Radix) for the radices without a butterfly of their own.
        private readonly double[] _roots;

        public Pass(int block, int radix)
        {
            Block = block;
            Part = block / radix;
            _radix = radix;
            _twiddles = GC.AllocateArray<double>(Math.Max(1, Part * (radix - 1) * 2), pinned: true);
            for (int j = 0, i = 0; j < Part; j++)
            {
                for (int k = 1; k < radix; k++)
                {
                    (_twiddles[i], double sin) = RootOfUnity.Of((int)((long)j * k % block), block);
                    _twiddles[i + 1] = -sin;
                    i += 2;
                }
            }
            _roots = GC.AllocateArray<double>(2 * radix, pinned: true);
            for (int k = 0; k < radix; k++)
            {
                (_roots[2 * k], double sin) = RootOfUnity.Of(k, radix);
                _roots[2 * k + 1] = -sin;
            }
        }

        public int Block { get; }

        public int Part { get; }

        public void Forward<T>(double* panel, int length)
            where T : unmanaged, ILanes<T, double>
        {
            fixed (double* twiddles = _twiddles)
            {
                for (int block = 0; block < length; block += Block)
                {
                    double* data = panel + block * RowSize;
                    switch (_radix)
                    {
                        case 8:
                            Forward8<T>(data, Part, twiddles);
                            break;
                        case 4:
                            Forward4<T>(data, Part, twiddles);
                            break;
                        case 2:
                            Forward2<T>(data, Part, twiddles);
                            break;
                        default:
                            ForwardAny<T>(data, twiddles);
                            break;
                    }
                }
            }
        }

        public void Inverse<T>(double* panel, int length)
            where T : unmanaged, ILanes<T, double>
        {
            fixed (double* twiddles = _twiddles)
            {
                for (int block = 0; block < length; block += Block)
                {
                    double* data = panel + block * RowSize;
                    switch (_radix)
                    {
                        case 8:
                            Inverse8<T>(data, Part, twiddles);
                            break;
                        case 4:
                            Inverse4<T>(data, Part, twiddles);
                            break;
                        case 2:
                            Inverse2<T>(data, Part, twiddles);
                            break;
                        default:
                            InverseAny<T>(data, twiddles);
                            break;
                    }
                }
            }
        }

        /// <summary>Forward where only the first <paramref name="given"/> rows of every block are not zero, given at most Part.</summary>
        public void Spread<T>(double* panel, int length, int given)
            where T : unmanaged, ILanes<T, double>
        {
            fixed (double* twiddles = _twiddles)
            {
                for (int block = 0; block < length; block += Block)
                {
                    double* data = panel + block * RowSize;
                    for (int j = 0; j < given; j++)
                    {
                        Complex<T> x = Complex<T>.Load(data + j * RowSize);
                        double* w = twiddles + j * (_radix - 1) * 2;
                        for (int k = 1; k < _radix; k++)
                            x.Times(w + 2 * (k - 1)).Store(data + (k * Part + j) * RowSize);
                    }
                }
            }
        }

        /// <summary>Inverse where only the first <paramref name="wanted"/> rows of every block are needed, wanted at most Part.</summary>
        public void Gather<T>(double* panel, int length, int wanted)
            where T : unmanaged, ILanes<T, double>
        {
            fixed (double* twiddles = _twiddles)
            {
                for (int block = 0; block < length; block += Block)
                {
                    double* data = panel + block * RowSize;
                    for (int j = 0; j < wanted; j++)
                    {
                        Complex<T> sum = Complex<T>.LoadSwapped(data + j * RowSize);
                        double* w = twiddles + j * (_radix - 1) * 2;
                        for (int k = 1; k < _radix; k++)
                            sum = Complex<T>.LoadSwapped(data + (k * Part + j) * RowSize).TimesPlus(w + 2 * (k - 1), sum);
                        sum.StoreSwapped(data + j * RowSize);
                    }
                }
            }
        }

        private static void Forward8<T>(double* data, int part, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            nint step = (nint)part * RowSize;
            for (int j = 0; j < part; j++, data += RowSize, w += 14)
            {
                Complex<T> c0 = Complex<T>.Load(data), c1 = Complex<T>.Load(data + step);
                Complex<T> c2 = Complex<T>.Load(data + 2 * step), c3 = Complex<T>.Load(data + 3 * step);
                Complex<T> c4 = Complex<T>.Load(data + 4 * step), c5 = Complex<T>.Load(data + 5 * step);
                Complex<T> c6 = Complex<T>.Load(data + 6 * step), c7 = Complex<T>.Load(data + 7 * step);
                Butterfly8(ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                c0.Store(data);
                if (part == 1)
                {
                    c1.Store(data + step);
                    c2.Store(data + 2 * step);
                    c3.Store(data + 3 * step);
                    c4.Store(data + 4 * step);
                    c5.Store(data + 5 * step);
                    c6.Store(data + 6 * step);
                    c7.Store(data + 7 * step);
                    return;
                }
                c1.Times(w).Store(data + step);
                c2.Times(w + 2).Store(data + 2 * step);
                c3.Times(w + 4).Store(data + 3 * step);
                c4.Times(w + 6).Store(data + 4 * step);
                c5.Times(w + 8).Store(data + 5 * step);
                c6.Times(w + 10).Store(data + 6 * step);
                c7.Times(w + 12).Store(data + 7 * step);
            }
        }

        private static void Inverse8<T>(double* data, int part, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            nint step = (nint)part * RowSize;
            for (int j = 0; j < part; j++, data += RowSize, w += 14)
            {
                Complex<T> c0 = Complex<T>.LoadSwapped(data), c1 = Complex<T>.LoadSwapped(data + step);
                Complex<T> c2 = Complex<T>.LoadSwapped(data + 2 * step), c3 = Complex<T>.LoadSwapped(data + 3 * step);
                Complex<T> c4 = Complex<T>.LoadSwapped(data + 4 * step), c5 = Complex<T>.LoadSwapped(data + 5 * step);
                Complex<T> c6 = Complex<T>.LoadSwapped(data + 6 * step), c7 = Complex<T>.LoadSwapped(data + 7 * step);
                if (part != 1)
                {
                    c1 = c1.Times(w);
                    c2 = c2.Times(w + 2);
                    c3 = c3.Times(w + 4);
                    c4 = c4.Times(w + 6);
                    c5 = c5.Times(w + 8);
                    c6 = c6.Times(w + 10);
                    c7 = c7.Times(w + 12);
                }
                Butterfly8(ref c0, ref c1, ref c2, ref c3, ref c4, ref c5, ref c6, ref c7);
                c0.StoreSwapped(data);
                c1.StoreSwapped(data + step);
                c2.StoreSwapped(data + 2 * step);
                c3.StoreSwapped(data + 3 * step);
                c4.StoreSwapped(data + 4 * step);
                c5.StoreSwapped(data + 5 * step);
                c6.StoreSwapped(data + 6 * step);
                c7.StoreSwapped(data + 7 * step);
            }
        }

        private static void Forward4<T>(double* data, int part, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            nint step = (nint)part * RowSize;
            for (int j = 0; j < part; j++, data += RowSize, w += 6)
            {
                Complex<T> c0 = Complex<T>.Load(data), c1 = Complex<T>.Load(data + step);
                Complex<T> c2 = Complex<T>.Load(data + 2 * step), c3 = Complex<T>.Load(data + 3 * step);
                Butterfly4(ref c0, ref c1, ref c2, ref c3);
                c0.Store(data);
                if (part == 1)
                {
                    c1.Store(data + step);
                    c2.Store(data + 2 * step);
                    c3.Store(data + 3 * step);
                    return;
                }
                c1.Times(w).Store(data + step);
                c2.Times(w + 2).Store(data + 2 * step);
                c3.Times(w + 4).Store(data + 3 * step);
            }
        }

        private static void Inverse4<T>(double* data, int part, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            nint step = (nint)part * RowSize;
            for (int j = 0; j < part; j++, data += RowSize, w += 6)
            {
                Complex<T> c0 = Complex<T>.LoadSwapped(data), c1 = Complex<T>.LoadSwapped(data + step);
                Complex<T> c2 = Complex<T>.LoadSwapped(data + 2 * step), c3 = Complex<T>.LoadSwapped(data + 3 * step);
                if (part != 1)
                {
                    c1 = c1.Times(w);
                    c2 = c2.Times(w + 2);
                    c3 = c3.Times(w + 4);
                }
                Butterfly4(ref c0, ref c1, ref c2, ref c3);
                c0.StoreSwapped(data);
                c1.StoreSwapped(data + step);
                c2.StoreSwapped(data + 2 * step);
                c3.StoreSwapped(data + 3 * step);
            }
        }

        private static void Forward2<T>(double* data, int part, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            nint step = (nint)part * RowSize;
            for (int j = 0; j < part; j++, data += RowSize, w += 2)
            {
                Complex<T> c0 = Complex<T>.Load(data), c1 = Complex<T>.Load(data + step);
                (c0 + c1).Store(data);
                (c0 - c1).Times(w).Store(data + step);
            }
        }

        private static void Inverse2<T>(double* data, int part, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            nint step = (nint)part * RowSize;
            for (int j = 0; j < part; j++, data += RowSize, w += 2)
            {
                Complex<T> c0 = Complex<T>.LoadSwapped(data), c1 = Complex<T>.LoadSwapped(data + step).Times(w);
                (c0 + c1).StoreSwapped(data);
                (c0 - c1).StoreSwapped(data + step);
            }
        }

        private void ForwardAny<T>(double* data, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            Complex<T>* c = stackalloc Complex<T>[_radix];
            for (int j = 0; j < Part; j++, data += RowSize, w += 2 * (_radix - 1))
            {
                for (int k = 0; k < _radix; k++)
                    c[k] = Complex<T>.Load(data + k * Part * RowSize);
                for (int k = 0; k < _radix; k++)
                {
                    Complex<T> sum = Sum(c, k);
                    (k == 0 ? sum : sum.Times(w + 2 * (k - 1))).Store(data + k * Part * RowSize);
                }
            }
        }

        private void InverseAny<T>(double* data, double* w)
            where T : unmanaged, ILanes<T, double>
        {
            Complex<T>* c = stackalloc Complex<T>[_radix];
            for (int j = 0; j < Part; j++, data += RowSize, w += 2 * (_radix - 1))
            {
                for (int k = 0; k < _radix; k++)
                {
                    Complex<T> x = Complex<T>.LoadSwapped(data + k * Part * RowSize);
                    c[k] = k == 0 ? x : x.Times(w + 2 * (k - 1));
                }
                for (int k = 0; k < _radix; k++)
                    Sum(c, k).StoreSwapped(data + k * Part * RowSize);
            }
        }

        // sum_q c[q] exp(-2 pi i q k / Radix)
        private Complex<T> Sum<T>(Complex<T>* c, int k)
            where T : unmanaged, ILanes<T, double>
        {
            Complex<T> sum = c[0];
            fixed (double* roots = _roots)
            {
                for (int q = 1; q < _radix; q++)
                    sum = c[q].TimesPlus(roots + 2 * (q * k % _radix), sum);
            }
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Butterfly4<T>(ref Complex<T> c0, ref Complex<T> c1, ref Complex<T> c2, ref Complex<T> c3)
            where T : unmanaged, ILanes<T, double>
        {
            Complex<T> a0 = c0 + c2, a2 = c0 - c2, a1 = c1 + c3, a3 = c1 - c3;
            c0 = a0 + a1;
            c2 = a0 - a1;
            c1 = Complex<T>.MinusI(a2, a3);
            c3 = Complex<T>.PlusI(a2, a3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Butterfly8<T>(ref Complex<T> c0, ref Complex<T> c1, ref Complex<T> c2, ref Complex<T> c3,
            ref Complex<T> c4, ref Complex<T> c5, ref Complex<T> c6, ref Complex<T> c7)
            where T : unmanaged, ILanes<T, double>
        {
            Complex<T> a0 = c0 + c4, a4 = c0 - c4, a1 = c1 + c5, a5 = c1 - c5;
            Complex<T> a2 = c2 + c6, a6 = c2 - c6, a3 = c3 + c7, a7 = c3 - c7;
            Butterfly4(ref a0, ref a1, ref a2, ref a3);
            c0 = a0;
            c2 = a1;
            c4 = a2;
            c6 = a3;

            // a5 and a7 times (1-i)/sqrt(2) and (-1-i)/sqrt(2); the root joins the additions that follow as fused multiply-adds.
            T root = T.Broadcast(0.70710678118654752), minusRoot = T.Broadcast(-0.70710678118654752);
            Complex<T> p = Complex<T>.MinusI(a4, a6), q = Complex<T>.PlusI(a4, a6);
            Complex<T> u = Complex<T>.MinusI(a5, a5), v = Complex<T>.PlusI(a7, a7);
            // s = u - v = (root's factor of) a5 w + a7 w^3, t = u + v = a5 w - a7 w^3
            Complex<T> s = u - v, t = u + v;
            c1 = new(T.FusedMultiplyAdd(root, s.Re, p.Re), T.FusedMultiplyAdd(root, s.Im, p.Im));
            c5 = new(T.FusedMultiplyAdd(minusRoot, s.Re, p.Re), T.FusedMultiplyAdd(minusRoot, s.Im, p.Im));
            c3 = new(T.FusedMultiplyAdd(root, t.Im, q.Re), T.FusedMultiplyAdd(minusRoot, t.Re, q.Im));
            c7 = new(T.FusedMultiplyAdd(minusRoot, t.Im, q.Re), T.FusedMultiplyAdd(root, t.Re, q.Im));
        }
    }
}
