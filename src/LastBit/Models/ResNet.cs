using System.Globalization;
using System.Text.RegularExpressions;

namespace LastBit.Models;

/// <summary>What a residual block is made of.</summary>
public enum BlockKind
{
    /// <summary>Two 3x3 convolutions.</summary>
    Basic,

    /// <summary>1x1 to a quarter of the channels, 3x3, and 1x1 back: three convolutions for four times the channels.</summary>
    Bottleneck,
}

/// <summary>
/// A residual network for small images (He et al. 2015, section 4.2; pre-activation: He et al. 2016) with PyTorch's parameter names: a 3x3
/// stem, three stages of blocks, each with twice the channels of the one before and, from the second on, half its rows and columns; average
/// and linear layer.
/// </summary>
public sealed partial record ResNetSettings : NetworkSettings
{
    /// <summary>A network of a depth.</summary>
    /// <param name="depth">Layers with weights on the longest way: 6 n + 2 with basic blocks, 9 n + 2 with bottlenecks.</param>
    public ResNetSettings(int depth) => Depth = depth;

    /// <summary>Layers with weights on the longest way.</summary>
    public int Depth { get; init; }

    /// <summary>What a block is made of.</summary>
    public BlockKind Block { get; init; }

    /// <summary>Whether normalisation and activation come before the convolutions of a block, and not after.</summary>
    public bool PreActivation { get; init; }

    /// <summary>Whether there is normalisation, of batches where <see cref="Groups"/> says nothing else.</summary>
    public bool Normalized { get; init; } = true;

    /// <summary>Into how many groups each normalisation takes an image's channels; 0 for batch normalisation.</summary>
    public int Groups { get; init; }

    /// <summary>Channels of the 3x3 convolutions in the first stage, a multiple of 16.</summary>
    public int Width { get; init; } = 16;

    /// <summary>Blocks of a stage.</summary>
    public int Blocks => (Depth - 2) / LayersOfThreeBlocks;

    /// <inheritdoc/>
    public override string Name
    {
        get
        {
            string width = Width == 16 ? "" : string.Create(CultureInfo.InvariantCulture, $"x{Width / 16}");
            string block = Block == BlockKind.Bottleneck ? "-bottleneck" : "";
            string norm = !Normalized
                ? "-nobn" : Groups == 0
                ? "" : Groups == DefaultGroups ? "-gn" : string.Create(CultureInfo.InvariantCulture, $"-gn{Groups}");
            string depth = Depth.ToString(CultureInfo.InvariantCulture);
            return $"{(PreActivation ? "pre" : "")}resnet{depth}{width}{block}{norm}";
        }
    }

    /// <inheritdoc/>
    public override string MiddleTensor => $"layer2.{Math.Min(5, Blocks - 1).ToString(CultureInfo.InvariantCulture)}.conv1.weight";

    private const int DefaultGroups = 8;

    private int LayersOfThreeBlocks => Block == BlockKind.Basic ? 6 : 9;

