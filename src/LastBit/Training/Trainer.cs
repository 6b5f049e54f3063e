using System.Text.Json.Serialization;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>How well a replica does on a set of images.</summary>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Accuracy">Percent classified correctly.</param>
public readonly record struct Score(double Loss, double Accuracy);

/// <summary>
/// Trains the replicas of one seed side by side: they start from the same weights and see the same batches, augmented once. All of them use the memory of one
/// engine in turn, so that a further replica costs its own state and nothing else. Position and state can be saved after any step.
/// </summary>
public sealed class Trainer : IDisposable
{
    private readonly Dataset _train;
    private readonly Dataset _test;
    private readonly WorkerTeam _team;
    private readonly bool _ownsEngine;
    private readonly float[] _testImages;
    private readonly int[] _testLabels;
    private BatchLoader? _loader;

    /// <summary>Initialises the replicas.</summary>
    /// <param name="engine">Computes the model; it stays the caller's.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="perturbations">The k of each replica.</param>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="team">The threads; they stay the caller's.</param>
    /// <exception cref="InputException">A setting makes no sense.</exception>
    public Trainer(IEngine engine, TrainingSettings settings, IReadOnlyList<double> perturbations, Dataset train, Dataset test, WorkerTeam team)
        : this(engine, settings, perturbations, train, test, team, ownsEngine: false)
    {
    }

    private Trainer(
        IEngine engine, TrainingSettings settings, IReadOnlyList<double> perturbations, Dataset train, Dataset test, WorkerTeam team, bool ownsEngine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(perturbations);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(team);
        settings.Validate();
        foreach (double k in perturbations)
            TrainingSettings.ValidatePerturbation(k);

        if (train.Shape != test.Shape)
            throw new ArgumentException($"the test images ({test.Shape}) are not like the training images ({train.Shape})", nameof(test));

        Settings = settings;
        _train = train;
        _test = test;
        _team = team;
        _ownsEngine = ownsEngine;
        Engine = engine;
        if (engine.Capacity < Math.Min(settings.BatchSize, train.Count))
            throw new ArgumentException($"The engine takes batches of {engine.Capacity} images, the settings ask for {settings.BatchSize}.", nameof(engine));
        if (engine is CpuEngine cpu && cpu.Convolution != settings.Convolution)
            throw new ArgumentException($"The engine computes {cpu.Convolution} convolutions, the settings ask for {settings.Convolution}.", nameof(engine));
        CheckImages(engine.Model, train.Shape);
        Replicas = [.. perturbations.Select(k => new Replica(Model.Layout, k))];
        Scores = new EpochScore[Replicas.Count];
        foreach (var replica in Replicas)
        {
            if (replica == Replicas[0])
                replica.Initialise(settings.Seed);
            else
                replica.State.CopyFrom(Replicas[0].State);
        }
        BatchesPerEpoch = Augmentation.BatchesPerEpoch(train.Count, settings.BatchSize);
        _testImages = new float[engine.Capacity * Model.ImageFloats];
        _testLabels = new int[engine.Capacity];
    }

    /// <summary>A trainer with a <see cref="CpuEngine"/> of its own, as large as the batches.</summary>
    /// <param name="model">What to train.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="perturbations">The k of each replica.</param>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="team">The threads; they stay the caller's.</param>
    /// <returns>The trainer; it disposes of its engine.</returns>
    /// <exception cref="InputException">A setting makes no sense, or the engine cannot compute the model.</exception>
    public static Trainer OnCpu(
        Model model, TrainingSettings settings, IReadOnlyList<double> perturbations, Dataset train, Dataset test, WorkerTeam team)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(train);
        settings.Validate();
        var engine = new CpuEngine(model, Math.Min(settings.BatchSize, train.Count), team, settings.Convolution);
        try
        {
            return new Trainer(engine, settings, perturbations, train, test, team, ownsEngine: true);
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }

    /// <summary>The settings.</summary>
    public TrainingSettings Settings { get; }

    /// <summary>The engine that all replicas share.</summary>
    public IEngine Engine { get; }

    /// <summary>What is trained.</summary>
    public Model Model => Engine.Model;

