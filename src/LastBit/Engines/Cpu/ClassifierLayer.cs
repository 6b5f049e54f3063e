using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Average over all positions of f(norm(x)), a linear layer, and the softmax cross-entropy.
/// Its output tensor holds the logits, padded to a multiple of 16 classes.
/// </summary>
public sealed unsafe class ClassifierLayer : Layer, IDisposable
{
    private readonly View _input;
    private readonly int _features;
    private readonly NativeBuffer _pooled;
    private readonly NativeBuffer _losses;
    private readonly NativeBuffer _logitGradients;
    private readonly delegate*<float*, in NormCoefficients, float*, int, int, int, int, void> _fill;
    private NetworkState? _state;

    internal ClassifierLayer(string name, View input, StoredTensor output, Parameter weight, Parameter bias, int capacity)
        : base(name, output, input)
    {
        _input = input;
        Weight = weight;
        Bias = bias;
        _features = input.Tensor.Channels;
        _pooled = new NativeBuffer((long)capacity * _features);
        _losses = new NativeBuffer(capacity);
        _logitGradients = new NativeBuffer((long)capacity * output.Channels);
        _fill = PointwiseTable.FillPadded(input.Normalised, input.Activation);
    }

    /// <summary>The weights, [classes, features].</summary>
    public Parameter Weight { get; }

    /// <summary>The biases, [classes].</summary>
    public Parameter Bias { get; }

    /// <summary>Number of classes.</summary>
    public int Classes => Bias.Count;

    internal override int TableSize => Classes * (_features + 1) + 15 & ~15;

    internal override int ReduceParts => 1;

    internal override long ForwardFlop => 2L * Classes * _features;

    /// <summary>The labels of the batch; set before a forward pass that is to give losses.</summary>
    internal int* Labels { get; set; }

    /// <summary>The number of images in the batch: the loss is their mean.</summary>
    internal int BatchCount { get; set; }

    /// <summary>Cross-entropy of each image.</summary>
    internal float* Losses => _losses.Pointer;

    /// <inheritdoc/>
    public void Dispose()
    {
        _pooled.Dispose();
        _losses.Dispose();
        _logitGradients.Dispose();
    }

    internal override void LoadWeights(NetworkState state) => _state = state;

    internal override void Forward(int sample, Scratch scratch, bool training)
    {
        var tensor = _input.Tensor;
        float* pooled = _pooled.Pointer + ((long)sample * _features);
        _fill(tensor.Sample(sample), tensor.Norm, scratch.Input, tensor.Height, tensor.Width, tensor.Channels, 0);
        PointwiseTable.Moments(scratch.Input, tensor.Positions, tensor.Channels, pooled, scratch.Flat);

        float* weights = _state!.ParameterPointer + Weight.Offset, bias = _state.ParameterPointer + Bias.Offset;
        float* logits = Output.Sample(sample);
        for (int k = 0; k < Classes; k++)
        {
            float sum = bias[k];
            for (int i = 0; i < _features; i++)
                sum = MathF.FusedMultiplyAdd(pooled[i], weights[(k * _features) + i], sum);
            logits[k] = sum;
        }
        CrossEntropy(sample, logits);
    }

    internal override void Backward(int sample, Scratch scratch, float* table)
    {
        float* gradient = _logitGradients.Pointer + ((long)sample * Output.Channels);
        float* pooled = _pooled.Pointer + ((long)sample * _features);
        for (int k = 0; k < Classes; k++)
        {
            for (int i = 0; i < _features; i++)
                table[(k * _features) + i] = MathF.FusedMultiplyAdd(gradient[k], pooled[i], table[(k * _features) + i]);
            table[(Classes * _features) + k] += gradient[k];
        }

        var tensor = _input.Tensor;
        float* weights = _state!.ParameterPointer + Weight.Offset;
        for (int i = 0; i < _features; i++)
        {
            float sum = 0;
            for (int k = 0; k < Classes; k++)
                sum = MathF.FusedMultiplyAdd(gradient[k], weights[(k * _features) + i], sum);
            scratch.Flat[i] = sum / tensor.Positions;
        }
        var row = new Span<float>(scratch.Flat, _features);
        for (int p = 1; p < tensor.Positions; p++)
            row.CopyTo(new Span<float>(scratch.Flat + ((long)p * _features), _features));
        Sinks[0]!.Contribute(sample, scratch.Flat);
    }

    internal override void ReduceTables(float* tables, int pieces, float* gradients, int part)
    {
        PointwiseTable.TreeSum(tables, pieces, TableSize, TableSize);
        new Span<float>(tables, Weight.Count).CopyTo(new Span<float>(gradients + Weight.Offset, Weight.Count));
        new Span<float>(tables + Weight.Count, Bias.Count).CopyTo(new Span<float>(gradients + Bias.Offset, Bias.Count));
    }

    /// <summary>Whether the label has the largest logit (the first of equal ones; never when a logit is not a number).</summary>
    internal bool IsRight(int sample)
    {
        float* logits = Output.Sample(sample);
        int best = 0;
        for (int k = 0; k < Classes; k++)
        {
            if (float.IsNaN(logits[k]))
                return false;
            if (logits[k] > logits[best])
                best = k;
        }
        return best == Labels[sample];
    }

    /// <summary>loss = log(sum exp(z - max)) - (z[label] - max); its gradient (softmax - onehot) / batch.</summary>
    private void CrossEntropy(int sample, float* logits)
    {
        float* gradient = _logitGradients.Pointer + ((long)sample * Output.Channels);
        float max = logits[0];
        for (int k = 1; k < Classes; k++)
            max = logits[k] > max ? logits[k] : max;
        float sum = 0;
        for (int k = 0; k < Classes; k++)
        {
            float value = 0;
            Lanes1.Store(Transcendental.Exp(new Lanes1(logits[k] - max)), &value);
            gradient[k] = value;
            sum += value;
        }
        int label = Labels[sample];
        _losses.Pointer[sample] = Transcendental.Log(sum) - (logits[label] - max);
        for (int k = 0; k < Classes; k++)
            gradient[k] = (gradient[k] / sum - (k == label ? 1f : 0f)) / BatchCount;
    }
}
