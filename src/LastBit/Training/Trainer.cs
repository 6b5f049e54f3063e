using System.Text.Json.Serialization;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>How well a replica does on a set of images.</summary>
/// <param name="Loss">Mean loss.</param>
/// <param name="Accuracy">Percent classified correctly.</param>
public readonly record struct Score(double Loss, double Accuracy);

/// <summary>
/// Trains the replicas of one seed side by side: they start from the same weights and see the same batches, augmented once. They use the
/// memory of one engine in turn, so that a further replica costs its own state and nothing else, or as many at once as it computes
/// together. Position and state can be saved after any step.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const int MostResults = 512;
    private readonly Dataset _train;
    private readonly Dataset _test;
    private readonly IEngineFactory _engines;
    private readonly IEngine? _other;
    private readonly StepWitness? _witness;
    private readonly IBatch _shared;
    private readonly BatchPerturbation?[] _views;
    private readonly IBatch[] _batches;
    private readonly ReplicaGroup[] _groups;
    private readonly EpochScore[] _scores;
    private readonly EpochScore[] _stepScores;
    private readonly List<BatchResult> _results = new(64);
    private readonly int _pass;
    private readonly IBatch _tests;
    private readonly float[] _testImages;
    private readonly int[] _testLabels;

    // Steps whose results have not been taken yet, all of one epoch.
    private int _due;
    private BatchLoader? _loader;
    private Batch? _always;

    /// <summary>Makes the engines, as large as the passes, and initialises the replicas.</summary>
    /// <param name="engines">
    /// Makes what computes the model: one engine, or two where a perturbation asks for the other algorithm of convolution. It stays the
    /// caller's.
    /// </param>
    /// <param name="model">What to train.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="perturbations">The perturbation of each replica; a number is a k.</param>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="weights">Weights to begin with, of the model; null for those of the seed.</param>
    /// <exception cref="InputException">A setting makes no sense, or the engine cannot compute the model.</exception>
    public Trainer(IEngineFactory engines, Model model, TrainingSettings settings, IReadOnlyList<Perturbation> perturbations, Dataset train,
        Dataset test, NetworkState? weights = null)
    {
        ArgumentNullException.ThrowIfNull(engines);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(perturbations);
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        settings.Validate();
        foreach (Perturbation one in perturbations)
            one.Validate();
        if (train.Shape != test.Shape)
            throw new ArgumentException($"the test images ({test.Shape}) are not like the training images ({train.Shape})", nameof(test));
        CheckImages(model, train.Shape);

        (_engines, Settings, _train, _test) = (engines, settings, train, test);
        int batch = Math.Min(settings.BatchSize, train.Count);
        _pass = Math.Min(settings.PassSize ?? int.MaxValue, batch);
        BatchesPerEpoch = Augmentation.BatchesPerEpoch(train.Count, settings.BatchSize);
        Engine = engines.CreateEngine(model, _pass, settings.Convolution);
        try
        {
            if (perturbations.Any(one => one.Kind == PerturbationKind.Convolution))
                _other = engines.CreateEngine(model, _pass, OtherThan(settings.Convolution));
            using var initial = new NetworkState(model.Layout);
            if (weights is null)
                initial.Initialise(settings.Seed);
            else
                initial.CopyFrom(weights);
            Replicas = [.. perturbations.Select(one => new Replica(one, Engine.CreateReplica(settings.Rule)))];
            foreach (Replica replica in Replicas)
                replica.Begin(settings.Seed, initial);
        }
        catch
        {
            _other?.Dispose();
            Engine.Dispose();
            throw;
        }
        _shared = Engine.CreateBatch(batch);
        _views = [.. perturbations.Select(one => BatchPerturbation.Of(one, settings, train, _pass))];
        _batches = [.. _views.Select(view => view is null ? _shared : Engine.CreateBatch(_pass))];
        // Who sees batches otherwise than they are is computed alone.
        _groups = [.. Enumerable.Range(0, Replicas.Count).GroupBy(i => (EngineOf(Replicas[i]), HasView(i) ? i : -1))
            .SelectMany(group => group.Chunk(group.Key.Item1.ReplicasTogether)).Select(GroupOf)];
        _tests = Engine.CreateBatch(_pass);
        _witness = engines.CreateWitness() is { } witness ? new StepWitness(witness, engines.StepsBetweenWitnessed, this) : null;
        _testImages = new float[_pass * Model.ImageFloats];
        _testLabels = new int[_pass];
        _scores = new EpochScore[Replicas.Count];
        _stepScores = new EpochScore[Replicas.Count];
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

    /// <summary>
    /// What the training batches of this epoch have given so far, per replica; begun anew with the first step of an epoch. An engine that
    /// computes elsewhere is waited for here.
    /// </summary>
    public EpochScore[] Scores
    {
        get
        {
            TakeResults();
            return _scores;
        }
    }

    /// <summary>
    /// What the last step alone has given, per replica, before its update. An engine that computes elsewhere is waited for here.
    /// </summary>
    public EpochScore[] StepScores
    {
        get
        {
            TakeResults();
            return _stepScores;
        }
    }

    /// <summary>
    /// What a checkpoint knows the arithmetic by: the version of the contract, or the name of an engine whose bits are its own.
    /// </summary>
    internal System.Text.Json.Nodes.JsonNode Arithmetic => _engines.ArithmeticVersion is { } version ? version : _engines.Name;

    /// <summary>Who is shown every part of a step; null where nobody is.</summary>
    internal IStepWatcher? Watcher { get; set; }

    /// <summary>Trains every replica on the next batch.</summary>
    /// <exception cref="InvalidOperationException">The training is over.</exception>
    public void Step()
    {
        if (IsFinished)
            throw new InvalidOperationException("The training is over.");
        // A watcher takes them step by step; otherwise they are taken before the sums of another epoch begin and before an engine has
        // too many.
        if (BatchIndex == 0 || _due * PassesOf(Settings.BatchSize) >= MostResults)
            TakeResults();
        if (BatchIndex == 0)
            Array.Clear(_scores);
        Batch batch = NextBatch();
        Watcher?.Begun(batch);
        double learningRate = Settings.LearningRateAt(Epoch);
        bool isWitnessed = _witness?.Begin() ?? false;
        // A watcher is shown one after the other.
        ReplicaGroup[] groups = Watcher is null ? _groups : [.. _groups.SelectMany(group => group.Numbers).Select(i => GroupOf([i]))];
        foreach (ReplicaGroup group in groups)
            Train(group, EngineOf(Replicas[group.Numbers[0]]), batch, _batches[group.Numbers[0]], learningRate);
        if (isWitnessed)
            _witness!.End(batch, learningRate);
        Watcher?.Updated();
        _due++;
        if (++BatchIndex == BatchesPerEpoch)
        {
            BatchIndex = 0;
            Epoch++;
        }
    }

    /// <summary>One step of some replicas, by any engine of their kind.</summary>
    /// <param name="group">Which replicas: several only where all of them see the batch as it is.</param>
    /// <param name="engine">What computes.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="seen">The engine's memory of the batch, which holds it already where the replicas see it as it is.</param>
    /// <param name="learningRate">The learning rate.</param>
    internal void Train(ReplicaGroup group, IEngine engine, Batch batch, IBatch seen, double learningRate)
    {
        int i = group.Numbers[0];
        // A step that is repeated to check an engine is watched by nobody.
        IStepWatcher? watcher = group.States[0] == Replicas[i].State ? Watcher : null;
        int passes = PassesOf(batch.Count);
        var pass = new PassSettings(IsTraining: true, Settings.Seed, StepsDone);
        for (int p = 0; p < passes; p++)
        {
            int from = (_views[i] is { IsReversed: true } ? passes - 1 - p : p) * _pass, count = Math.Min(_pass, batch.Count - from);
            if (_views[i] is { } view)
            {
                view.Take(batch, from, count, seen);
                from = 0;
            }
            engine.ForwardTogether(group.States, seen, from, count, pass);
            watcher?.Forward(engine);
            engine.Backward((double)count / batch.Count);
            watcher?.Backward(engine, isLast: p == passes - 1);
        }
        for (int j = 0; j < group.Numbers.Length; j++)
        {
            Perturbation one = Replicas[group.Numbers[j]].Perturbation;
            group.Updates[j] = new(learningRate, StepsDone, one.K, one.Kind == PerturbationKind.Stochastic, Settings.Seed);
        }
        engine.UpdateTogether(group.Updates);
    }

    private ReplicaGroup GroupOf(int[] numbers) => new(numbers, [.. numbers.Select(i => Replicas[i].State)]);

    /// <summary>Whether a replica sees a batch otherwise than it is.</summary>
    internal bool HasView(int i) => _views[i] is not null;

    /// <summary>Images of the largest pass.</summary>
    internal int PassSize => _pass;

    /// <summary>How the convolutions of a replica are computed.</summary>
    internal ConvolutionAlgorithm ConvolutionOf(int i) => EngineOf(Replicas[i]).Convolution;

    /// <summary>Discards what the engines have found since the last call.</summary>
    internal void DropResults()
    {
        foreach (Replica replica in Replicas)
            replica.State.TakeResults(_results);
    }

    /// <summary>Adds what the engines have found since the last call, step by step in their order.</summary>
    internal void TakeResults()
    {
        if (_due == 0)
            return;
        for (int i = 0; i < Replicas.Count; i++)
        {
            Replicas[i].State.TakeResults(_results);
            int first = (int)((StepsDone - _due) % BatchesPerEpoch), taken = 0;
            for (int step = first; step < first + _due; step++)
            {
                _stepScores[i] = default;
                for (int end = taken + PassesOf(ImagesOf(step)); taken < end; taken++)
                    _stepScores[i] = _stepScores[i].Add(_results[taken]);
                _scores[i] = _scores[i].Add(_stepScores[i]);
            }
        }
        _due = 0;
    }

    private int ImagesOf(int batch) => Math.Min(Settings.BatchSize, _train.Count - (batch * Settings.BatchSize));

    private int PassesOf(int images) => (images + _pass - 1) / _pass;

    private Batch NextBatch()
    {
        if (_always is not null)
            return _always;
        _loader ??= BatchLoader.ForTraining(_train, Settings.Seed, Settings.BatchSize, Epoch, BatchIndex, Settings.Shuffle);
        Batch batch = _loader.Next();
        _shared.Write(batch.ImageMemory, batch.LabelMemory);
        // Every batch is the same one: it need not be prepared again.
        if (!Settings.Shuffle && BatchesPerEpoch == 1 && _train.Augmentation == AugmentationSettings.None)
            _always = batch;
        return batch.Epoch == Epoch && batch.Index == BatchIndex ? batch
            : throw new InvalidOperationException("The loader and the trainer are at different batches.");
    }

    private IEngine EngineOf(Replica replica) => replica.Perturbation.Kind == PerturbationKind.Convolution ? _other! : Engine;

    private static ConvolutionAlgorithm OtherThan(ConvolutionAlgorithm algorithm) =>
        algorithm == ConvolutionAlgorithm.Direct ? ConvolutionAlgorithm.Winograd : ConvolutionAlgorithm.Direct;

    /// <summary>Loss and accuracy on the test images, with the running statistics.</summary>
    /// <param name="replica">Which replica.</param>
    /// <param name="cancellation">Gives up between two batches.</param>
    /// <returns>The score.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Score Evaluate(Replica replica, CancellationToken cancellation = default) => Evaluate([replica], [], cancellation)[0];

    /// <summary>Loss and accuracy on the test images, and which of them are classified correctly.</summary>
    /// <param name="replicas">Which replicas.</param>
    /// <param name="correct">Of each replica, takes 1 or 0 for each test image in its order; empty where nobody asks.</param>
    /// <param name="cancellation">Gives up between two batches.</param>
    /// <returns>The scores.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Score[] Evaluate(IReadOnlyList<Replica> replicas, byte[][] correct, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(replicas);
        ArgumentNullException.ThrowIfNull(correct);
        TakeResults();
        var sums = new EpochScore[replicas.Count];
        foreach (int[] group in Enumerable.Range(0, sums.Length).GroupBy(i => EngineOf(replicas[i]))
            .SelectMany(group => group.Chunk(group.Key.ReplicasTogether)))
        {
            Evaluate(replicas, group, sums, correct, cancellation);
        }
        return [.. sums.Select(sum => sum.Score)];
    }

    private void Evaluate(IReadOnlyList<Replica> replicas, int[] group, EpochScore[] sums, byte[][] correct, CancellationToken cancellation)
    {
        IEngine engine = EngineOf(replicas[group[0]]);
        IReplica[] states = [.. group.Select(i => replicas[i].State)];
        float[] outputs = correct.Length == 0 ? [] : new float[group.Length * _pass * Model.Classes];
        int batches = Augmentation.BatchesPerEpoch(_test.Count, _pass);
        for (int b = 0; b < batches; b++)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = Augmentation.FillTestBatch(_test, b, _pass, _testImages, _testLabels);
            _tests.Write(_testImages.AsMemory(0, count * Model.ImageFloats), _testLabels.AsMemory(0, count));
            engine.ForwardTogether(states, _tests, 0, count, PassSettings.Evaluation);
            if ((b + 1) % MostResults == 0 || b == batches - 1)
            {
                foreach (int i in group)
                {
                    replicas[i].State.TakeResults(_results);
                    sums[i] = _results.Aggregate(sums[i], (sum, result) => sum.Add(result));
                }
            }
            if (correct.Length == 0)
                continue;
            engine.ReadOutputs(outputs);
            for (int i = 0; i < group.Length * count; i++)
            {
                bool isRight = IsLargest(outputs.AsSpan(i * Model.Classes, Model.Classes), _testLabels[i % count]);
                correct[group[i / count]][(b * _pass) + (i % count)] = isRight ? (byte)1 : (byte)0;
            }
        }
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
        foreach (IBatch batch in _batches.Append(_shared).Append(_tests).Distinct())
            batch.Dispose();
        foreach (var replica in Replicas)
            replica.State.Dispose();
        Engine.Dispose();
        _other?.Dispose();
        _witness?.Dispose();
    }

    private static void CheckImages(Model model, DatasetShape data)
    {
        if (model.Images != data.Image || model.Classes < data.Classes)
        {
            throw new InputException(
                $"{model.Name}: takes images of {model.Images} and knows {model.Classes} classes; the data has {data}");
        }
    }

    /// <summary>Takes up another position; the caller restores the replicas and scores that belong to it.</summary>
    internal void MoveTo(int epoch, int batchIndex)
    {
        TakeResults();
        _loader?.Dispose();
        (_loader, _always) = (null, null);
        Epoch = epoch;
        BatchIndex = batchIndex;
    }
}

/// <summary>Is shown the parts of a step while the engine holds them, and may read them; of several replicas one after the other.</summary>
internal interface IStepWatcher
{
    /// <summary>The batch is there.</summary>
    void Begun(Batch batch);

    /// <summary>A forward pass is done.</summary>
    void Forward(IEngine engine);

    /// <summary>A backward pass is done; after the last the gradients of the step are there.</summary>
    void Backward(IEngine engine, bool isLast);

    /// <summary>All replicas are updated; the trainer still counts the step as not done.</summary>
    void Updated();
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
