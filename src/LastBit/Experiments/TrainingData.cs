using System.Text.Json.Nodes;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>The images and threads that all trainings of an experiment share.</summary>
internal sealed class TrainingData : IDisposable
{
    private readonly IEngineFactory? _engines;
    private readonly EngineSource? _source;
    private readonly NetworkTrainingSettings? _settings;

    private TrainingData(Dataset train, Dataset test, NetworkTrainingSettings settings, EngineSource source)
        : this($"{train.Digest()}+{test.Digest()}", train.Count, test.Count, train.Shape.Classes) =>
            (Train, Test, _settings, _source) = (train, test, settings, source);

    /// <summary>The facts of data that need not be there, because nothing is left to train.</summary>
    internal TrainingData(string digest, int trainImages, int testImages, int classes, IEngineFactory? engines = null) =>
        (Digest, TrainImages, TestImages, Classes, _engines) = (digest, trainImages, testImages, classes, engines);

    private TrainingData(TrainingData loaded, IEngineFactory engines)
        : this(loaded.Digest, loaded.TrainImages, loaded.TestImages, loaded.Classes, engines) =>
        (Train, Test, _settings) = (loaded.Train, loaded.Test, loaded._settings);

    /// <summary>A digest of all images.</summary>
    public string Digest { get; }

    /// <summary>What a run says of its data; null where no image was needed.</summary>
    public DataFacts? Facts => Train is null ? null : DataFacts.Of(Train, Test!);

    /// <summary>Says what the data is, on the screen and in run.json.</summary>
    /// <param name="context">Who is told.</param>
    public void Tell(ExperimentContext context)
    {
        if (_engines is not null)
            context.Record?.Invoke("engine", _engines.Name);
        if (Facts is not { } facts)
            return;
        context.Observer.Message($"Data: {facts}.");
        foreach (string note in facts.Notes)
            context.Observer.Message(note);
        context.Record?.Invoke("data", ResultJson.ToObject(facts));
    }

    /// <summary>How many training images.</summary>
    public int TrainImages { get; }

    /// <summary>How many test images.</summary>
    public int TestImages { get; }

    /// <summary>How many classes.</summary>
    public int Classes { get; }

    /// <summary>What computes all trainings of the experiment.</summary>
    public IEngineFactory Engines => _engines!;

    /// <summary>All training images, in file order and without augmentation, and their labels.</summary>
    public (float[] Images, int[] Labels) TrainingImages()
    {
        float[] images = new float[(long)TrainImages * Train!.Shape.ImageFloats];
        int[] labels = new int[TrainImages];
        Augmentation.FillTestBatch(Train, 0, TrainImages, images, labels);
        return (images, labels);
    }

    /// <summary>The labels of the test images; null where no image was needed.</summary>
    public byte[]? TestLabels => Test?.Labels;

    private Dataset? Train { get; }

    private Dataset? Test { get; }

    /// <summary>Reads the images, and makes sure that the engine can compute the network.</summary>
    /// <param name="settings">Which data and network.</param>
    /// <param name="source">Where engines come from.</param>
    /// <param name="hessian">Whether products with the Hessian are needed.</param>
    /// <returns>The images, without threads to compute with.</returns>
    /// <exception cref="InputException">The data is missing or damaged, there is too little of it, or the engine cannot.</exception>
    public static TrainingData Load(NetworkTrainingSettings settings, EngineSource? source, bool hessian = false)
    {
        ArgumentNullException.ThrowIfNull(source);
        (Dataset train, Dataset test) = DataSets.Load(settings.ToData());
        using IEngineFactory engines = source(settings, 1);
        if (!engines.Has(new TrainingSettings(Optimizer: settings.Optimizer).Rule))
            throw InputException.Of(nameof(settings.Optimizer), $"the engine {engines.Name} does not have it; take the engine cpu");
        return engines.WhyNot(settings.ToModel(train.Shape), hessian) is { } reason
            ? throw new InputException(reason) : new TrainingData(train, test, settings, source);
    }

    /// <summary>The same images with threads, which it starts when they are needed and ends when it is disposed of.</summary>
    /// <param name="threads">How many threads.</param>
    public TrainingData With(int threads) => new(this, _source!(_settings!, threads));

    /// <summary>Everything that a bit of a cell depends on, except what names the cell.</summary>
    public JsonObject IdentityOf<T>(T settings)
        where T : NetworkTrainingSettings, ICellSettings<T>
    {
        JsonObject identity = ((T)(NetworkTrainingSettings)(settings with { Data = Digest, TrainSize = TrainImages })).Document;
        identity["arithmetic"] = Engines.ArithmeticVersion is { } version ? version : Engines.Name;
        return identity;
    }

    /// <summary>A training of the settings with one replica for each perturbation.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="perturbations">The perturbations.</param>
    /// <param name="weights">Weights to begin with; null for those of the seed.</param>
    public Trainer CreateTrainer(TrainingSettings settings, IEnumerable<Perturbation> perturbations, NetworkState? weights = null) =>
        new(Engines, ModelOf(_settings!), settings, [.. perturbations], Train!, Test!, weights);

    /// <summary>The network of an experiment, made for these images.</summary>
    public Model ModelOf(NetworkTrainingSettings settings) => settings.ToModel(Train?.Shape ?? DatasetShape.Cifar10);

    /// <inheritdoc/>
    public void Dispose() => _engines?.Dispose();
}
