using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// What a batch makes of the batch normalisation of a stored tensor x, channel by channel: z = (x - mean) * weight / sqrt(variance + eps) +
/// bias. It is never computed by itself: the layer that writes x leaves the moments of each image here, the layer that reads x applies the
/// coefficients, and the two sums of the backward pass are left here in the same way.
/// </summary>
internal sealed unsafe class BatchStatistics : IDisposable
{
    private const float Epsilon = BatchNormalization.Epsilon, Momentum = BatchNormalization.Momentum;
    private readonly AlignedBuffer<float> _coefficients;
    private readonly AlignedBuffer<float> _tables;
    private readonly int _channels;
    private readonly int _capacity;

    /// <summary>Takes the memory of a batch.</summary>
    /// <param name="node">A <see cref="BatchNormalization"/> in its place.</param>
    /// <param name="channels">Channels of the stored tensor.</param>
    /// <param name="capacity">Images in the largest batch.</param>
    public BatchStatistics(Node node, int channels, int capacity)
    {
        _channels = channels;
        _capacity = capacity;
        Node = node;
        (Weight, Bias, RunningMean, RunningVariance) = (node.Parameters[0], node.Parameters[1], node.Parameters[2], node.Parameters[3]);
        _coefficients = new AlignedBuffer<float>(6L * channels);
        _tables = new AlignedBuffer<float>(2L * capacity * channels);
        Coefficients = NormCoefficients.At(_coefficients.Pointer, channels);
    }

    /// <summary>The normalisation in the model.</summary>
    public Node Node { get; }

    /// <summary>gamma.</summary>
    public Parameter Weight { get; }

    /// <summary>beta.</summary>
    public Parameter Bias { get; }

    /// <summary>The running mean.</summary>
    public Parameter RunningMean { get; }

    /// <summary>The running variance (unbiased).</summary>
    public Parameter RunningVariance { get; }

    internal NormCoefficients Coefficients { get; }

    // Forward: mean of each image. Backward: sum of dz of each image.
    internal float* FirstMoment(int sample) => _tables.Pointer + ((long)sample * _channels);

    // Forward: squared deviations of each image from its mean. Backward: sum of dz * (x - mean) of each image.
    internal float* SecondMoment(int sample) => _tables.Pointer + ((long)(_capacity + sample) * _channels);

    // 1 / sqrt(variance + eps), a number a channel.
    internal float* InverseDeviation => _coefficients.Pointer + (5 * _channels);

    /// <summary>Coefficients of this batch from the moments of its images; moves the running statistics.</summary>
    internal void FinishForward(NetworkState state, int samples, int positions)
    {
        int channels = _channels;
        float* means = FirstMoment(0), squares = SecondMoment(0);
        float* mean = Coefficients.Mean;

        // Pooled variance: squared deviations within images, plus those of the images' means, each image weighing the same.
        float* spare = Coefficients.GradientSlope;
        PointwiseTable.TreeSum(squares, samples, channels, channels);
        new Span<float>(squares, channels).CopyTo(new Span<float>(spare, channels));
        new Span<float>(means, samples * channels).CopyTo(new Span<float>(squares, samples * channels));
        PointwiseTable.TreeSum(squares, samples, channels, channels);
        for (int c = 0; c < channels; c++)
            mean[c] = squares[c] / samples;
        for (int s = 0; s < samples; s++)
        {
            for (int c = 0; c < channels; c++)
            {
                float d = means[(s * channels) + c] - mean[c];
                means[(s * channels) + c] = d * d;
            }
        }
        PointwiseTable.TreeSum(means, samples, channels, channels);

        float* runningMean = state.StatisticPointer + RunningMean.Offset, runningVariance = state.StatisticPointer + RunningVariance.Offset;
        float count = (float)samples * positions;
        for (int c = 0; c < channels; c++)
        {
            float total = MathF.FusedMultiplyAdd(positions, means[c], spare[c]);
            SetScale(state, c, total / count);
            runningMean[c] = MathF.FusedMultiplyAdd(Momentum, mean[c], (1 - Momentum) * runningMean[c]);
            runningVariance[c] = MathF.FusedMultiplyAdd(Momentum, total / (count - 1), (1 - Momentum) * runningVariance[c]);
        }
    }

