using System.Globalization;
using System.Text;
using LastBit.Random;

namespace LastBit.Models;

/// <summary>
/// What a layer computes, and nothing of how: its settings, the shape of its output and the tensors that it asks for. A record, so that two
/// layers of equal settings are equal and a model can be written down.
/// </summary>
/// <param name="Name">PyTorch's name where the layer has parameters ("layer2.0.conv1"); otherwise a name for messages.</param>
public abstract record Layer(string Name)
{
    /// <summary>How many tensors it reads.</summary>
    public virtual int InputCount => 1;

    /// <summary>The shape of its output for one image.</summary>
    /// <param name="inputs">The shapes of its inputs, <see cref="InputCount"/> of them.</param>
    /// <exception cref="ArgumentException">There is no such layer of these inputs.</exception>
    public abstract TensorShape OutputShape(IReadOnlyList<TensorShape> inputs);

    /// <summary>The tensors that it asks for, in PyTorch's order.</summary>
    /// <param name="inputs">The shapes of its inputs.</param>
    public virtual IReadOnlyList<ParameterDefinition> Parameters(IReadOnlyList<TensorShape> inputs) => [];
}

/// <summary>The images of a batch: where every model begins.</summary>
/// <param name="Shape">Their shape.</param>
public sealed record Images(TensorShape Shape) : Layer("images")
{
    /// <inheritdoc/>
    public override int InputCount => 0;

    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs) => Shape;
}

/// <summary>
/// A square convolution (a cross-correlation, as everywhere in this field), zero padding Size / 2, without bias unless it is asked for; He
/// et al.'s initialisation by the outputs, normal with deviation sqrt(2 / (Size * Size * Channels)), unless another is given.
/// </summary>
/// <param name="Name">PyTorch's name; the parameter is "NAME.weight", [Channels, in, Size, Size].</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Size">Rows and columns of the kernel, odd.</param>
/// <param name="Stride">Distance between neighbouring outputs in the input.</param>
public sealed record Convolution(string Name, int Channels, int Size, int Stride = 1) : Layer(Name)
{
    /// <summary>How the weights begin, where not as He et al. have it.</summary>
    public Initialisation? Initial { get; init; }

    /// <summary>
    /// Whether a number is added to each output channel, "NAME.bias"; it begins as PyTorch's default has it, uniform in +-1 / sqrt(inputs
    /// of an output).
    /// </summary>
    public bool Bias { get; init; }

    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (Channels < 1 || Size < 1 || Size % 2 == 0 || Stride < 1)
        {
            throw new ArgumentException($"{Name}: a {Size}x{Size} convolution to {Channels} channels with stride {Stride}; "
                + "the size must be odd, channels and stride at least 1.");
        }
        return new TensorShape((inputs[0].Height - 1) / Stride + 1, (inputs[0].Width - 1) / Stride + 1, Channels);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterDefinition> Parameters(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var initial = Initial ?? new Initialisation.Normal(Math.Sqrt(2.0 / (Size * Size * Channels)));
        ParameterDefinition weight = new("weight", [Channels, inputs[0].Channels, Size, Size], initial);
        return Bias ? [weight, new("bias", [Channels], PyTorchDefault(inputs[0].Channels * Size * Size))] : [weight];
    }

    /// <summary>PyTorch's default for the weights and biases of convolutions and linear layers.</summary>
    /// <param name="inputs">Numbers that one output is made of.</param>
    public static Initialisation PyTorchDefault(int inputs) => new Initialisation.Uniform(1 / Math.Sqrt(inputs));

    /// <inheritdoc/>
    protected override bool PrintMembers(StringBuilder builder)
    {
        // As the compiler writes it, but without the bias where there is none: the identities of networks that are older than it rest on
        // this text.
        base.PrintMembers(builder);
        builder.Append(CultureInfo.InvariantCulture, $", Channels = {Channels}, Size = {Size}, Stride = {Stride}, Initial = {Initial}");
        if (Bias)
            builder.Append(", Bias = True");
        return true;
    }
}

/// <summary>
/// Batch normalisation, channel by channel over images and positions: (x - mean) * weight / sqrt(variance + 1e-5) + bias. In training mean
/// and variance are the batch's, and the running ones move a tenth of the way towards them (the variance unbiased); in evaluation they are
/// the running ones.
/// </summary>
/// <param name="Name">PyTorch's name; the tensors are "NAME.weight", ".bias", ".running_mean" and ".running_var".</param>
public sealed record BatchNormalization(string Name) : Layer(Name)
{
    /// <summary>Added to the variance (PyTorch's default).</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>The weight of a new batch in the running statistics (PyTorch's default).</summary>
    public const float Momentum = 0.1f;

    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs[0];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterDefinition> Parameters(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        int[] shape = [inputs[0].Channels];
        Initialisation zero = new Initialisation.Constant(0), one = new Initialisation.Constant(1);
        return
        [
            new("weight", shape, one), new("bias", shape, zero), new("running_mean", shape, zero, false),
            new("running_var", shape, one, false),
        ];
    }
}

