using System.Globalization;
using LastBit.Arithmetic;
using LastBit.Engines.Cpu;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Files;
using LastBit.Models;
using LastBit.Random;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// No driver is believed: a device computes every operation of the contract, and small trainings that use every kernel, beside the CPU, and
/// one wrong bit refuses it. What has passed is remembered, by device, driver and kernels.
/// </summary>
internal static class DeviceTest
{
    private const int Images = 6;

    // The operations of test.cl in its order.
    private static readonly (string Name, Func<float, float, float, float> Cpu)[] s_operations =
    [
        ("x + y", (x, y, _) => x + y),
        ("x - y", (x, y, _) => x - y),
        ("x y", (x, y, _) => x * y),
        ("fma(x, y, z)", MathF.FusedMultiplyAdd),
        ("x y + z, not fused", (x, y, z) => Unfused(x, y) + z),
        ("z - x y, not fused", (x, y, z) => z - Unfused(x, y)),
        ("x / y", (x, y, _) => x / y),
        ("the square root of x", (x, _, _) => MathF.Sqrt(x)),
        ("max(x, y)", (x, y, _) => x > y ? x : y),
        ("min(x, y)", (x, y, _) => x < y ? x : y),
        ("y where x > 0", (x, y, _) => x > 0 ? y : 0),
        ("exp(x)", (x, _, _) => Transcendental.Exp(new SingleLanes1(x)).Value),
        ("sigmoid(x)", (x, _, _) => Transcendental.Sigmoid(new SingleLanes1(x)).Value),
        ("exp(x) - 1", (x, _, _) => Transcendental.ExpMinusOne(new SingleLanes1(x > 0 ? 0 : x)).Value),
        ("tanh(x)", (x, _, _) => Transcendental.Tanh(new SingleLanes1(x)).Value),
        ("softplus(x)", (x, _, _) => Transcendental.Softplus(new SingleLanes1(x)).Value),
        ("log(x)", (x, _, _) => Transcendental.Log(x)),
        ("swish(x)", (x, _, _) => SwishActivation.Value(new SingleLanes1(x)).Value),
        ("y relu'(x)", Back<ReluActivation>),
        ("y swish'(x)", Back<SwishActivation>),
        ("y tanh'(x)", Back<TanhActivation>),
        ("y elu'(x)", Back<EluActivation>),
        ("y softplus'(x)", Back<SoftplusActivation>),
        ("elu(x)", (x, _, _) => EluActivation.Value(new SingleLanes1(x)).Value),
    ];

