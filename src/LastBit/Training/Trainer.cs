using System.Text.Json.Serialization;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>How well a replica does on a set of images.</summary>
/// <param name="Loss">Mean loss.</param>
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
    private readonly IEngine? _other;
    private readonly BatchPerturbation?[] _views;
    private readonly float[] _sum;
    private readonly float[] _testImages;
    private readonly int[] _testLabels;
    private BatchLoader? _loader;
    private Batch? _always;

    /// <summary>Initialises the replicas.</summary>
    /// <param name="engine">Computes the model; it stays the caller's.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="perturbations">The perturbation of each replica; a number is a k. None may be <see cref="PerturbationKind.Convolution"/>: it takes two engines.</param>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="team">The threads; they stay the caller's.</param>
    /// <exception cref="InputException">A setting makes no sense.</exception>
    public Trainer(IEngine engine, TrainingSettings settings, IReadOnlyList<Perturbation> perturbations, Dataset train, Dataset test, WorkerTeam team)
        : this(engine, null, settings, perturbations, train, test, team, ownsEngine: false)
    {
    }

    private Trainer(
        IEngine engine, IEngine? other, TrainingSettings settings, IReadOnlyList<Perturbation> perturbations, Dataset train, Dataset test, WorkerTeam team,
        bool ownsEngine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(perturbations);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(team);
        settings.Validate();
        foreach (Perturbation one in perturbations)
        {
            one.Validate();
            if (one.Kind == PerturbationKind.Convolution && other is null)
                throw new ArgumentException("The two algorithms of convolution take two engines; Trainer.OnCpu has them.", nameof(perturbations));
        }

        if (train.Shape != test.Shape)
            throw new ArgumentException($"the test images ({test.Shape}) are not like the training images ({train.Shape})", nameof(test));

        Settings = settings;
        _train = train;
        _test = test;
        _team = team;
        _ownsEngine = ownsEngine;
        Engine = engine;
        _other = other;
        int pass = PassOf(settings, train);
        if (engine.Capacity < pass)
            throw new ArgumentException($"The engine takes batches of {engine.Capacity} images, the settings ask for {pass}.", nameof(engine));
        if (engine is CpuEngine cpu && cpu.Convolution != settings.Convolution)
            throw new ArgumentException($"The engine computes {cpu.Convolution} convolutions, the settings ask for {settings.Convolution}.", nameof(engine));
        CheckImages(engine.Model, train.Shape);
        Replicas = [.. perturbations.Select(one => new Replica(Model.Layout, one))];
        _views = [.. perturbations.Select(one => BatchPerturbation.Of(one, settings, train, pass))];
        _sum = pass < Math.Min(settings.BatchSize, train.Count) ? new float[Model.Layout.ParameterCount] : [];
        Scores = new EpochScore[Replicas.Count];
        StepScores = new EpochScore[Replicas.Count];
        foreach (var replica in Replicas)
        {
            if (replica == Replicas[0])
                replica.State.Initialise(settings.Seed);
            else
                replica.State.CopyFrom(Replicas[0].State);
        }
        foreach (var replica in Replicas)
            replica.Begin(settings.Seed);
        BatchesPerEpoch = Augmentation.BatchesPerEpoch(train.Count, settings.BatchSize);
        _testImages = new float[engine.Capacity * Model.ImageFloats];
        _testLabels = new int[engine.Capacity];
    }

    /// <summary>A trainer with a <see cref="CpuEngine"/> of its own, as large as the batches or passes; with two where the perturbations ask for it.</summary>
    /// <param name="model">What to train.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="perturbations">The perturbation of each replica; a number is a k.</param>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="team">The threads; they stay the caller's.</param>
    /// <returns>The trainer; it disposes of its engine.</returns>
    /// <exception cref="InputException">A setting makes no sense, or the engine cannot compute the model.</exception>
    public static Trainer OnCpu(
        Model model, TrainingSettings settings, IReadOnlyList<Perturbation> perturbations, Dataset train, Dataset test, WorkerTeam team)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(perturbations);
        ArgumentNullException.ThrowIfNull(train);
        settings.Validate();
        CpuEngine? engine = null, other = null;
        try
        {
            engine = new CpuEngine(model, PassOf(settings, train), team, settings.Convolution);
            if (perturbations.Any(one => one.Kind == PerturbationKind.Convolution))
                other = new CpuEngine(model, engine.Capacity, team, OtherThan(settings.Convolution));
            return new Trainer(engine, other, settings, perturbations, train, test, team, ownsEngine: true);
        }
        catch
        {
            engine?.Dispose();
            other?.Dispose();
            throw;
        }
    }

    /// <summary>The settings.</summary>
    public TrainingSettings Settings { get; }

    /// <summary>The engine that all replicas share, but for those of <see cref="PerturbationKind.Convolution"/>.</summary>
    public IEngine Engine { get; }

    /// <summary>What is trained.</summary>
    public Model Model => Engine.Model;

    /// <summary>One replica for each perturbation.</summary>
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

    /// <summary>What the last step alone has given, per replica, before its update.</summary>
    public EpochScore[] StepScores { get; }

    /// <summary>Trains every replica on the next batch.</summary>
    /// <exception cref="InvalidOperationException">The training is over.</exception>
    public void Step()
    {
        if (IsFinished)
            throw new InvalidOperationException("The training is over.");
        Batch batch = NextBatch();
        if (BatchIndex == 0)
            Array.Clear(Scores);
        double learningRate = Settings.LearningRateAt(Epoch);
        for (int i = 0; i < Scores.Length; i++)
        {
            IEngine engine = EngineOf(Replicas[i]);
            engine.Load(Replicas[i].State);
            ReadOnlySpan<float> gradients = Gradients(engine, batch, _views[i], out StepScores[i]);
            Scores[i] = Scores[i].Add(StepScores[i]);
            Replicas[i].Update(gradients, Settings, learningRate, _team, StepsDone);
        }
        if (++BatchIndex == BatchesPerEpoch)
        {
            BatchIndex = 0;
            Epoch++;
        }
    }

    /// <summary>The gradient of the mean loss of a batch, accumulated over its passes in order.</summary>
    private ReadOnlySpan<float> Gradients(IEngine engine, Batch batch, BatchPerturbation? view, out EpochScore score)
    {
        score = default;
        int pass = PassOf(Settings, _train), passes = (batch.Count + pass - 1) / pass, floats = Model.ImageFloats;
        if (passes > 1)
            Array.Clear(_sum);
        for (int p = 0; p < passes; p++)
        {
            int from = (view is { IsReversed: true } ? passes - 1 - p : p) * pass, count = Math.Min(pass, batch.Count - from);
            ReadOnlySpan<float> images = batch.Images.Slice(from * floats, count * floats);
            ReadOnlySpan<int> labels = batch.Labels.Slice(from, count);
            view?.Take(images, labels, batch.Numbers.Slice(from, count), out images, out labels);
            score = score.Add(engine.Forward(images, labels, training: true));
            engine.Backward();
            if (passes > 1)
                FixedOrderSum.AddScaled((float)((double)count / batch.Count), engine.Gradients, _sum);
        }
        return passes > 1 ? _sum : engine.Gradients;
    }

    private Batch NextBatch()
    {
        if (_always is not null)
            return _always;
        _loader ??= BatchLoader.ForTraining(_train, Settings.Seed, Settings.BatchSize, Epoch, BatchIndex, Settings.Shuffle);
        Batch batch = _loader.Next();
        // Every batch is the same one: it need not be prepared again.
        if (!Settings.Shuffle && BatchesPerEpoch == 1 && _train.Augmentation == AugmentationSettings.None)
            _always = batch;
        return batch.Epoch == Epoch && batch.Index == BatchIndex ? batch : throw new InvalidOperationException("The loader and the trainer have lost step.");
    }

    private IEngine EngineOf(Replica replica) => replica.Perturbation.Kind == PerturbationKind.Convolution ? _other! : Engine;

    private static int PassOf(TrainingSettings settings, Dataset train) =>
        Math.Min(settings.PassSize ?? int.MaxValue, Math.Min(settings.BatchSize, train.Count));

    private static ConvolutionAlgorithm OtherThan(ConvolutionAlgorithm algorithm) =>
        algorithm == ConvolutionAlgorithm.Direct ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;

    /// <summary>Loss and accuracy on the test images, with the running statistics.</summary>
    /// <param name="replica">Which replica.</param>
    /// <param name="cancellation">Gives up between two batches.</param>
    /// <returns>The score.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Score Evaluate(Replica replica, CancellationToken cancellation = default) => Evaluate(replica, [], cancellation);

    /// <summary>Loss and accuracy on the test images, and which of them are classified correctly.</summary>
    /// <param name="replica">Which replica.</param>
    /// <param name="correct">Takes 1 or 0 for each test image in its order; empty where nobody asks.</param>
    /// <param name="cancellation">Gives up between two batches.</param>
    /// <returns>The score.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Score Evaluate(Replica replica, Span<byte> correct, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(replica);
        IEngine engine = EngineOf(replica);
        engine.Load(replica.State);
        var sum = default(EpochScore);
        int batches = Augmentation.BatchesPerEpoch(_test.Count, engine.Capacity);
        for (int b = 0; b < batches; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Augmentation.FillTestBatch(_test, b, engine.Capacity, _testImages, _testLabels);
            sum = sum.Add(engine.Forward(_testImages.AsSpan(0, count * Model.ImageFloats), _testLabels.AsSpan(0, count), training: false));
            for (int i = 0; i < count && !correct.IsEmpty; i++)
                correct[(b * engine.Capacity) + i] = IsLargest(engine.Outputs(i), _testLabels[i]) ? (byte)1 : (byte)0;
        }
        return sum.Score;
    }

    /// <summary>Labels of the test images.</summary>
    internal byte[] TestLabels => _test.Labels;

    /// <summary>Whether an output is the first of the largest; never where one is not a number. What engines count as correct.</summary>
    private static bool IsLargest(ReadOnlySpan<float> outputs, int label)
    {
        for (int k = 0; k < outputs.Length; k++)
        {
            if (float.IsNaN(outputs[k]) || outputs[k] > outputs[label] || (outputs[k] == outputs[label] && k < label))
                return false;
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _loader?.Dispose();
        foreach (var replica in Replicas)
            replica.Dispose();
        if (_ownsEngine)
            Engine.Dispose();
        _other?.Dispose();
    }

    private static void CheckImages(Model model, DatasetShape data)
    {
        if (model.Images != data.Image || model.Classes < data.Classes)
            throw new InputException($"{model.Name}: takes images of {model.Images} and knows {model.Classes} classes; the data has {data}");
    }

    /// <summary>Takes up another position; the caller restores the replicas and scores that belong to it.</summary>
    internal void MoveTo(int epoch, int batchIndex)
    {
        _loader?.Dispose();
        (_loader, _always) = (null, null);
        Epoch = epoch;
        BatchIndex = batchIndex;
    }
}

/// <summary>Sums over the batches of an epoch.</summary>
/// <param name="LossSum">Sum of losses, batch by batch in binary64.</param>
/// <param name="Correct">Images classified correctly; "Right" in checkpoints, as ever.</param>
/// <param name="Count">Images.</param>
public readonly record struct EpochScore(
    double LossSum, [property: JsonPropertyName("Right")] long Correct, long Count)
{
    /// <summary>Mean loss and percentage.</summary>
    [JsonIgnore]
    public Score Score => new(LossSum / Count, 100.0 * Correct / Count);

    internal EpochScore Add(EpochScore other) => new(LossSum + other.LossSum, Correct + other.Correct, Count + other.Count);

    internal EpochScore Add(BatchResult batch) => new(LossSum + batch.LossSum, Correct + batch.Correct, Count + batch.Count);
}