    /// <summary>
    /// Any size: the strides of two stages want multiples of 4, and the kernels a multiple of 4 positions in the last stage, which
    /// multiples of 8 always give.
    /// </summary>
    public override (int Height, int Width) SizeFor(int height, int width)
    {
        (int rows, int columns) = ((height + 3) / 4, (width + 3) / 4);
        return rows * columns % 4 == 0 ? (4 * rows, 4 * columns) : ((height + 7) / 8 * 8, (width + 7) / 8 * 8);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There is no network of this depth or width.</exception>
    public override Model Build()
    {
        if (Depth < LayersOfThreeBlocks + 2 || (Depth - 2) % LayersOfThreeBlocks != 0 || Width < 16 || Width % 16 != 0)
        {
            throw new ArgumentException(
                $"There is no ResNet of depth {Depth} with blocks of {LayersOfThreeBlocks / 3} layers and {Width} channels.");
        }
        var b = new ModelBuilder(Images);
        Node x = b.Convolution("conv1", b.Images, Width, 3);
        if (!PreActivation)
            x = Activated(b, "bn1", x);
        int last = Block == BlockKind.Basic ? 1 : 4;
        for (int stage = 0; stage < 3; stage++)
        {
            for (int block = 0; block < Blocks; block++)
            {
                int inner = Width << stage, stride = stage > 0 && block == 0 ? 2 : 1;
                string name = string.Create(CultureInfo.InvariantCulture, $"layer{stage + 1}.{block}");
                x = PreActivation ? PreActivationBlock(b, name, x, inner, inner * last, stride)
                    : PlainBlock(b, name, x, inner, inner * last, stride);
            }
        }
        b.Classify("fc", PreActivation ? Activated(b, "bn", x) : x, Classes);
        // Checkpoints know these networks by their names since the first version; what came later has a digest of its description beside
        // it.
        bool known = !PreActivation && Block == BlockKind.Basic && Normalized && Groups == 0 && Width == 16 && Classes == 10
            && Loss == Loss.CrossEntropy
            && Images == new TensorShape(32, 32, 3);
        return b.Build(Name, known ? Name : null, Loss);
    }

    /// <summary>Reads a name; null when it is none of a ResNet.</summary>
    internal static ResNetSettings? Read(string name)
    {
        var match = NamePattern().Match(name);
        if (!match.Success)
            return null;
        var settings = new ResNetSettings(int.Parse(match.Groups["depth"].ValueSpan, CultureInfo.InvariantCulture))
        {
            PreActivation = match.Groups["pre"].Success,
            Width = match.Groups["width"].Success ? 16 * int.Parse(match.Groups["width"].ValueSpan, CultureInfo.InvariantCulture) : 16,
            Block = match.Groups["bottleneck"].Success ? BlockKind.Bottleneck : BlockKind.Basic,
            Normalized = !match.Groups["plain"].Success,
            Groups = !match.Groups["gn"].Success
                ? 0 : match.Groups["groups"].Success
                ? int.Parse(match.Groups["groups"].ValueSpan, CultureInfo.InvariantCulture) : DefaultGroups,
        };
        // Every normalisation has Width channels or a power of two times as many, or with bottlenecks a power of two times that.
        if (settings.Groups > 0 && settings.Width % settings.Groups != 0)
            return null;
        bool exists = settings.Blocks >= 1 && settings.Depth <= 1202 && (settings.Depth - 2) % settings.LayersOfThreeBlocks == 0;
        return exists ? settings : null;
    }

    /// <summary>conv, norm, f, conv, norm; the sum with the shortcut; f.</summary>
    private Node PlainBlock(ModelBuilder b, string name, Node x, int inner, int outer, int stride)
    {
        Node y = x;
        var convolutions = Convolutions(inner, outer, stride);
        for (int i = 0; i < convolutions.Length; i++)
        {
            var (channels, size, step) = convolutions[i];
            y = b.Convolution($"{name}.conv{i + 1}", y, channels, size, step);
            y = i < convolutions.Length - 1 ? Activated(b, $"{name}.bn{i + 1}", y) : Norm(b, $"{name}.bn{i + 1}", y);
        }
        Node shortcut = x;
        if (outer != x.Shape.Channels)
            shortcut = Norm(b, $"{name}.downsample.1", b.Convolution($"{name}.downsample.0", x, outer, 1, stride));
        return b.Activate(b.Add(name, y, shortcut), Activation);
    }

    /// <summary>
    /// norm, f, conv, norm, f, conv; the sum with the shortcut. Where the shape changes, the shortcut projects what conv1 reads (He et al.
    /// 2016).
    /// </summary>
    private Node PreActivationBlock(ModelBuilder b, string name, Node x, int inner, int outer, int stride)
    {
        Node first = Activated(b, $"{name}.bn1", x), y = first;
        var convolutions = Convolutions(inner, outer, stride);
        for (int i = 0; i < convolutions.Length; i++)
        {
            var (channels, size, step) = convolutions[i];
            y = b.Convolution($"{name}.conv{i + 1}", i == 0 ? first : Activated(b, $"{name}.bn{i + 1}", y), channels, size, step);
        }
        Node shortcut = outer == x.Shape.Channels ? x : b.Convolution($"{name}.downsample.0", first, outer, 1, stride);
        return b.Add(name, y, shortcut);
    }

    // The stride is where He et al. have it in blocks of two, and at the 3x3 convolution of a bottleneck, as in PyTorch.
    private (int Channels, int Size, int Stride)[] Convolutions(int inner, int outer, int stride) => Block == BlockKind.Basic
        ? [(inner, 3, stride), (outer, 3, 1)]
        : [(inner, 1, 1), (inner, 3, stride), (outer, 1, 1)];

    private Node Norm(ModelBuilder b, string name, Node x) =>
        !Normalized ? x : Groups == 0 ? b.Normalize(name, x) : b.NormalizeGroups(name, x, Groups);

    private Node Activated(ModelBuilder b, string name, Node x) => b.Activate(Norm(b, name, x), Activation);

    [GeneratedRegex("^(?<pre>pre)?resnet(?<depth>[0-9]{1,4})(x(?<width>[1-9][0-9]?))?(?<bottleneck>-bottleneck)?"
        + "((?<plain>-nobn)|(?<gn>-gn)(?<groups>[1-9][0-9]{0,2})?)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
