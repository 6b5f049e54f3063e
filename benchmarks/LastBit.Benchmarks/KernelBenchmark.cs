using System.Diagnostics;
using System.Globalization;
using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Benchmarks;

/// <summary>
/// The 3x3 kernels and the passes around them alone, on one image that lies in the caches, for each vector width of this machine; one
/// thread.
/// </summary>
internal static unsafe class KernelBenchmark
{
    private const int Rounds = 200;

    /// <summary>kernels.</summary>
    public static int Run()
    {
        var lines = new List<(string Name, double Median, double Best, double Flop)>();
        if (VectorWidth.Is512)
            Measure<SingleLanes512>(lines);
        if (VectorWidth.Is256)
            Measure<SingleLanes256>(lines);
        Measure<SingleLanes128>(lines);
        double peak = MachinePeak.Measure(1).Gflops32;
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"peak of one thread {peak:F0} GFLOPS binary32; median of {Rounds} rounds"));
        foreach (var (name, median, best, flop) in lines)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-48} median {Of(median, flop)}; best {Of(best, flop)}"));
        return 0;

        string Of(double microseconds, double flop) => string.Create(CultureInfo.InvariantCulture,
            $"{microseconds,6:F1} us")
            + (flop == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {flop / microseconds / 1e3 / peak,6:P1} of the peak"));
    }

    private static void Measure<T>(List<(string Name, double Median, double Best, double Flop)> lines)
        where T : unmanaged, ILanes<T, float>
    {
        MeasureProducts<T>(lines);
        foreach (var (size, channels) in ((int, int)[])[(32, 16), (16, 32), (8, 64)])
        {
            long padded = (long)size * (size + 2) * channels;
            using var input = new AlignedBuffer<float>(padded);
            using var gradient = new AlignedBuffer<float>(padded);
            using var weights = new AlignedBuffer<float>(9L * channels * channels);
            using var output = new AlignedBuffer<float>((long)size * size * channels);
            input.Span.Fill(0.5f);
            gradient.Span.Fill(0.25f);
            weights.Span.Fill(0.125f);
            // What the padding would multiply is not counted: a kernel leaves it out.
            double flop = 2.0 * ((3 * size) - 2) * ((3 * size) - 2) * channels * channels;
            string shape = $"{size} x {size} x {channels}, vectors of {32 * T.Count} bits";
            float* i = input.Pointer, g = gradient.Pointer, w = weights.Pointer, o = output.Pointer;
            Add("forward", () => Convolution3x3.Forward<T>(i, w, o, size, size, channels, channels, 0));
            Add("weight gradient", () => Convolution3x3.WeightGradient<T>(i, g, w, size, size, channels, channels, 0));
            var convolution = new ConvolutionShape(size, size, channels, channels, 3, 1);
            using var transformed = new AlignedBuffer<float>(16L * channels * channels);
            using var scratch = new AlignedBuffer<float>(
                Math.Max(Winograd2x2.ScratchSize(size, size, channels, channels), Winograd4x4.ScratchSize(convolution, 4)));
            float* u = transformed.Pointer, room = scratch.Pointer;
            Winograd2x2.TransformWeights<T>(w, u, channels, channels);
            // Counted as the direct sums that they stand for.
            Add("forward, Winograd", () => Winograd2x2.Forward<T>(i, u, o, size, size, channels, channels, room));
            Add("weight gradient, Winograd", () =>
            {
                var progress = default(WinogradProgress);
                for (int image = 0; image < 4; image++)
                    Winograd4x4.Add<T>(i, g, convolution, 4, room, ref progress);
                Winograd4x4.Finish<T>(convolution, 4, room, ref progress, w);
            }, 4);
            Add("transform of weights", () => Winograd2x2.TransformWeights<T>(w, u, channels, channels));

            using var vectors = new AlignedBuffer<float>(7L * channels);
            vectors.Span.Fill(0.5f);
            using var more = new AlignedBuffer<float>((long)size * size * channels);
            float* v = vectors.Pointer, t = more.Pointer, sum = v + (5 * channels), product = v + (6 * channels);
            // Numbers as a network has them, from -2 to 2: what the kernels above have left in the output is so large that every exp of it
            // is subnormal, which takes three times as long.
            for (int k = 0; k < output.Count; k++)
                o[k] = t[k] = ((k * 37 % 81) - 40) / 20f;
            var norm = new NormCoefficients
            {
                Mean = v,
                Scale = v + channels,
                Shift = v + (2 * channels),
                GradientSlope = v + (3 * channels),
                GradientOffset = v + (4 * channels),
            };
            flop = 0;
            Add("fill", () => Pointwise.FillPadded<T, ReluActivation, Yes>(o, norm, i, size, size, channels, 1));
            Add("fill swish", () => Pointwise.FillPadded<T, SwishActivation, Yes>(o, norm, i, size, size, channels, 1));
            Add("moments", () => Pointwise.Moments<T>(o, size * size, channels, sum, product));
            Add("norm backward", () => Pointwise.NormBackward<T, Yes, No>(o, t, norm, null, g, size, size, channels, 1));
            Add("close", () => Pointwise.Close<T, ReluActivation, Yes, No>(o, t, norm, i, size * size, channels, sum, product));
            Add("close swish", () => Pointwise.Close<T, SwishActivation, Yes, No>(o, t, norm, i, size * size, channels, sum, product));

            void Add(string kernel, Action work, int images = 1)
            {
                var (median, best) = Microseconds(work);
                lines.Add(($"{kernel} {shape}", median / images, best / images, flop));
            }
        }
    }

    /// <summary>The products of matrices of a fully connected layer of 3072 inputs and 200 outputs.</summary>
    private static void MeasureProducts<T>(List<(string Name, double Median, double Best, double Flop)> lines)
        where T : unmanaged, ILanes<T, float>
    {
        const int Inputs = 3072, Outputs = 200, Rows = 64;
        foreach (int images in (int[])[64, 500])
        {
            int stored = (images / 8 | 1) * 8;
            long panel = stored * MatrixProduct.Panel;
            using var x = new AlignedBuffer<float>(Inputs / MatrixProduct.Panel * panel);
            using var outer = new AlignedBuffer<float>(MatrixProduct.Panels(Outputs) * panel);
            using var weights = new AlignedBuffer<float>(MatrixProduct.Panels(Outputs) * (long)MatrixProduct.Panel * Inputs);
            using var result = new AlignedBuffer<float>(208L * stored);
            using var plain = new AlignedBuffer<float>((long)Outputs * Inputs);
            using var room = new AlignedBuffer<float>(MatrixProduct.ScratchSize);
            x.Span.Fill(0.5f);
            outer.Span.Fill(0.25f);
            weights.Span.Fill(0.125f);
            var matrix = new MatrixShape
            {
                Left = x.Pointer,
                LeftPanel = panel,
                Right = weights.Pointer,
                Initial = weights.Pointer,
                Result = result.Pointer,
                ResultRow = 208,
                Terms = Inputs,
                Columns = Outputs,
            };
            float* g = outer.Pointer, i = x.Pointer, w = plain.Pointer, r = room.Pointer, packed = weights.Pointer;
            Add($"product, {Rows} of {images} images", () => MatrixProduct.Multiply<T>(matrix, 0, Rows), 2.0 * Rows * Inputs * Outputs);
            Add($"weight gradient of 32 inputs, {images} images",
                () => MatrixProduct.WeightGradient<T>(g, panel, i, images, Outputs, 32, w, Inputs, r), 2.0 * images * 32 * Outputs);
            if (images == 64)
                Add("transposition of 32 outputs", () => MatrixProduct.Transpose(w, 32, Inputs, packed), 0);

            void Add(string kernel, Action work, double flop)
            {
                var (median, best) = Microseconds(work);
                lines.Add(($"{kernel}, vectors of {32 * T.Count} bits", median, best, flop));
            }
        }
    }

    private static (double Median, double Best) Microseconds(Action image)
    {
        const int Images = 5;
        var times = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int k = 0; k < Images; k++)
                image();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / Images);
        }
        times.Sort();
        return (times[Rounds / 2], times[0]);
    }
}
