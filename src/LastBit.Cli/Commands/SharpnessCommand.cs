using System.CommandLine;
using System.Globalization;
using LastBit.Experiments;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit sharpness`: the largest eigenvalues of the Hessian of a network's training loss.</summary>
internal static class SharpnessCommand
{
    private static readonly SharpnessSettings Default = new();

    internal static Command Create()
    {
        Option<int> eigenvalues = OptionTypes.Count("--eigenvalues", Default.Eigenvalues, "How many of the largest eigenvalues.", most: 100);
        Option<double> tolerance = OptionTypes.Number("--tolerance", Default.Tolerance, "The search ends when every residual is below this fraction of the largest eigenvalue.");
        Option<ulong> seed = OptionTypes.Seed("--seed", Default.Seed, "Seeds the initial weights.");
        Option<string?> checkpoint = OptionTypes.PathTo("--checkpoint", "FILE|DIR",
            "The checkpoint of a run of `train`, or the run's folder: its weights, network and images.", "the initial weights");
        Option<double> learningRate = OptionTypes.Number("--learning-rate", Default.LearningRate, "A learning rate to compare with, 2 / learning rate.");
        HelpPage.SetDefault(learningRate, "that of the checkpoint's run, if any");
        var options = new TrainingOptions(Default, learningRate: null);
        Command command = options.Command(
            "sharpness", "The largest eigenvalues of the Hessian of a network's training loss, beside 2 / learning rate.",
            eigenvalues, tolerance, seed, checkpoint, learningRate);
        Option Named(string name) => command.Options.Single(option => option.Name == name);
        Named("--batch-size").Description = "Images that are computed at once; memory grows with it. Batch normalisation takes their statistics.";
        // Products with the Hessian go by direct convolutions and images as they are.
        Option[] without = [Named("--convolution"), Named("--augmentation")];
        foreach (Option option in without)
            option.Hidden = true;
        command.Options.Remove(TrainingOptions.Resume);
        string[] decided = ["--network", "--activation", "--loss", "--data", "--standardization", "--mean", "--deviation", "--seed", "--learning-rate"];
        command.SetAction(parse =>
        {
            Refuse(parse, without, "it has no part in the sharpness");
            SharpnessSettings settings = options.Fill(parse, new SharpnessSettings
            {
                Eigenvalues = parse.GetValue(eigenvalues),
                Tolerance = parse.GetValue(tolerance),
                Seed = parse.GetValue(seed),
                LearningRate = parse.GetValue(learningRate),
            });
            if (parse.GetResult(learningRate) is { Implicit: false } && settings.LearningRate <= 0)
                throw InputException.Of("learningRate", $"{NumberText.Of(settings.LearningRate)}; give a positive number");
            if (parse.GetValue(checkpoint) is { } path)
            {
                Refuse(parse, decided.Select(Named), "the checkpoint's run says it");
                settings = settings.At(path);
            }
            Sharpness.Check(settings);
            using CommandRun run = CommandRun.Open(parse, "sharpness", settings);
            SharpnessResult result = run.Run(context => Sharpness.Run(settings, context));
            return run.Finish(result.ToJson(), console => Print(console, result, settings), [],
                ("lastbit edge", "the sharpness along gradient descent, beside the difference of two copies that differ in a rounding"));
        });
        return command.Example("lastbit sharpness --network fc-tanh --train-size 5000 --learning-rate 0.02", "at initialisation, beside 2 / 0.02")
            .Example("lastbit sharpness --network resnet8 --data sample --train-size 200", "half a minute on the sample that comes with the program")
            .Example("lastbit sharpness --checkpoint runs/resnet20", "where a training of `lastbit train` is");
    }

    private static void Refuse(ParseResult parse, IEnumerable<Option> options, string why)
    {
        if (options.FirstOrDefault(option => parse.GetResult(option) is { Implicit: false }) is { } given)
            throw new InputException($"{given.Name}: {why}; leave out {given.Name}");
    }

    private static void Print(IAnsiConsole console, SharpnessResult result, SharpnessSettings settings)
    {
        Table table = Tables.Create(console, "Largest eigenvalues of the Hessian", "", "eigenvalue", "residual");
        for (int i = 0; i < result.Eigenvalues.Length; i++)
            table.AddRow((i + 1).ToString(CultureInfo.InvariantCulture), NumberText.Of(result.Eigenvalues[i]), NumberText.Of(result.Residuals[i]));
        Tables.Write(console, table);
        if (!result.Converged)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"After {result.Products} products a residual is still above the tolerance of {NumberText.Of(settings.Tolerance)}; the residuals say how far each value can be trusted."));
        }
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
