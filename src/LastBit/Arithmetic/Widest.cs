namespace LastBit.Arithmetic;

/// <summary>Work that is written once over lanes of any width, with its arguments.</summary>
/// <typeparam name="TNumber">Binary32 or binary64.</typeparam>
internal interface IOverLanes<TNumber>
    where TNumber : unmanaged
{
    /// <summary>Does the work.</summary>
    /// <typeparam name="T">The lanes.</typeparam>
    void Run<T>()
        where T : unmanaged, ILanes<T, TNumber>;
}

/// <summary>
/// Where the width of vectors is chosen: the widest lanes of this machine that divide a row, so that a vector never reaches beyond it.
/// </summary>
internal static class Widest
{
    /// <summary>Does work in binary32.</summary>
    /// <typeparam name="TWork">The work.</typeparam>
    /// <param name="work">The work; its results, if any, are in it afterwards.</param>
    /// <param name="multiple">Numbers in a row.</param>
    public static void Single<TWork>(ref TWork work, int multiple)
        where TWork : struct, IOverLanes<float>, allows ref struct
    {
        if (VectorWidth.Is512 && multiple % SingleLanes512.Count == 0)
            work.Run<SingleLanes512>();
        else if (VectorWidth.Is256 && multiple % SingleLanes256.Count == 0)
            work.Run<SingleLanes256>();
        else if (VectorWidth.Is128 && multiple % SingleLanes128.Count == 0)
            work.Run<SingleLanes128>();
        else
            work.Run<SingleLanes1>();
    }

    /// <summary>Does work in binary64.</summary>
    /// <inheritdoc cref="Single{TWork}"/>
    public static void Double<TWork>(ref TWork work, int multiple)
        where TWork : struct, IOverLanes<double>, allows ref struct
    {
        if (VectorWidth.Is512 && multiple % DoubleLanes512.Count == 0)
            work.Run<DoubleLanes512>();
        else if (VectorWidth.Is256 && multiple % DoubleLanes256.Count == 0)
            work.Run<DoubleLanes256>();
        else if (VectorWidth.Is128 && multiple % DoubleLanes128.Count == 0)
            work.Run<DoubleLanes128>();
        else
            work.Run<DoubleLanes1>();
    }
}
