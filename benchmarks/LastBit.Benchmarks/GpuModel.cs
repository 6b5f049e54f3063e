using System.Globalization;
using LastBit.Engines;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;
using Convolution = LastBit.Models.Convolution;

namespace LastBit.Benchmarks;

/// <summary>
/// What a step of the engine of OpenCL would take on a GPU, by a roofline: every launch takes the longest of its operations at a share of
/// the peak, its bytes at a share of the bandwidth, and the time between two launches. A model and no measurement; the system tests
/// compare its launches with those of the engine, and a test the table of docs/long-runs.md with it.
/// </summary>
internal static class GpuModel
{
    // The assumptions, all of them. A wait: the losses of a step are looked at before the next is queued.
    private const double ShareOfPeak = 0.3, ShareOfBandwidth = 0.7, BetweenLaunches = 3e-6, OfTrees = 5e-6, Wait = 50e-6;
    private const double Transfer = 25e9, Disk = 1e9, StepOfCpu = 0.2, BetweenCheckpoints = 50;

    // CIFAR-10, and Table 1: six seeds by six replicas.
    private const int TrainImages = 50_000, TestImages = 10_000, Epochs = 200, Seeds = 6, AllReplicas = 6;

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
        Console.WriteLine(FormattableString.Invariant($"A model of {network}, batch {batch}: {ShareOfPeak:0%} of the peak, ")
            + FormattableString.Invariant($"{ShareOfBandwidth:0%} of the bandwidth, {1e6 * BetweenLaunches} us between two launches, ")
            + FormattableString.Invariant($"{1e6 * OfTrees} us a tree, {1e6 * Wait} us a wait, {Transfer / 1e9} GB/s to the device, ")
            + FormattableString.Invariant($"{StepOfCpu} s a step of the CPU, {Disk / 1e9} GB/s to the disk."));
        foreach (string line in Table(NetworkSettings.Parse(network, Activation.Relu).Build(), batch))
            Console.WriteLine(line);
        return 0;
    }

    /// <summary>The rows of the table in docs/long-runs.md.</summary>
    internal static IEnumerable<string> Table(Model model, int batch)
    {
        foreach (ConvolutionAlgorithm convolution in Enum.GetValues<ConvolutionAlgorithm>())
        {
            yield return Row($"{convolution}, one replica", 1, device => Text(1e3 * StepTime(1, device), " ms"));
            yield return Row("six replicas", AllReplicas, device => Text(1e3 * StepTime(AllReplicas, device), " ms"));
            yield return Row("of the peak", null, device => FormattableString.Invariant($"{PeakShare(device):0%}"));
            yield return Row("Table 1", null, device => Text(TableTime(device) / 3600, " h"));

            string Row(string name, int? replicas, Func<(string, double, double), string> cell)
            {
                List<Launch> step = replicas is { } number ? Step(model, batch, convolution, number) : [];
                string counts = step.Count == 0 ? "| | |"
                    : FormattableString.Invariant($"| {step.Count} | {step.Sum(one => one.Flop) / 1e9:0} | ")
                        + FormattableString.Invariant($"{step.Sum(one => one.Bytes) / 1e9:0.0}");
                return $"| {name} {counts} | {string.Join(" | ", s_devices.Select(cell))} |";
            }

            double StepTime(int replicas, (string, double, double) device) =>
                Time(Step(model, batch, convolution, replicas), device) + Wait + (ImageBytes(model) * batch / Transfer);

            // Counted as direct: what a user of the network asks for.
            double PeakShare((string Name, double Peak, double Bandwidth) device) =>
                Step(model, batch, ConvolutionAlgorithm.Direct, AllReplicas).Sum(one => one.Flop) / StepTime(AllReplicas, device)
                    / device.Peak;

            double TableTime((string, double, double) device)
            {
                int passes = (TestImages + batch - 1) / batch, steps = (TrainImages + batch - 1) / batch;
                List<Launch> pass = Forward(WorkPlan.Of(model), batch, convolution, AllReplicas, isTraining: false);
                // Weights are brought into the kernels' layouts once an evaluation, not once a pass; so the model counts too much.
                double evaluation = (passes * Time(pass, device)) + Wait + (TestImages * ImageBytes(model) / Transfer);
                // Parameters and momentum of all replicas; before and after the step that is witnessed, and in a checkpoint.
                double state = 8.0 * AllReplicas * model.Layout.ParameterCount;
                double epoch = (steps * StepTime(AllReplicas, device)) + evaluation + StepOfCpu + (2 * state / Transfer);
                return Seeds * Epochs * epoch * (1 + (((state / Transfer) + (state / Disk)) / BetweenCheckpoints));
            }
        }

        static string Text(double value, string unit) => value.ToString("0.0", CultureInfo.InvariantCulture) + unit;
    }

    /// <summary>The launches and copies of a step of SGD of some replicas at once.</summary>
    internal static List<Launch> Step(Model model, int batch, ConvolutionAlgorithm convolution, int replicas)
    {
        WorkPlan plan = WorkPlan.Of(model);
        List<Launch> launches = Forward(plan, batch, convolution, replicas, isTraining: true);
        double parameters = model.Layout.ParameterCount;
        foreach (LayerPlan layer in plan.Layers.Reverse())
            Backward(launches, layer, batch, convolution, replicas);
        launches.AddRange(Enumerable.Repeat(new Launch("sgd", 6 * parameters, 20 * parameters), replicas));
        return launches;
    }

    private static double ImageBytes(Model model) => 4.0 * model.ImageFloats;

    private static double Time(List<Launch> launches, (string Name, double Peak, double Bandwidth) device) => launches.Sum(launch =>
        Math.Max(launch.IsTree ? OfTrees : BetweenLaunches,
            Math.Max(launch.Flop / (ShareOfPeak * device.Peak), launch.Bytes / (ShareOfBandwidth * device.Bandwidth))));

    private static List<Launch> Forward(WorkPlan plan, int batch, ConvolutionAlgorithm convolution, int replicas, bool isTraining)
    {
        var launches = new List<Launch>();
        var seen = new HashSet<TensorPlan>();
        Model model = plan.Model;
        launches.AddRange(Enumerable.Repeat(new Launch("copy of images", 0, 2 * batch * ImageBytes(model)), replicas));
        // Parameters are copied in, statistics in and out.
        launches.AddRange(Enumerable.Repeat(new Launch("copy of parameters", 0, 8.0 * model.Layout.ParameterCount), replicas));
        if (model.Layout.StatisticCount > 0)
        {
            int copies = isTraining ? 2 * replicas : replicas;
            launches.AddRange(Enumerable.Repeat(new Launch("copy of statistics", 0, 8.0 * model.Layout.StatisticCount), copies));
        }
        LayerPlan[] convolutions = [.. plan.Layers.Where(layer => layer is { TakesAllImages: false, Node.Layer: Convolution })];
        if (convolutions.Length > 0)
            launches.Add(new("pack", 0, replicas * convolutions.Sum(layer => 24.0 * ShapeOf(layer).WeightCount)));
        foreach (LayerPlan layer in convolutions.Where(layer => Transforms(layer, convolution)))
        {
            for (int i = 0; i < (layer.Contributions[0] is null ? 1 : 2); i++)
                launches.Add(new("winograd_weights", 0, 100.0 * replicas * ShapeOf(layer).InChannels * ShapeOf(layer).OutChannels));
        }
        batch *= replicas;
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
                launches.AddRange(Enumerable.Repeat(new Launch("take_result", 0, 0, IsTree: true), replicas));
            if (layer.Output.Normalization is not null && isTraining)
            {
                launches.Add(new("moments", 0, 2 * written, IsTree: true));
                launches.Add(new("finish_forward", 0, 0, IsTree: true));
            }
        }
        return launches;
    }

    private static void Backward(List<Launch> launches, LayerPlan layer, int images, ConvolutionAlgorithm convolution, int replicas)
    {
        int batch = images * replicas;
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
                double sums = 4.0 * replicas * WorkPlan.Chunks(images) * 36 * shape.InChannels * shape.OutChannels;
                launches.Add(new("winograd_tiles", 0, 3.25 * read));
                launches.Add(new("winograd_tiles", 0, 3.25 * written));
                launches.Add(new("winograd_products", flop / 4, (2.25 * (read + written)) + sums));
                launches.Add(new("winograd_gradient", 0, 1.25 * sums));
                launches.Add(new("reduce_tables", 0, sums / 4));
            }
            else
            {
                int chunks = replicas * WorkPlan.Chunks(images);
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
            else if (layer.Node is null || (layer.Node.Layer is Addition && contribution.Buffer != output.TotalGradient))
                launches.Add(new("copy of a gradient", 0, 2 * bytes));
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
