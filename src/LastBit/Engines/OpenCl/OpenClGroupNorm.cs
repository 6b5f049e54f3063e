using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>Group normalisation, by the kernels of batch normalisation with coefficients of each image.</summary>
internal sealed class OpenClGroupNorm : OpenClLayer
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly int _groups;
    private readonly OpenClBuffer _coefficients, _means, _squares, _sums, _products;

    /// <exception cref="InputException">The device has no binary64.</exception>
    public OpenClGroupNorm(OpenClMemory memory, LayerPlan plan)
        : base(memory, plan)
    {
        if (!Program.Device.HasDoubles)
        {
            throw new InputException(
                $"{plan.Name}: group normalisation needs binary64, which {Program.Device.Name} does not have; take the engine cpu");
        }
        (_weight, _bias) = (plan.Node!.Parameters[0], plan.Node.Parameters[1]);
        _groups = ((GroupNormalization)plan.Node.Layer).Groups;
        long sums = (long)memory.Capacity * Channels;
        _coefficients = memory.Allocate(OpenClTensor.CoefficientRows * sums);
        (_means, _squares, _sums, _products) =
            (memory.Allocate(sums), memory.Allocate(sums), memory.Allocate(sums), memory.Allocate(sums));
    }

    private int Channels => Output.Channels;

    private int Size => Channels / _groups;

    public override void Forward()
    {
        OpenClBuffer x = ReadInput(0);
        int count = Count * Output.ImageSize;
        Program.Run("moments", [Channels, 4, Count], [16, 4, 1], x, _means, _squares, Output.Positions, Channels);
        Program.Run("group_forward", [Count * _groups], [64], _means, _squares, _coefficients, Memory.Parameters, _weight.Offset,
            _bias.Offset, Count * _groups, _groups, Size, Output.Positions, Images, Memory.Stride);
        Program.Run("view", [count], x, _coefficients, Output.Data, count, Channels, 1, 0, Output.ImageSize);
    }

    public override void Backward()
    {
        OpenClBuffer gradient = ReadOutputGradient(), x = ReadInput(0);
        int count = Count * Output.ImageSize;
        // Without an activation function the numbers stay as they are; only their sums are taken.
        Program.Run("close_normalised", [Channels, 4, Count], [16, 4, 1], gradient, x, _coefficients, gradient, _sums, _products,
            Output.Positions, Channels, 0, 0, 1);
        Program.Run("group_gradient", [Channels, Replicas], [64, 1], _sums, _products, _coefficients, Memory.Gradients, _weight.Offset,
            _bias.Offset, Images, Channels, Memory.Stride);
        if (!GoesBack(0))
            return;
        Program.Run("group_backward", [Count * _groups], [64], _means, _squares, _sums, _products, _coefficients, Memory.Parameters,
            _weight.Offset, Count * _groups, _groups, Size, Output.Positions, Images, Memory.Stride);
        OpenClBuffer to = Destination(0);
        Program.Run("norm_backward", [count], gradient, x, _coefficients, gradient, to, count, Channels, 1, 0, Output.ImageSize);
        Contribute(0, to);
    }
}

/// <summary>Dropout: what is drawn is drawn again on the way back.</summary>
internal sealed class OpenClDropout : OpenClLayer
{
    private readonly Argument _threshold;
    private readonly Argument _kept;

    public OpenClDropout(OpenClMemory memory, LayerPlan plan)
        : base(memory, plan)
    {
        var layer = (Dropout)plan.Node!.Layer;
        (_threshold, _kept) = ((int)layer.Threshold, layer.Kept);
    }

    public override void Forward() => Multiply(ReadInput(0), Output.Data);

    public override void Backward()
    {
        if (!GoesBack(0))
            return;
        OpenClBuffer to = Destination(0);
        Multiply(ReadOutputGradient(), to);
        Contribute(0, to);
    }

    private void Multiply(OpenClBuffer x, OpenClBuffer to)
    {
        int count = Count * Output.ImageSize;
        PassSettings pass = Memory.Pass;
        if (!pass.IsTraining)
        {
            Program.Copy(x, to, count);
            return;
        }
        Program.Run("dropout", [count], x, to, count, Output.ImageSize, Plan.InputShapes[0].Channels, Output.Channels, _threshold, _kept,
            (int)(uint)pass.Seed, (int)(uint)(pass.Seed >> 32), (int)Random.RandomPurpose.Dropout, (int)(uint)pass.Step,
            Plan.Node!.Number, Memory.Batch.Places!, Memory.From, Images);
    }
}
