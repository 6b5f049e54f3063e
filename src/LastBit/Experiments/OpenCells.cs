using LastBit.Files;
using LastBit.Runs;

namespace LastBit.Experiments;

/// <summary>One call of an experiment made of cells: the settings, the data and the threads that all its cells share.</summary>
/// <typeparam name="TSettings">The record of its settings.</typeparam>
/// <typeparam name="TResult">The record of its results.</typeparam>
/// <param name="experiment">The experiment.</param>
/// <param name="settings">What to run.</param>
/// <param name="context">Folder, threads, observer.</param>
/// <param name="data">The images.</param>
internal abstract class OpenCells<TSettings, TResult>(
    CellExperiment<TSettings, TResult> experiment, TSettings settings, ExperimentContext context, TrainingData data)
    : ICellExperiment, IDisposable
    where TSettings : NetworkTrainingSettings, ICellSettings<TSettings>, new()
{
    /// <inheritdoc/>
    public CellStore Store { get; } = CellStore.Open(context.Folder, experiment.Name, data.IdentityOf(settings),
        Setting.GrowingOf(typeof(TSettings)));

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
    public CellReading Read(string cell) => experiment.Read(Store, cell);

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
