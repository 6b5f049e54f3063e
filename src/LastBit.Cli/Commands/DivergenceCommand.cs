using System.CommandLine;
using System.Globalization;
using LastBit.Cli.Execution;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Divergence;
using LastBit.Reports.Results;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit divergence`: Figure 2, the weights of two copies that differ by rounding.</summary>
internal static class DivergenceCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<DivergenceSettings>(RunKind.Divergence);
        const string Description = "Figure 2: how far the weights of two runs that differ only in rounding drift apart.";
        Command command = CellRun.Complete(options.Command(Description, TrainingOptions.Resume));
        command.SetAction(parse =>
        {
            DivergenceSettings settings = TrainingOptions.Read(parse, options, (there, plan) => there.With(plan));
            // A k among the perturbations of a new run is that of the figure, unless --k says another.
            if (parse.GetValue(TrainingOptions.Resume) is null && !options.IsGiven(parse, "k") && settings.Others.FirstOrDefault(one => one.IsK) is { } own)
                settings = settings with { Perturbation = own };
            settings = settings with { Others = [.. settings.Others.Where(one => one != settings.Perturbation)] };
            DivergenceExperiment.Check(settings);
            return CellRun.Execute(parse, DivergenceExperiment.Kind, ResultJson.ToObject(settings), settings.Asked, DivergenceExperiment.CellNames(settings), run => Here(run, settings));
        });
        return command.Example("lastbit divergence --divisors 2,8,32 --out runs/figure2", "three learning rates of the paper's, ResNet-56 with Swish")
            .Example("lastbit divergence --resume runs/figure2 --divisors 320", "one more, in the same folder")
            .Example("lastbit divergence --network resnet8 --data sample --divisors 2,8 --scaled-iterations 20",
                "a minute on the sample that comes with the program");
    }

    private static int Here(CommandRun run, DivergenceSettings settings)
    {
        DivergenceResult result = run.Run(context => DivergenceExperiment.Run(settings, context));
        Figure2.Draw(run.Folder);
        return run.Finish(result.ToJson(), console => Tables.Write(console, ResultTable(result, console)), [Figure2.Name, Figure2.LayersName],
            ($"lastbit report {ShellWord.Quote(run.Folder)}", "the same as a page to send to a colleague"));
    }

    /// <summary>Figure 2 in numbers.</summary>
    internal static Table ResultTable(DivergenceResult result, IAnsiConsole console)
    {
        Table table = Tables.Create(console, Text($"Relative L1 difference of {result.Tensor}, k = 1 beside {string.Join(", ", result.Runs.Select(run => (run.Perturbation ?? result.Perturbation).Name).Distinct().DefaultIfEmpty(result.Perturbation.Name))} (Figure 2)"),
            "#n", "#learning rate", "perturbation", "first layer to differ", "#first", "#largest", "#last", "#scaled iterations");
        foreach (DivergenceRun run in result.Runs)
        {
            (string layer, int? iteration) = run.FirstDifference.Where(tensor => tensor.Value is not null).OrderBy(tensor => tensor.Value)
                .Select(tensor => (tensor.Key, tensor.Value)).FirstOrDefault(("none", null));
            double[] difference = run.RelativeL1;
            bool any = difference.Length > 0;
            table.AddRow(
                Text($"{run.Divisor}"), NumberText.Exact(run.LearningRate), (run.Perturbation ?? result.Perturbation).Name, iteration is null ? layer : Text($"{layer}, iteration {iteration}"),
                any ? NumberText.Of(difference[0]) : "-", any ? NumberText.Of(difference.Max()) : "-", any ? NumberText.Of(difference[^1]) : "-",
                run.DivergedAtIteration is { } end ? Text($"{difference.Length}, not finite at iteration {end}") : Text($"{difference.Length}"));
        }
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
