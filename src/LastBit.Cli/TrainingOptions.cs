using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Cli.Execution;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Experiments;
using LastBit.Files;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Cli;

/// <summary>The options of the commands that train networks.</summary>
internal sealed class TrainingOptions
{
    private readonly Option<string> _network;
    private readonly Option<string> _activation;
    private readonly Option<string> _loss;
    private readonly Option<string> _convolution;
    private readonly Option<int> _batchSize;
    private readonly Option<double>? _learningRate;
    private readonly Option<double>? _weightDecay;
    private readonly Option<int> _trainSize = OptionTypes.Count("--train-size", 0, "How many training images, the first in file order.", defaultText: "all");
    private readonly Option<string?> _data =
        OptionTypes.PathTo("--data", "sample|NAME|NAME=DIR|DIR",
            "The images: the sample inside the program, one of cifar10, cifar100, mnist, fashion-mnist from the cache or a folder, images=DIR for PNG "
            + "images in one folder a class, or a folder with CIFAR-10's binary batches.", "CIFAR-10 from the cache");
    private readonly Option<string?> _augmentation = OptionTypes.PathTo("--augmentation", "none|cropN+flip",
        "What is done to training images at random: none, flip, cropN (padded by N pixels and cropped), cropN+flip.", "crop4+flip for CIFAR, none for the others");
    private readonly Option<string?> _mean =
        OptionTypes.PathTo("--mean", "LIST", "The mean of each channel on the scale from 0 to 1; with --deviation.", "the paper's for CIFAR-10, else computed");
    private readonly Option<string?> _deviation =
        OptionTypes.PathTo("--deviation", "LIST", "The standard deviation of each channel; with --mean.", "the paper's for CIFAR-10, else computed");

    private readonly Option<string> _standardization;

    /// <summary>Options whose defaults are the paper's.</summary>
    /// <param name="paper">The defaults.</param>
    /// <param name="learningRate">What the learning rate is; null where the command has lists of learning rates and weight decays of its own.</param>
    internal TrainingOptions(NetworkTrainingSettings paper, string? learningRate = "The first learning rate.")
    {
        _network = new Option<string>("--network")
        {
            Description = $"{NetworkSettings.Names}.",
            HelpName = "NAME",
            Arity = ArgumentArity.ExactlyOne,
            DefaultValueFactory = _ => paper.Network,
        };
        HelpPage.SetDefault(_network, paper.Network);
        _activation = OptionTypes.Choice("--activation", NameOf(paper.Activation), [NameOf(Activation.Relu), NameOf(Activation.Swish)],
            "The activation function, where the network's name does not say it; swish is x sigmoid(5x).");
        _loss = OptionTypes.Choice("--loss", NameOf(paper.Loss), Losses,
            "What the outputs are measured by; mse is half the squared distance from the one-hot label.");
        _convolution = ConvolutionOption();
        _standardization = OptionTypes.Choice(
            "--standardization", NameOf(paper.Standardization), [NameOf(StandardizationKind.Channel), NameOf(StandardizationKind.Pixel)],
            "What shares a mean and a deviation: a channel, or each pixel of all training images of the data set by itself.");
        _batchSize = OptionTypes.Count("--batch-size", paper.BatchSize, "Images a step.", least: Math.Min(1, paper.BatchSize), defaultText: paper.BatchSize == 0 ? "all, or 0" : null);
        if (learningRate is null)
            return;
        _learningRate = OptionTypes.Number("--learning-rate", paper.LearningRate, learningRate);
        _weightDecay = OptionTypes.Number("--weight-decay", paper.WeightDecay, "Weight decay, on every parameter.");
    }

    /// <summary>What outputs can be measured by, as it is spelled.</summary>
    internal static string[] Losses => [NameOf(Loss.CrossEntropy), NameOf(Loss.SquaredError)];

    /// <summary>A folder to resume.</summary>
    internal static Option<string?> Resume { get; } = OptionTypes.PathTo("--resume", "DIR", "Resumes the run in this folder, with its settings.");