    /// <summary>One replica for each k.</summary>
    public IReadOnlyList<Replica> Replicas { get; }

    /// <summary>The epoch of the next step, from 0; equal to the number of epochs when the training is over.</summary>
    public int Epoch { get; private set; }

    /// <summary>The batch of the next step within its epoch, from 0.</summary>
    public int BatchIndex { get; private set; }

    /// <summary>Steps of an epoch.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>Steps done so far.</summary>
    public long StepsDone => ((long)Epoch * BatchesPerEpoch) + BatchIndex;

    /// <summary>Whether all epochs are done.</summary>
    public bool IsFinished => Epoch >= Settings.Epochs;

    /// <summary>What the training batches of this epoch have given so far, per replica; begun anew with the first step of an epoch.</summary>
    public EpochScore[] Scores { get; }

    /// <summary>Trains every replica on the next batch.</summary>
    /// <exception cref="InvalidOperationException">The training is over.</exception>
    public void Step()
    {
        if (IsFinished)
            throw new InvalidOperationException("The training is over.");
        _loader ??= BatchLoader.ForTraining(_train, Settings.Seed, Settings.BatchSize, Epoch, BatchIndex);
        var batch = _loader.Next();
        if (batch.Epoch != Epoch || batch.Index != BatchIndex)
            throw new InvalidOperationException("The loader and the trainer have lost step.");
        if (BatchIndex == 0)
            Array.Clear(Scores);
        double learningRate = Settings.LearningRateAt(Epoch);
        for (int i = 0; i < Scores.Length; i++)
        {
            var replica = Replicas[i];
            Engine.Load(replica.State);
            var result = Engine.Forward(batch.Images, batch.Labels, training: true);
            Engine.Backward();
            replica.Update(Engine, Settings, learningRate, _team);
            Scores[i] = Scores[i].Add(result);
        }
        if (++BatchIndex == BatchesPerEpoch)
        {
            BatchIndex = 0;
            Epoch++;
        }
    }

    /// <summary>Loss and accuracy on the test images, with the running statistics.</summary>
    /// <param name="replica">Which replica.</param>
    /// <param name="cancellation">Gives up between two batches.</param>
    /// <returns>The score.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Score Evaluate(Replica replica, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(replica);
        Engine.Load(replica.State);
        var sum = default(EpochScore);
        int batches = Augmentation.BatchesPerEpoch(_test.Count, Engine.Capacity);
        for (int b = 0; b < batches; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Augmentation.FillTestBatch(_test, b, Engine.Capacity, _testImages, _testLabels);
            sum = sum.Add(Engine.Forward(_testImages.AsSpan(0, count * Model.ImageFloats), _testLabels.AsSpan(0, count), training: false));
        }
        return sum.Score;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _loader?.Dispose();
        foreach (var replica in Replicas)
            replica.Dispose();
        if (_ownsEngine)
            Engine.Dispose();
    }

    private static void CheckImages(Model model, DatasetShape data)
    {
        if (model.Images != new TensorShape(data.Height, data.Width, data.Channels) || model.Classes < data.Classes)
            throw new InputException($"{model.Name}: takes images of {model.Images} and knows {model.Classes} classes; the data has {data}");
    }

    /// <summary>Takes up another position; the caller restores the replicas and scores that belong to it.</summary>
    internal void MoveTo(int epoch, int batchIndex)
    {
        _loader?.Dispose();
        _loader = null;
        Epoch = epoch;
        BatchIndex = batchIndex;
    }
}

/// <summary>Sums over the batches of an epoch.</summary>
/// <param name="LossSum">Sum of cross-entropies, batch by batch in binary64.</param>
/// <param name="Correct">Images classified correctly; "Right" in checkpoints, as ever.</param>
/// <param name="Count">Images.</param>
public readonly record struct EpochScore(
    double LossSum, [property: JsonPropertyName("Right")] long Correct, long Count)
{
    /// <summary>Mean loss and percentage.</summary>
    [JsonIgnore]
    public Score Score => new(LossSum / Count, 100.0 * Correct / Count);

    internal EpochScore Add(BatchResult batch) => new(LossSum + batch.LossSum, Correct + batch.Correct, Count + batch.Count);
}
