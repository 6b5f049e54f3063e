namespace LastBit.Cli.Execution;

/// <summary>Gets the cells of a run computed: in this process, or by somebody else.</summary>
internal interface IExecutor
{
    /// <summary>Has a run's cells computed, or seen to.</summary>
    /// <returns>The exit code.</returns>
    int Execute(CellRun run);
}

/// <summary>A command that is made of cells, ready to be run. One for every such experiment; an executor knows nothing else of it.</summary>
/// <param name="Folder">The result folder.</param>
/// <param name="Cells">All cells that were asked for, by name, in the order of the table.</param>
/// <param name="Prepare">Puts settings and plan on disk, so that any process can compute a cell.</param>
/// <param name="Gather">The arguments of the command that puts the finished cells together (tables and figures).</param>
/// <param name="Here">Computes everything in this process and prints it.</param>
internal sealed record CellRun(string Folder, IReadOnlyList<string> Cells, Action Prepare, string[] Gather, Func<int> Here);

/// <summary>This process computes the cells, one after the other.</summary>
internal sealed class LocalExecutor : IExecutor
{
    /// <inheritdoc/>
    public int Execute(CellRun run) => run.Here();
}
