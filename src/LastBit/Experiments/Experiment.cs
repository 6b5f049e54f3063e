using System.Text.Json.Nodes;
using LastBit.Runs;

namespace LastBit.Experiments;

/// <summary>
/// An experiment as whatever lists, runs, resumes or reports experiments sees it. It knows neither the console nor the page; those attach
/// their part to it.
/// All of them stand in one list, <see cref="Reproduction.AllExperiments"/>.
/// </summary>
/// <param name="name">The command that runs it.</param>
/// <param name="settings">The type of its settings.</param>
public abstract class Experiment(string name, Type settings)
{
    /// <summary>The command that runs it, as run.json has it.</summary>
    public string Name { get; } = name;

    /// <summary>The type of its settings.</summary>
    public Type Settings { get; } = settings;

    /// <summary>The document of its results; null where it leaves none.</summary>
    public string? Document { get; init; }

    /// <summary>The part of `reproduce` that it belongs to ("figure4"); null for what is no part of it.</summary>
    public string? Part { get; init; }

    /// <summary>What it is, in the list of parts.</summary>
    public string Title { get; init; } = "";

    /// <summary>
    /// About how long it takes at a scale of `reproduce`, in minutes on two cores with AVX-512 (docs/long-runs.md); a part of seconds has
    /// none.
    /// </summary>
    public Func<string, double> Minutes { get; init; } = _ => 0;

    /// <summary>Whether the checkpoints of its runs are of a network, whose weights can be exported.</summary>
    public bool KeepsWeights { get; init; }

    /// <summary>The settings of a new run.</summary>
    public abstract object NewSettings();

    /// <summary>The settings of a run.</summary>
    /// <param name="folder">Its folder.</param>
    /// <param name="run">What the folder's run.json holds.</param>
    /// <exception cref="InputException">They are missing, or not those of this experiment.</exception>
    public abstract object SettingsOf(string folder, JsonObject run);

    /// <summary>
    /// What a document of settings means by a member that it lacks, which is what was computed before there was the setting; not always
    /// what a new run has.
    /// </summary>
    public object OldSettings() => Activator.CreateInstance(Settings)!;
}

/// <summary>An experiment with its settings.</summary>
/// <typeparam name="TSettings">The record of its settings.</typeparam>
/// <param name="name">The command that runs it.</param>
/// <param name="fresh">The settings of a new run; null for those that the record begins with.</param>
public class Experiment<TSettings>(string name, Func<TSettings>? fresh = null) : Experiment(name, typeof(TSettings))
    where TSettings : class, new()
{
    /// <summary>The settings of a new run.</summary>
    public TSettings New() => fresh?.Invoke() ?? new();

    /// <inheritdoc/>
    public override object NewSettings() => New();

    /// <inheritdoc/>
    public override object SettingsOf(string folder, JsonObject run) => RunFolder.SettingsOf<TSettings>(folder, run);
}

/// <summary>An experiment with its settings and its results.</summary>
/// <typeparam name="TSettings">The record of its settings.</typeparam>
/// <typeparam name="TResult">The record of its results.</typeparam>
/// <param name="name">The command that runs it.</param>
/// <param name="prepare">What <see cref="Prepare"/> does.</param>
/// <param name="fresh">The settings of a new run; null for those that the record begins with.</param>
public class Experiment<TSettings, TResult>(
    string name, Func<TSettings, EngineSource?, Func<ExperimentContext, TResult>>? prepare, Func<TSettings>? fresh = null)
    : Experiment<TSettings>(name, fresh)
    where TSettings : class, new()
{
    /// <summary>The same for an experiment that trains nothing.</summary>
    /// <param name="name">The command that runs it.</param>
    /// <param name="check">Makes sure that settings are possible.</param>
    /// <param name="compute">Runs it and writes its files.</param>
    internal Experiment(string name, Action<TSettings> check, Func<TSettings, ExperimentContext, TResult> compute)
        : this(name, (settings, _) =>
        {
            check(settings);
            return context => compute(settings, context);
        })
    {
    }

    /// <summary>Its settings at a scale of `reproduce`.</summary>
    public Func<ReproductionSettings, TSettings> AtScale { get; init; } = _ => new();

    /// <summary>Makes sure that settings are possible and reads what they name, before anything is made.</summary>
    /// <param name="settings">What to run.</param>
    /// <param name="engines">Where engines come from; null where nothing is trained.</param>
    /// <returns>What runs it and writes its files.</returns>
    /// <exception cref="InputException">A setting is not possible, or the data is missing.</exception>
    public virtual Func<ExperimentContext, TResult> Prepare(TSettings settings, EngineSource? engines = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return prepare!(settings, engines);
    }

    /// <summary>Runs it and writes its files.</summary>
    /// <param name="settings">What to run.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <exception cref="InputException">A setting is not possible, or the data is missing.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped; what is finished is on disk.</exception>
    public TResult Run(TSettings settings, ExperimentContext context) => Prepare(settings, context.Engines)(context);
}
