using System.Globalization;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Files;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Experiments.Train;

/// <summary>One network trained with one perturbation.</summary>
public static class TrainingRun
{
    /// <summary>The file that a stopped run is resumed from.</summary>
    public const string CheckpointName = "checkpoint.bin";

    /// <summary>One training in the list of experiments.</summary>
    public static Experiment<TrainingRunSettings, TrainingRunResult> Experiment { get; } =
        new("train", Prepare, () => new() { Convolution = ConvolutionAlgorithm.Winograd }) { Document = TrainingRunResult.FileName };

    /// <summary>
    /// Trains to the last epoch, from the folder's checkpoint if it has one;
    /// writes train.json after every epoch and checkpoint.bin at least once a minute. A training that diverges stops and says where.
    /// </summary>
    /// <param name="settings">What to train.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <returns>The learning curve and the digest.</returns>
    /// <exception cref="InputException">A setting is not possible, the data is missing, or the checkpoint is of another run.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped; its checkpoint is on disk.</exception>
    public static TrainingRunResult Run(TrainingRunSettings settings, ExperimentContext context) => Experiment.Run(settings, context);

    private static Func<ExperimentContext, TrainingRunResult> Prepare(TrainingRunSettings settings, EngineSource? engines)
    {
        settings = settings.WithInitialFile();
        TrainingSettings training = settings.ToTraining();
        TrainingData data = TrainingData.Load(settings, engines);
        if (settings.Initial is { } file)
        {
            if (Checkpoint.FileDigest(file) != settings.InitialDigest)
                throw InputException.OfPath("initial", file, "is not the file that the run began with; restore it, or begin a new run");
            WeightsFile.Read(file, data.ModelOf(settings)).Dispose();
        }
        return context => Run(settings, training, context, data);
    }

    private static TrainingRunResult Run(TrainingRunSettings settings, TrainingSettings training, ExperimentContext context,
        TrainingData loaded)
    {
        using TrainingData data = loaded.With(context.Threads);
        using NetworkState? weights = settings.Initial is { } file ? WeightsFile.Read(file, data.ModelOf(settings)) : null;
        using Trainer trainer = data.CreateTrainer(training, [settings.Perturbation], weights);
        var loop = new TrainingLoop(trainer, Path.Combine(context.Folder, CheckpointName), data.Digest, context.Observer,
            context.Cancellation);
        var run = new Recorder(trainer, data.TrainImages, data.Facts, context, loop);
        loop.Resume(run);
        if (loop.Resumed)
        {
            context.Observer.Message(string.Create(CultureInfo.InvariantCulture,
                $"Resumed at step {trainer.StepsDone} of {(long)trainer.BatchesPerEpoch * training.Epochs}."));
        }
        data.Tell(context);
        using TrainingTrace? trace = context.Trace is { } asked ? new TrainingTrace(asked, trainer, settings, context.Threads) : null;
        trainer.Watcher = trace;
        context.Observer.Message($"Learning rate: {training.RatesInWords()}.");
        string task = $"{settings.Network}, {settings.Perturbation.Name}";
        loop.Run(run, task, (long)data.TrainImages * training.Epochs, "images");
        context.Observer.End(task, run.Outcome);
        return run.WriteResult();
    }

    private sealed class Recorder(Trainer trainer, int images, DataFacts? facts, ExperimentContext context, TrainingLoop loop)
        : ITrainingRecorder<List<TrainingEpoch>>
    {
        private DivergedTraining? _diverged;

        public List<TrainingEpoch> Recorded { get; set; } = [];

        public string? Outcome => _diverged is not null ? $"diverged: {_diverged.Sentence}"
            : Recorded.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $"test accuracy {Recorded[^1].TestAccuracy:F2}%") : null;

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

        public string? Problem(List<TrainingEpoch> recorded) =>
            recorded.Count > trainer.Settings.Epochs ? "it recorded too many epochs" : TrainingEpoch.Problem(recorded);

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

        public void AfterStep()
        {
            if (!double.IsFinite(trainer.Scores[0].LossSum))
                Diverge(trainer.StepsDone, "the training loss");
        }

        public void BeforeCheckpoint()
        {
        }

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
}
