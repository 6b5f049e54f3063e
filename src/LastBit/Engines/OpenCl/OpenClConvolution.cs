using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>A convolution, by the sums of its definition or by Winograd's algorithm, as the CPU would compute this shape.</summary>
internal sealed class OpenClConvolution : OpenClLayer
{
    // Where chunks alone have work enough for a device, an item adds the images of a chunk: a quarter of the tables, and the same sums.
    private const long EnoughWeights = 1 << 18;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly TensorShape _in;
    private readonly TensorShape _out;
    private readonly int _size;
    private readonly int _stride;
    private readonly bool _transforms;
    private readonly bool _gathers;
    private OpenClBuffer? _transformed;

    public OpenClConvolution(OpenClMemory memory, LayerPlan plan, ConvolutionAlgorithm algorithm)
        : base(memory, plan)
    {
        var layer = (Models.Convolution)plan.Node!.Layer;
        (_weight, _bias) = (plan.Node.Parameters[0], plan.Node.Parameters.ElementAtOrDefault(1));
        (_in, _out, _size, _stride) = (Inputs[0].Plan.Shape, Output.Plan.Shape, layer.Size, layer.Stride);
        var shape = new ConvolutionShape(_in.Height, _in.Width, _in.Channels, _out.Channels, _size, _stride);
        _transforms = algorithm == ConvolutionAlgorithm.Winograd && Winograd2x2.Pays(shape);
        _gathers = algorithm == ConvolutionAlgorithm.Winograd && Winograd4x4.Fits(shape);
    }

    /// <summary>Where its weights begin among the packed ones of the network, and the flipped ones of the input gradient.</summary>
    public int Packed { get; private set; }

    /// <inheritdoc cref="Packed"/>
    public int Flipped { get; private set; }

    // The shape alone decides which kernel: they differ in what they do with the border.
    private bool IsDense => _size == 3 && _stride == 1 && _in.Width % 8 == 0;

    private int RealChannels => _weight.Shape[1];

    private int WeightCount => _size * _in.Channels * _size * _out.Channels;

    private int TransformedStride => (GoesBack(0) ? 2 : 1) * Winograd2x2.Points * _in.Channels * _out.Channels;

    private Argument BiasAt => _bias?.Offset ?? -1;

    /// <summary>Adds the places of its packed weights among the parameters to those of the layers before; -1 where there is none.</summary>
    public void Map(List<int> map)
    {
        Packed = map.Count;
        for (int i = 0; i < WeightCount; i++)
        {
            int o = i % _out.Channels, c = i / _out.Channels % _size, channel = i / _out.Channels / _size % _in.Channels;
            map.Add(PlaceOf(o, channel, i / _out.Channels / _size / _in.Channels, c));
        }
        Flipped = map.Count;
        for (int i = 0; GoesBack(0) && i < WeightCount; i++)
        {
            int channel = i % _in.Channels, c = i / _in.Channels % _size, o = i / _in.Channels / _size % _out.Channels;
            map.Add(PlaceOf(o, channel, _size - 1 - (i / _in.Channels / _size / _out.Channels), _size - 1 - c));
        }
    }

    /// <summary>The packed weights of all convolutions.</summary>
    public OpenClBuffer Weights { get; set; } = null!;

    /// <summary>How many packed weights a replica has.</summary>
    public int PackedStride { get; set; }

    /// <summary>Brings the packed weights to the points of Winograd's algorithm, where the layer is computed so.</summary>
    public void Transform()
    {
        if (!_transforms)
            return;
        int plane = _in.Channels * _out.Channels;
        _transformed ??= Memory.Allocate((long)Memory.MostReplicas * TransformedStride);
        Program.Run("winograd_weights", [plane, Replicas], Weights, Packed, _transformed, 0, plane, _in.Channels, _out.Channels,
            PackedStride, TransformedStride);
        if (GoesBack(0))
        {
            Program.Run("winograd_weights", [plane, Replicas], Weights, Flipped, _transformed, Winograd2x2.Points * plane, plane,
                _out.Channels, _in.Channels, PackedStride, TransformedStride);
        }
    }

    public override void Forward()
    {
        if (_transforms)
        {
            Minimal(ReadInput(0), 0, BiasAt, Output.Data, _in, _out.Channels);
            return;
        }
        if (IsDense)
        {
            Dense(ReadInput(0), Packed, BiasAt, Output.Data, _in, RealChannels, _out.Channels);
            return;
        }
        int count = Count * _out.Count;
        Program.Run("convolution", [count], ReadInput(0), Weights, Packed, Memory.Parameters, BiasAt, Output.Data, count, _in.Height,
            _in.Width, _in.Channels, _out.Height, _out.Width, _out.Channels, _size, _stride, Images, Memory.Stride, PackedStride);
    }

