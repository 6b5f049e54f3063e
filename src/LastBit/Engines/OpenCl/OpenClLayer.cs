using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// A layer on a device: what it queues for all images of a pass, forward and backward. Which kernel sums what in which order is said in
/// the kernels' files; the orders are those of the CPU's layers of the same names.
/// </summary>
internal abstract class OpenClLayer
{
    protected OpenClLayer(OpenClMemory memory, LayerPlan plan)
    {
        (Memory, Plan) = (memory, plan);
        Output = memory[plan.Output];
        Inputs = [.. plan.Inputs.Select(view => memory[view.Tensor])];
    }

    /// <summary>Its place in the order of work.</summary>
    public LayerPlan Plan { get; }

    /// <summary>What it writes.</summary>
    public OpenClTensor Output { get; }

    /// <summary>Whether its inputs are to be in memory as it sees them.</summary>
    public virtual bool ReadsSeen => true;

    protected OpenClMemory Memory { get; }

    protected OpenClProgram Program => Memory.Program;

    protected OpenClTensor[] Inputs { get; }

    /// <summary>Images of the pass, those of all replicas.</summary>
    protected int Count => Memory.Count;

    /// <summary>Images of one replica.</summary>
    protected int Images => Memory.Count / Replicas;

    /// <summary>Replicas of the pass.</summary>
    protected int Replicas => Memory.Replicas;

    /// <summary>Whether the gradient of an input is asked for.</summary>
    protected bool GoesBack(int input) => Plan.Contributions[input] is not null;

    /// <summary>Computes the outputs.</summary>
    public abstract void Forward();

    /// <summary>Computes the gradients of its weights and hands those of its inputs on.</summary>
    public abstract void Backward();

    protected OpenClBuffer ReadInput(int input) => Inputs[input].Read(Plan.Inputs[input]);

    /// <summary>The gradient with respect to the output, from what its readers have left.</summary>
    protected OpenClBuffer ReadOutputGradient()
    {
        OpenClBuffer? view = GradientOf(Plan.Output.ViewGradient), raw = GradientOf(Plan.Output.RawGradient);
        bool normalised = view is not null && Output.Normalization is not null;
        if (!normalised && (view is null || raw is null))
            return view ?? raw!;
        int count = Count * Output.ImageSize;
        OpenClBuffer to = Memory.Scratch("output gradient", (long)Memory.Capacity * Output.ImageSize);
        Program.Run("norm_backward", [count], view!, Output.Data, Output.CoefficientsOrAny, raw ?? view!, to, count, Output.Channels,
            normalised ? 1 : 0, raw is null ? 0 : 1, Images * Output.ImageSize);
        return to;
    }

    protected OpenClBuffer? GradientOf(GradientBuffer? plan) => plan is null ? null : Memory[plan];

    /// <summary>Where the gradient of an input may be computed: in its place, if nothing is there yet.</summary>
    protected OpenClBuffer Destination(int input) => Plan.Contributions[input] is { IsFirst: true } first ? Memory[first.Buffer]
        : Memory.Scratch("input gradient", (long)Memory.Capacity * Inputs[input].ImageSize);

    /// <summary>Hands a gradient on to an input, as the order of work has it.</summary>
    protected void Contribute(int input, OpenClBuffer gradient)
    {
        if (Plan.Contributions[input] is not { } contribution)
            return;
        OpenClTensor tensor = Inputs[input];
        ViewPlan view = Plan.Inputs[input];
        OpenClBuffer target = Memory[contribution.Buffer];
        int count = Count * tensor.ImageSize, already = contribution.IsFirst ? 0 : 1;
        if (!contribution.Closes)
        {
            if (!contribution.IsFirst)
                Program.Run("accumulate", [count], gradient, target, count);
            else if (gradient != target)
                Program.Copy(gradient, target, count);
            return;
        }
        if (tensor.Normalization is not { } norm)
        {
            Program.Run("close_view", [count], gradient, tensor.Data, target, count, (int)view.Activation, already);
            return;
        }
        Program.Run("close_normalised", [tensor.Channels, 4, Count], [16, 4, 1], gradient, tensor.Data, tensor.Coefficients!, target,
            tensor.First!, tensor.Second!, tensor.Positions, tensor.Channels, (int)view.Activation, already, Images);
        Program.Run("finish_backward", [tensor.Channels * 64L, Replicas], [64, 1], tensor.First!, tensor.Second!, tensor.Coefficients!,
            Memory.Gradients, norm.Parameters[0].Offset, norm.Parameters[1].Offset, Images, tensor.Channels, tensor.Positions,
            Memory.Stride);
    }
}

/// <summary>The end of a residual block.</summary>
internal sealed class OpenClAddition(OpenClMemory memory, LayerPlan plan) : OpenClLayer(memory, plan)
{
    public override bool ReadsSeen => false;

    public override void Forward()
    {
        int count = Count * Output.ImageSize;
        (OpenClBuffer left, int leftNormalised, _) = Operand(0);
        (OpenClBuffer right, int rightNormalised, int function) = Operand(1);
        Program.Run("add", [count], left, Inputs[0].CoefficientsOrAny, leftNormalised, right, Inputs[1].CoefficientsOrAny, rightNormalised,
            function, Output.Data, count, Output.Channels, Images * Output.ImageSize);
    }

