namespace LastBit.Files;

/// <summary>Arrays whose first index runs fastest, as Fortran and MATLAB have them; in C the last one does.</summary>
internal static class FortranOrder
{
    /// <summary>The same array in C order.</summary>
    /// <param name="values">In Fortran order; returned itself where both orders are the same.</param>
    /// <param name="shape">Extents, outermost (in C) first; their product is the number of values.</param>
    public static T[] ToC<T>(T[] values, ReadOnlySpan<int> shape)
    {
        if (AtMostOneAxis(shape))
            return values;
        var ordered = new T[values.Length];
        int[] strides = Strides(shape);
        Walk(shape, strides, (inC, inFortran) => ordered[inC] = values[inFortran]);
        return ordered;
    }

    /// <summary>The same array in Fortran order.</summary>
    /// <param name="values">In C order.</param>
    /// <param name="shape">Extents, outermost (in C) first; their product is the number of values.</param>
    public static T[] FromC<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> shape)
    {
        T[] source = values.ToArray();
        if (AtMostOneAxis(shape))
            return source;
        var ordered = new T[source.Length];
        Walk(shape, Strides(shape), (inC, inFortran) => ordered[inFortran] = source[inC]);
        return ordered;
    }

    private static bool AtMostOneAxis(ReadOnlySpan<int> shape)
    {
        int axes = 0;
        foreach (int extent in shape)
            axes += extent == 1 ? 0 : 1;
        return axes <= 1;
    }

    private static int[] Strides(ReadOnlySpan<int> shape)
    {
        int[] strides = new int[shape.Length];
        long stride = 1;
        for (int axis = 0; axis < shape.Length; axis++)
        {
            strides[axis] = (int)Math.Min(stride, int.MaxValue); // Beyond int only if an extent is 0, and then nothing is visited.
            stride = Math.Min(stride * shape[axis], int.MaxValue);
        }
        return strides;
    }

    private static void Walk(ReadOnlySpan<int> shape, int[] strides, Action<int, int> visit)
    {
        long length = 1;
        foreach (int extent in shape)
            length *= extent;
        int[] index = new int[shape.Length];
        int inFortran = 0;
        for (int inC = 0; inC < length; inC++)
        {
            visit(inC, inFortran);
            for (int axis = shape.Length - 1; axis >= 0; axis--)
            {
                inFortran += strides[axis];
                if (++index[axis] < shape[axis])
                    break;
                inFortran -= index[axis] * strides[axis];
                index[axis] = 0;
            }
        }
    }
}
