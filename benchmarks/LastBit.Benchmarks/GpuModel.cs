using System.Globalization;
using LastBit.Engines;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;
using Convolution = LastBit.Models.Convolution;

namespace LastBit.Benchmarks;

/// <summary>
/// What a step of the engine of OpenCL would take on a GPU, by a roofline: every launch takes the longest of its operations at a share of
/// the peak, its bytes at a share of the bandwidth, and the time between two launches. A model and no measurement; the system tests
/// compare its launches with those of the engine.
/// </summary>
internal static class GpuModel
{
    // The assumptions, all of them.
    private const double ShareOfPeak = 0.3, ShareOfBandwidth = 0.7, BetweenLaunches = 3e-6, OfTrees = 5e-6;
    private static readonly (string Name, double Peak, double Bandwidth)[] s_devices =
    [
        ("H200", 67e12, 4.8e12), ("H100 SXM", 67e12, 3.35e12), ("A100 80 GB", 19.5e12, 2.0e12), ("RTX 4090", 82.6e12, 1.01e12),
    ];

    /// <summary>Prints launches, operations and bytes of a step, and the times.</summary>
    /// <param name="args">NETWORK BATCH, ResNet-56 and 128 where they are left out.</param>
    public static int Run(string[] args)
    {
        string network = args.Length > 0 ? args[0] : "resnet56";
        int batch = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 128;
        Model model = NetworkSettings.Parse(network, Activation.Relu).Build();
        Console.WriteLine(FormattableString.Invariant(
            $"A model: {ShareOfPeak:0%} of the peak, {ShareOfBandwidth:0%} of the bandwidth, ")
            + FormattableString.Invariant($"{1e6 * BetweenLaunches} us a launch, {1e6 * OfTrees} us a tree."));
        foreach (ConvolutionAlgorithm convolution in Enum.GetValues<ConvolutionAlgorithm>())
        {
            List<Launch> step = Step(model, batch, convolution);
            List<Launch> evaluation = Forward(WorkPlan.Of(model), batch, convolution, isTraining: false);
            double flop = step.Sum(one => one.Flop), bytes = step.Sum(one => one.Bytes);
            Console.WriteLine(FormattableString.Invariant($"{network}, batch {batch}, {convolution}: {step.Count} launches, ")
                + FormattableString.Invariant($"{flop / 1e9:0.0} GFLOP, {bytes / 1e9:0.00} GB a step and replica"));
            foreach ((string name, double peak, double bandwidth) in s_devices)
            {
                double one = step.Sum(Time), forward = evaluation.Sum(Time);
                // 50,000 images are 391 steps of 128, and 10,000 are 79 passes.
                double table = 36 * 200 * ((391 * one) + (79 * forward)) / 3600;
                Console.WriteLine(FormattableString.Invariant(
                    $"  {name,-11} {1e3 * one,6:0.0} ms a step, {6e3 * one,6:0.0} ms with 6 replicas; ")
                    + FormattableString.Invariant($"{flop / one / peak:0%} of the peak; Table 1 {table,5:0.0} h"));

                double Time(Launch launch) => Math.Max(
                    launch.IsTree ? OfTrees : BetweenLaunches,
                    Math.Max(launch.Flop / (ShareOfPeak * peak), launch.Bytes / (ShareOfBandwidth * bandwidth)));
            }
        }
        return 0;
    }

    /// <summary>The launches of a step of SGD of one replica.</summary>
    internal static List<Launch> Step(Model model, int batch, ConvolutionAlgorithm convolution)
    {
        WorkPlan plan = WorkPlan.Of(model);
        List<Launch> launches = Forward(plan, batch, convolution, isTraining: true);
        double parameters = model.Layout.ParameterCount;
        foreach (LayerPlan layer in plan.Layers.Reverse())
            Backward(launches, layer, batch, convolution);
        launches.Add(new("sgd", 6 * parameters, 20 * parameters));
        return launches;
    }

    private static List<Launch> Forward(WorkPlan plan, int batch, ConvolutionAlgorithm convolution, bool isTraining)
    {
        var launches = new List<Launch>();
        var seen = new HashSet<TensorPlan>();
        LayerPlan[] convolutions = [.. plan.Layers.Where(layer => layer is { TakesAllImages: false, Node.Layer: Convolution })];
        if (convolutions.Length > 0 && isTraining)
            launches.Add(new("pack", 0, convolutions.Sum(layer => 24.0 * ShapeOf(layer).WeightCount)));
        foreach (LayerPlan layer in convolutions.Where(layer => isTraining && Transforms(layer, convolution)))
        {
            for (int i = 0; i < (layer.Contributions[0] is null ? 1 : 2); i++)
                launches.Add(new("winograd_weights", 0, 4.0 * 25 * ShapeOf(layer).InChannels * ShapeOf(layer).OutChannels));
        }
        var kept = plan.Layers.Where(layer => layer.Node?.Layer is not Addition).SelectMany(layer => layer.Inputs)
            .Where(view => !view.IsRaw).Select(view => view.Tensor).ToHashSet();
        if (!isTraining)
        {
            int normalised = plan.Layers.Count(layer => layer.Output.Normalization is not null);
            launches.AddRange(Enumerable.Repeat(new Launch("use_running", 0, 0), normalised));
        }
        foreach (LayerPlan layer in plan.Layers)
        {
            double read = layer.Inputs.Sum(view => 4.0 * batch * view.Tensor.Shape.Count), written = 4.0 * batch * layer.Output.Shape.Count;
            foreach (ViewPlan view in layer.Inputs.Where(view => !view.IsRaw && kept.Contains(view.Tensor) && seen.Add(view.Tensor)))
                launches.Add(new("view", 2.0 * batch * view.Tensor.Shape.Count, 8.0 * batch * view.Tensor.Shape.Count));
            if (layer.TakesAllImages)
                launches.Add(new("rows", 0, 2 * read));
            double flop = Flop(layer, batch) / (Transforms(layer, convolution) ? 2.25 : 1);
            launches.Add(new(layer.Name, flop, read + written, layer.Node is null));
            if (layer.Node is null)
                launches.Add(new("take_result", 0, 0, IsTree: true));
            if (layer.Output.Normalization is not null && isTraining)
            {
                launches.Add(new("moments", 0, 2 * written, IsTree: true));
                launches.Add(new("finish_forward", 0, 0, IsTree: true));
            }
        }
        return launches;
    }