    public override void Backward()
    {
        OpenClBuffer gradient = ReadOutputGradient();
        if (_gathers)
            GatheredGradient(gradient);
        else
            WeightGradient(gradient);
        if (_bias is not null)
        {
            int sums = Count * _out.Channels;
            OpenClBuffer tables = Memory.Scratch("tables", sums);
            Program.Run("bias_gradient", [sums], gradient, tables, sums, _out.Height, _out.Width, _out.Channels);
            Program.Run("reduce_tables", [_out.Channels, Replicas], [64, 1], tables, Memory.Gradients, _bias.Offset, _out.Channels, Images,
                WorkPlan.ChunkSize, 1, 1, _out.Channels, 1, Memory.Stride);
        }
        if (!GoesBack(0))
            return;
        OpenClBuffer to = Destination(0);
        if (_transforms)
        {
            Minimal(gradient, Winograd2x2.Points * _in.Channels * _out.Channels, -1, to, _out, _in.Channels);
        }
        else if (IsDense)
        {
            Dense(gradient, Flipped, -1, to, _out, _out.Channels, _in.Channels);
        }
        else
        {
            int count = Count * _in.Count;
            Program.Run("convolution_input_gradient", [count], gradient, Weights, Flipped, to, count, _in.Height, _in.Width, _in.Channels,
                _out.Height, _out.Width, _out.Channels, _size, _stride, Images, PackedStride);
        }
        Contribute(0, to);
    }

    private void WeightGradient(OpenClBuffer gradient)
    {
        int together = (long)WeightCount * Replicas * WorkPlan.Chunks(Images) >= EnoughWeights ? WorkPlan.ChunkSize : 1;
        int number = (Images + together - 1) / together;
        OpenClBuffer tables = Memory.Scratch("tables", (long)WeightCount * number * Replicas);
        if (IsDense)
        {
            int blocks = (_in.Channels + 15) / 16 * (_out.Channels / 16);
            Program.Run("weight_gradient3x3", [64L * blocks, 3, number * Replicas], [64, 1, 1], ReadInput(0), gradient, tables, _in.Height,
                _in.Width, _in.Channels, _out.Channels, Images, together, number);
        }
        else
        {
            int count = WeightCount * number * Replicas;
            Program.Run("weight_gradient", [count], ReadInput(0), gradient, tables, count, _in.Height, _in.Width, _in.Channels, _out.Height,
                _out.Width, _out.Channels, _size, _stride, Images, together, number);
        }
        Reduce(tables, number, WorkPlan.ChunkSize / together);
    }

    private void GatheredGradient(OpenClBuffer gradient)
    {
        int tilesOfImage = _in.Positions / 16, tiles = Count * tilesOfImage, plane = _in.Channels * _out.Channels;
        int chunks = WorkPlan.Chunks(Images), all = chunks * Replicas;
        long most = (long)tiles * Winograd4x4.Points;
        OpenClBuffer values = Memory.Scratch("tiles", most * _in.Channels), gradients = Memory.Scratch("tiles back", most * _out.Channels);
        OpenClBuffer sums = Memory.Scratch("points", (long)all * Winograd4x4.Points * plane);
        OpenClBuffer tables = Memory.Scratch("tables", (long)all * WeightCount);
        Tiles(ReadInput(0), values, _in.Channels, 0);
        Tiles(gradient, gradients, _out.Channels, 1);
        Program.Run("winograd_products", [64L * (_in.Channels / 16) * (_out.Channels / 16), Winograd4x4.Points, all], [64, 1, 1], values,
            gradients, sums, Images * tilesOfImage, WorkPlan.ChunkSize * tilesOfImage, chunks, Replicas, _in.Channels, _out.Channels);
        Program.Run("winograd_gradient", [all * plane], [64], sums, tables, all * plane, _in.Channels, _out.Channels);
        Reduce(tables, chunks, 1);

        void Tiles(OpenClBuffer x, OpenClBuffer to, int channels, int isGradient) => Program.Run("winograd_tiles", [tiles * channels], [64],
            x, to, tiles * channels, _in.Height, _in.Width, channels, isGradient);
    }

    private void Reduce(OpenClBuffer tables, int number, int chunk) =>
        Program.Run("reduce_tables", [WeightCount, Replicas], [64, 1], tables, Memory.Gradients, _weight.Offset, WeightCount, number, chunk,
            _in.Channels, RealChannels, _out.Channels, _size, Memory.Stride);

    private void Minimal(OpenClBuffer input, int weights, Argument bias, OpenClBuffer output, TensorShape from,
        int channels) =>
        Program.Run("winograd", [((from.Positions / 4) + 15) / 16 * 64L, channels / 16, Count], [64, 1, 1], input, _transformed!, weights,
            Memory.Parameters, bias, output, from.Height, from.Width, from.Channels, channels, Images, Memory.Stride,
            TransformedStride);

    private void Dense(OpenClBuffer input, int weights, Argument bias, OpenClBuffer output, TensorShape from,
        int terms, int channels)
    {
        int tiles = from.Width / 8 * ((from.Height + 7) / 8);
        Program.Run("convolution3x3", [64L * tiles, channels / 16, Count], [64, 1, 1], input, Weights, weights, Memory.Parameters, bias,
            output, from.Height, from.Width, from.Channels, terms, channels, Images, Memory.Stride, PackedStride);
    }

    private int PlaceOf(int o, int channel, int row, int column) =>
        channel >= RealChannels ? -1 : _weight.Offset + (((((o * RealChannels) + channel) * _size) + row) * _size) + column;
}
