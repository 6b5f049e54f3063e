using System.Globalization;

namespace LastBit.Models;

/// <summary>
/// VGG16 for small images (Simonyan and Zisserman 2015) with batch normalisation: 13 convolutions of 3x3 in five stages, each followed by
/// 2x2 pooling of the largest number, and a linear layer; PyTorch's default initialisation, and torchvision's names. The convolutions have
/// no bias, for the normalisation would take it off again.
/// </summary>
public sealed record VggSettings : NetworkSettings
{
    /// <summary>Output channels of the convolutions of each stage.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Stages { get; init; } =
        [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]];

    /// <inheritdoc/>
    public override string Name => "vgg16";

    /// <inheritdoc/>
    public override string MiddleTensor => "features.20.weight";

    /// <summary>Before the linear layer.</summary>
    public override bool HasDropout => true;

    /// <summary>Multiples of 32, for five poolings halve height and width.</summary>
    public override (int Height, int Width) SizeFor(int height, int width) => MultiplesOf(1 << Stages.Count, height, width);

    /// <inheritdoc/>
    public override Model Build()
    {
        var b = new ModelBuilder(Images);
        Node x = b.Images;
        // Numbered as in torchvision, where convolution, normalisation, activation and pooling count one each.
        int number = 0;
        foreach (int[] stage in Stages.Select(stage => stage.ToArray()))
        {
            foreach (int channels in stage)
            {
                x = b.DefaultConvolution(Feature(number), x, channels, bias: false);
                x = b.Activate(b.Normalize(Feature(number + 1), x), Activation);
                number += 3;
            }
            x = b.Pool(Feature(number++), x, PoolKind.Max);
        }
        b.Connect("classifier", b.Drop(x, Dropout), Classes);
        return b.Build(Name, Loss);
    }

    /// <summary>Reads a name; null when it is not that of this network.</summary>
    internal static VggSettings? Read(string name) => name == "vgg16" ? new() : null;

    private static string Feature(int number) => string.Create(CultureInfo.InvariantCulture, $"features.{number}");
}