    private static void Backward(List<Launch> launches, LayerPlan layer, int batch, ConvolutionAlgorithm convolution)
    {
        TensorPlan output = layer.Output;
        double written = 4.0 * batch * output.Shape.Count, read = 4.0 * batch * layer.Inputs[0].Tensor.Shape.Count;
        double flop = Flop(layer, batch);
        bool normalised = output.ViewGradient is not null && output.Normalization is not null;
        bool both = output.ViewGradient is not null && output.RawGradient is not null;
        bool back = layer.Contributions[0] is not null;
        if (layer.Node is null)
        {
            Contribute(0);
            return;
        }
        if (layer.Node.Layer is Addition)
        {
            if (normalised)
                launches.Add(new("norm_backward", 0, 3 * written));
            if (both)
                launches.Add(new("accumulate", 0, 3 * written));
            Contribute(0);
            Contribute(1);
            return;
        }
        if (normalised || both)
            launches.Add(new("norm_backward", 0, 3 * written));
        if (layer.TakesAllImages)
        {
            launches.Add(new("matrix_gradient", flop, read + written));
            if (layer.Node.Parameters.Count > 1)
                launches.Add(new("column_sums", 0, written));
            if (back)
            {
                launches.Add(new("multiply", flop, read + written));
                launches.Add(new("return rows", 0, 2 * read));
            }
        }
        else if (layer.Node.Layer is Convolution)
        {
            ConvolutionShape shape = ShapeOf(layer);
            if (convolution == ConvolutionAlgorithm.Winograd && Winograd4x4.Fits(shape))
            {
                double sums = 4.0 * WorkPlan.Chunks(batch) * 36 * shape.InChannels * shape.OutChannels;
                launches.Add(new("winograd_tiles", 0, 3.25 * read));
                launches.Add(new("winograd_tiles", 0, 3.25 * written));
                launches.Add(new("winograd_products", flop / 4, (2.25 * (read + written)) + sums));
                launches.Add(new("winograd_gradient", 0, 1.25 * sums));
                launches.Add(new("reduce_tables", 0, sums / 4));
            }
            else
            {
                int chunks = WorkPlan.Chunks(batch);
                double tables = 4.0 * (shape.WeightCount * (long)chunks >= 1 << 18 ? chunks : batch) * shape.WeightCount;
                launches.Add(new("weight_gradient", flop, read + written + tables));
                launches.Add(new("reduce_tables", 0, tables));
            }
            if (layer.Node.Parameters.Count > 1)
            {
                launches.Add(new("bias_gradient", 0, written));
                launches.Add(new("reduce_tables", 0, 0));
            }
            if (back)
                launches.Add(new("input gradient", flop / (Transforms(layer, convolution) ? 2.25 : 1), read + written));
        }
        else if (layer.Node.Layer is Linear)
        {
            launches.Add(new("linear_weight_gradient", flop, read + written));
            if (back)
                launches.Add(new("linear_input_gradient", flop, read + written));
        }
        else if (back)
        {
            launches.Add(new(layer.Name, 0, read + written));
        }
        Contribute(0);

        void Contribute(int input)
        {
            if (layer.Contributions[input] is not { } contribution)
                return;
            double bytes = 4.0 * batch * layer.Inputs[input].Tensor.Shape.Count;
            bool isNormalised = layer.Inputs[input].Tensor.Normalization is not null;
            if (contribution.Closes)
                launches.Add(new("close", 0, (contribution.IsFirst ? 3 : 4) * bytes, isNormalised));
            else if (!contribution.IsFirst)
                launches.Add(new("accumulate", 0, 3 * bytes));
            if (contribution.Closes && isNormalised)
                launches.Add(new("finish_backward", 0, 0, IsTree: true));
        }
    }

    private static double Flop(LayerPlan layer, int batch) => layer.Node switch
    {
        { Layer: Convolution } node => 2.0 * batch * layer.Output.Shape.Positions * node.Parameters[0].Count,
        { Layer: Linear } node => 2.0 * batch * node.Parameters[0].Count,
        _ => 0,
    };

    private static bool Transforms(LayerPlan layer, ConvolutionAlgorithm convolution) => convolution == ConvolutionAlgorithm.Winograd
        && layer is { TakesAllImages: false, Node.Layer: Convolution } && Winograd2x2.Pays(ShapeOf(layer));

    private static ConvolutionShape ShapeOf(LayerPlan layer)
    {
        var node = (Convolution)layer.Node!.Layer;
        TensorShape from = layer.Inputs[0].Tensor.Shape;
        return new ConvolutionShape(from.Height, from.Width, from.Channels, layer.Output.Shape.Channels, node.Size, node.Stride);
    }

    /// <summary>One launch.</summary>
    /// <param name="Kernel">What is launched.</param>
    /// <param name="Flop">Floating-point operations.</param>
    /// <param name="Bytes">Bytes read and written.</param>
    /// <param name="IsTree">Whether its items wait for each other.</param>
    internal readonly record struct Launch(string Kernel, double Flop, double Bytes, bool IsTree = false);
}
