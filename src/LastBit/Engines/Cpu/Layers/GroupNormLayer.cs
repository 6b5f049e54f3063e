using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// Group normalisation: height x width x channels to the same, z = (x - mean) S + bias with S = weight i, i = 1 / sqrt(variance + eps). The
/// kernels are those of batch normalisation, with coefficients of each image: sums over positions are theirs, channel by channel; the
/// channels of a group are put together in binary64, in their order, and rounded once a channel.
/// Going back with G = sum(weight dz) / m and H = sum(weight dz (x - mean)) / m over the m numbers of a group: the input's gradient is S dz
/// - i^3 H (x - mean) - i G. The tangents follow by the rules of differentiation: mean' is the mean of x', variance' twice that of (x -
/// mean) x', i' = -i^3 variance' / 2, S' = weight' i + weight i', and so on.
/// </summary>
internal sealed unsafe class GroupNormLayer : CpuLayer
{
    // Of each image: mean, scale, shift, slope and offset, and two sums of each channel.
    private const int Rows = 7;
    private readonly int _channels;
    private readonly int _size;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly AlignedBuffer<float> _coefficients;
    private readonly double[] _inverse;
    private float* _w, _b, _dw, _db;

    public GroupNormLayer(LayerPlace place)
        : base(place)
    {
        _channels = place.From.Channels;
        int groups = ((GroupNormalization)place.Node.Layer).Groups;
        _size = _channels / groups;
        (_weight, _bias) = (place.Node.Parameters[0], place.Node.Parameters[1]);
        _coefficients = Own(new AlignedBuffer<float>((long)place.Images * Rows * _channels));
        _inverse = new double[place.Images * groups];
    }

    public override int TableSize => 2 * _channels;

    public override int ReduceParts => 1;

    private int Positions => Output.Positions;

    /// <summary>How many numbers a group of an image has.</summary>
    private double Count => (double)_size * Positions;

    /// <summary>What the kernels need to know of it.</summary>
    public static string? WhyNot(LayerPlan plan)
    {
        TensorShape from = plan.InputShapes[0];
        return from.Channels % 16 != 0 ? $"{from.Channels} channels; the kernels take multiples of 16"
            : from.Positions % 4 != 0 ? $"{from.Positions} positions; the kernels take multiples of 4"
            : plan.Inputs[0].Tensor.Producer is null ? "it reads the images; put a convolution before it" : null;
    }

    public override void LoadWeights(NetworkState state, int part)
    {
        _w = state.ParameterPointer + _weight.Offset;
        _b = state.ParameterPointer + _bias.Offset;
    }

