using System.Text.Json.Serialization;
using LastBit.Engines;
using LastBit.Models;

namespace LastBit.Training;

/// <summary>The update rules that a training can be asked for.</summary>
public enum Optimizer
{
    /// <summary><see cref="Engines.Sgd"/>.</summary>
    Sgd,

    /// <summary><see cref="Engines.AdamW"/>, with PyTorch's b1 = 0.9, b2 = 0.999 and e = 1e-8.</summary>
    [JsonStringEnumMemberName("adamw")]
    AdamW,
}

/// <summary>
/// Everything that the bits of a training run depend on, besides the model and the data: two runs with equal settings, equal k, equal model
/// and equal data end in the same digest on any machine and with any number of threads.
/// </summary>
/// <param name="Seed">Seeds initial weights, the order of the images, crops and flips.</param>
/// <param name="Epochs">Passes over the training images, at least 1.</param>
/// <param name="BatchSize">Images of a step; the last step of an epoch takes what is left.</param>
/// <param name="LearningRate">The learning rate of the first epochs.</param>
/// <param name="Momentum">mu of SGD, in [0, 1).</param>
/// <param name="Nesterov">Whether SGD looks ahead.</param>
/// <param name="WeightDecay">wd, on every parameter.</param>
/// <param name="StepSchedule">
/// Whether the learning rate is divided by 10 after 20, 40, 60 and 80% of the epochs (epochs 40, 80, 120 and 160 of the paper's 200).
/// </param>
/// <param name="Convolution">How 3x3 convolutions are computed.</param>
/// <param name="PassSize">
/// Images that are computed at once: gradients of a batch are accumulated over passes of so many, in order. Null: the whole batch. Batch
/// normalisation takes the statistics of a pass, so with it a pass is a ghost batch.
/// </param>
/// <param name="Shuffle">Whether every epoch takes the images in another order, rather than as the data set has them.</param>
/// <param name="Initial">SHA-256 of the file of the weights to begin with; null where they are drawn from the seed.</param>
/// <param name="Optimizer">The update rule. Left out of a document where it is SGD, which was once the only one.</param>
public sealed record TrainingSettings(
    ulong Seed = 1,
    int Epochs = 200,
    int BatchSize = 128,
    double LearningRate = 0.1,
    double Momentum = 0.9,
    bool Nesterov = true,
    double WeightDecay = 5e-4,
    bool StepSchedule = true,
    ConvolutionAlgorithm Convolution = ConvolutionAlgorithm.Direct,
    int? PassSize = null,
    bool Shuffle = true,
    string? Initial = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] Optimizer Optimizer = Optimizer.Sgd)
{
    /// <summary>How weights are updated.</summary>
    [JsonIgnore]
    public UpdateRule Rule => Optimizer switch
    {
        Optimizer.Sgd => new Sgd(Momentum, Nesterov, WeightDecay),
        Optimizer.AdamW => new AdamW(WeightDecay),
        _ => throw new InvalidOperationException(),
    };

    /// <summary>The learning rate of an epoch.</summary>
    /// <param name="epoch">Counted from 0.</param>
    /// <returns>The rate in binary64.</returns>
    public double LearningRateAt(int epoch)
    {
        double rate = LearningRate;
        for (int drop = 1; StepSchedule && drop <= 4; drop++)
        {
            // Whole epochs, rounded to nearest: 40 drop of 200. However short the run, its first epoch has the full rate.
            if (epoch >= Math.Max(1, ((2L * Epochs * drop) + 5) / 10))
                rate /= 10;
        }
        return rate;
    }

    /// <summary>The learning rates of all epochs in words: "0.1 in epoch 1, 0.0001 in epoch 2".</summary>
    public string RatesInWords()
    {
        List<string> parts = [];
        for (int first = 0; first < Epochs;)
        {
            int end = first + 1;
            while (end < Epochs && LearningRateAt(end) == LearningRateAt(first))
                end++;
            string epochs = end == first + 1 ? $"epoch {NumberText.Count(end)}"
                : $"epochs {NumberText.Count(first + 1)} to {NumberText.Count(end)}";
            parts.Add($"{NumberText.Of(LearningRateAt(first))} in {epochs}");
            first = end;
        }
        return string.Join(", ", parts);
    }

    /// <summary>Checks every number.</summary>
    /// <exception cref="InputException">A setting makes no sense; the message names it.</exception>
    public void Validate()
    {
        if (Epochs < 1)
            throw InputException.Of("epochs", $"{Epochs} epochs; give at least 1");
        if (BatchSize < 1 || BatchSize > 65536)
            throw InputException.Of("batchSize", $"{BatchSize} images; give 1 to 65536");
        if (PassSize is < 1 or > 65536)
            throw InputException.Of("passSize", $"{PassSize} images; give 1 to 65536");
        if (!(LearningRate > 0) || !double.IsFinite(LearningRate) || (float)LearningRate == 0)
            throw InputException.Of("learningRate", Invariant($"{LearningRate}; give a positive number"));
        if (!(Momentum >= 0 && Momentum < 1))
            throw InputException.Of("momentum", Invariant($"{Momentum}; give a number in [0, 1)"));
        if (!(WeightDecay >= 0) || !double.IsFinite(WeightDecay))
            throw InputException.Of("weightDecay", Invariant($"{WeightDecay}; give 0 or a positive number"));

        static string Invariant(FormattableString text) => FormattableString.Invariant(text);
    }
}
