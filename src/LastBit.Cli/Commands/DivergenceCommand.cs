using System.Globalization;
using LastBit.Experiments.Divergence;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit divergence`: Figure 2, the weights of two copies that differ by rounding.</summary>
internal static class DivergenceCommand
{
    internal static ExperimentCommand<DivergenceSettings, DivergenceResult> Command { get; } = new(DivergenceExperiment.Experiment,
        "Figure 2: how far the weights of two runs that differ only in rounding drift apart, by plain SGD "
            + "without momentum.")
    {
        CanBeResumed = true,
        Complete = (parse, options, settings) =>
        {
            // A k among the perturbations of a new run is that of the figure, unless --k says another.
            if (parse.GetValue(TrainingOptions.Resume) is null && !options.IsGiven(parse, "k")
                && settings.Others.FirstOrDefault(one => one.IsK) is { } own)
                settings = settings with { Perturbation = own };
            return settings with { Others = [.. settings.Others.Where(one => one != settings.Perturbation)] };
        },
        Tables = (console, result) => [Table(console, result)],
        IsPrintedByReproduce = true,
        Next = ended => (ended.ReportLine, "the same as a page to send to a colleague"),
        Examples =
        [
            ("lastbit divergence --divisors 2,8,32 --out runs/figure2", "three learning rates of the paper's, ResNet-56 with Swish"),
            ("lastbit divergence --resume runs/figure2 --divisors 320", "one more, in the same folder"),
            ("lastbit divergence --network resnet8 --data sample --divisors 2,8 --scaled-iterations 20",
                "a minute on the sample that comes with the program"),
        ],
    };

    private static Table Table(IAnsiConsole console, DivergenceResult result)
    {
        IEnumerable<string> others = result.Runs.Select(run => (run.Perturbation ?? result.Perturbation).Name).Distinct();
        Table table = Tables.Create(console,
            $"Relative L1 difference of {result.Tensor}, k = 1 beside "
                + $"{string.Join(", ", others.DefaultIfEmpty(result.Perturbation.Name))} (Figure 2)",
            "#n", "#learning rate", "perturbation", "first layer to differ", "#first", "#largest", "#last", "#scaled iterations");
        foreach (DivergenceRun run in result.Runs)
        {
            (string layer, int? iteration) = run.FirstDifference.Where(tensor => tensor.Value is not null).OrderBy(tensor => tensor.Value)
                .Select(tensor => (tensor.Key, tensor.Value)).FirstOrDefault(("none", null));
            double[] difference = run.RelativeL1;
            bool any = difference.Length > 0;
            table.AddRow(
                Text($"{run.Divisor}"), NumberText.Exact(run.LearningRate), (run.Perturbation ?? result.Perturbation).Name,
                iteration is null ? layer : Text($"{layer}, iteration {iteration}"),
                any ? NumberText.Of(difference[0]) : "-", any ? NumberText.Of(difference.Max()) : "-",
                any ? NumberText.Of(difference[^1]) : "-",
                run.DivergedAtIteration is { } end
                    ? Text($"{difference.Length}, {NumberText.NotFinite(end)}") : Text($"{difference.Length}"));
        }
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
