using System.Globalization;
using System.Text.Json;
using LastBit.Experiments.Accuracy;
using LastBit.Imports.Reading;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Imports.Formats;

/// <summary>accuracy.json of LastBit: all cells of Table 1, and with --correctness which test image each of them has right.</summary>
internal sealed class AccuracyDocument : ILogFormat
{
    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.Json is { } root && JsonFile.Has(root, "testAccuracy", JsonValueKind.Object) && root.TryGetProperty("epochs", out _)
            ? new LogFile(file, this, "LastBit accuracy.json") : null;

    /// <inheritdoc/>
    public bool MayCover(string name) => name == AccuracyCurves.FileName;

    /// <inheritdoc/>
    public bool Covers(LogFile log, string file) => OwnFolder.IsBelow(log, file);

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        const string metric = "testAccuracy";
        context.Candidate(metric);
        if (!context.Wants(metric))
            return;
        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        AccuracyCurves curves = AccuracyCurves.Read(folder);
        var cells = CellStore.Of(folder, AccuracyExperiment.Kind);
        string labels = cells.FileOf("labels", ".npy");
        if (File.Exists(labels))
            context.Labels = NpyLog.LabelsOf(labels);
        if (curves is { TestImages: { } images, Classes: { } classes })
            context.AddTestSet(images, classes);
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in curves.TestAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs)
            {
                RawRun run = context.Run(file, FormattableString.Invariant($"seed {seed} {(one.IsK ? "k " : "")}{one.Word}"));
                run.IsTold = true;
                run.Seed = seed.ToString(CultureInfo.InvariantCulture);
                run.K = one.Word;
                for (int epoch = 0; epoch < accuracy.Length; epoch++)
                    run.Add(epoch + 1, accuracy[epoch], 0);
                string correct = cells.FileOf(AccuracyExperiment.NameOf(seed, one), AccuracyExperiment.CorrectEnding);
                if (File.Exists(correct))
                {
                    AccuracyExperiment.CheckCorrectness(folder, seed, one);
                    context.Correctness.Add(new CorrectnessRow(run, NpyLog.CorrectnessOf(correct)));
                }
                if (accuracy.Length < curves.Epochs)
                    run.Bad = FormattableString.Invariant($"it has {accuracy.Length} of {curves.Epochs} epochs");
            }
        }
    }
}
