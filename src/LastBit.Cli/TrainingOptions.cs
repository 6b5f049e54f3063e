using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Data;
using LastBit.Experiments;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Cli;

/// <summary>What the commands that train networks have beside the options of their settings.</summary>
internal static class TrainingOptions
{
    /// <summary>A folder to resume.</summary>
    internal static Option<string?> Resume { get; } =
        OptionTypes.PathTo("--resume", "DIR", "Resumes the run in this folder, with its settings.");

    /// <summary>
    /// The settings that a command line describes: those of a new run, or of the folder that --resume names with what was asked for in it
    /// so far.
    /// </summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="options">The options of the settings.</param>
    /// <exception cref="InputException">The folder holds no such run, or options contradict it or each other.</exception>
    internal static TSettings Read<TSettings>(ParseResult parse, SettingOptions<TSettings> options)
        where TSettings : class, new()
    {
        if (Resumed(parse, options) is var (folder, there))
            return options.Read(parse,
                there is ICellSettings<TSettings> cells ? cells.With(CellStore.ReadPlan(folder, options.Kind)) : there);
        TSettings read = options.Read(parse);
        if (read is not NetworkTrainingSettings settings)
            return read;
        string activation = options["activation"].Name;
        if (options.IsGiven(parse, "activation") && parse.GetResult(options["activation"])!.Tokens[0].Value is { } given
            && NetworkSettings.ActivationOf(settings.Network) is { } own
            && !given.Equals(own.ToString(), StringComparison.OrdinalIgnoreCase))
        {
            throw new InputException(
                $"{activation}: {settings.Network} has {own.ToString().ToLowerInvariant()} by its name; leave out {activation}, or name "
                    + "another network");
        }
        if (settings.Optimizer == Optimizer.AdamW)
        {
            if (options.Has("momentum") && options.IsGiven(parse, "momentum"))
                throw new InputException("--momentum: is SGD's; leave it out with --optimizer adamw");
            settings = settings with
            {
                LearningRate = options.IsGiven(parse, "learning-rate") ? settings.LearningRate : 1e-3,
                WeightDecay = options.IsGiven(parse, "weight-decay") ? settings.WeightDecay : 0.01,
            };
        }
        return (TSettings)(object)(settings with
        {
            Convolution = Convolution(parse, options, settings.Convolution),
            // Whole, so that the run can be resumed from another folder.
            Data = DataSets.WithFullPath(settings.Data),
            Augmentation = settings.Augmentation is { } augmentation ? AugmentationSettings.Parse(augmentation).ToString() : null,
        });
    }

    /// <summary>How convolutions are computed. Where nothing is said, a folder that is there already continues as it began.</summary>
    internal static ConvolutionAlgorithm Convolution<TSettings>(ParseResult parse, SettingOptions<TSettings> options,
        ConvolutionAlgorithm read)
        where TSettings : class, new()
    {
        const string Setting = "convolution";
        if (options.Has(Setting) && !options.IsGiven(parse, Setting) && parse.GetValue(CommonOptions.Out) is { } folder
            && RunFolder.Read(folder) is { } run)
        {
            // Folders from before there was a choice say nothing, and are direct.
            bool winograd = run["settings"] is JsonObject settings && settings[Setting]?.ToString() == "winograd";
            return winograd ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
        }
        return read;
    }

    /// <summary>The folder that --resume names and its settings; null when it is not given.</summary>
    private static (string Folder, TSettings Settings)? Resumed<TSettings>(ParseResult parse, SettingOptions<TSettings> options)
        where TSettings : class, new()
    {
        if (parse.GetResult(Resume) is null || parse.GetValue(Resume) is not { } folder)
            return null;
        if (parse.CommandResult.Command.Options.FirstOrDefault(option =>
            (option == CommonOptions.Out || options.IsFixed(option)) && parse.GetResult(option) is { Implicit: false }) is { } fixedOption)
        {
            throw new InputException(
                $"{fixedOption.Name}: a resumed run keeps its settings; leave out {fixedOption.Name}, or begin a new run");
        }
        JsonObject run = RunFolder.Read(folder)
            ?? throw InputException.OfPath("resume", folder, "there is no run.json in it; give the folder of a run that was stopped");
        if (run["command"]?.ToString() != options.Kind)
            throw InputException.OfPath("resume", folder,
                $"holds a run of `{ForeignText.Cut(run["command"]?.ToString())}`, not of `{options.Kind}`");
        return (folder, RunFolder.SettingsOf<TSettings>(folder, run));
    }
}
