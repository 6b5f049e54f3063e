using System.Globalization;
using LastBit.Experiments.Train;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>What a checkpoint of Table 1 holds beside the weights.</summary>
/// <param name="Epochs">For each replica its epochs.</param>
/// <param name="Diverged">For each replica where it stopped being finite.</param>
internal sealed record AccuracyRecorded(List<TrainingEpoch>[] Epochs, DivergedTraining?[] Diverged);

/// <summary>The runs of one seed that are trained side by side. One that diverges is recorded no further; the others go on.</summary>
internal sealed class AccuracyTraining(
    AccuracyCells table, Trainer trainer, int images, int seed, Perturbation[] perturbations, HeldCells held, ExperimentContext context)
    : ITrainingRecorder<AccuracyRecorded>
{
    private readonly int[] _shown = new int[perturbations.Length];
    private readonly long _perEpoch = (long)images * perturbations.Length;

    /// <inheritdoc/>
    public AccuracyRecorded Recorded { get; set; } =
        new([.. perturbations.Select(_ => new List<TrainingEpoch>())], new DivergedTraining?[perturbations.Length]);

    /// <summary>Images that all replicas will have seen.</summary>
    public long Total => _perEpoch * trainer.Settings.Epochs;

    /// <summary>What came of it, in a few words: it stands beside a bar.</summary>
    public string Outcome
    {
        get
        {
            double[] ended =
                [.. Recorded.Epochs.Where((_, i) => Recorded.Diverged[i] is null).Select(epochs => epochs[^1].TestAccuracy).Order()];
            string range = ended.Length == 0 ? ""
                : string.Create(CultureInfo.InvariantCulture, $"test accuracy {ended[0]:F2}")
                    + (ended[^1] > ended[0] ? string.Create(CultureInfo.InvariantCulture, $" to {ended[^1]:F2}%") : "%");
            return string.Join("; ", Recorded.Diverged.Select((diverged, i) => (diverged, perturbations[i].Name))
                .Where(one => one.diverged is not null).Select(one => $"{one.Name} diverged: {one.diverged!.Sentence}")
                .Append(range).Where(part => part.Length > 0));
        }
    }

    /// <inheritdoc/>
    public (long Units, string Note) Progress
    {
        get
        {
            long images = trainer.BatchIndex == 0
                ? trainer.Epoch * _perEpoch : (trainer.Epoch * _perEpoch) + (trainer.Scores[0].Count * perturbations.Length);
            return (images, string.Create(CultureInfo.InvariantCulture,
                $"epoch {(Math.Max(0, trainer.StepsDone - 1) / trainer.BatchesPerEpoch) + 1}, loss "
                    + $"{NumberText.Of(trainer.Scores[0].Score.Loss)}"));
        }
    }

    private int EpochsDone => Enumerable.Range(0, perturbations.Length).Where(i => Recorded.Diverged[i] is null)
        .Select(i => Recorded.Epochs[i].Count).DefaultIfEmpty(trainer.Settings.Epochs).Max();

    /// <inheritdoc/>
    public string? Problem(AccuracyRecorded recorded) =>
        recorded.Epochs.Length != perturbations.Length || recorded.Diverged.Length != perturbations.Length ? "it recorded other runs"
        : recorded.Diverged.Select(one => one?.Problem()).FirstOrDefault(problem => problem is not null)
        ?? recorded.Epochs.Select(epochs =>
            epochs is null || epochs.Count > trainer.Settings.Epochs ? "it recorded too many epochs" : TrainingEpoch.Problem(epochs))
            .FirstOrDefault(problem => problem is not null);

    /// <inheritdoc/>
    public bool Between(Action save)
    {
        // An epoch is over when it has been evaluated: a run that was stopped in between evaluates first.
        if (trainer.BatchIndex == 0 && trainer.Epoch > EpochsDone)
        {
            int[] running = [.. Enumerable.Range(0, perturbations.Length).Where(i => Recorded.Diverged[i] is null)];
            foreach ((int i, Score score) in running.Zip(Evaluate(running)))
            {
                if (double.IsFinite(score.Loss))
                    Recorded.Epochs[i].Add(TrainingEpoch.From(trainer.Epoch, trainer.Scores[i].Score, score));
                else
                    Recorded.Diverged[i] = new DivergedTraining(trainer.StepsDone, "the test loss");
            }
            save();
            WriteCells();
        }
        return !trainer.IsFinished && Recorded.Diverged.Any(one => one is null);
    }

    private Score[] Evaluate(int[] running)
    {
        byte[][] correct = table.Settings.Correctness && trainer.IsFinished
            ? [.. running.Select(_ => new byte[trainer.TestLabels.Length])] : [];
        Score[] scores = trainer.Evaluate([.. running.Select(i => trainer.Replicas[i])], correct, context.Cancellation);
        held.ThrowIfLost();
        // On disk before the checkpoint says that this epoch was evaluated.
        for (int j = 0; j < correct.Length; j++)
        {
            if (double.IsFinite(scores[j].Loss))
                table.WriteCorrectness(seed, perturbations[running[j]], correct[j]);
        }
        return scores;
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
        for (int i = 0; i < perturbations.Length; i++)
        {
            if (Recorded.Diverged[i] is not null || double.IsFinite(trainer.Scores[i].LossSum))
                continue;
            Recorded.Diverged[i] = new DivergedTraining(trainer.StepsDone, "the training loss");
            context.Observer.Message($"Seed {seed}, {perturbations[i].Name} diverged: {Recorded.Diverged[i]!.Sentence}."
                + (Recorded.Diverged.Any(one => one is null) ? " The other runs go on." : ""));
            WriteCells();
        }
    }

    /// <inheritdoc/>
    public void BeforeCheckpoint() => held.ThrowIfLost();

    /// <summary>Writes all cells and the table, and shows what is new.</summary>
    public void WriteCells()
    {
        held.ThrowIfLost();
        for (int i = 0; i < perturbations.Length; i++)
        {
            List<TrainingEpoch> epochs = Recorded.Epochs[i];
            bool finished = Recorded.Diverged[i] is null && epochs.Count == trainer.Settings.Epochs;
            table.Write(new AccuracyCell(seed, perturbations[i], epochs, finished ? trainer.Replicas[i].State.Digest() : null,
                Recorded.Diverged[i]));
            for (; _shown[i] < epochs.Count; _shown[i]++)
                context.Observer.Point("test accuracy (%)", $"seed {seed}, {perturbations[i].Name}", _shown[i] + 1,
                    epochs[_shown[i]].TestAccuracy);
        }
        table.WriteResult();
    }
}
