using System.Text.Json.Nodes;
using LastBit.Runs;

namespace LastBit.Experiments.Edge;

/// <summary>
/// The edge of stability: gradient descent at fixed learning rates, the sharpness of the loss along it, and how far copies drift apart that differ by rounding
/// alone. A cell is one learning rate and weight decay, "lr0.02-wd0"; its copies are replicas in one <see cref="Training.Trainer"/>. docs/edge.md.
/// </summary>
public static class EdgeExperiment
{
    /// <summary>The command that fills a folder with these cells.</summary>
    public const string Kind = "edge";

    /// <summary>
    /// Computes the cells that the folder does not hold yet. Writes edge.json, edge/CELL-PERTURBATION.npy (the differences of every tensor), and a checkpoint
    /// at least once a minute. Cells that another process is working on are left to it.
    /// </summary>
    /// <param name="settings">What to train.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <returns>All cells in the folder.</returns>
    /// <exception cref="InputException">A setting is not possible, the data is missing, or the folder holds runs of other settings.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped; its checkpoint is on disk.</exception>
    public static EdgeResult Run(EdgeSettings settings, ExperimentContext context)
    {
        Check(settings);
        ArgumentNullException.ThrowIfNull(context);
        using var data = TrainingData.Open(settings, context.Threads);
        CellStore.Plan(context.Folder, Kind, settings.Asked);
        using var figure = new EdgeCells(settings, context, data);
        CellWork.Compute(figure, CellNames(settings), context.Observer);
        EdgeResult result = figure.WriteResult();
        CellWork.Tell(figure.Strays, context.Observer);
        return result;
    }

    /// <summary>Makes sure that settings are possible and the data is there, before anything is made.</summary>
    /// <exception cref="InputException">Something is not.</exception>
    public static void Check(EdgeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        TrainingData.Check(settings, hessian: true);
    }

    /// <summary>The names of the cells that settings ask for.</summary>
    public static IReadOnlyList<string> CellNames(EdgeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return [.. settings.Keys.Select(key => key.Cell)];
    }

    /// <summary>The settings that compute one cell and no other.</summary>
    /// <param name="settings">The settings of the folder.</param>
    /// <param name="cell">The cell's name, "lr0.02-wd0".</param>
    /// <exception cref="InputException">There is no such cell.</exception>
    public static EdgeSettings Only(EdgeSettings settings, string cell)
    {
        ArgumentNullException.ThrowIfNull(settings);
        EdgeKey key = EdgeKey.Of(cell) ?? throw InputException.Of("cell", $"there is no cell '{cell}'; give one as lr0.02-wd0");
        return settings with { LearningRates = [key.LearningRate], WeightDecays = [key.WeightDecay] };
    }

    /// <summary>The cells that were asked for in a folder, with what has become of each.</summary>
    /// <param name="folder">A folder of an `edge` run.</param>
    /// <exception cref="InputException">Its plan is damaged.</exception>
    public static IReadOnlyList<CellStatus> StatusOf(string folder)
    {
        JsonObject plan = CellStore.ReadPlan(folder, Kind);
        var store = CellStore.Of(folder, Kind);
        int iterations = store.Setting("iterations");
        var asked = new EdgeSettings { LearningRates = CellStore.Reals(plan, "learningRates"), WeightDecays = CellStore.Reals(plan, "weightDecays") };
        return [.. asked.Keys.Select(key =>
            store.StatusOf(key.Cell, () => Reading(Read(store, key, iterations), iterations)))];
    }

    /// <summary>What a run's document says of its cell.</summary>
    internal static CellReading Reading(EdgeRun? run, int iterations) => run is null ? default : new CellReading(
        run.IsDone, (double)run.Loss.Length / iterations, CellReading.Diverged(run.DivergedAtIteration));

    /// <summary>A cell's document, checked; null where there is none.</summary>
    /// <exception cref="InputException">It cannot be what it says.</exception>
    internal static EdgeRun? Read(CellStore store, EdgeKey key, int iterations)
    {
        const string Remedy = "delete it to compute the run again";
        string file = store.FileOf(key.Cell, "/run.json");
        if (!File.Exists(file))
            return null;
        var run = DocumentFile.Read<EdgeRun>(file, Remedy);
        return run.Problem(key, iterations) is { } problem ? throw new InputException($"{file}: {problem}; {Remedy}") : run;
    }
}
