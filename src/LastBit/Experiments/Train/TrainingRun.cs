using System.Globalization;
using LastBit.Engines;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Experiments.Train;

/// <summary>One network trained with one perturbation.</summary>
public static class TrainingRun
{
    /// <summary>The file that a stopped run is resumed from.</summary>
    public const string CheckpointName = "checkpoint.bin";

    /// <summary>
    /// Trains to the last epoch, from the folder's checkpoint if it has one; writes train.json after every epoch and checkpoint.bin at
    /// least once a minute. A training that diverges stops and says where.
    /// </summary>
    public static Experiment<TrainingRunSettings, TrainingRunResult> Experiment { get; } =
        new("train", Prepare, () => new() { Convolution = ConvolutionAlgorithm.Winograd })
        { Document = TrainingRunResult.FileName, KeepsWeights = true };

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
        var run = new TrainingRecorder(trainer, data.TrainImages, data.Facts, context, loop);
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
}
