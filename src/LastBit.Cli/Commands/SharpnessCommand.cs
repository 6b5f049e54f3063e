using System.CommandLine;
using System.Globalization;
using LastBit.Experiments.Reproduction;
using LastBit.Experiments.Sharpness;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit sharpness`: the largest eigenvalues of the Hessian of a network's training loss.</summary>
internal static class SharpnessCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<SharpnessSettings>(RunKind.Sharpness);
        const string Description = "The largest eigenvalues of the Hessian of a network's training loss, beside 2 / learning rate.";
        Command command = LiveView.AddTo(options.Command(Description)).WithCommonOptions();
        command.SetAction(parse =>
        {
            SharpnessSettings settings = TrainingOptions.Read(parse, options);
            if (options.IsGiven(parse, "learning-rate") && settings.LearningRate <= 0)
                throw InputException.Of("learningRate", $"{NumberText.Of(settings.LearningRate)}; give a positive number");
            if (settings.Checkpoint is { } path)
            {
                SharpnessSettings asked = settings;
                settings = settings.At(path);
                if (options.Given(parse).FirstOrDefault(given => given.Name is "learning-rate" || (given.Name is not ("checkpoint" or "train-size")
                    && !Equals(ResultJson.Serialize(given.Property.GetValue(asked)), ResultJson.Serialize(given.Property.GetValue(settings))))) is { } other)
                {
                    throw new InputException($"--{other.Name}: the checkpoint's run says it; leave out --{other.Name}");
                }
            }
            SharpnessExperiment.Check(settings);
            using CommandRun run = CommandRun.Open(parse, options.Kind, settings);
            SharpnessResult result = run.Run(context => SharpnessExperiment.Run(settings, context));
            return run.Finish(result.ToJson(), console => Print(console, result, settings), [],
                ("lastbit edge", "the sharpness along gradient descent, beside the difference of two copies that differ in a rounding"));
        });
        return command.Example("lastbit sharpness --network fc-tanh --train-size 5000 --learning-rate 0.02", "at initialisation, beside 2 / 0.02")
            .Example("lastbit sharpness --network resnet8 --data sample --train-size 200", "half a minute on the sample that comes with the program")
            .Example("lastbit sharpness --checkpoint runs/resnet20", "where a training of `lastbit train` is");
    }

    private static void Print(IAnsiConsole console, SharpnessResult result, SharpnessSettings settings)
    {
        Table table = Tables.Create(console, "Largest eigenvalues of the Hessian", "#", "#eigenvalue", "#residual");
        for (int i = 0; i < result.Eigenvalues.Length; i++)
            table.AddRow((i + 1).ToString(CultureInfo.InvariantCulture), NumberText.Of(result.Eigenvalues[i]), NumberText.Of(result.Residuals[i]));
        Tables.Write(console, table);
        if (!result.Converged)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"After {result.Products} products a residual is still above {NumberText.Of(settings.Tolerance)} of its value; the residuals say how far each value can be trusted."));
        }
        console.WriteLine(result.Verified switch
        {
            null => "The search ended before it could verify that no other eigenvalue is larger.",
            { Tolerance: 0 } => "The search spans the whole space: no eigenvalue is missing.",
            { } verified => $"Verified with random vectors: no other eigenvalue is larger than the last by more than {NumberText.Of(verified.Tolerance * verified.Width)}, "
                + $"which is {NumberText.Exact(verified.Tolerance)} of the spectrum's width, but for a chance of {NumberText.Exact(verified.Chance)}.",
        });
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{settings.Network}: loss {NumberText.Of(result.Loss)} over {result.Images} images; {result.Products} products with the Hessian."));
        if (result.TwoOverLearningRate is { } threshold)
        {
            string side = result.Eigenvalues[0] > threshold ? "above" : "below";
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"2 / learning rate is {NumberText.Of(threshold)} at learning rate {NumberText.Of(result.LearningRate!.Value)}: the sharpness is {side} it, {result.Eigenvalues[0] / threshold:F3} of it."));
        }
    }
}
