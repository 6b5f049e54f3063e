namespace LastBit.Cli.Execution;

/// <summary>Gets the cells of a run computed: in this process, or by somebody else.</summary>
internal interface IExecutor
{
    /// <summary>Has a run's cells computed, or seen to.</summary>
    /// <returns>The exit code.</returns>
    int Execute(CellRun run);
}

/// <summary>This process computes the cells, one after the other.</summary>
internal sealed class LocalExecutor : IExecutor
{
    /// <inheritdoc/>
    public int Execute(CellRun run) => run.Here();
}
