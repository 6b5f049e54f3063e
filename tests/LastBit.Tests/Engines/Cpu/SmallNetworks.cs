using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Random;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>Networks with one arrangement of layers each; gradients and products with the Hessian are compared on all of them.</summary>
internal static class SmallNetworks
{
    public static Node NormalisedAndActivated(ModelBuilder b, Activation activation)
    {
        var y = b.Activate(b.Normalize("bn", b.Convolution("conv", b.Images, 16, 3)), activation);
        return b.Activate(b.Normalize("bn2", b.Convolution("conv2", y, 16, 3, 2)), activation);
    }

    public static Node GroupNormalised(ModelBuilder b, int groups, Activation activation)
    {
        var y = b.Activate(b.NormalizeGroups("gn", b.Convolution("conv", b.Images, 16, 3), groups), activation);
        var z = b.NormalizeGroups("gn2", b.Convolution("conv2", y, 16, 3, 2), groups);
        return b.Activate(b.NormalizeGroups("gn3", b.Add("add", z, b.Convolution("shortcut", y, 16, 1, 2)), 1), activation);
    }

    public static Node Activated(ModelBuilder b, Activation activation)
    {
        var first = b.Activate(b.Convolution("conv", b.Images, 16, 3), activation);
        return b.Activate(b.Convolution("conv2", first, 16, 3, 2), activation);
    }

    public static Node Added(ModelBuilder b, bool normaliseLeft, bool normaliseRight, Activation right)
    {
        var stem = b.Convolution("stem", b.Images, 16, 3, 2);
        var shortcut = b.Activate(normaliseRight ? b.Normalize("bns", stem) : stem, right);
        var branch = b.Convolution("branch", shortcut, 16, 3);
        var left = normaliseLeft ? b.Normalize("bnb", branch) : branch;
        return b.Activate(b.Add("add", left, shortcut), Activation.Swish);
    }

    public static Node AddedAndReadByNobodyElse(ModelBuilder b)
    {
        var left = b.Normalize("bn1", b.Convolution("conv1", b.Images, 16, 3, 2));
        var right = b.Activate(b.Normalize("bn2", b.Convolution("conv2", b.Images, 16, 1, 2)), Activation.Swish);
        return b.Activate(b.Add("add", left, right), Activation.Relu);
    }

    public static Node ReadAsItIsAndActivated(ModelBuilder b, Activation activation, bool normalised)
    {
        var stem = b.Convolution("stem", b.Images, 16, 3, 2);
        var first = b.Add("first", b.Convolution("branch", stem, 16, 3), stem);
        var read = b.Activate(normalised ? b.Normalize("bn", first) : first, activation);
        return b.Activate(b.Add("second", b.Convolution("branch2", read, 16, 3), first), activation);
    }

    /// <summary>An arrangement on images of 16 x 16 pixels, with a classifier behind it.</summary>
    public static Model Build(Func<ModelBuilder, Node> describe, int classes = 10, TensorShape? images = null)
    {
        var builder = new ModelBuilder(images ?? new TensorShape(16, 16, 3));
        builder.Classify("fc", describe(builder), classes);
        return builder.Build("test");
    }
}

/// <summary>A network with weights, images and directions drawn at random.</summary>
internal sealed record RandomProblem(Model Model, NetworkState State, float[] Images, int[] Labels)
{
    public static RandomProblem Of(Model model, int count)
    {
        var state = new NetworkState(model.Layout);
        state.Initialise(3);
        // Weights and biases of a normalisation begin at 1 and 0, where some mistakes do not show.
        foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable && p.Shape.Count == 1))
        {
            var values = state.Get(parameter);
            for (int i = 0; i < values.Length; i++)
                values[i] += 0.3f * Philox.Uniform(5, RandomPurpose.None, (uint)parameter.Offset, (ulong)i);
        }
        float[] images = new float[count * model.ImageFloats];
        Philox.FillNormal(11, RandomPurpose.None, 0, 1, images);
        for (int i = 0; i < images.Length; i++)
            images[i] = i % model.Images.BatchChannels >= model.Images.Channels ? 0 : images[i];
        return new RandomProblem(model, state, images, [.. Enumerable.Range(0, count).Select(i => i % 3)]);
    }

    /// <summary>Products for all images, or some of them, in chunks.</summary>
    public HessianProduct Hessian(int capacity, WorkerTeam team, int from = 0, int? count = null,
        ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct)
    {
        var hessian = new HessianProduct(Model, capacity, team, convolution);
        hessian.Load(State);
        int length = count ?? Labels.Length;
        hessian.Use(Images.AsMemory(from * Model.ImageFloats, length * Model.ImageFloats), Labels.AsMemory(from, length));
        return hessian;
    }

    /// <summary>A vector of independent normal numbers of deviation 1.</summary>
    public double[] Direction(uint number)
    {
        float[] v = new float[State.Parameters.Length];
        Philox.FillNormal(17, RandomPurpose.None, number, 1, v);
        return [.. v.Select(value => (double)value)];
    }
}
