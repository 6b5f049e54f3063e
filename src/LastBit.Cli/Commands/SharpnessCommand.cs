using System.CommandLine;
using System.Globalization;
using LastBit.Experiments.Sharpness;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit sharpness`: the largest eigenvalues of the Hessian of a network's training loss.</summary>
internal static class SharpnessCommand
{
    internal static ExperimentCommand<SharpnessSettings, SharpnessResult> Command { get; } = new(SharpnessExperiment.Experiment,
        "The largest eigenvalues of the Hessian of a network's training loss, beside the learning rate's threshold.")
    {
        Complete = Complete,
        Tables = (console, result) => [Table(console, result)],
        Print = (console, ended) => Print(console, ended.Result, ended.Settings),
        Next = _ => ("lastbit edge", "the sharpness along gradient descent, beside the difference of two copies that differ in a rounding"),
        Examples =
        [
            ("lastbit sharpness --network fc-tanh --train-size 5000 --learning-rate 0.02", "at initialisation, beside 2 / 0.02"),
            ("lastbit sharpness --network resnet8 --data sample --train-size 200",
                "half a minute on the sample that comes with the program"),
            ("lastbit sharpness --checkpoint runs/resnet20", "where a training of `lastbit train` is"),
        ],
    };

    private static Table Table(IAnsiConsole console, SharpnessResult result)
    {
        Table table = Tables.Create(console, "Largest eigenvalues of the Hessian", "#", "#eigenvalue", "#residual");
        for (int i = 0; i < result.Eigenvalues.Length; i++)
            table.AddRow((i + 1).ToString(CultureInfo.InvariantCulture), NumberText.Of(result.Eigenvalues[i]),
                NumberText.Of(result.Residuals[i]));
        return table;
    }

    private static void Print(IAnsiConsole console, SharpnessResult result, SharpnessSettings settings)
    {
        Tables.Write(console, Table(console, result));
        if (!result.Converged)
        {
            RunLines.Wrapped(console, string.Create(CultureInfo.InvariantCulture,
                $"After {result.Products} products a residual is still above {NumberText.Of(settings.Tolerance)} of its value; the "
                    + $"residuals say how far each value can be trusted."));
        }
        RunLines.Wrapped(console, result.Verified switch
        {
            null => "The search ended before it could verify that no other eigenvalue is larger.",
            { Tolerance: 0 } => "The search spans the whole space: no eigenvalue is missing.",
            { } verified =>
                "Verified with random vectors: no other eigenvalue is larger than the last by more than "
                    + $"{NumberText.Of(verified.Tolerance * verified.Width)}, "
                + $"which is {NumberText.Exact(verified.Tolerance)} of the spectrum's width, but for a chance of "
                + $"{NumberText.Exact(verified.Chance)}.",
        });
        RunLines.Wrapped(console, string.Create(CultureInfo.InvariantCulture,
            $"{settings.Network}: loss {NumberText.Of(result.Loss)} over {result.Images} images; {result.Products} products with the "
                + $"Hessian."));
        if (result.Threshold is not { } threshold)
        {
            if (result.LearningRate is not null)
                RunLines.Wrapped(console, "The run used AdamW, for which no threshold of the sharpness is known.");
            return;
        }
        string rate = $"learning rate {NumberText.Of(result.LearningRate!.Value)}";
        string what = settings.Run is not { } run || threshold == result.TwoOverLearningRate
            ? $"2 / learning rate is {NumberText.Of(threshold)} at {rate}"
            : $"The threshold is {NumberText.Of(threshold)} at {rate}, Nesterov's momentum {NumberText.Of(run.Momentum)} and weight decay "
                + $"{NumberText.Of(run.WeightDecay)}";
        RunLines.Wrapped(console, string.Create(CultureInfo.InvariantCulture,
            $"{what}: the sharpness is {(result.Eigenvalues[0] > threshold ? "above" : "below")} it, "
                + $"{result.Eigenvalues[0] / threshold:F3} of it."));
    }

    /// <summary>The settings with what a checkpoint's run says.</summary>
    private static SharpnessSettings Complete(ParseResult parse, SettingOptions<SharpnessSettings> options, SharpnessSettings settings)
    {
        if (options.IsGiven(parse, "learning-rate") && settings.LearningRate <= 0)
            throw InputException.Of("learningRate", $"{NumberText.Of(settings.LearningRate)}; give a positive number");
        if (settings.Checkpoint is { } path)
        {
            SharpnessSettings asked = settings;
            settings = settings.At(path);
            if (options.Given(parse)
                .FirstOrDefault(given => given.Name is "learning-rate" || (given.Name is not ("checkpoint" or "train-size")
                && !Equals(ResultJson.Serialize(given.Property.GetValue(asked)),
                    ResultJson.Serialize(given.Property.GetValue(settings))))) is { } other)
            {
                throw new InputException($"--{other.Name}: the checkpoint's run says it; leave out --{other.Name}");
            }
        }
        return settings;
    }
}