    /// <summary>Opens a device for training.</summary>
    /// <param name="device">The device.</param>
    /// <param name="cache">The folder in which it is remembered what has passed; null where nothing is.</param>
    /// <exception cref="InputException">The device computes something else than the CPU; the message names it.</exception>
    public static OpenClProgram Open(OpenClDevice device, string? cache)
    {
        if (device.Problem is { } problem)
            throw new InputException($"OpenCL: {device.Name}: {problem}; take another device or the engine cpu");
        var program = new OpenClProgram(device);
        try
        {
            if (HasPassed(device, cache))
                return program;
            if (WhyNot(program) is { } wrong)
                throw new InputException($"OpenCL: {device.Name}: {wrong}; take another device or the engine cpu");
            Remember(device, cache);
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>Whether a device has passed before, with this driver and these kernels.</summary>
    public static bool HasPassed(OpenClDevice device, string? cache) => cache is not null && File.Exists(FileOf(device, cache));

    /// <summary>The first thing that a device computes otherwise than the CPU; null where there is none.</summary>
    public static string? WhyNot(OpenClProgram program) => WrongOperation(program) ?? WrongTraining(program);

    /// <summary>The first operation with a wrong bit: its name, its numbers, and both results.</summary>
    public static string? WrongOperation(OpenClProgram program)
    {
        (float[] x, float[] y, float[] z) = Numbers();
        using OpenClBuffer a = Sent(x), b = Sent(y), c = Sent(z), results = program.Allocate(x.Length);
        float[] theirs = new float[x.Length];
        for (int operation = 0; operation < s_operations.Length; operation++)
        {
            program.Run("test_operation", [x.Length], a, b, c, results, x.Length, operation);
            program.Read(results, theirs.AsSpan());
            for (int i = 0; i < x.Length; i++)
            {
                float ours = s_operations[operation].Cpu(x[i], y[i], z[i]);
                if (!Same(ours, theirs[i]))
                {
                    return $"{s_operations[operation].Name} for x = {Text(x[i])}, y = {Text(y[i])}, z = {Text(z[i])} is {Text(theirs[i])} "
                        + $"there and {Text(ours)} on the CPU";
                }
            }
        }
        return null;

        OpenClBuffer Sent(float[] numbers)
        {
            OpenClBuffer buffer = program.Allocate(numbers.Length);
            program.Write<float>(numbers, buffer);
            return buffer;
        }
    }

    /// <summary>The first tensor of a small training whose gradient or new value has a wrong bit.</summary>
    public static string? WrongTraining(OpenClProgram program)
    {
        using var cpu = new CpuEngineFactory(1);
        foreach (Model model in Models(program.Device.HasDoubles))
        {
            foreach (ConvolutionAlgorithm convolution in Enum.GetValues<ConvolutionAlgorithm>())
            {
                if (Compare(cpu, program, model, convolution) is { } wrong)
                    return wrong;
            }
        }
        return null;
    }

    private static string? Compare(CpuEngineFactory cpu, OpenClProgram program, Model model, ConvolutionAlgorithm convolution)
    {
        using IEngine a = cpu.CreateEngine(model, Images, convolution), b = new OpenClEngine(program, model, Images, convolution);
        foreach (UpdateRule rule in (UpdateRule[])[new Sgd(0.9, true, 5e-4), new AdamW()])
        {
            if (Compare(program, model, rule, a, b) is { } wrong)
                return $"a training of {model.Name} by {convolution.ToString().ToLowerInvariant()} convolutions: {wrong}";
        }
        return null;
    }

    /// <summary>Two steps on each engine, the second of them in passes and rounded at random where the device can.</summary>
    private static string? Compare(OpenClProgram program, Model model, UpdateRule rule, IEngine a, IEngine b)
    {
        float[] images = new float[Images * model.ImageFloats];
        Philox.FillNormal(1, RandomPurpose.Weights, 1, 1, images);
        // The channel that fills memory is zero.
        for (int i = 3; i < images.Length; i += 4)
            images[i] = 0;
        int[] labels = [.. Enumerable.Range(0, Images).Select(i => i % model.Classes)];
        using var state = new NetworkState(model.Layout, rule.Vectors);
        state.Initialise(1);
        (float[] Gradients, NetworkState State, BatchResult Result, double[] Moved) ours = Steps(a), theirs = Steps(b);
        using NetworkState left = ours.State, right = theirs.State;
        foreach (Parameter tensor in model.Layout.All)
        {
            string? wrong = tensor.IsTrainable
                ? Difference(ours.Gradients.AsSpan(tensor.Offset, tensor.Count), theirs.Gradients.AsSpan(tensor.Offset, tensor.Count),
                    $"the gradient of {tensor.Name}") : null;
            wrong ??= Difference(left.Get(tensor), right.Get(tensor), tensor.Name);
            if (wrong is not null)
                return wrong;
        }
        for (int i = 0; i < ours.Moved.Length; i++)
        {
            if (ours.Moved[i] != theirs.Moved[i])
                return $"the difference of {model.Layout.All[i].Name} is {theirs.Moved[i]:R} there and {ours.Moved[i]:R} on the CPU";
        }
        return ours.Result == theirs.Result ? null : $"{theirs.Result} there and {ours.Result} on the CPU";

        (float[], NetworkState, BatchResult, double[]) Steps(IEngine engine)
        {
            using IReplica replica = engine.CreateReplica(rule), begun = engine.CreateReplica(rule);
            replica.Write(state);
            begun.Write(state);
            using IBatch batch = engine.CreateBatch(Images);
            batch.Write(images, labels);
            float[] gradients = new float[model.Layout.ParameterCount];
            for (int step = 0; step < 2; step++)
            {
                engine.Forward(replica, batch, step, Images - step, new PassSettings(IsTraining: true));
                engine.Backward(step == 0 ? 1 : 0.75);
                if (step == 0)
                    engine.ReadGradients(gradients);
                bool atRandom = step == 1 && program.Device.HasDoubles;
                engine.Update(new UpdateStep(0.01, step, step == 0 ? 3 : 1, atRandom, Seed: 1));
            }
            engine.Forward(replica, batch, 0, Images, PassSettings.Evaluation);
            var end = new NetworkState(model.Layout, rule.Vectors);
            replica.Read(end);
            var results = new List<BatchResult>();
            replica.TakeResults(results);
            double[] moved = new double[model.Layout.All.Count];
            replica.Differences(begun, [.. model.Layout.All], moved);
            return (gradients, end, results[^1], moved);
        }
    }

    /// <summary>Small networks that together launch every kernel of a training.</summary>
    private static IEnumerable<Model> Models(bool hasDoubles)
    {
        var b = new ModelBuilder(new TensorShape(16, 16, 3));
        var x = b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, 16, 3)), Activation.Swish);
        var y = b.Activate(b.Normalize("bn2", b.Convolution("conv2", x, 32, 3, 2)), Activation.Relu);
        y = b.Normalize("bn3", b.Convolution("conv3", y, 32, 3));
        x = b.Activate(b.Add("block", y, b.Normalize("bn4", b.Convolution("conv4", x, 32, 1, 2))), Activation.Swish);
        b.Classify("fc", x, 10);
        yield return b.Build("a residual network");
        // A convolution of few pixels with many weights.
        b = new ModelBuilder(new TensorShape(4, 4, 3));
        x = b.Pool("pool", b.Activate(b.Convolution("conv1", b.Images, 512, 3), Activation.Relu), PoolKind.Max);
        b.Classify("fc", b.Activate(b.Convolution("conv2", x, 256, 3), Activation.Softplus), 10);
        yield return b.Build("a wide network");
        b = new ModelBuilder(new TensorShape(8, 8, 3));
        x = b.Convolution("conv1", b.Images, 48, 3);
        x = b.Drop(b.Activate(hasDoubles ? b.NormalizeGroups("gn1", x, 16) : x, Activation.Tanh), 0.3);
        b.Classify("fc", x, 10);
        yield return b.Build("a network that draws");
        foreach (string name in (string[])["cnn-relu-max", "cnn-tanh", "fc-elu"])
        {
            Loss loss = name == "fc-elu" ? Loss.SquaredError : Loss.CrossEntropy;
            yield return (NetworkSettings.Parse(name, Activation.Relu) with { Loss = loss }).Build();
        }
    }

    private static string? Difference(ReadOnlySpan<float> ours, ReadOnlySpan<float> theirs, string name)
    {
        for (int i = 0; i < ours.Length; i++)
        {
            if (!Same(ours[i], theirs[i]))
                return $"number {i} of {name} is {Text(theirs[i])} there and {Text(ours[i])} on the CPU";
        }
        return null;
    }

    /// <summary>Every pair of numbers at which something may go wrong, and bits at random.</summary>
    private static (float[] X, float[] Y, float[] Z) Numbers()
    {
        float[] special =
        [
            0, -0f, float.Epsilon, -float.Epsilon, 1.17549421e-38f, 1.17549435e-38f, -1.17549435e-38f, 1e-30f, 0.1f, 0.5f, -0.5f, 1, -1,
            1.0000001f, 1.9999999f, 3, -3, 5, 10, -10, 87, -87, 88.7f, 89, 90, -103, -104, -105, 8388608, 1e30f, float.MaxValue,
            -float.MaxValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN,
        ];
        const int Random = 1 << 18;
        int pairs = special.Length * special.Length;
        float[] x = new float[pairs + (2 * Random)], y = new float[x.Length], z = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            RandomWords words = Philox.Draw(1, RandomPurpose.None, 0, (ulong)i);
            if (i < pairs)
                (x[i], y[i], z[i]) = (special[i % special.Length], special[i / special.Length], special[words.X % special.Length]);
            else if (i < pairs + Random)
                (x[i], y[i], z[i]) = (FromBits(words.X), FromBits(words.Y), FromBits(words.Z));
            else
                (x[i], y[i], z[i]) = (FromBits(Near(words.X)), FromBits(Near(words.Y)), FromBits(Near(words.Z)));
        }
        return (x, y, z);

        static float FromBits(uint bits) => BitConverter.UInt32BitsToSingle(bits);

        // Numbers from 2^-8 to 2^8 of either sign: what a network computes with, and where a fused sum differs.
        static uint Near(uint bits) => (bits & 0x807FFFFF) | (119 + (bits >> 23 & 15) << 23);
    }

    private static bool Same(float a, float b) =>
        BitConverter.SingleToUInt32Bits(a) == BitConverter.SingleToUInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    private static float Back<T>(float x, float y, float z)
        where T : IActivation => T.Backward(new SingleLanes1(x), new SingleLanes1(y)).Value;

    // A product that the JIT cannot fuse with what follows.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static float Unfused(float x, float y) => x * y;

    private static string Text(float value) =>
        string.Create(CultureInfo.InvariantCulture, $"{value:R} (0x{BitConverter.SingleToUInt32Bits(value):X8})");

    private static string FileOf(OpenClDevice device, string cache) =>
        Path.Combine(cache, "opencl", OpenClProgram.IdentityOf(device)[..32] + ".txt");

    private static void Remember(OpenClDevice device, string? cache)
    {
        if (cache is null)
            return;
        try
        {
            AtomicFile.WriteAllText(FileOf(device, cache),
                $"{device.Name}\n{device.Version}\n{device.Driver}\ncomputes the bits of the CPU.\n");
        }
        catch (Exception error) when (error is InputException or IOException or UnauthorizedAccessException)
        {
            // It is tested again next time.
        }
    }
}