    /// <summary>Coefficients from the running statistics, for evaluation.</summary>
    internal void UseRunningStatistics(NetworkState state)
    {
        for (int c = 0; c < _channels; c++)
        {
            Coefficients.Mean[c] = state.StatisticPointer[RunningMean.Offset + c];
            SetScale(state, c, state.StatisticPointer[RunningVariance.Offset + c]);
        }
    }

    /// <summary>
    /// Gradients of weight and bias, and the coefficients of the gradient with respect to x, from the two sums of each image.
    /// </summary>
    internal void FinishBackward(float* gradients, int samples, int positions)
    {
        float* sums = FirstMoment(0), products = SecondMoment(0);
        PointwiseTable.TreeSum(sums, samples, _channels, _channels);
        PointwiseTable.TreeSum(products, samples, _channels, _channels);
        float count = (float)samples * positions;
        for (int c = 0; c < _channels; c++)
        {
            float inverse = InverseDeviation[c];
            gradients[Bias.Offset + c] = sums[c];
            gradients[Weight.Offset + c] = products[c] * inverse;
            Coefficients.GradientOffset[c] = -Coefficients.Scale[c] * (sums[c] / count);
            Coefficients.GradientSlope[c] = -Coefficients.Scale[c] * (inverse * inverse * (products[c] / count));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _coefficients.Dispose();
        _tables.Dispose();
    }

    private void SetScale(NetworkState state, int channel, float variance)
    {
        float inverse = 1 / MathF.Sqrt(variance + Epsilon);
        InverseDeviation[channel] = inverse;
        Coefficients.Scale[channel] = state.ParameterPointer[Weight.Offset + channel] * inverse;
        Coefficients.Shift[channel] = state.ParameterPointer[Bias.Offset + channel];
    }
}

/// <summary>
/// The tangents of what a batch makes of a batch normalisation (<see cref="BatchStatistics"/>). With S = weight / sqrt(variance + eps) and
/// i = 1 / sqrt(variance + eps): mean' is the mean of x', variance' twice the mean of (x - mean) x', i' = -i^3 variance' / 2, S' = weight'
/// i + weight i'; going back, the gradient's two coefficients are differentiated in the same way. Sums over positions and images have the
/// orders of the sums that they are tangents of; what is done once a channel is done in binary64 and rounded once.
/// </summary>
internal sealed unsafe class TangentStatistics : IDisposable
{
    private readonly BatchStatistics _norm;
    private readonly int _channels;
    private readonly int _half;
    private readonly AlignedBuffer<float> _coefficients;
    private readonly AlignedBuffer<float> _imageMeans;
    private readonly double[] _inverseTangent;

    /// <summary>Takes the memory of a batch.</summary>
    /// <param name="norm">The statistics themselves, for twice as many images: the sums of image s have their tangents at half + s.</param>
    /// <param name="channels">Channels of the stored tensor.</param>
    /// <param name="half">Images in the largest batch.</param>
    public TangentStatistics(BatchStatistics norm, int channels, int half)
    {
        (_norm, _channels, _half) = (norm, channels, half);
        _coefficients = new AlignedBuffer<float>(5L * channels);
        _imageMeans = new AlignedBuffer<float>((long)half * channels);
        _inverseTangent = new double[channels];
        Coefficients = NormCoefficients.At(_coefficients.Pointer, channels);
    }

    /// <summary>The tangents of <see cref="BatchStatistics.Coefficients"/>.</summary>
    public NormCoefficients Coefficients { get; }

