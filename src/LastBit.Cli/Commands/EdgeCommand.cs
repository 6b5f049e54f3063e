using System.CommandLine;
using System.Globalization;
using LastBit.Cli.Execution;
using LastBit.Data;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Training;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit edge`: sharpness, its threshold, and how far copies drift apart that differ by rounding.</summary>
internal static class EdgeCommand
{
    /// <summary>How many images Cohen et al. take.</summary>
    private const int TrainSize = 5000;

    private static readonly EdgeSettings Default = new() { Standardization = StandardizationKind.Pixel };

    internal static Command Create()
    {
        Option<double[]> rates = OptionTypes.Numbers("--learning-rate", Default.LearningRates, "Learning rates, a run each; more can be added to a folder later.");
        Option<double[]> decays = OptionTypes.Numbers("--weight-decay", Default.WeightDecays, "Weight decays, a run each for every learning rate; likewise.");
        Option<int> iterations = OptionTypes.Count("--iterations", Default.Iterations, "Steps.");
        Option<int> every = OptionTypes.Count("--every", Default.Every, "The sharpness is computed before the first step and after every so many.");
        Option<int> eigenvalues = OptionTypes.Count("--eigenvalues", Default.Eigenvalues, "How many of the largest eigenvalues of the Hessian.");
        Option<double> momentum = OptionTypes.Number("--momentum", Default.Momentum, "Momentum.");
        Option<bool> nesterov = OptionTypes.Switch("--nesterov", "Momentum with Nesterov's look ahead.");
        Option<int> pass = OptionTypes.Count("--pass-size", Default.PassSize, "Images that are computed at once; for batch normalisation a ghost batch.");
        Option<Perturbation[]> perturbations = TrainingOptions.PerturbationList("Copies beside the plain one", Default.Perturbations);
        Option<ulong> seed = OptionTypes.Seed("--seed", Default.Seed, "Seeds weights and batches.");
        var options = new TrainingOptions(Default, learningRate: null);
        Command command = ExecutorOptions.AddTo(options.Command("edge",
            "The edge of stability: the sharpness of the loss along gradient descent, beside how far copies drift apart that differ by rounding.",
            rates, decays, iterations, every, eigenvalues, momentum, nesterov, perturbations, seed, pass));
        command.SetAction(parse =>
        {
            EdgeSettings settings = TrainingOptions.Resumed<EdgeSettings>(parse, Edge.Kind, rates, decays) ?? WithTrainSize(options.Fill(parse, new EdgeSettings
            {
                Iterations = parse.GetValue(iterations),
                Every = parse.GetValue(every),
                Eigenvalues = parse.GetValue(eigenvalues),
                Momentum = parse.GetValue(momentum),
                Nesterov = parse.GetValue(nesterov),
                PassSize = parse.GetValue(pass),
                Perturbations = parse.GetRequiredValue(perturbations),
                Seed = parse.GetValue(seed),
            }));
            string? folder = parse.GetValue(TrainingOptions.Resume);
            settings = settings.With(folder is null ? [] : CellStore.ReadPlan(folder, Edge.Kind), Asked(rates), Asked(decays));
            Edge.Check(settings);
            IExecutor executor = ExecutorOptions.Of(parse);
            string path = CommonOptions.FolderOf(parse, Edge.Kind);
            return executor.Execute(new CellRun(path, Edge.CellNames(settings), () => Prepare(settings, path), ["edge", "--resume", Path.GetFullPath(path)],
                () => Here(parse, settings)));

            double[]? Asked(Option<double[]> list) => folder is null || parse.GetResult(list) is { Implicit: false } ? parse.GetRequiredValue(list) : null;
        });
        return command.Example("lastbit edge --loss mse --learning-rate 0.01,0.02 --out runs/edge", "two learning rates, 5000 images of CIFAR-10")
            .Example("lastbit edge --resume runs/edge --weight-decay 0.5,1", "weight decay moves the crossing; more runs in the same folder")
            .Example("lastbit edge --data sample --train-size 100 --iterations 200", "a minute on the sample that comes with the program");
    }

    // As the literature has it, where the data has as many.
    private static EdgeSettings WithTrainSize(EdgeSettings settings) =>
        settings.TrainSize is null && settings.Data != Cifar10.Sample ? settings with { TrainSize = TrainSize } : settings;

    /// <summary>Puts on disk what any process needs to compute a cell.</summary>
    private static void Prepare(EdgeSettings settings, string folder)
    {
        RunFolder.Open(folder, Edge.Kind, settings.Document, MachineInfo.Current.Threads, shared: true, settings.Asked).Dispose();
        CellStore.Plan(folder, Edge.Kind, settings.Asked);
    }

    private static int Here(ParseResult parse, EdgeSettings settings)
    {
        using CommandRun run = CommandRun.Open(
            parse, Edge.Kind, settings.Document, shared: true, goOn: path => $"lastbit edge --resume {ShellWord.Quote(path)}", cells: settings.Asked);
        EdgeResult result = run.Run(context => Edge.Run(settings, context));
        EdgeOfStability.Draw(run.Folder);
        return run.Finish(result.ToJson(), console => Tables.Write(console, ResultTable(result, console)), [EdgeOfStability.Name],
            ($"lastbit report {ShellWord.Quote(run.Folder)}", "the same as a page, with what it says of the claims"));
    }

    /// <summary>The runs in numbers.</summary>
    internal static Table ResultTable(EdgeResult result, IAnsiConsole console)
    {
        Table table = Tables.Create(console, $"{result.Network}: sharpness beside its threshold, and the difference of copies that differ by rounding",
            "learning rate", "weight decay", "threshold", "first sharpness", "largest", "last", "crossed at", "copy", "first difference", "largest", "last", "last loss");
        foreach (EdgeRun run in result.Runs.Where(run => run.Loss.Length > 0 && run.Sharpness.Length > 0))
        {
            foreach ((Perturbation one, EdgeCopy copy) in run.Copies)
            {
                table.AddRow(
                    Text($"{run.LearningRate:0.######}"), Text($"{run.WeightDecay:0.######}"), NumberText.Of(run.Threshold),
                    NumberText.Of(run.Sharpness[0].Eigenvalues[0]), NumberText.Of(run.Sharpness.Max(point => point.Eigenvalues[0])),
                    NumberText.Of(run.Sharpness[^1].Eigenvalues[0]),
                    run.Sharpness.FirstOrDefault(point => point.Eigenvalues[0] >= run.Threshold) is { } crossing ? Text($"{crossing.Iteration}") : "never",
                    one.Name, NumberText.Of(copy.RelativeL1[0]), NumberText.Of(copy.RelativeL1.Max()), NumberText.Of(copy.RelativeL1[^1]),
                    run.DivergedAtIteration is { } at ? Text($"not finite at {at}") : NumberText.Of(run.Loss[^1]));
            }
        }
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
