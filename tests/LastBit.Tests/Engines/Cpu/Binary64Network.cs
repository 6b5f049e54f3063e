using LastBit.Engines.Cpu;
using LastBit.Models;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>
/// The same network computed in binary64 by the definitions alone, one plain loop a layer: what central differences are taken of.
/// It shares the description of the layers with the real network and no arithmetic.
/// </summary>
internal sealed class Binary64Network(Network network, double[] images, int[] labels)
{
    private readonly int _count = labels.Length;

    /// <summary>The mean cross-entropy of the batch, in training mode, for given trainable numbers in definition order.</summary>
    public double Loss(double[] parameters)
    {
        var values = new Dictionary<StoredTensor, double[]> { [network.Layers[0].Inputs[0].Tensor] = images };
        foreach (var layer in network.Layers)
        {
            values[layer.Output] = layer switch
            {
                ConvolutionLayer convolution => Convolve(convolution, Read(layer.Inputs[0], values, parameters), parameters),
                AddLayer => [.. Read(layer.Inputs[0], values, parameters).Zip(Read(layer.Inputs[1], values, parameters), (a, b) => a + b)],
                ClassifierLayer classifier => Losses(classifier, Read(layer.Inputs[0], values, parameters), parameters),
                _ => throw new NotSupportedException(layer.Name),
            };
        }
        return values[network.Layers[^1].Output].Sum() / _count;
    }

    private static double[] Read(View view, Dictionary<StoredTensor, double[]> values, double[] parameters)
    {
        double[] x = [.. values[view.Tensor]];
        int channels = view.Tensor.Channels;
        if (view.Normalised)
        {
            var norm = view.Tensor.Normalization!;
            int rows = x.Length / channels;
            for (int c = 0; c < channels; c++)
            {
                double mean = 0, variance = 0;
                for (int i = 0; i < rows; i++)
                    mean += x[(i * channels) + c] / rows;
                for (int i = 0; i < rows; i++)
                    variance += Math.Pow(x[(i * channels) + c] - mean, 2) / rows;
                double scale = parameters[norm.Weight.Offset + c] / Math.Sqrt(variance + 1e-5);
                for (int i = 0; i < rows; i++)
                    x[(i * channels) + c] = ((x[(i * channels) + c] - mean) * scale) + parameters[norm.Bias.Offset + c];
            }
        }
        return view.Activation switch
        {
            Activation.Relu => [.. x.Select(z => Math.Max(0, z))],
            Activation.Swish => [.. x.Select(z => z / (1 + Math.Exp(-5 * z)))],
            _ => x,
        };
    }

    private double[] Convolve(ConvolutionLayer layer, double[] input, double[] parameters)
    {
        var shape = layer.Shape;
        int real = layer.Weight.Shape[1], pad = shape.Size / 2, size = shape.Size;
        double[] output = new double[_count * shape.OutHeight * shape.OutWidth * shape.OutChannels];
        for (int n = 0; n < _count; n++)
        {
            for (int y = 0; y < shape.OutHeight; y++)
            {
                for (int x = 0; x < shape.OutWidth; x++)
                {
                    int target = ((((n * shape.OutHeight) + y) * shape.OutWidth) + x) * shape.OutChannels;
                    for (int r = 0; r < size; r++)
                    {
                        for (int c = 0; c < size; c++)
                        {
                            int sy = (y * shape.Stride) + r - pad, sx = (x * shape.Stride) + c - pad;
                            if (sy < 0 || sy >= shape.InHeight || sx < 0 || sx >= shape.InWidth)
                                continue;
                            int source = ((((n * shape.InHeight) + sy) * shape.InWidth) + sx) * shape.InChannels;
                            for (int o = 0; o < shape.OutChannels; o++)
                            {
                                double sum = 0;
                                for (int i = 0; i < real; i++)
                                    sum += input[source + i] * parameters[layer.Weight.Offset + (((((o * real) + i) * size) + r) * size) + c];
                                output[target + o] += sum;
                            }
                        }
                    }
                }
            }
        }
        return output;
    }

    private double[] Losses(ClassifierLayer layer, double[] input, double[] parameters)
    {
        var tensor = layer.Inputs[0].Tensor;
        int positions = tensor.Height * tensor.Width, channels = tensor.Channels;
        double[] losses = new double[_count];
        for (int n = 0; n < _count; n++)
        {
            double[] logits = new double[layer.Classes];
            for (int k = 0; k < layer.Classes; k++)
            {
                logits[k] = parameters[layer.Bias.Offset + k];
                for (int c = 0; c < channels; c++)
                {
                    double mean = 0;
                    for (int p = 0; p < positions; p++)
                        mean += input[(((n * positions) + p) * channels) + c] / positions;
                    logits[k] += mean * parameters[layer.Weight.Offset + (k * channels) + c];
                }
            }
            losses[n] = Math.Log(logits.Sum(z => Math.Exp(z - logits.Max()))) + logits.Max() - logits[labels[n]];
        }
        return losses;
    }
}
