using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>Settings of one training: everything that decides a bit of its results.</summary>
public sealed record TrainingRunSettings : ScheduledTrainingSettings
{
    /// <summary>The perturbation; option --k.</summary>
    public double K { get; init; } = 1;

    /// <summary>Seeds weights, batches and augmentation; option --seed.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The settings as the trainer takes them.</summary>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    public TrainingSettings ToTraining()
    {
        TrainingSettings.ValidatePerturbation(K);
        return ToTrainingOf(Seed);
    }
}

/// <summary>What one epoch came to. A value that is not finite is null.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="TrainLoss">Mean cross-entropy over the epoch's batches, each before its step.</param>
/// <param name="TrainAccuracy">Percent right in the same batches.</param>
/// <param name="TestLoss">Mean cross-entropy on the test images after the epoch.</param>
/// <param name="TestAccuracy">Percent right on the test images after the epoch.</param>
public sealed record TrainingEpoch(int Epoch, double? TrainLoss, double TrainAccuracy, double? TestLoss, double TestAccuracy)
{
    /// <summary>Puts an epoch's two scores together.</summary>
    public static TrainingEpoch From(int epoch, Score train, Score test) => new(epoch, Finite(train.Loss), train.Accuracy, Finite(test.Loss), test.Accuracy);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>One training as numbers; train.json.</summary>
/// <param name="Digest">SHA-256 of weights and running statistics after the last step so far (spec: arithmetic, 7).</param>
/// <param name="Epochs">One entry an epoch.</param>
/// <param name="StepsDone">Steps so far.</param>
/// <param name="DivergedAtStep">The step, from 1, whose loss was no longer finite, where the run stopped; left out otherwise.</param>
/// <param name="SecondsPerStep">Mean wall time of a step in this process; a timing, not a result.</param>
public sealed record TrainingRunResult(
    string Digest,
    IReadOnlyList<TrainingEpoch> Epochs,
    long StepsDone,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? DivergedAtStep,
    double SecondsPerStep)
{
    /// <summary>The document that --json prints and train.json holds.</summary>
    public string ToJson() => ResultJson.Serialize(this);
}

/// <summary>One network trained with one k.</summary>
public static class TrainingRun
{
    /// <summary>The file that a stopped run goes on from.</summary>
    public const string CheckpointName = "checkpoint.bin";

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(50);

    /// <summary>
    /// Trains to the last epoch, from the folder's checkpoint if it has one;
    /// writes train.json after every epoch and checkpoint.bin at least once a minute.
    /// </summary>
    /// <param name="settings">What to train.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <returns>The learning curve and the digest.</returns>
    /// <exception cref="InputException">A setting is not possible, the data is missing, or the checkpoint is of another run.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped; its checkpoint is on disk.</exception>
    public static TrainingRunResult Run(TrainingRunSettings settings, ExperimentContext context)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(context);
        var training = settings.ToTraining();
        var (train, test) = DataSets.Load(settings.ToData());
        string data = $"{train.Digest()}+{test.Digest()}";
        string checkpoint = Path.Combine(context.Folder, CheckpointName);

        using var team = new WorkerTeam(context.Threads);
        using var trainer = Trainer.OnCpu(settings.ToModel(train.Shape), training, [settings.K], train, test, team);
        var epochs = new List<TrainingEpoch>();
        if (File.Exists(checkpoint))
        {
            epochs = ResultJson.Deserialize<List<TrainingEpoch>>(Checkpoint.Load(checkpoint, trainer, data));
            context.Observer.Message(string.Create(CultureInfo.InvariantCulture,
                $"Going on from step {trainer.StepsDone} of {(long)trainer.BatchesPerEpoch * training.Epochs}."));
        }

        string task = $"{trainer.Model.Name}, k = {settings.K.ToString(CultureInfo.InvariantCulture)}";
        context.Observer.Begin(task, (long)train.Count * training.Epochs, "images");
        var sinceCheckpoint = Stopwatch.StartNew();
        var stepping = new Stopwatch();
        long steps = 0;
        long? diverged = null;
        try
        {
            while (true)
            {
                // An epoch is over when it has been evaluated: a run that was stopped in between evaluates first.
                if (trainer.BatchIndex == 0 && trainer.Epoch > epochs.Count)
                {
                    var score = trainer.Evaluate(trainer.Replicas[0], context.Cancellation);
                    epochs.Add(TrainingEpoch.From(trainer.Epoch, trainer.Scores[0].Score, score));
                    Report(context.Observer, epochs[^1]);
                    Save();
                    WriteResult();
                }
                if (trainer.IsFinished)
                    break;
                context.Cancellation.ThrowIfCancellationRequested();

                stepping.Start();
                trainer.Step();
                stepping.Stop();
                steps++;
                // At the end of an epoch the sums are those of the whole epoch; within it they run.
                var running = trainer.Scores[0];
                long images = trainer.BatchIndex == 0 ? (long)trainer.Epoch * train.Count : ((long)trainer.Epoch * train.Count) + running.Count;
                context.Observer.Advance(task, images, string.Create(CultureInfo.InvariantCulture,
                    $"epoch {((trainer.StepsDone - 1) / trainer.BatchesPerEpoch) + 1}, "
                    + $"loss {running.Score.Loss:F3}, {running.Score.Accuracy:F1}% right"));
                if (!double.IsFinite(running.LossSum))
                {
                    diverged = trainer.StepsDone;
                    context.Observer.Message(string.Create(CultureInfo.InvariantCulture,
                        $"The loss is no longer finite at step {diverged}; the run stops here. A smaller --learning-rate would help."));
                    break;
                }
                if (sinceCheckpoint.Elapsed > CheckpointInterval)
                    Save();
            }
        }
        catch (OperationCanceledException)
        {
            Save();
            throw;
        }
        context.Observer.End(task, epochs.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $"test accuracy {epochs[^1].TestAccuracy:F2}%") : null);
        return WriteResult();

        void Save()
        {
            Checkpoint.Save(checkpoint, trainer, data, ResultJson.Serialize(epochs));
            sinceCheckpoint.Restart();
        }

        TrainingRunResult WriteResult()
        {
            double secondsPerStep = steps == 0 ? 0 : stepping.Elapsed.TotalSeconds / steps;
            var result = new TrainingRunResult(trainer.Replicas[0].State.Digest(), epochs, trainer.StepsDone, diverged, secondsPerStep);
            AtomicFile.WriteAllText(Path.Combine(context.Folder, "train.json"), result.ToJson());
            return result;
        }
    }

    private static void Report(IRunObserver observer, TrainingEpoch epoch)
    {
        observer.Point("accuracy (%)", "test", epoch.Epoch, epoch.TestAccuracy);
        observer.Point("accuracy (%)", "training", epoch.Epoch, epoch.TrainAccuracy);
        observer.Point("cross-entropy", "test", epoch.Epoch, epoch.TestLoss ?? double.NaN);
        observer.Point("cross-entropy", "training", epoch.Epoch, epoch.TrainLoss ?? double.NaN);
        observer.Message(string.Create(CultureInfo.InvariantCulture,
            $"epoch {epoch.Epoch}: training loss {epoch.TrainLoss:F4}, {epoch.TrainAccuracy:F2}% right; "
            + $"test loss {epoch.TestLoss:F4}, {epoch.TestAccuracy:F2}% right"));
    }
}
