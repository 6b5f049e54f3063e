using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>Which network: its kind, depth and activation function.</summary>
/// <param name="Depth">6 n + 2: 8, 14, 20, 32, 44, 56, 110, ...</param>
/// <param name="PreActivation">Whether normalisation and activation come before the convolutions of a block, and not after.</param>
/// <param name="Activation">The activation function everywhere.</param>
public sealed record NetworkSettings(int Depth, bool PreActivation = false, Activation Activation = Activation.Relu)
{
    /// <summary>Blocks of a stage.</summary>
    public int Blocks => (Depth - 2) / 6;

    /// <summary>The name as on the command line, "resnet56" or "preresnet56".</summary>
    public string Name => $"{(PreActivation ? "pre" : "")}resnet{Depth}";

    /// <summary>Reads a name as on the command line.</summary>
    /// <param name="name">"resnet20", "preresnet56", ...</param>
    /// <param name="activation">The activation function.</param>
    /// <returns>The settings.</returns>
    /// <exception cref="InputException">There is no such network.</exception>
    public static NetworkSettings Parse(string name, Activation activation)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool pre = name.StartsWith("pre", StringComparison.OrdinalIgnoreCase);
        string rest = pre ? name[3..] : name;
        if (!rest.StartsWith("resnet", StringComparison.OrdinalIgnoreCase)
            || !int.TryParse(rest.AsSpan(6), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int depth)
            || depth < 8 || depth > 1202 || (depth - 2) % 6 != 0)
        {
            throw new InputException($"--network: there is no network '{name}'; give resnetD or preresnetD with D = 6n + 2, as resnet20 or preresnet56");
        }
        return new NetworkSettings(depth, pre, activation);
    }
}

/// <summary>The CIFAR ResNets (He et al. 2015, section 4.2) and the pre-activation ResNets, with PyTorch's parameter names.</summary>
public static class ResNet
{
    private const int Classes = 10;

    /// <summary>Builds the network.</summary>
    /// <param name="settings">Which one.</param>
    /// <param name="capacity">Images in the largest batch.</param>
    /// <param name="team">The threads that will compute.</param>
    /// <returns>The network; ResNet-56 has 855,770 parameters.</returns>
    public static Network Build(NetworkSettings settings, int capacity, WorkerTeam team)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var builder = new NetworkBuilder(capacity);
        if (settings.PreActivation)
            DescribePreActivation(builder, settings);
        else
            Describe(builder, settings);
        return builder.Build(team);
    }

    private static void Describe(NetworkBuilder b, NetworkSettings settings)
    {
        var f = settings.Activation;
        var x = b.Normalize("bn1", b.Convolution("conv1", View.Of(b.Images), 16, 3, 1), f);
        foreach (var (name, channels, stride) in Blocks(settings))
        {
            var y1 = b.Normalize($"{name}.bn1", b.Convolution($"{name}.conv1", x, channels, 3, stride), f);
            var y2 = b.Normalize($"{name}.bn2", b.Convolution($"{name}.conv2", y1, channels, 3, 1), Activation.None);
            var shortcut = x;
            if (channels != x.Tensor.Channels)
                shortcut = b.Normalize($"{name}.downsample.1", b.Convolution($"{name}.downsample.0", x, channels, 1, stride), Activation.None);
            x = new View(b.Add(name, y2, shortcut), false, f);
        }
        b.Classify("fc", x, Classes);
    }

    private static void DescribePreActivation(NetworkBuilder b, NetworkSettings settings)
    {
        var f = settings.Activation;
        var x = b.Convolution("conv1", View.Of(b.Images), 16, 3, 1);
        foreach (var (name, channels, stride) in Blocks(settings))
        {
            var y1 = b.Convolution($"{name}.conv1", b.Normalize($"{name}.bn1", x, f), channels, 3, stride);
            var y2 = b.Convolution($"{name}.conv2", b.Normalize($"{name}.bn2", y1, f), channels, 3, 1);
            var shortcut = channels == x.Channels ? x : b.Convolution($"{name}.downsample.0", View.Of(x), channels, 1, stride);
            x = b.Add(name, View.Of(y2), View.Of(shortcut));
        }
        b.Classify("fc", b.Normalize("bn", x, f), Classes);
    }

    private static IEnumerable<(string Name, int Channels, int Stride)> Blocks(NetworkSettings settings)
    {
        for (int stage = 0; stage < 3; stage++)
        {
            for (int block = 0; block < settings.Blocks; block++)
                yield return ($"layer{stage + 1}.{block}", 16 << stage, stage > 0 && block == 0 ? 2 : 1);
        }
    }
}