    /// <summary>Coefficients of a batch and their tangents, from the sums of its images.</summary>
    public void FinishForward(NetworkState state, NetworkState direction, int samples, int positions)
    {
        float* means = _imageMeans.Pointer, sums = _norm.FirstMoment(_half), products = _norm.SecondMoment(_half);
        new Span<float>(_norm.FirstMoment(0), samples * _channels).CopyTo(_imageMeans.Span);
        _norm.FinishForward(state, samples, positions);

        // The images summed (x - their own mean) x'; what is wanted is about the mean of the batch.
        float* mean = _norm.Coefficients.Mean;
        for (int s = 0; s < samples; s++)
        {
            for (int c = 0, i = s * _channels; c < _channels; c++, i++)
                products[i] = MathF.FusedMultiplyAdd(means[i] - mean[c], sums[i], products[i]);
        }
        PointwiseTable.TreeSum(sums, samples, _channels, _channels);
        PointwiseTable.TreeSum(products, samples, _channels, _channels);

        float* weight = state.ParameterPointer + _norm.Weight.Offset;
        float* weightTangent = direction.ParameterPointer + _norm.Weight.Offset,
            biasTangent = direction.ParameterPointer + _norm.Bias.Offset;
        double count = (double)samples * positions;
        for (int c = 0; c < _channels; c++)
        {
            double inverse = _norm.InverseDeviation[c], varianceTangent = 2 * products[c] / count;
            double inverseTangent = _inverseTangent[c] = -0.5 * inverse * inverse * inverse * varianceTangent;
            Coefficients.Mean[c] = (float)(sums[c] / count);
            Coefficients.Scale[c] = (float)Math.FusedMultiplyAdd(weightTangent[c], inverse, weight[c] * inverseTangent);
            Coefficients.Shift[c] = biasTangent[c];
        }
    }

    /// <summary>
    /// The coefficients of the gradient and their tangents from the sums of the images going back, and the tangents of the gradients of
    /// weight and bias.
    /// </summary>
    public void FinishBackward(NetworkState state, NetworkState direction, float* gradientTangents, int samples, int positions)
    {
        float* sums = _norm.FirstMoment(0), products = _norm.SecondMoment(0), sumTangents = _norm.FirstMoment(_half),
            productTangents = _norm.SecondMoment(_half);
        // It leaves the sums over all images in the first row; its gradients are overwritten below.
        _norm.FinishBackward(gradientTangents, samples, positions);
        PointwiseTable.TreeSum(sumTangents, samples, _channels, _channels);
        PointwiseTable.TreeSum(productTangents, samples, _channels, _channels);
        float* weight = state.ParameterPointer + _norm.Weight.Offset, weightTangent = direction.ParameterPointer + _norm.Weight.Offset;
        double count = (double)samples * positions;
        for (int c = 0; c < _channels; c++)
        {
            double inverse = _norm.InverseDeviation[c], inverseTangent = _inverseTangent[c];
            double scale = weight[c] * inverse, scaleTangent = Math.FusedMultiplyAdd(weightTangent[c], inverse, weight[c] * inverseTangent);
            double mean = sums[c] / count, meanTangent = sumTangents[c] / count;
            double product = products[c] / count, productTangent = productTangents[c] / count;
            gradientTangents[_norm.Bias.Offset + c] = sumTangents[c];
            gradientTangents[_norm.Weight.Offset + c] =
                (float)Math.FusedMultiplyAdd(productTangents[c], inverse, products[c] * inverseTangent);
            Coefficients.GradientOffset[c] = (float)-Math.FusedMultiplyAdd(scaleTangent, mean, scale * meanTangent);
            // The slope is -S i^2 product.
            double square = inverse * inverse, squareTangent = 2 * inverse * inverseTangent;
            double first = Math.FusedMultiplyAdd(scaleTangent, square, scale * squareTangent);
            Coefficients.GradientSlope[c] = (float)-Math.FusedMultiplyAdd(first, product, scale * square * productTangent);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _coefficients.Dispose();
        _imageMeans.Dispose();
    }
}
