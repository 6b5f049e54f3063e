using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>Independent complex numbers, one in each lane of a pair of vectors.</summary>
internal readonly unsafe struct Complex<V, L>(V re, V im)
    where V : unmanaged
    where L : struct, ILanes<V>
{
    public readonly V Re = re, Im = im;

    /// <summary>Loads from a row of a panel: eight real parts, then eight imaginary parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<V, L> Load(double* row) => new(L.Load(row), L.Load(row + 8));

    /// <summary>Loads i conj(x): a forward transform between swapped loads and swapped stores is an inverse transform.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<V, L> LoadSwapped(double* row) => new(L.Load(row + 8), L.Load(row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(double* row)
    {
        L.Store(Re, row);
        L.Store(Im, row + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreSwapped(double* row)
    {
        L.Store(Im, row);
        L.Store(Re, row + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<V, L> operator +(Complex<V, L> a, Complex<V, L> b) => new(L.Add(a.Re, b.Re), L.Add(a.Im, b.Im));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<V, L> operator -(Complex<V, L> a, Complex<V, L> b) => new(L.Subtract(a.Re, b.Re), L.Subtract(a.Im, b.Im));

    /// <summary>a - i b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<V, L> MinusI(Complex<V, L> a, Complex<V, L> b) => new(L.Add(a.Re, b.Im), L.Subtract(a.Im, b.Re));

    /// <summary>a + i b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<V, L> PlusI(Complex<V, L> a, Complex<V, L> b) => new(L.Subtract(a.Re, b.Im), L.Add(a.Im, b.Re));

    /// <summary>Every lane times the one complex number at <paramref name="factor"/> (real part, imaginary part).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex<V, L> Times(double* factor)
    {
        V c = L.All(factor[0]), s = L.All(factor[1]);
        return new(L.MultiplyAdd(Re, c, L.Negate(L.Multiply(Im, s))), L.MultiplyAdd(Re, s, L.Multiply(Im, c)));
    }

    /// <summary>Every lane times the one complex number at <paramref name="factor"/>, plus <paramref name="addend"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex<V, L> TimesPlus(double* factor, Complex<V, L> addend)
    {
        V c = L.All(factor[0]), s = L.All(factor[1]);
        return new(L.MultiplyAdd(Re, c, L.MultiplyAdd(L.Negate(Im), s, addend.Re)), L.MultiplyAdd(Re, s, L.MultiplyAdd(Im, c, addend.Im)));
    }

    /// <summary>conj(this) times <paramref name="other"/>, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex<V, L> ConjugateTimes(Complex<V, L> other) =>
        new(L.MultiplyAdd(Re, other.Re, L.Multiply(Im, other.Im)), L.MultiplyAdd(Re, other.Im, L.Negate(L.Multiply(Im, other.Re))));
}