    public override void Backward()
    {
        OpenClBuffer? view = GradientOf(Plan.Output.ViewGradient), raw = GradientOf(Plan.Output.RawGradient);
        OpenClBuffer total = raw ?? view!;
        int count = Count * Output.ImageSize;
        if (view is not null)
        {
            OpenClBuffer back = view;
            if (Output.Normalization is not null)
            {
                back = raw is null ? view : Memory.Scratch("output gradient", (long)Memory.Capacity * Output.ImageSize);
                Program.Run("norm_backward", [count], view, Output.Data, Output.Coefficients!, view, back, count, Output.Channels, 1, 0,
                    Images * Output.ImageSize);
            }
            if (raw is not null)
                Program.Run("accumulate", [count], back, total, count);
        }
        Contribute(0, total);
        Contribute(1, total);
    }

    // Another layer may have the view in memory already.
    private (OpenClBuffer Data, int Normalised, int Function) Operand(int input) => Inputs[input].Seen is not null
        ? (ReadInput(input), 0, 0) : (Inputs[input].Data, Plan.Inputs[input].Normalised ? 1 : 0, (int)Plan.Inputs[input].Activation);
}

/// <summary>The average or the largest number of windows of 2x2 pixels.</summary>
internal sealed class OpenClPool(OpenClMemory memory, LayerPlan plan) : OpenClLayer(memory, plan)
{
    private readonly int _averages = ((Pool)plan.Node!.Layer).Kind == PoolKind.Average ? 1 : 0;

    public override void Forward()
    {
        int count = Count * Output.ImageSize;
        Program.Run("pool", [count], ReadInput(0), Output.Data, count, Output.Plan.Shape.Height, Output.Plan.Shape.Width, Output.Channels,
            _averages);
    }

    public override void Backward()
    {
        if (!GoesBack(0))
            return;
        int count = Count * Output.ImageSize;
        OpenClBuffer to = Destination(0);
        Program.Run("pool_back", [count], ReadInput(0), ReadOutputGradient(), to, count, Output.Plan.Shape.Height,
            Output.Plan.Shape.Width, Output.Channels, _averages);
        Contribute(0, to);
    }
}

/// <summary>The average over all positions.</summary>
internal sealed class OpenClAverage(OpenClMemory memory, LayerPlan plan) : OpenClLayer(memory, plan)
{
    public override void Forward()
    {
        OpenClBuffer squares = Memory.Scratch("output gradient", (long)Memory.Capacity * Output.ImageSize);
        Program.Run("moments", [Output.Channels, 4, Count], [16, 4, 1], ReadInput(0), Output.Data, squares, Inputs[0].Positions,
            Output.Channels);
    }

    public override void Backward()
    {
        if (!GoesBack(0))
            return;
        int count = Count * Inputs[0].ImageSize;
        OpenClBuffer to = Destination(0);
        Program.Run("spread", [count], ReadOutputGradient(), to, count, Inputs[0].Positions, Inputs[0].Channels);
        Contribute(0, to);
    }
}

/// <summary>A small linear layer behind an average.</summary>
internal sealed class OpenClLinear(OpenClMemory memory, LayerPlan plan) : OpenClLayer(memory, plan)
{
    private readonly Parameter _weight = plan.Node!.Parameters[0];
    private readonly Parameter _bias = plan.Node!.Parameters[1];

    private int Features => _weight.Shape[1];

    private int Outputs => _weight.Shape[0];

    public override void Forward()
    {
        int count = Count * Output.ImageSize;
        Program.Run("linear", [count], ReadInput(0), Inputs[0].ImageSize, Memory.Parameters, _weight.Offset, _bias.Offset, Output.Data,
            count, Features, Outputs, Output.ImageSize, Images, Memory.Stride);
    }

    public override void Backward()
    {
        OpenClBuffer gradient = ReadOutputGradient();
        Program.Run("linear_weight_gradient", [_weight.Count + Outputs, Replicas], gradient, Output.ImageSize, ReadInput(0),
            Inputs[0].ImageSize, Memory.Gradients, _weight.Offset, _bias.Offset, Images, Features, Outputs, Memory.Stride);
        if (!GoesBack(0))
            return;
        int count = Count * Inputs[0].ImageSize;
        OpenClBuffer to = Destination(0);
        Program.Run("linear_input_gradient", [count], gradient, Output.ImageSize, Memory.Parameters, _weight.Offset, to, count, Features,
            Outputs, Inputs[0].ImageSize, Images, Memory.Stride);
        Contribute(0, to);
    }
}

/// <summary>The loss of the outputs, and their gradient, which is found on the way forward.</summary>
internal sealed class OpenClLoss : OpenClLayer
{
    private readonly string _kernel;
    private readonly int _classes;
    private readonly OpenClBuffer _gradient;

    public OpenClLoss(OpenClMemory memory, LayerPlan plan, Loss loss)
        : base(memory, plan)
    {
        _kernel = loss == Loss.CrossEntropy ? "cross_entropy" : "squared_error";
        _classes = plan.InputShapes[0].Count;
        _gradient = memory.Allocate((long)memory.Capacity * Inputs[0].ImageSize);
    }

    /// <summary>The outputs of the network.</summary>
    public OpenClTensor Outputs => Inputs[0];

    public override void Forward()
    {
        int stored = Inputs[0].ImageSize;
        Program.Run(_kernel, [Count], [64], Inputs[0].Data, Memory.Batch.Labels, Memory.From, _gradient, Memory.Losses, Count,
            Images, _classes, stored);
        for (int r = 0; r < Replicas; r++)
        {
            OpenClBuffer results = Memory.States[r].PlaceFor(Images, out int place);
            Program.Run("take_result", [64], [64], Inputs[0].Data, Memory.Batch.Labels, Memory.From, Memory.Losses, results, place, r,
                Images, _classes, stored);
        }
    }

    public override void Backward() => Contribute(0, _gradient);
}
