namespace LastBit.Models;

/// <summary>
/// What a layer computes, and nothing of how: its settings, the shape of its output and the tensors that it asks for. A record, so that two layers
/// of equal settings are equal and a model can be written down.
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
/// A square convolution (a cross-correlation, as everywhere in this field) without bias, zero padding Size / 2; He et al.'s initialisation by the
/// outputs, normal with deviation sqrt(2 / (Size * Size * Channels)).
/// </summary>
/// <param name="Name">PyTorch's name; the parameter is "NAME.weight", [Channels, in, Size, Size].</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Size">Rows and columns of the kernel, odd.</param>
/// <param name="Stride">Distance between neighbouring outputs in the input.</param>
public sealed record Convolution(string Name, int Channels, int Size, int Stride = 1) : Layer(Name)
{
    /// <summary>How the weights begin, where not as He et al. have it.</summary>
    public Initialisation? Initial { get; init; }

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
        return [new("weight", [Channels, inputs[0].Channels, Size, Size], initial)];
    }
}

/// <summary>
/// Batch normalisation, channel by channel over images and positions: (x - mean) * weight / sqrt(variance + 1e-5) + bias. In training mean and variance
/// are the batch's, and the running ones move a tenth of the way towards them (the variance unbiased); in evaluation they are the running ones.
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
        return [new("weight", shape, one), new("bias", shape, zero), new("running_mean", shape, zero, false), new("running_var", shape, one, false)];
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
        return inputs[0] == inputs[1] ? inputs[0] : throw new ArgumentException($"{Name}: tensors of {inputs[0]} and {inputs[1]} cannot be added.");
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
/// A fully connected layer with bias. It reads an image's numbers channel by channel, each row by row, as PyTorch's flatten puts them. Weights and biases begin
/// uniform in +-1 / sqrt(inputs), PyTorch's default.
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
