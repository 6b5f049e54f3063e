using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Networks;

namespace LastBit.Cli;

/// <summary>The options of the commands that train networks.</summary>
internal sealed class TrainingOptions
{
    private static readonly TrainingRunSettings Paper = new();

    internal Option<int> Epochs { get; } = OptionTypes.Count("--epochs", Paper.Epochs, "Passes over the training images; the learning rate is divided by 10 after 20, 40, 60 and 80% of them.");

    internal Option<int> BatchSize { get; } = OptionTypes.Count("--batch-size", Paper.BatchSize, "Images a step.");

    internal Option<double> LearningRate { get; } = OptionTypes.Number("--learning-rate", Paper.LearningRate, "The first learning rate.");

    internal Option<double> Momentum { get; } = OptionTypes.Number("--momentum", Paper.Momentum, "Momentum, with Nesterov's look ahead.");

    internal Option<double> WeightDecay { get; } = OptionTypes.Number("--weight-decay", Paper.WeightDecay, "Weight decay, on every parameter.");

    /// <summary>How many training images.</summary>
    internal static Option<int> TrainSize { get; } = OptionTypes.Count("--train-size", 0, "How many training images, the first in file order.", defaultText: "all");

    /// <summary>Which images.</summary>
    internal static Option<string?> Data { get; } = OptionTypes.PathTo("--data", "sample|DIR", "The images: the sample inside the program, or a folder with CIFAR-10's binary batches.", "the cache");

    /// <summary>A folder to go on with.</summary>
    internal static Option<string?> Resume { get; } = OptionTypes.PathTo("--resume", "DIR", "Goes on with the run in this folder, with its settings.");

    internal static Option<string> Network(string value)
    {
        var option = new Option<string>("--network") { Description = "resnetD or preresnetD, with D = 6n + 2.", HelpName = "NAME", Arity = ArgumentArity.ExactlyOne, DefaultValueFactory = _ => value };
        HelpPage.SetDefault(option, value);
        return option;
    }

    internal static Option<string> Activation(string value) => OptionTypes.Choice("--activation", value, ["relu", "swish"], "The activation function; swish is x sigmoid(5x).");

    internal static Activation ActivationOf(string value) => value == "swish" ? LastBit.Networks.Activation.Swish : LastBit.Networks.Activation.Relu;

    internal static int? TrainSizeOf(ParseResult parse) => parse.GetResult(TrainSize) is null or { Implicit: true } ? null : parse.GetValue(TrainSize);

    internal void AddTo(Command command)
    {
        command.Add(Epochs);
        command.Add(BatchSize);
        command.Add(LearningRate);
        command.Add(Momentum);
        command.Add(WeightDecay);
        command.Add(TrainSize);
        command.Add(Data);
    }

    /// <summary>The settings of the run that --resume names, or null when it is not given.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="command">The command that must have filled the folder.</param>
    /// <param name="free">Options that are no settings of a run but say which runs to do.</param>
    /// <exception cref="InputException">The folder holds no such run, or other options say something else than it.</exception>
    internal static TSettings? Resumed<TSettings>(ParseResult parse, string command, params Option[] free)
        where TSettings : class
    {
        if (parse.GetValue(Resume) is not { } folder)
            return null;
        foreach (Option option in parse.CommandResult.Command.Options)
        {
            bool common = option == Resume || free.Contains(option) || option == CommonOptions.Threads || option == CommonOptions.Json || option == CommonOptions.Quiet || option.Name.StartsWith("--live", StringComparison.Ordinal);
            if (!common && parse.GetResult(option) is { Implicit: false })
                throw new InputException($"{option.Name}: a run that is gone on with keeps its settings; leave {option.Name} away, or begin a new run");
        }
        JsonObject run = RunFolder.Read(folder) ?? throw new InputException($"--resume {folder}: there is no run.json in it; give the folder of a run that was stopped");
        if (run["command"]?.ToString() != command)
            throw new InputException($"--resume {folder}: holds a run of `{run["command"]}`, not of `{command}`");
        try
        {
            return ResultJson.Deserialize<TSettings>(run["settings"]!.ToJsonString());
        }
        catch (Exception error) when (error is JsonException or NullReferenceException)
        {
            throw new InputException($"--resume {folder}: its run.json has no settings that can be read", error);
        }
    }
}
