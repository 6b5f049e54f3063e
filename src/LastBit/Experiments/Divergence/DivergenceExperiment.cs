using System.Text.Json.Nodes;
using LastBit.Runs;

namespace LastBit.Experiments.Divergence;

/// <summary>Figure 2: two copies of a network that differ in rounding alone (k = 1 and k = 3), at learning rates 0.1/n. A cell is one divisor, "n32", or "n32-ulp" with another perturbation than the figure's.</summary>
public static class DivergenceExperiment
{
    /// <summary>The command that fills a folder with these cells.</summary>
    public const string Kind = "divergence";

    /// <summary>
    /// Computes the divisors that the folder does not hold yet. Writes divergence.json, divergence/mapN.npy,
    /// the weights of the tensor of Figure 2 in result/parameter/nlayer/ACTIVATION_LR/LWD_N_1.npy and _2.npy
    /// ([scaled iterations] before the tensor's shape), with Mat also a folder of .mat files for each of these,
    /// and a checkpoint at least once a minute. Divisors that another process is working on are left to it.
    /// </summary>
    /// <param name="settings">What to train.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <returns>All divisors in the folder.</returns>
    /// <exception cref="InputException">A setting is not possible, the data is missing, or the folder holds runs of other settings.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped; its checkpoint is on disk.</exception>
    public static DivergenceResult Run(DivergenceSettings settings, ExperimentContext context)
    {
        Check(settings);
        ArgumentNullException.ThrowIfNull(context);
        using var data = TrainingData.Open(settings, context.Threads);
        return Run(settings, context, data);
    }

    /// <inheritdoc cref="Run(DivergenceSettings, ExperimentContext)"/>
    internal static DivergenceResult Run(DivergenceSettings settings, ExperimentContext context, TrainingData data)
    {
        CellStore.Plan(context.Folder, Kind, settings.Asked);
        var figure = new DivergenceCells(settings, context, data);
        CellWork.Compute(figure, settings.Keys.Select(key => key.Cell), context.Observer);
        DivergenceResult result = figure.WriteResult();
        CellWork.Tell(figure.Strays, context.Observer);
        return result;
    }

    /// <summary>Makes sure that settings are possible and the data is there, before anything is made.</summary>
    /// <exception cref="InputException">Something is not.</exception>
    public static void Check(DivergenceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.ToTraining(1, 1);
        TrainingData.Check(settings);
    }

    /// <summary>The cells that were asked for in a folder, with what has become of each.</summary>
    /// <param name="folder">A folder of a `divergence` run.</param>
    /// <exception cref="InputException">Its plan is damaged.</exception>
    public static IReadOnlyList<CellStatus> StatusOf(string folder)
    {
        JsonObject plan = CellStore.ReadPlan(folder, Kind);
        var store = CellStore.Of(folder, Kind);
        int scaled = store.Setting("scaledIterations");
        DivergenceSettings asked = new DivergenceSettings().With(plan) with { Divisors = CellStore.Numbers(plan, "divisors") };
        return [.. asked.Keys.Select(key => store.StatusOf(key.Cell, () => Read(store, key, scaled) switch
        {
            null => default,
            { } run => new CellReading(run.IsDone, (double)run.RelativeL1.Length / scaled,
                CellReading.Diverged(run.DivergedAtIteration)),
        }))];
    }

    /// <summary>The names of the cells that settings ask for.</summary>
    public static IReadOnlyList<string> CellNames(DivergenceSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return [.. settings.Keys.Select(key => key.Cell)];
    }

    /// <summary>The settings that compute one cell and no other.</summary>
    /// <param name="settings">The settings of the folder.</param>
    /// <param name="cell">The cell's name, "n32".</param>
    /// <exception cref="InputException">There is no such cell.</exception>
    public static DivergenceSettings Only(DivergenceSettings settings, string cell)
    {
        ArgumentNullException.ThrowIfNull(settings);
        DivergenceKey key = DivergenceKey.Of(cell) ?? throw InputException.Of("cell", $"there is no cell '{cell}'; give one as n32 or n32-ulp");
        return settings with { Divisors = [key.Divisor], Others = key.Perturbation is null ? [] : [key.Perturbation], OnlyOthers = key.Perturbation is not null };
    }

    /// <summary>A pair's document, checked; null where there is none.</summary>
    /// <param name="store">The cells.</param>
    /// <param name="key">The pair.</param>
    /// <param name="scaledIterations">How many scaled iterations a finished run has.</param>
    /// <param name="tensors">The names of all tensors; null not to compare them.</param>
    /// <exception cref="InputException">It cannot be what it says.</exception>
    internal static DivergenceRun? Read(CellStore store, DivergenceKey key, int scaledIterations, IReadOnlyCollection<string>? tensors = null)
    {
        const string Remedy = "delete it to compute the run again";
        string file = store.FileOf(key.Cell, "/run.json");
        if (!File.Exists(file))
            return null;
        var run = DocumentFile.Read<DivergenceRun>(file, Remedy);
        return run.Problem(key, scaledIterations, tensors ?? [.. run.FirstDifference.Keys]) is { } problem
            ? throw new InputException($"{file}: {problem}; {Remedy}") : run;
    }
}
