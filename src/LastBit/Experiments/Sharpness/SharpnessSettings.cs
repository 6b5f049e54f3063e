using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LastBit.Experiments.Train;
using LastBit.Models;
using LastBit.Runs;

namespace LastBit.Experiments.Sharpness;

/// <summary>Settings of the sharpness of one network: everything that decides a bit of it.</summary>
[InheritedSetting(nameof(WeightDecay), null)]
[InheritedSetting(nameof(Augmentation), null)]
[InheritedSetting(nameof(Optimizer), null)]
[InheritedSetting(nameof(Engine), null)]
[InheritedSetting(nameof(Device), null)]
[InheritedSetting(nameof(CheckEvery), null)]
[InheritedSetting(nameof(Dropout), null)]
[InheritedSetting(nameof(BatchSize), "Images that are computed at once; memory grows with it. Batch normalisation takes their statistics.",
    Name = "pass-size", Alias = "batch-size")]
[InheritedSetting(nameof(LearningRate), "A learning rate to compare with, 2 / learning rate.",
    Default = "that of the checkpoint's run, if any")]
public sealed record SharpnessSettings : NetworkTrainingSettings
{
    /// <summary>
    /// ResNet-56 as elsewhere, 500 images at once; for batch normalisation, which takes the statistics of what is computed at once,
    /// <see cref="NetworkTrainingSettings.BatchSize"/>
    /// is the size of a ghost batch. Images are taken as they are.
    /// </summary>
    public SharpnessSettings() => (BatchSize, LearningRate, WeightDecay) = (500, 0, 0);

    internal const string VerifyHelp =
        "No other eigenvalue may be larger by more than this fraction of the spectrum's width, but for a chance of 1e-6.",
        VerifyDefault = "0.1";

    /// <summary>How many of the largest eigenvalues.</summary>
    [Setting("How many of the largest eigenvalues.")]
    public int Eigenvalues { get; init; } = 2;

    /// <summary>
    /// A value is taken as found when its residual |H v - lambda v| is at most this fraction of it, or what binary32 leaves.
    /// </summary>
    [Setting("A value is taken as found when its residual is at most this fraction of it.")]
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>
    /// How far above the values found another eigenvalue may lie, as a fraction of the width of the spectrum; null for
    /// <see cref="LossHessian.DefaultVerify"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting(VerifyHelp, Default = VerifyDefault)]
    public double? Verify { get; init; }

    /// <summary>A search ends after so many products all the same, and those of the verification.</summary>
    public int MostProducts { get; init; } = 1000;

    /// <summary>Seeds the initial weights.</summary>
    [Setting("Seeds the initial weights.")]
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// The checkpoint of `lastbit train` whose weights are meant, or null for the initial ones. Its run says which network and which
    /// images.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting("The checkpoint of a run of `train`, or the run's folder: its weights, network and images.", Value = "FILE|DIR",
        Default = "the initial weights")]
    public string? Checkpoint { get; init; }

    /// <summary>SHA-256 of that file: a run that goes on writes another under the same name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? CheckpointDigest { get; init; }

    /// <summary>The run that wrote the checkpoint.</summary>
    [JsonIgnore]
    public TrainingRunSettings? Run { get; init; }

    /// <summary>The same network and images as those of a checkpoint.</summary>
    /// <param name="path">The checkpoint, or the folder of `lastbit train` that it lies in.</param>
    /// <exception cref="InputException">There is none, or its folder is not of such a run.</exception>
    public SharpnessSettings At(string path)
    {
        string file = Path.GetFullPath(Directory.Exists(path) ? Path.Combine(path, TrainingRun.CheckpointName) : path), folder =
            Path.GetDirectoryName(file)!;
        if (!File.Exists(file))
            throw InputException.OfPath("checkpoint", path,
                $"there is no such file; give the {TrainingRun.CheckpointName} of a run of `lastbit train`, or its folder");
        JsonObject run = RunFolder.Read(folder)
            ?? throw InputException.OfPath("checkpoint", path,
                "there is no run.json beside it, which says what network it is; leave it in the folder of its run");
        TrainingRunSettings settings = ReadSettings(path, run);
        return this with
        {
            Network = settings.Network,
            Activation = settings.Activation,
            Loss = settings.Loss,
            Convolution = settings.Convolution,
            Data = settings.Data,
            Standardization = settings.Standardization,
            Mean = settings.Mean,
            Deviation = settings.Deviation,
            TrainSize = TrainSize ?? settings.TrainSize,
            Seed = settings.Seed,
            Checkpoint = file,
            CheckpointDigest = Training.Checkpoint.FileDigest(file),
            Run = settings,
        };
    }

    /// <summary>Makes sure that every setting is possible.</summary>
    /// <exception cref="InputException">One is not; the message names it.</exception>
    public void Validate()
    {
        LossHessian.Check(Eigenvalues, Tolerance, Verify);
        SettingCheck.AtLeastOne(nameof(BatchSize), BatchSize);
        if (LearningRate is not >= 0)
            throw InputException.Of(nameof(LearningRate), $"{NumberText.Of(LearningRate)}; give a positive number");
        _ = NetworkSettings.Parse(Network, Activation);
    }

    private static TrainingRunSettings ReadSettings(string path, JsonObject run)
    {
        if (run["command"]?.ToString() != "train")
            throw InputException.OfPath("checkpoint", path, $"lies in a run of `{run["command"]}`; give a run of `train`");
        try
        {
            return ResultJson.Deserialize<TrainingRunSettings>((run["settings"] ?? new JsonObject()).ToJsonString());
        }
        catch (System.Text.Json.JsonException error)
        {
            throw InputException.OfPath("checkpoint", path, "the settings in the run.json beside it are not what a run of LastBit writes",
                error);
        }
    }
}
