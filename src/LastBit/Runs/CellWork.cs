namespace LastBit.Runs;

/// <summary>What an experiment made of cells must be able to say and do; the rest is <see cref="CellWork"/>'s.</summary>
internal interface ICellExperiment
{
    /// <summary>The cells.</summary>
    CellStore Store { get; }

    /// <summary>What the documents of a cell say of it.</summary>
    CellReading Read(string cell);

    /// <summary>Cells that one process should take together; "" gathers none.</summary>
    string GroupOf(string cell);

    /// <summary>Files that only the holder of a cell writes.</summary>
    IEnumerable<string> FilesOf(string cell);

    /// <summary>Computes the cells that are held and not done yet. More may be taken beside them.</summary>
    void Compute(HeldCells held);

    /// <summary>
    /// Removes what only the work on a cell needed. It is called whenever a cell that is held is done: a process may have been killed
    /// before it came to this.
    /// </summary>
    void Tidy(string cell);

    /// <summary>
    /// Makes sure that the files of a cell that is held and done are there as they were written; makes again what can be made without
    /// computing.
    /// </summary>
    /// <exception cref="InputException">One is missing or altered and cannot be made again.</exception>
    void Complete(string cell);
}

/// <summary>Takes cells, has them computed and lets go of them; the same for every experiment and every number of processes.</summary>
internal static class CellWork
{
    /// <summary>Names what looks like a cell and is not.</summary>
    public static void Tell(IEnumerable<string> strays, IRunObserver observer)
    {
        foreach (string stray in strays)
            observer.Message($"{stray}: is not a cell and is passed over.");
    }

    /// <summary>Computes what is missing of some cells. Cells that another process is working on are left to it.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="cells">Names of cells, in the order to compute them in.</param>
    /// <param name="observer">Is told what is left to others.</param>
    /// <exception cref="InputException">A file of a finished cell is missing or altered; the other cells are computed.</exception>
    public static void Compute(ICellExperiment experiment, IEnumerable<string> cells, IRunObserver observer)
    {
        List<string> open = [.. cells];
        bool told = false;
        InputException? incomplete = null;
        // A cell that another process holds is looked at again when the others are done: that process may have died meanwhile.
        for (int before = int.MaxValue; open.Count > 0 && open.Count < before;)
        {
            before = open.Count;
            foreach (string[] group in open.GroupBy(cell => experiment.GroupOf(cell) is { Length: > 0 } name ? name : cell)
                .Select(group => group.ToArray()).ToList())
            {
                using var held = new HeldCells(experiment);
                foreach (string cell in group)
                    held.TryTake(cell);
                if (!held.HasLocks && !told)
                {
                    told = true;
                    observer.Message(
                        "This file system has no locks that can be relied on; processes that share the folder tell each other by "
                        + "heartbeats, so that after a crash on another machine its cells are free again in "
                        + $"{Lease.Patience.TotalSeconds:0} seconds.");
                }
                try
                {
                    if (held.Cells.Any(cell => !experiment.Read(cell).IsDone))
                        experiment.Compute(held);
                    foreach (string cell in held.Cells.Where(cell => experiment.Read(cell).IsDone))
                    {
                        experiment.Tidy(cell);
                        try
                        {
                            experiment.Complete(cell);
                        }
                        catch (InputException problem)
                        {
                            incomplete ??= problem;
                        }
                    }
                }
                catch (LeaseLostException lost)
                {
                    observer.Message(lost.Message);
                }
                catch (Exception error) when (error is not OperationCanceledException)
                {
                    held.Fail(error.Message.ReplaceLineEndings(" "));
                    throw;
                }
                open.RemoveAll(cell => group.Contains(cell) && held.Cells.Contains(cell) && experiment.Read(cell).IsDone);
            }
        }
        if (incomplete is not null)
            throw incomplete;
        if (open.Count > 0)
            observer.Message(
                $"Another process is working on {string.Join(", ", open)}; the result has {(open.Count > 1 ? "them" : "it")} when it is "
                    + "done.");
    }
}

/// <summary>Cells that this process holds.</summary>
internal sealed class HeldCells(ICellExperiment experiment) : IDisposable
{
    private readonly SortedDictionary<string, Lease> _leases = new(StringComparer.Ordinal);

    /// <summary>Their names.</summary>
    public IEnumerable<string> Cells => _leases.Keys;

    /// <summary>Whether locks of the file system guard all of them.</summary>
    public bool HasLocks => _leases.Values.All(lease => lease.HasLock);

    /// <summary>Takes one more cell; true also when it is held already.</summary>
    public bool TryTake(string cell)
    {
        if (_leases.ContainsKey(cell))
            return true;
        if (experiment.Store.TryTake(cell) is not { } lease)
            return false;
        _leases.Add(cell, lease);
        foreach (string file in experiment.FilesOf(cell))
            UnfinishedFiles.DeleteOf(file);
        return true;
    }

    /// <summary>Tells others how far some cells are.</summary>
    public void Tell(IEnumerable<string> cells, double progress, double? secondsLeft)
    {
        foreach (string cell in cells)
            _leases[cell].Tell(progress, secondsLeft);
    }

    /// <summary>Makes sure that all are still held.</summary>
    /// <exception cref="LeaseLostException">One is not.</exception>
    public void ThrowIfLost()
    {
        foreach (Lease lease in _leases.Values)
            lease.ThrowIfLost();
    }

    /// <summary>Says that the work on those that are not done failed.</summary>
    public void Fail(string why)
    {
        foreach (Lease lease in _leases.Values)
            lease.Fail(why);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lease lease in _leases.Values)
            lease.Dispose();
    }
}