    /// <summary>A command with these options and its own.</summary>
    /// <param name="name">The command's name.</param>
    /// <param name="description">What its help says.</param>
    /// <param name="own">What the command has beside these options.</param>
    internal Command Command(string name, string description, params Option[] own)
    {
        var command = new Command(name, description) { _network, _activation, _loss, _convolution };
        foreach (Option option in (Option[])
            [.. own, _batchSize, .. new Option?[] { _learningRate, _weightDecay }.OfType<Option>(), _trainSize, _data, _augmentation, _standardization, _mean, _deviation, Resume])
            command.Add(option);
        return LiveView.AddTo(command).WithCommonOptions();
    }

    /// <summary>Puts what the command line says into settings.</summary>
    internal TSettings Fill<TSettings>(ParseResult parse, TSettings settings)
        where TSettings : NetworkTrainingSettings
    {
        string network = parse.GetRequiredValue(_network);
        var activation = Enum.Parse<Activation>(parse.GetRequiredValue(_activation), ignoreCase: true);
        if (NetworkSettings.ActivationOf(network) is { } own && own != activation && parse.GetResult(_activation) is { Implicit: false })
            throw new InputException($"{_activation.Name}: {network} has {NameOf(own)} by its name; leave out {_activation.Name}, or name another network");
        return (TSettings)((NetworkTrainingSettings)settings with
        {
            Network = network,
            Activation = activation,
            Loss = parse.GetRequiredValue(_loss) == NameOf(Loss.SquaredError) ? Loss.SquaredError : Loss.CrossEntropy,
            Convolution = Convolution(parse, _convolution),
            BatchSize = parse.GetValue(_batchSize),
            LearningRate = _learningRate is null ? settings.LearningRate : parse.GetValue(_learningRate),
            WeightDecay = _weightDecay is null ? settings.WeightDecay : parse.GetValue(_weightDecay),
            TrainSize = parse.GetResult(_trainSize) is null or { Implicit: true } ? null : parse.GetValue(_trainSize),
            // Whole, so that the run can be resumed from another folder.
            Data = DataSets.WithFullPath(parse.GetValue(_data)),
            Augmentation = parse.GetValue(_augmentation) is { } augmentation ? AugmentationSettings.Parse(augmentation).ToString() : settings.Augmentation,
            Standardization = Enum.Parse<StandardizationKind>(parse.GetRequiredValue(_standardization), ignoreCase: true),
            Mean = NumberOfEachChannel(parse, _mean),
            Deviation = NumberOfEachChannel(parse, _deviation),
        });
    }

    // Unlike other lists, this may hold a number twice.
    private static double[]? NumberOfEachChannel(ParseResult parse, Option<string?> option) => parse.GetValue(option) is { } text
        ? [.. text.Split(',').Select(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw new InputException($"{option.Name}: '{ForeignText.Cut(text)}' is not a list of numbers; write one a channel, as 0.5,0.5,0.5"))]
        : null;

    /// <summary>How convolutions are computed; the default is the faster way.</summary>
    internal static Option<string> ConvolutionOption() => OptionTypes.Choice(
        "--convolution", NameOf(ConvolutionAlgorithm.Winograd), [NameOf(ConvolutionAlgorithm.Direct), NameOf(ConvolutionAlgorithm.Winograd)],
        "How 3x3 convolutions are computed: by the sums of the definition, or by minimal filtering with fewer multiplications; the bits differ.");

    /// <summary>What <see cref="ConvolutionOption"/> was given. Where nothing was, a folder that is there already continues as it began.</summary>
    internal static ConvolutionAlgorithm Convolution(ParseResult parse, Option<string> option)
    {
        if (parse.GetResult(option) is null or { Implicit: true } && parse.GetValue(CommonOptions.Out) is { } folder && RunFolder.Read(folder) is { } run)
        {
            // Folders from before there was a choice say nothing, and are direct.
            bool winograd = run["settings"] is JsonObject settings && settings["convolution"]?.ToString() == NameOf(ConvolutionAlgorithm.Winograd);
            return winograd ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
        }
        return parse.GetRequiredValue(option) == NameOf(ConvolutionAlgorithm.Winograd) ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;
    }

