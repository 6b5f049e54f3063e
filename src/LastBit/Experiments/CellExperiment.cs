using System.Text.Json.Nodes;
using LastBit.Runs;

namespace LastBit.Experiments;

/// <summary>The cells of an experiment in any folder that has some.</summary>
public interface ICellsOfFolder
{
    /// <summary>The cells that were asked for in a folder, with what has become of each.</summary>
    /// <param name="folder">A folder that a run has filled.</param>
    /// <exception cref="InputException">Its plan is damaged.</exception>
    IReadOnlyList<CellStatus> StatusOf(string folder);

    /// <summary>Computes one cell, without touching what belongs to the whole folder.</summary>
    /// <param name="run">The folder's run.json.</param>
    /// <param name="cell">The cell's name.</param>
    /// <param name="context">Folder, threads, observer.</param>
    void Compute(JsonObject run, string cell, ExperimentContext context);

    /// <summary>The cells at a scale of `reproduce`.</summary>
    IReadOnlyList<string> CellsAt(ReproductionSettings scale);

    /// <summary>Notes in a folder what is asked for at a scale of `reproduce`.</summary>
    void PlanAt(ReproductionSettings scale, string folder);
}

/// <summary>
/// An experiment made of cells: independent runs that several processes can share. Cells that another process is working on are left to it.
/// </summary>
/// <typeparam name="TSettings">The record of its settings.</typeparam>
/// <typeparam name="TResult">The record of its results, of all cells in the folder.</typeparam>
public sealed class CellExperiment<TSettings, TResult> : Experiment<TSettings, TResult>, ICellsOfFolder
    where TSettings : NetworkTrainingSettings, ICellSettings<TSettings>, new()
{
    private readonly string _length;
    private readonly Func<CellStore, string, int, CellReading> _read;
    private readonly Func<TSettings, ExperimentContext, TrainingData, OpenCells<TSettings, TResult>> _open;

    /// <summary>Makes one.</summary>
    /// <param name="name">The command that runs it.</param>
    /// <param name="fresh">The settings of a new run.</param>
    /// <param name="length">The member of the settings that says how long a cell is.</param>
    /// <param name="read">What the documents of a cell say of it: the store, its name, how long it is.</param>
    /// <param name="open">Opens the cells of a folder.</param>
    internal CellExperiment(string name, Func<TSettings> fresh, string length, Func<CellStore, string, int, CellReading> read,
        Func<TSettings, ExperimentContext, TrainingData, OpenCells<TSettings, TResult>> open)
        : base(name, null, fresh) => (_length, _read, _open, KeepsWeights) = (length, read, open, true);

    /// <summary>Whether it needs products with the Hessian.</summary>
    public bool NeedsHessian { get; init; }

    /// <inheritdoc/>
    public override Func<ExperimentContext, TResult> Prepare(TSettings settings, EngineSource? engines = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        TrainingData loaded = TrainingData.Load(settings, engines, NeedsHessian);
        return context =>
        {
            using TrainingData data = loaded.With(context.Threads);
            data.Tell(context);
            return Run(settings, context, data);
        };
    }

    /// <inheritdoc cref="Experiment{TSettings, TResult}.Run"/>
    internal TResult Run(TSettings settings, ExperimentContext context, TrainingData data)
    {
        CellStore.Plan(context.Folder, Name, settings.Asked);
        using OpenCells<TSettings, TResult> cells = _open(settings, context, data);
        CellWork.Compute(cells, settings.Cells(), context.Observer);
        TResult result = cells.WriteResult();
        CellWork.Tell(cells.Strays, context.Observer);
        return result;
    }

    /// <inheritdoc/>
    public IReadOnlyList<CellStatus> StatusOf(string folder)
    {
        JsonObject plan = CellStore.ReadPlan(folder, Name);
        var store = CellStore.Of(folder, Name);
        return plan.Count == 0 ? [] : [.. new TSettings().With(plan).Cells().Select(cell => store.StatusOf(cell, () => Read(store, cell)))];
    }

    /// <summary>What the documents of a cell say of it.</summary>
    internal CellReading Read(CellStore store, string cell) => _read(store, cell, store.Setting(_length));

    /// <inheritdoc/>
    public void Compute(JsonObject run, string cell, ExperimentContext context)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(context);
        // In a folder of `reproduce` the scale says what the experiment's settings are.
        TSettings settings = run["settings"]?["scale"] is null ? RunFolder.SettingsOf<TSettings>(context.Folder, run)
            : AtScale(RunFolder.SettingsOf<ReproductionSettings>(context.Folder, run));
        Run(settings.Only(cell), context);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> CellsAt(ReproductionSettings scale) => AtScale(scale).Cells();

    /// <inheritdoc/>
    public void PlanAt(ReproductionSettings scale, string folder) => CellStore.Plan(folder, Name, AtScale(scale).Asked);
}
