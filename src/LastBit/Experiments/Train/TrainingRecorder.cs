using System.Globalization;
using LastBit.Data;
using LastBit.Files;
using LastBit.Training;

namespace LastBit.Experiments.Train;

/// <summary>Evaluates a training after every epoch, and writes and shows what it came to.</summary>
internal sealed class TrainingRecorder(
    Trainer trainer, int images, DataFacts? facts, ExperimentContext context, TrainingLoop loop)
    : ITrainingRecorder<List<TrainingEpoch>>
{
    private DivergedTraining? _diverged;

    /// <inheritdoc/>
    public List<TrainingEpoch> Recorded { get; set; } = [];

    /// <summary>What came of it, in a few words; null where nothing is to be said.</summary>
    public string? Outcome => _diverged is not null ? $"diverged: {_diverged.Sentence}"
        : Recorded.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $"test accuracy {Recorded[^1].TestAccuracy:F2}%") : null;

    /// <inheritdoc/>
    public (long Units, string Note) Progress
    {
        get
        {
            // At the end of an epoch the sums are those of the whole epoch; within it they run.
            EpochScore running = trainer.Scores[0];
            return (((long)trainer.Epoch * images) + (trainer.BatchIndex == 0 ? 0 : running.Count),
                string.Create(CultureInfo.InvariantCulture,
                $"epoch {(Math.Max(0, trainer.StepsDone - 1) / trainer.BatchesPerEpoch) + 1}, "
                + $"loss {NumberText.Of(running.Score.Loss)}, {running.Score.Accuracy:F1}% correct"));
        }
    }

    /// <inheritdoc/>
    public string? Problem(List<TrainingEpoch> recorded) =>
        recorded.Count > trainer.Settings.Epochs ? "it recorded too many epochs" : TrainingEpoch.Problem(recorded);

    /// <inheritdoc/>
    public bool Between(Action save)
    {
        // An epoch is over when it has been evaluated: a run that was stopped in between evaluates first.
        if (trainer.BatchIndex == 0 && trainer.Epoch > Recorded.Count && _diverged is null)
        {
            Score score = trainer.Evaluate(trainer.Replicas[0], context.Cancellation);
            Recorded.Add(TrainingEpoch.From(trainer.Epoch, trainer.Scores[0].Score, score));
            Report(Recorded[^1]);
            save();
            WriteResult();
        }
        if (_diverged is null && Recorded.Count > 0 && Recorded[^1].TestLoss is null)
            Diverge((long)Recorded.Count * trainer.BatchesPerEpoch, "the test loss");
        return !trainer.IsFinished && _diverged is null;
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
        if (!double.IsFinite(trainer.Scores[0].LossSum))
            Diverge(trainer.StepsDone, "the training loss");
    }

    /// <inheritdoc/>
    public void BeforeCheckpoint()
    {
    }

    /// <summary>Writes train.json as far as the run is.</summary>
    public TrainingRunResult WriteResult()
    {
        double secondsPerStep = loop.Steps == 0 ? 0 : loop.StepTime.TotalSeconds / loop.Steps;
        var result = new TrainingRunResult(
            trainer.Replicas[0].State.Digest(), Recorded, trainer.StepsDone, _diverged?.Step, secondsPerStep, _diverged?.Cause, facts);
        AtomicFile.WriteAllText(Path.Combine(context.Folder, TrainingRunResult.FileName), result.ToJson());
        return result;
    }

    private void Diverge(long step, string cause)
    {
        _diverged = new DivergedTraining(step, cause);
        context.Observer.Message(
            $"The training diverged: {_diverged.Sentence}. It stops here; a smaller learning rate or weight decay may help.");
    }

    private void Report(TrainingEpoch epoch)
    {
        context.Observer.Point("accuracy (%)", "test", epoch.Epoch, epoch.TestAccuracy);
        context.Observer.Point("accuracy (%)", "training", epoch.Epoch, epoch.TrainAccuracy);
        context.Observer.Point("cross-entropy", "test", epoch.Epoch, epoch.TestLoss ?? double.NaN);
        context.Observer.Point("cross-entropy", "training", epoch.Epoch, epoch.TrainLoss ?? double.NaN);
        context.Observer.Message(string.Create(CultureInfo.InvariantCulture,
            $"epoch {epoch.Epoch}: training loss {Loss(epoch.TrainLoss)}, {epoch.TrainAccuracy:F2}% correct; "
            + $"test loss {Loss(epoch.TestLoss)}, {epoch.TestAccuracy:F2}% correct"));

        static string Loss(double? loss) => loss is { } finite ? NumberText.Of(finite) : "not finite";
    }
}
