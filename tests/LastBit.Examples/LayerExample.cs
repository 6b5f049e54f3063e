using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Examples;

/// <summary>A scale for each channel, y[p, c] = w[c] x[p, c]: the custom layer in docs/networks.md.</summary>
/// <param name="Name">Its parameter is "NAME.weight", [channels].</param>
public sealed record ChannelScale(string Name) : CustomLayer(Name)
{
    public override TensorShape OutputShape(IReadOnlyList<TensorShape> inputs) => inputs[0];

    public override IReadOnlyList<ParameterDefinition> Parameters(IReadOnlyList<TensorShape> inputs) =>
        [new("weight", [inputs[0].Channels], new Initialisation.Constant(1))];

    public override void Forward<T>(TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> parameters, Span<T> output)
    {
        for (int i = 0; i < input.Length; i++)
            output[i] = parameters[i % shape.Channels] * input[i];
    }

    public override void Backward<T>(
        TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> parameters,
        ReadOnlySpan<T> outputGradient, Span<T> inputGradient, Span<T> parameterGradients)
    {
        for (int i = 0; i < input.Length; i++)
        {
            int c = i % shape.Channels;
            inputGradient[i] = parameters[c] * outputGradient[i];
            parameterGradients[c] = T.FusedMultiplyAdd(input[i], outputGradient[i], parameterGradients[c]);
        }
    }
}

public class LayerExample
{
    [Fact]
    public void A_custom_layer_learns()
    {
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        var x = b.Append(new ChannelScale("scale"), b.Convolution("conv1", b.Images, channels: 16, size: 3, stride: 2));
        b.Classify("fc", b.Activate(b.Normalize("bn1", x), Activation.Relu), classes: 10);
        Model model = b.Build("scaled");

        var (train, test) = Cifar10.Load(Cifar10.Sample);
        using var engines = new CpuEngineFactory(threads: 2);
        using var trainer =
            new Trainer(engines, model, new TrainingSettings(Epochs: 2, BatchSize: 50, LearningRate: 0.02), [1], train, test);
        Score before = trainer.Evaluate(trainer.Replicas[0]);
        while (!trainer.IsFinished)
            trainer.Step();
        Score after = trainer.Evaluate(trainer.Replicas[0]);
        Assert.True(after.Loss < before.Loss, $"The loss went from {before.Loss} to {after.Loss}.");
        float[] weights = new float[16];
        trainer.Replicas[0].State.Read(model.Layout["scale.weight"], weights);
        Assert.Contains(weights, weight => weight != 1);
    }

    /// <summary>The layer's gradient beside a central difference: what every custom layer should be checked by.</summary>
    [Fact]
    public void Its_gradient_is_the_slope()
    {
        var layer = new ChannelScale("scale");
        var shape = new TensorShape(1, 2, 3);
        double[] x = [0.5, -1, 2, 3, -0.25, 1], w = [1, 2, -1], outer = [1, 0.5, -2, 0.25, 3, 1], dx = new double[6], dw = new double[3];
        layer.Backward<double>(shape, x, w, outer, dx, dw);
        for (int c = 0; c < w.Length; c++)
            Assert.Equal((Loss(c, 1e-3) - Loss(c, -1e-3)) / 2e-3, dw[c], 1e-9);

        double Loss(int c, double step)
        {
            double[] moved = [.. w], y = new double[6];
            moved[c] += step;
            layer.Forward<double>(shape, x, moved, y);
            return y.Zip(outer, (a, b) => a * b).Sum();
        }
    }
}