    public override void LoadDirection(NetworkState direction, int part)
    {
        _dw = direction.ParameterPointer + _weight.Offset;
        _db = direction.ParameterPointer + _bias.Offset;
    }

    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        float* x = ReadInput(0, sample, scratch);
        NormCoefficients norm = Norm(sample);
        float* means = Sums(sample), squares = means + _channels;
        PointwiseTable.Moments(x, Positions, _channels, means, squares);
        for (int first = 0; first < _channels; first += _size)
        {
            double mean = 0, variance = 0;
            for (int c = first; c < first + _size; c++)
                mean += means[c];
            mean /= _size;
            for (int c = first; c < first + _size; c++)
                variance = Math.FusedMultiplyAdd(Positions * (means[c] - mean), means[c] - mean, variance + squares[c]);
            double inverse = Inverse(sample, first) = 1 / Math.Sqrt((variance / Count) + GroupNormalization.Epsilon);
            for (int c = first; c < first + _size; c++)
                (norm.Mean[c], norm.Scale[c], norm.Shift[c]) = ((float)mean, (float)(_w[c] * inverse), _b[c]);
        }
        PointwiseTable.For(_channels)
            .FillPadded(normalised: true, Activation.None)(x, norm, Output.Sample(sample), Output.Height, Output.Width, _channels, 0);
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch)
    {
        ReadBoth(0, sample, scratch, 0);
        NormCoefficients norm = Norm(sample), tangent = Norm(Half + sample);
        float* sums = Sums(Half + sample), products = sums + _channels;
        TangentTable.For(_channels).Moments(scratch.Inputs, Positions, _channels, norm.Mean, sums, products);
        for (int first = 0; first < _channels; first += _size)
        {
            double mean = Sum(sums, first) / Count, variance = 2 * Sum(products, first) / Count, inverse = Inverse(sample, first);
            double moved = Inverse(Half + sample, first) = -0.5 * inverse * inverse * inverse * variance;
            for (int c = first; c < first + _size; c++)
                (tangent.Mean[c], tangent.Scale[c], tangent.Shift[c]) =
                    ((float)mean, (float)Math.FusedMultiplyAdd(_dw[c], inverse, _w[c] * moved), _db[c]);
        }
        TangentTable.For(_channels).FillPadded(Activation.None, normalised: true, value: false)(
            scratch.Inputs, norm, tangent, new Dual(null, Both(Output, sample).Tangent), Output.Height, Output.Width, _channels, 0);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        float* x = ReadInput(0, sample, scratch), gradient = scratch.OutputGradient;
        ReadOutputGradient(sample, gradient, 0);
        NormCoefficients norm = Norm(sample);
        float* sums = Sums(sample), products = sums + _channels;
        PointwiseTable.For(_channels)
            .Close(normalised: true, Activation.None, already: false)(gradient, x, norm, gradient, Positions, _channels, sums, products);
        for (int first = 0; first < _channels; first += _size)
        {
            double inverse = Inverse(sample, first), sum = 0, product = 0;
            for (int c = first; c < first + _size; c++)
            {
                sum = Math.FusedMultiplyAdd(_w[c], sums[c], sum);
                product = Math.FusedMultiplyAdd(_w[c], products[c], product);
                table[c] = MathF.FusedMultiplyAdd(products[c], (float)inverse, table[c]);
                table[_channels + c] += sums[c];
            }
            for (int c = first; c < first + _size; c++)
                (norm.GradientSlope[c], norm.GradientOffset[c]) =
                    ((float)(-inverse * inverse * inverse * product / Count), (float)(-inverse * sum / Count));
        }
        if (Sinks[0] is not { } sink)
            return;
        PointwiseTable.For(_channels).NormBackward(normalised: true, raw: false)(
            gradient, x, norm, null, scratch.InputGradient, Output.Height, Output.Width, _channels, 0);
        sink.Contribute(sample, scratch.InputGradient);
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradients(sample, scratch, 0);
        ReadBoth(0, sample, scratch, 0);
        NormCoefficients norm = Norm(sample), tangent = Norm(Half + sample);
        float* sums = Sums(sample), products = sums + _channels, sumTangents = Sums(Half + sample), productTangents =
            sumTangents + _channels;
        TangentTable.For(_channels).Close(Activation.None, normalised: true, already: false)(
            scratch.OutputGradients, scratch.Inputs, norm, tangent, scratch.OutputGradients, Positions, _channels,
            new Dual(sums, sumTangents), new Dual(products, productTangents));
        for (int first = 0; first < _channels; first += _size)
        {
            double inverse = Inverse(sample, first), moved = Inverse(Half + sample, first), sum = 0, product = 0, sumTangent = 0,
                productTangent = 0;
            for (int c = first; c < first + _size; c++)
            {
                sum = Math.FusedMultiplyAdd(_w[c], sums[c], sum);
                product = Math.FusedMultiplyAdd(_w[c], products[c], product);
                sumTangent = Math.FusedMultiplyAdd(_w[c], sumTangents[c], Math.FusedMultiplyAdd(_dw[c], sums[c], sumTangent));
                productTangent =
                    Math.FusedMultiplyAdd(_w[c], productTangents[c], Math.FusedMultiplyAdd(_dw[c], products[c], productTangent));
                table[c] += (float)Math.FusedMultiplyAdd(productTangents[c], inverse, products[c] * moved);
                table[_channels + c] += sumTangents[c];
            }
            double cube = inverse * inverse * inverse, cubeTangent = 3 * inverse * inverse * moved;
            for (int c = first; c < first + _size; c++)
            {
                (norm.GradientSlope[c], norm.GradientOffset[c]) = ((float)(-cube * product / Count), (float)(-inverse * sum / Count));
                tangent.GradientSlope[c] = (float)(-Math.FusedMultiplyAdd(cubeTangent, product, cube * productTangent) / Count);
                tangent.GradientOffset[c] = (float)(-Math.FusedMultiplyAdd(moved, sum, inverse * sumTangent) / Count);
            }
        }
        if (Sinks[0] is not { } sink)
            return;
        TangentTable.For(_channels).NormBackward(normalised: true, raw: false)(
            scratch.OutputGradients, scratch.Inputs, norm, tangent, default, scratch.InputGradients, Output.Height, Output.Width, _channels,
            0);
        sink.Contribute(sample, scratch.InputGradients);
    }

    public override void ReduceTables(float* tables, int chunks, float* gradients, int part)
    {
        PointwiseTable.TreeSum(tables, chunks, TableSize, TableSize);
        new Span<float>(tables, _channels).CopyTo(new Span<float>(gradients + _weight.Offset, _channels));
        new Span<float>(tables + _channels, _channels).CopyTo(new Span<float>(gradients + _bias.Offset, _channels));
    }

    private NormCoefficients Norm(int image) =>
        NormCoefficients.At(_coefficients.Pointer + ((long)image * Rows * _channels), _channels);

    /// <summary>Two sums of each channel of an image, one row after the other.</summary>
    private float* Sums(int image) => _coefficients.Pointer + ((((long)image * Rows) + 5) * _channels);

    /// <summary>1 / sqrt(variance + eps) of a group of an image; at <see cref="CpuLayer.Half"/> + image its tangent.</summary>
    private ref double Inverse(int image, int first) => ref _inverse[(image * (_channels / _size)) + (first / _size)];

    private double Sum(float* values, int first)
    {
        double sum = 0;
        for (int c = first; c < first + _size; c++)
            sum += values[c];
        return sum;
    }
}
