using System.Text.Json.Nodes;
using LastBit.Files;
using LastBit.Runs;

namespace LastBit.Experiments;

/// <summary>Settings of an experiment made of cells: they say which of its runs are asked for, and those of a folder can grow.</summary>
/// <typeparam name="TSelf">The record.</typeparam>
public interface ICellSettings<TSelf>
{
    /// <summary>The document of what a folder is compared by: everything but which runs are asked for.</summary>
    JsonObject Document { get; }

    /// <summary>What is asked for, as a folder remembers it.</summary>
    JsonObject Asked { get; }

    /// <summary>The names of the cells that are asked for.</summary>
    IReadOnlyList<string> Cells();

    /// <summary>The same settings with what was asked for in a folder so far.</summary>
    /// <param name="plan">What <see cref="CellStore.ReadPlan"/> returned.</param>
    TSelf With(JsonObject plan);

    /// <summary>The settings that compute one cell and no other.</summary>
    /// <param name="cell">The cell's name.</param>
    /// <exception cref="InputException">There is no such cell.</exception>
    TSelf Only(string cell);

    /// <summary>Makes sure that every setting is possible.</summary>
    /// <exception cref="InputException">One is not; the message names it.</exception>
    void Validate();
}

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
        : base(name, null, fresh) => (_length, _read, _open) = (length, read, open);

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
        int length = store.Setting(_length);
        return plan.Count == 0
            ? [] : [.. new TSettings().With(plan).Cells().Select(cell => store.StatusOf(cell, () => _read(store, cell, length)))];
    }

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

/// <summary>One call of an experiment made of cells: the settings, the data and the threads that all its cells share.</summary>
/// <typeparam name="TSettings">The record of its settings.</typeparam>
/// <typeparam name="TResult">The record of its results.</typeparam>
/// <param name="experiment">The experiment.</param>
/// <param name="settings">What to run.</param>
/// <param name="context">Folder, threads, observer.</param>
/// <param name="data">The images.</param>
internal abstract class OpenCells<TSettings, TResult>(Experiment experiment, TSettings settings, ExperimentContext context,
    TrainingData data)
    : ICellExperiment, IDisposable
    where TSettings : NetworkTrainingSettings, ICellSettings<TSettings>
{
    /// <inheritdoc/>
    public CellStore Store { get; } = CellStore.Open(context.Folder, experiment.Name, data.IdentityOf(settings));

    /// <summary>The names of all parameter tensors.</summary>
    public string[] Tensors { get; } =
        [.. data.ModelOf(settings).Layout.All.Where(tensor => tensor.IsTrainable).Select(tensor => tensor.Name)];

    /// <summary>Files and folders that look like cells and are not.</summary>
    public SortedSet<string> Strays { get; } = new(StringComparer.Ordinal);

    /// <summary>What to run.</summary>
    public TSettings Settings { get; } = settings;

    /// <summary>Folder, threads, observer.</summary>
    public ExperimentContext Context { get; } = context;

    /// <summary>The images.</summary>
    protected TrainingData Data { get; } = data;

    /// <inheritdoc/>
    public virtual string GroupOf(string cell) => "";

    /// <inheritdoc/>
    public abstract CellReading Read(string cell);

    /// <inheritdoc/>
    public abstract IEnumerable<string> FilesOf(string cell);

    /// <inheritdoc/>
    public abstract void Compute(HeldCells held);

    /// <inheritdoc/>
    public abstract void Tidy(string cell);

    /// <inheritdoc/>
    public abstract void Complete(string cell);

    /// <summary>Puts all cells on disk together into the document of the experiment.</summary>
    public TResult WriteResult() => Store.WriteResult(experiment.Document!, file =>
    {
        TResult result = Gather();
        AtomicFile.WriteAllText(file, ResultJson.Document(result));
        return result;
    });

    /// <summary>The results of all cells on disk.</summary>
    protected abstract TResult Gather();

    /// <inheritdoc/>
    public virtual void Dispose()
    {
    }
}
