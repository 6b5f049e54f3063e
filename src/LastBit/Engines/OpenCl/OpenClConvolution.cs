using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>A convolution by the sums of its definition.</summary>
internal sealed class OpenClConvolution : OpenClLayer
{
    // Where tables of images would take more numbers, those of a chunk are added up at once: fewer items work, with the same sums.
    private const long MostTables = 1 << 26;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly TensorShape _in;
    private readonly TensorShape _out;
    private readonly int _size;
    private readonly int _stride;

    public OpenClConvolution(OpenClMemory memory, LayerPlan plan)
        : base(memory, plan)
    {
        var layer = (Convolution)plan.Node!.Layer;
        (_weight, _bias) = (plan.Node.Parameters[0], plan.Node.Parameters.ElementAtOrDefault(1));
        (_in, _out, _size, _stride) = (Inputs[0].Plan.Shape, Output.Plan.Shape, layer.Size, layer.Stride);
    }

    /// <summary>Where its weights begin among the packed ones of the network, and the turned ones of the input gradient.</summary>
    public int Packed { get; private set; }

    /// <inheritdoc cref="Packed"/>
    public int Flipped { get; private set; }

    // The shape alone decides which kernel: the two differ in what they do with the border.
    private bool IsDense => _size == 3 && _stride == 1 && _in.Width % 8 == 0;

    private int RealChannels => _weight.Shape[1];

    private int WeightCount => _size * _in.Channels * _size * _out.Channels;

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

    public override void Forward(OpenClReplica replica)
    {
        if (IsDense)
        {
            Dense(ReadInput(0), Packed, replica, BiasAt, Output.Data, _in, RealChannels, _out.Channels);
            return;
        }
        int count = Count * _out.Count;
        Program.Run("convolution", [count], ReadInput(0), Weights, Packed, replica.Parameters, BiasAt, Output.Data, count, _in.Height,
            _in.Width, _in.Channels, _out.Height, _out.Width, _out.Channels, _size, _stride);
    }

    public override void Backward(OpenClReplica replica)
    {
        OpenClBuffer gradient = ReadOutputGradient();
        WeightGradient(gradient);
        if (_bias is not null)
        {
            int sums = Count * _out.Channels;
            OpenClBuffer tables = Memory.Scratch("tables", sums);
            Program.Run("bias_gradient", [sums], gradient, tables, sums, _out.Height, _out.Width, _out.Channels);
            Program.Run("reduce_tables", [_out.Channels], [64], tables, Memory.Gradients, _bias.Offset, _out.Channels, Count,
                WorkPlan.ChunkSize, 1, 1, _out.Channels, 1);
        }
        if (!GoesBack(0))
            return;
        OpenClBuffer to = Destination(0);
        if (IsDense)
        {
            Dense(gradient, Flipped, replica, -1, to, _out, _out.Channels, _in.Channels);
        }
        else
        {
            int count = Count * _in.Count;
            Program.Run("convolution_input_gradient", [count], gradient, Weights, Flipped, to, count, _in.Height, _in.Width, _in.Channels,
                _out.Height, _out.Width, _out.Channels, _size, _stride);
        }
        Contribute(replica, 0, to);
    }

    private void WeightGradient(OpenClBuffer gradient)
    {
        int together = (long)WeightCount * Memory.Capacity > MostTables ? WorkPlan.ChunkSize : 1;
        int number = (Count + together - 1) / together;
        OpenClBuffer tables = Memory.Scratch("tables", (long)WeightCount * ((Memory.Capacity + together - 1) / together));
        if (IsDense)
        {
            int blocks = (_in.Channels + 15) / 16 * (_out.Channels / 16);
            Program.Run("weight_gradient3x3", [64L * blocks, 3, number], [64, 1, 1], ReadInput(0), gradient, tables, _in.Height, _in.Width,
                _in.Channels, _out.Channels, Count, together);
        }
        else
        {
            int count = WeightCount * number;
            Program.Run("weight_gradient", [count], ReadInput(0), gradient, tables, count, _in.Height, _in.Width, _in.Channels, _out.Height,
                _out.Width, _out.Channels, _size, _stride, Count, together);
        }
        Program.Run("reduce_tables", [WeightCount], [64], tables, Memory.Gradients, _weight.Offset, WeightCount, number,
            WorkPlan.ChunkSize / together, _in.Channels, RealChannels, _out.Channels, _size);
    }

    private void Dense(OpenClBuffer input, int weights, OpenClReplica replica, Argument bias, OpenClBuffer output, TensorShape from,
        int terms, int channels)
    {
        int tiles = from.Width / 8 * ((from.Height + 7) / 8);
        Program.Run("convolution3x3", [64L * tiles, channels / 16, Count], [64, 1, 1], input, Weights, weights, replica.Parameters, bias,
            output, from.Height, from.Width, from.Channels, terms, channels);
    }

    private int PlaceOf(int o, int channel, int row, int column) =>
        channel >= RealChannels ? -1 : _weight.Offset + (((((o * RealChannels) + channel) * _size) + row) * _size) + column;
}
