using System.Text.Json.Nodes;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Experiments.Reproduction;
using LastBit.Experiments.Train;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Export;

/// <summary>Weights that were written.</summary>
/// <param name="File">Their file.</param>
/// <param name="Network">The network.</param>
/// <param name="Perturbation">Of which replica they are.</param>
/// <param name="Digest">Their digest, as train.json has it.</param>
/// <param name="Epoch">How many epochs were done.</param>
/// <param name="Batch">How many batches of the next.</param>
public sealed record ExportedWeights(string File, string Network, Perturbation Perturbation, string Digest, int Epoch, int Batch);

/// <summary>Takes the weights out of a run's checkpoint.</summary>
public static class WeightsExport
{
    /// <summary>The file of the weights of a run with one replica; with several each has its perturbation in its name.</summary>
    public const string FileName = "weights.npz";

    /// <summary>Writes weights.npz.</summary>
    /// <param name="run">The folder of a training, or a checkpoint in the folder of any run.</param>
    /// <param name="outFolder">The folder for the file; null for that of the checkpoint.</param>
    /// <exception cref="InputException">There is no checkpoint, its run is not known, or a file is damaged.</exception>
    public static IReadOnlyList<ExportedWeights> Write(string run, string? outFolder)
    {
        string checkpoint = Directory.Exists(run) ? Path.Combine(run, TrainingRun.CheckpointName) : run;
        if (!File.Exists(checkpoint))
            throw new InputException($"{run}: {WhyNot(run)}");
        string folder = Path.GetDirectoryName(Path.GetFullPath(checkpoint))!;
        NetworkTrainingSettings settings = SettingsOf(checkpoint, folder);
        Model model = settings.ToModel(DataSets.Load(settings.ToData()).Train.Shape);
        Checkpoint.Replicas saved = Checkpoint.ReadReplicas(checkpoint, model);
        List<ExportedWeights> written = [];
        foreach ((Perturbation perturbation, NetworkState state) in saved.States)
        {
            string name = saved.States.Count == 1 ? FileName : $"weights-{perturbation.FileName}.npz";
            string file = Path.Combine(outFolder ?? folder, name);
            using (state)
            {
                ThrowIfForeign(file, model);
                WeightsFile.Write(file, state);
                written.Add(new ExportedWeights(file, model.Name, perturbation, state.Digest(), saved.Epoch, saved.Batch));
            }
        }
        return written;
    }

    /// <summary>Weights of the same network are replaced, as a run's own are when it went on; nothing else is.</summary>
    private static void ThrowIfForeign(string file, Model model)
    {
        if (!Path.Exists(file))
            return;
        try
        {
            WeightsFile.Read(file, model).Dispose();
        }
        catch (InputException error)
        {
            throw new InputException($"{file}: is there already, and holds no weights of {model.Name}; name another folder", error);
        }
    }

    /// <summary>The settings of the run that a checkpoint belongs to; a cell lies some folders below its run.</summary>
    private static NetworkTrainingSettings SettingsOf(string checkpoint, string folder)
    {
        string root = folder;
        JsonObject? run = RunFolder.Read(root);
        for (int up = 0; run is null && up < 4 && Path.GetDirectoryName(root) is { } parent; up++)
            run = RunFolder.Read(root = parent);
        if (run?["command"]?.ToString() is not { } command)
            throw new InputException(
                $"{checkpoint}: there is no run.json beside or above it, which says what network it is; leave it in the folder of its run");
        return AllExperiments.Of(command) is { KeepsWeights: true } experiment ? (NetworkTrainingSettings)experiment.SettingsOf(root, run)
            : throw new InputException($"{root}: holds a run of `{ForeignText.Cut(command)}`, which keeps no weights");
    }

    private static string WhyNot(string run) =>
        !Directory.Exists(run)
            ? "there is no such file or folder; give the folder of a run of `lastbit train`, or a checkpoint"
            : RunFolder.Read(run)?["command"]?.ToString() is { } command and not "train"
                ? $"is a folder of `{ForeignText.Cut(command)}`, whose finished cells keep the digest of their weights alone; give the "
                    + "checkpoint of a cell that is not finished, or train the same seed and k with `lastbit train`, to the same digest"
                : $"has no {TrainingRun.CheckpointName}; give the folder of a run of `lastbit train` that has ended or was stopped";
}