/// <summary>
/// Group normalisation (Wu and He 2018): each image's channels in groups of neighbours, (x - mean) * weight / sqrt(variance + 1e-5) + bias
/// with mean and variance of an image's group. It knows no batch, and is the same in training and evaluation.
/// </summary>
/// <param name="Name">PyTorch's name; the tensors are "NAME.weight" and ".bias", [channels].</param>
/// <param name="Groups">How many groups; it divides the channels.</param>
public sealed record GroupNormalization(string Name, int Groups) : Layer(Name)
{
    /// <summary>Added to the variance (PyTorch's default).</summary>
    public const double Epsilon = 1e-5;

    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return Groups >= 1 && inputs[0].Channels % Groups == 0
            ? inputs[0]
            : throw new ArgumentException(
                $"{Name}: {inputs[0].Channels} channels cannot be normalised in {Groups} groups; the groups must divide them.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterDefinition> Parameters(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        int[] shape = [inputs[0].Channels];
        return [new("weight", shape, new Initialisation.Constant(1)), new("bias", shape, new Initialisation.Constant(0))];
    }
}

/// <summary>
/// Dropout (Srivastava et al. 2014): in training a number is 0 with a probability P, and else 1 / (1 - P) times what it was; in evaluation
/// and in products with the Hessian nothing changes.
/// </summary>
/// <param name="Name">A name for messages.</param>
/// <param name="Probability">P, above 0 and below 1; as near to it as a multiple of 2^-32 comes.</param>
public sealed record Dropout(string Name, double Probability) : Layer(Name)
{
    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return Probability is > 0 and < 1
            ? inputs[0] : throw new ArgumentException($"{Name}: drops numbers with probability {Probability}; give one between 0 and 1.");
    }

    /// <summary>Words below it drop a number.</summary>
    internal uint Threshold { get; } = (uint)Math.Min(Math.Round(Probability * 4294967296.0), uint.MaxValue);

    /// <summary>What a number that is kept is multiplied by.</summary>
    internal float Kept { get; } = (float)(1 / (1 - Probability));

    /// <summary>
    /// What the numbers of an image are multiplied by: 0 or 1 / (1 - P). A function of the arguments alone, so that no thread, pass or stop
    /// changes it.
    /// </summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="step">How many updates there were before.</param>
    /// <param name="node">The layer's number in its model.</param>
    /// <param name="place">The place of the image in the batch.</param>
    /// <param name="factors">Receives a number for each of the image's.</param>
    public void Mask(ulong seed, long step, int node, int place, Span<float> factors)
    {
        ulong image = ((ulong)node << 48) | ((ulong)place << 32);
        RandomWords words = default;
        for (int i = 0; i < factors.Length; i++)
        {
            if (i % 4 == 0)
                words = Philox.Draw(seed, RandomPurpose.Dropout, (uint)step, image | (uint)(i / 4));
            factors[i] = words[i] < Threshold ? 0 : Kept;
        }
    }
}

/// <summary>An activation function, element by element.</summary>
/// <param name="Name">A name for messages.</param>
/// <param name="Function">The function.</param>
public sealed record Activate(string Name, Activation Function) : Layer(Name)
{
    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs[0];
    }
}

/// <summary>The sum of two tensors of one shape: the end of a residual block.</summary>
/// <param name="Name">A name for messages.</param>
public sealed record Addition(string Name) : Layer(Name)
{
    /// <inheritdoc/>
    public override int InputCount => 2;

    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs[0] == inputs[1] ? inputs[0]
            : throw new ArgumentException($"{Name}: tensors of {inputs[0]} and {inputs[1]} cannot be added.");
    }
}

/// <summary>What becomes of the numbers of a window.</summary>
public enum PoolKind
{
    /// <summary>Their average.</summary>
    Average,

    /// <summary>The largest; its gradient goes to the first of equal ones in the order of rows, as in PyTorch.</summary>
    Max,
}

/// <summary>One number for every window of 2x2 pixels, channel by channel; windows do not overlap.</summary>
/// <param name="Name">A name for messages.</param>
/// <param name="Kind">Average or largest.</param>
public sealed record Pool(string Name, PoolKind Kind) : Layer(Name)
{
    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs[0].Height % 2 == 0 && inputs[0].Width % 2 == 0
            ? new TensorShape(inputs[0].Height / 2, inputs[0].Width / 2, inputs[0].Channels)
            : throw new ArgumentException($"{Name}: windows of 2x2 pixels do not divide {inputs[0]}; height and width must be even.");
    }
}

/// <summary>The average over all positions, channel by channel.</summary>
/// <param name="Name">A name for messages.</param>
public sealed record GlobalAverage(string Name) : Layer(Name)
{
    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return new TensorShape(1, 1, inputs[0].Channels);
    }
}

/// <summary>
/// A fully connected layer with bias. It reads an image's numbers channel by channel, each row by row, as PyTorch's flatten puts them.
/// Weights and biases begin uniform in +-1 / sqrt(inputs), PyTorch's default.
/// </summary>
/// <param name="Name">PyTorch's name; "NAME.weight" is [Outputs, inputs], "NAME.bias" [Outputs].</param>
/// <param name="Outputs">Numbers that come out.</param>
public sealed record Linear(string Name, int Outputs) : Layer(Name)
{
    /// <inheritdoc/>
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs) => Outputs >= 1
        ? new TensorShape(1, 1, Outputs)
        : throw new ArgumentException($"{Name}: {Outputs} outputs; there must be at least 1.");

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterDefinition> Parameters(IReadOnlyList<TensorShape> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var initial = new Initialisation.Uniform(1 / Math.Sqrt(inputs[0].Count));
        return [new("weight", [Outputs, inputs[0].Count], initial), new("bias", [Outputs], initial)];
    }
}