    private static string NameOf(ConvolutionAlgorithm algorithm) => algorithm.ToString().ToLowerInvariant();

    private static string NameOf(Loss loss) => loss == Loss.SquaredError ? "mse" : "cross-entropy";

    private static string NameOf(StandardizationKind kind) => kind.ToString().ToLowerInvariant();

    private static string NameOf(Activation activation) => activation.ToString().ToLowerInvariant();

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
            bool common = option == Resume || free.Contains(option)
                || option == CommonOptions.Threads || option == CommonOptions.Json || option == CommonOptions.Quiet
                || option.Name.StartsWith("--live", StringComparison.Ordinal) || ExecutorOptions.Includes(option);
            if (!common && parse.GetResult(option) is { Implicit: false })
                throw new InputException($"{option.Name}: a resumed run keeps its settings; leave out {option.Name}, or begin a new run");
        }
        JsonObject run = RunFolder.Read(folder)
            ?? throw InputException.OfPath("resume", folder, "there is no run.json in it; give the folder of a run that was stopped");
        if (run["command"]?.ToString() != command)
            throw InputException.OfPath("resume", folder, $"holds a run of `{ForeignText.Cut(run["command"]?.ToString())}`, not of `{command}`");
        return RunFolder.SettingsOf<TSettings>(folder, run);
    }

    /// <summary>Any kind of perturbation.</summary>
    /// <param name="what">What the command does with them.</param>
    /// <param name="value">The default.</param>
    internal static Option<Perturbation[]> PerturbationList(string what, params Perturbation[] value) => OptionTypes.Perturbations("--perturbation", value, $"{what}. {Kinds}");

    /// <summary>Several perturbations.</summary>
    internal static Perturbation[]? Perturbations(ParseResult parse, Option<int[]> k, Option<Perturbation[]> other, bool resumed)
    {
        bool isK = parse.GetResult(k) is { Implicit: false }, isOther = parse.GetResult(other) is { Implicit: false };
        return resumed && !isK && !isOther ? null
            : [.. (isK || !isOther ? Perturbation.EachOfK(parse.GetRequiredValue(k)) : []).Union(isOther ? parse.GetRequiredValue(other) : [])];
    }

    private const string Kinds = "k=3: the step is (3 lr)(d/3). ulp: one weight begins one unit in the last place away. stochastic: new weights are rounded up or down "
        + "at random. order: sums over a batch are taken in reverse. input: one pixel of one image of the first batch by one unit in the last place. "
        + "convolution: the other --convolution.";
}

/// <summary>The options of the commands that train by a schedule.</summary>
internal sealed class ScheduledTrainingOptions(ScheduledTrainingSettings paper)
{
    private readonly TrainingOptions _training = new(paper);
    private readonly Option<int> _epochs =
        OptionTypes.Count("--epochs", paper.Epochs, "Passes over the training images; the learning rate is divided by 10 after 20, 40, 60 and 80% of them.");
    private readonly Option<double> _momentum = OptionTypes.Number("--momentum", paper.Momentum, "Momentum, in Nesterov's form.");

    /// <inheritdoc cref="TrainingOptions.Command"/>
    internal Command Command(string name, string description, params Option[] own) => _training.Command(name, description, [.. own, _epochs, _momentum]);

    /// <inheritdoc cref="TrainingOptions.Fill"/>
    internal TSettings Fill<TSettings>(ParseResult parse, TSettings settings)
        where TSettings : ScheduledTrainingSettings =>
        _training.Fill(parse, (TSettings)((ScheduledTrainingSettings)settings with { Epochs = parse.GetValue(_epochs), Momentum = parse.GetValue(_momentum) }));
}
