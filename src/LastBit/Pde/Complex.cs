using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>Independent complex numbers, one in each lane of a pair of vectors.</summary>
internal readonly unsafe struct Complex<T>(T re, T im)
    where T : unmanaged, ILanes<T, double>
{
    public readonly T Re = re, Im = im;

    /// <summary>Loads from a row of a panel: eight real parts, then eight imaginary parts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<T> Load(double* row) => new(T.Load(row), T.Load(row + 8));

    /// <summary>Loads i conj(x): a forward transform between swapped loads and swapped stores is an inverse transform.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<T> LoadSwapped(double* row) => new(T.Load(row + 8), T.Load(row));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(double* row)
    {
        T.Store(Re, row);
        T.Store(Im, row + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void StoreSwapped(double* row)
    {
        T.Store(Im, row);
        T.Store(Re, row + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<T> operator +(Complex<T> a, Complex<T> b) => new(T.Add(a.Re, b.Re), T.Add(a.Im, b.Im));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<T> operator -(Complex<T> a, Complex<T> b) => new(T.Subtract(a.Re, b.Re), T.Subtract(a.Im, b.Im));

    /// <summary>a - i b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<T> MinusI(Complex<T> a, Complex<T> b) => new(T.Add(a.Re, b.Im), T.Subtract(a.Im, b.Re));

    /// <summary>a + i b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Complex<T> PlusI(Complex<T> a, Complex<T> b) => new(T.Subtract(a.Re, b.Im), T.Add(a.Im, b.Re));

    /// <summary>Every lane times the one complex number at <paramref name="factor"/> (real part, imaginary part).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex<T> Times(double* factor)
    {
        T c = T.Broadcast(factor[0]), s = T.Broadcast(factor[1]);
        return new(T.FusedMultiplyAdd(Re, c, T.Negate(T.Multiply(Im, s))), T.FusedMultiplyAdd(Re, s, T.Multiply(Im, c)));
    }

    /// <summary>Every lane times the one complex number at <paramref name="factor"/>, plus <paramref name="addend"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex<T> TimesPlus(double* factor, Complex<T> addend)
    {
        T c = T.Broadcast(factor[0]), s = T.Broadcast(factor[1]);
        return new(T.FusedMultiplyAdd(Re, c, T.FusedMultiplyAdd(T.Negate(Im), s, addend.Re)),
            T.FusedMultiplyAdd(Re, s, T.FusedMultiplyAdd(Im, c, addend.Im)));
    }

    /// <summary>conj(this) times <paramref name="other"/>, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Complex<T> ConjugateTimes(Complex<T> other) =>
        new(T.FusedMultiplyAdd(Re, other.Re, T.Multiply(Im, other.Im)),
            T.FusedMultiplyAdd(Re, other.Im, T.Negate(T.Multiply(Im, other.Re))));
}
