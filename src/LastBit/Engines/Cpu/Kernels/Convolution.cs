using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// Square convolutions of any odd size and any stride of one image, channels last (NHWC), zero padding size / 2: the shortcuts and the
/// first convolutions of a stage. They are few, so one plain loop serves them all; the 3x3 convolutions with stride 1 have
/// <see cref="Convolution3x3"/>. Each output is the sum of one chain a kernel row, in the order input channel, kernel column, as there.
/// The caller keeps size / 2 zero columns at both ends of every row; rows above and below the image are left out.
/// </summary>
internal static unsafe class Convolution
{
    /// <inheritdoc cref="Forward{T}"/>
    public static void Forward(float* input, float* weights, float* output, in ConvolutionShape shape)
    {
        // Two rows of output channels to a tile; where there are not so many, half the width does the same work with the same bits.
        var work = new ForwardWork(input, weights, output, shape);
        Widest.Single(ref work, shape.OutChannels / 2);
    }

    /// <inheritdoc cref="InputGradient{T}"/>
    public static void InputGradient(float* gradient, float* flipped, float* inputGradient, in ConvolutionShape shape)
    {
        var work = new InputGradientWork(gradient, flipped, inputGradient, shape);
        Widest.Single(ref work, shape.InChannels / 2);
    }

    /// <inheritdoc cref="WeightGradient{T}"/>
    public static void WeightGradient(float* input, float* gradient, float* weightGradient, in ConvolutionShape shape)
    {
        var work = new WeightGradientWork(input, gradient, weightGradient, shape);
        Widest.Single(ref work, shape.OutChannels / 2);
    }

    /// <summary>
    /// output[y, x, o] = sum over r, i, c of input[s y + r - p, s x + c - p, i] * weights[r, i, c, o], with s the stride and p the padding.
    /// </summary>
    /// <param name="input">InHeight x (InWidth + 2 p) x InChannels, p zero columns at both ends.</param>
    /// <param name="weights">Size x InChannels x Size x OutChannels.</param>
    /// <param name="output">OutHeight x OutWidth x OutChannels.</param>
    /// <param name="shape">The sizes.</param>
    public static void Forward<T>(float* input, float* weights, float* output, in ConvolutionShape shape)
        where T : unmanaged, ILanes<T, float>
    {
        int size = shape.Size, padding = size / 2, stride = shape.Stride, inC = shape.InChannels, outC = shape.OutChannels;
        int rowStride = (shape.InWidth + (2 * padding)) * inC;
        for (int o = 0; o < outC; o += 2 * T.Count)
        {
            for (int y = 0; y < shape.OutHeight; y++)
            {
                int first = Math.Max(0, padding - (stride * y));
                int last = Math.Min(size, shape.InHeight + padding - (stride * y));
                var taps = new Taps
                {
                    Rows = last - first,
                    Input = input + ((long)((stride * y) + first - padding) * rowStride),
                    InputRow = rowStride,
                    Weights = weights + ((long)first * inC * size * outC) + o,
                    WeightRow = inC * size * outC,
                    Channels = inC,
                    WeightChannel = size * outC,
                    Columns = size,
                    InputColumn = inC,
                    WeightColumn = outC,
                    InputPixel = stride * inC,
                    OutputPixel = outC,
                };
                float* target = output + ((long)y * shape.OutWidth * outC) + o;
                int x = 0;
                for (; x < shape.OutWidth - 3; x += 4, taps.Input += 4 * taps.InputPixel, target += 4 * outC)
                    Tile<T>(taps, target);
                for (; x < shape.OutWidth; x++, taps.Input += taps.InputPixel, target += outC)
                    OnePixel<T>(taps, target);
            }
        }
    }

    /// <summary>
    /// inputGradient[y, x, i] = sum over the r, c, o that read it in the forward pass of gradient[(y + p - r) / s, (x + p - c) / s, o] *
    /// weights[r, i, c, o]. Pixels whose coordinates are congruent modulo the stride are read by the same taps and are processed together.
    /// </summary>
    /// <param name="gradient">OutHeight x (OutWidth + 2 p') x OutChannels with p' = max(p, 1) zero columns at both ends.</param>
    /// <param name="flipped">Size x OutChannels x Size x InChannels, flipped by 180 degrees (<see cref="WeightLayout.Flip"/>).</param>
    /// <param name="inputGradient">InHeight x InWidth x InChannels; InWidth a multiple of the stride.</param>
    /// <param name="shape">The sizes.</param>
    public static void InputGradient<T>(float* gradient, float* flipped, float* inputGradient, in ConvolutionShape shape)
        where T : unmanaged, ILanes<T, float>
    {
        int size = shape.Size, padding = size / 2, stride = shape.Stride, inC = shape.InChannels, outC = shape.OutChannels;
        int border = shape.GradientBorder;
        int rowStride = (shape.OutWidth + (2 * border)) * outC;
        for (int i = 0; i < inC; i += 2 * T.Count)
        {
            for (int y = 0; y < shape.InHeight; y++)
            {
                // Kernel rows r with (y + p - r) divisible by the stride, r falling, so that output rows (y + p - r) / s rise.
                int r = FirstTap(y, size, padding, stride);
                while (r >= 0 && (y + padding - r) / stride < 0)
                    r -= stride;
                int firstRow = r;
                int rows = 0;
                for (; r >= 0 && (y + padding - r) / stride < shape.OutHeight; r -= stride)
                    rows++;
                for (int rest = 0; rest < stride; rest++)
                {
                    int c = FirstTap(rest, size, padding, stride);
                    int columns = c < 0 ? 0 : (c / stride) + 1;
                    var taps = new Taps
                    {
                        Rows = columns == 0 ? 0 : rows,
                        Input = gradient + ((long)((y + padding - firstRow) / stride) * rowStride)
                            + ((((rest + padding - c) / stride) + border) * outC),
                        InputRow = rowStride,
                        Weights = flipped + ((long)(size - 1 - firstRow) * outC * size * inC) + ((size - 1 - c) * inC) + i,
                        WeightRow = stride * outC * size * inC,
                        Channels = outC,
                        WeightChannel = size * inC,
                        Columns = columns,
                        InputColumn = outC,
                        WeightColumn = stride * inC,
                        InputPixel = outC,
                        OutputPixel = stride * inC,
                    };
                    float* target = inputGradient + ((((long)y * shape.InWidth) + rest) * inC) + i;
                    int x = rest;
                    for (; x < shape.InWidth - (3 * stride); x += 4 * stride, taps.Input += 4 * outC, target += 4 * stride * inC)
                        Tile<T>(taps, target);
                    for (; x < shape.InWidth; x += stride, taps.Input += outC, target += stride * inC)
                        OnePixel<T>(taps, target);
                }
            }
        }
    }

    /// <summary>
    /// The largest kernel index k below size with coordinate + padding - k divisible by the stride, or a negative number.
    /// </summary>
    private static int FirstTap(int coordinate, int size, int padding, int stride)
    {
        int rest = (coordinate + padding) % stride;
        int k = size - 1 - ((((size - 1 - rest) % stride) + stride) % stride);
        return k < rest ? -1 : k;
    }

    /// <summary>
    /// weightGradient[r, i, c, o] += sum over y, x of input[s y + r - p, s x + c - p, i] * gradient[y, x, o]:
    /// one chain an image, rows outside, columns inside, then added.
    /// </summary>
    /// <param name="input">InHeight x (InWidth + 2 p) x InChannels, p zero columns at both ends.</param>
    /// <param name="gradient">
    /// OutHeight x (OutWidth + 2 p') x OutChannels with p' = max(p, 1) columns at both ends that are not read.
    /// </param>
    /// <param name="weightGradient">Size x InChannels x Size x OutChannels, added to.</param>
    /// <param name="shape">The sizes.</param>
    public static void WeightGradient<T>(float* input, float* gradient, float* weightGradient, in ConvolutionShape shape)
        where T : unmanaged, ILanes<T, float>
    {
        int size = shape.Size, padding = size / 2, stride = shape.Stride, inC = shape.InChannels, outC = shape.OutChannels;
        int rowStride = (shape.InWidth + (2 * padding)) * inC;
        int gradientRow = (shape.OutWidth + (2 * shape.GradientBorder)) * outC;
        for (int r = 0; r < size; r++)
        {
            int first = Math.Max(0, (padding - r + stride - 1) / stride);
            int last = Math.Min(shape.OutHeight, ((shape.InHeight - 1 + padding - r) / stride) + 1);
            for (int c = 0; c < size; c++)
            {
                float* source = input + ((long)((stride * first) + r - padding) * rowStride) + (c * inC);
                float* outer = gradient + ((long)first * gradientRow) + (shape.GradientBorder * outC);
                for (int i = 0; i < inC; i += 4)
                {
                    for (int o = 0; o < outC; o += 2 * T.Count)
                    {
                        float* target = weightGradient + (((((long)r * inC) + i) * size) + c) * outC + o;
                        GradientTile<T>(
                            source + i, stride * rowStride, stride * inC, outer + o, gradientRow, outC, last - first, shape.OutWidth,
                            target, size * outC);
                    }
                }
            }
        }
    }

    /// <summary>What one tile reads: distances in floats between neighbours in each direction.</summary>
    private ref struct Taps
    {
        public int Rows, InputRow, WeightRow, Channels, WeightChannel, Columns, InputColumn, WeightColumn, InputPixel, OutputPixel;
        public float* Input, Weights;
    }

    /// <summary>4 pixels by 2 rows of output channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T>(in Taps taps, float* output)
        where T : unmanaged, ILanes<T, float>
    {
        nint step = taps.InputPixel, step2 = 2 * step, step3 = 3 * step;
        nint columns = taps.Columns, inputColumn = taps.InputColumn, weightColumn = taps.WeightColumn;
        float* o1 = output + taps.OutputPixel;
        float* o2 = o1 + taps.OutputPixel;
        float* o3 = o2 + taps.OutputPixel;
        // A pixel that no tap reaches (the input gradient of a 1x1 convolution with stride) is zero.
        for (int row = 0; row < Math.Max(1, taps.Rows); row++)
        {
            T a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
            float* source = taps.Input + ((long)row * taps.InputRow);
            float* channelWeights = taps.Weights + ((long)row * taps.WeightRow);
            int channels = taps.Rows == 0 ? 0 : taps.Channels;
            for (int channel = 0; channel < channels; channel++, source++, channelWeights += taps.WeightChannel)
            {
                float* pixel = source;
                float* weights = channelWeights;
                for (int column = 0; column < columns; column++, pixel += inputColumn, weights += weightColumn)
                {
                    T wa = T.Load(weights), wb = T.Load(weights + T.Count);
                    T x = T.Broadcast(pixel[0]);
                    T.AddProduct(ref a0, x, wa); T.AddProduct(ref b0, x, wb);
                    x = T.Broadcast(pixel[step]);
                    T.AddProduct(ref a1, x, wa); T.AddProduct(ref b1, x, wb);
                    x = T.Broadcast(pixel[step2]);
                    T.AddProduct(ref a2, x, wa); T.AddProduct(ref b2, x, wb);
                    x = T.Broadcast(pixel[step3]);
                    T.AddProduct(ref a3, x, wa); T.AddProduct(ref b3, x, wb);
                }
            }
            if (row > 0)
            {
                a0 = T.Add(T.Load(output), a0); b0 = T.Add(T.Load(output + T.Count), b0);
                a1 = T.Add(T.Load(o1), a1); b1 = T.Add(T.Load(o1 + T.Count), b1);
                a2 = T.Add(T.Load(o2), a2); b2 = T.Add(T.Load(o2 + T.Count), b2);
                a3 = T.Add(T.Load(o3), a3); b3 = T.Add(T.Load(o3 + T.Count), b3);
            }
            T.Store(a0, output); T.Store(b0, output + T.Count);
            T.Store(a1, o1); T.Store(b1, o1 + T.Count);
            T.Store(a2, o2); T.Store(b2, o2 + T.Count);
            T.Store(a3, o3); T.Store(b3, o3 + T.Count);
        }
    }

    /// <summary>One pixel of a row that is not a multiple of 4 by 2 rows of output channels, in the order of <see cref="Tile"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OnePixel<T>(in Taps taps, float* output)
        where T : unmanaged, ILanes<T, float>
    {
        for (int row = 0; row < Math.Max(1, taps.Rows); row++)
        {
            T a = default, b = default;
            float* source = taps.Input + ((long)row * taps.InputRow);
            float* channelWeights = taps.Weights + ((long)row * taps.WeightRow);
            int channels = taps.Rows == 0 ? 0 : taps.Channels;
            for (int channel = 0; channel < channels; channel++, source++, channelWeights += taps.WeightChannel)
            {
                float* pixel = source;
                float* weights = channelWeights;
                for (int column = 0; column < taps.Columns; column++, pixel += taps.InputColumn, weights += taps.WeightColumn)
                {
                    T x = T.Broadcast(*pixel);
                    T.AddProduct(ref a, x, T.Load(weights));
                    T.AddProduct(ref b, x, T.Load(weights + T.Count));
                }
            }
            if (row > 0)
            {
                a = T.Add(T.Load(output), a);
                b = T.Add(T.Load(output + T.Count), b);
            }
            T.Store(a, output);
            T.Store(b, output + T.Count);
        }
    }

    /// <summary>4 input channels by 2 rows of output channels of one kernel position.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void GradientTile<T>(
        float* input, int inputRow, int inputPixel, float* gradient, int gradientRow, int outChannels, int rows, int columns, float* target,
        int targetChannel)
        where T : unmanaged, ILanes<T, float>
    {
        float* t1 = target + targetChannel;
        float* t2 = t1 + targetChannel;
        float* t3 = t2 + targetChannel;
        T a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        for (int row = 0; row < rows; row++, input += inputRow, gradient += gradientRow)
        {
            float* pixel = input;
            float* outer = gradient;
            for (int column = 0; column < columns; column++, pixel += inputPixel, outer += outChannels)
            {
                T ga = T.Load(outer), gb = T.Load(outer + T.Count);
                T x = T.Broadcast(pixel[0]);
                T.AddProduct(ref a0, x, ga); T.AddProduct(ref b0, x, gb);
                x = T.Broadcast(pixel[1]);
                T.AddProduct(ref a1, x, ga); T.AddProduct(ref b1, x, gb);
                x = T.Broadcast(pixel[2]);
                T.AddProduct(ref a2, x, ga); T.AddProduct(ref b2, x, gb);
                x = T.Broadcast(pixel[3]);
                T.AddProduct(ref a3, x, ga); T.AddProduct(ref b3, x, gb);
            }
        }
        T.Store(T.Add(T.Load(target), a0), target); T.Store(T.Add(T.Load(target + T.Count), b0), target + T.Count);
        T.Store(T.Add(T.Load(t1), a1), t1); T.Store(T.Add(T.Load(t1 + T.Count), b1), t1 + T.Count);
        T.Store(T.Add(T.Load(t2), a2), t2); T.Store(T.Add(T.Load(t2 + T.Count), b2), t2 + T.Count);
        T.Store(T.Add(T.Load(t3), a3), t3); T.Store(T.Add(T.Load(t3 + T.Count), b3), t3 + T.Count);
    }

    private readonly struct ForwardWork(float* input, float* weights, float* output, ConvolutionShape shape) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Forward<T>(input, weights, output, shape);
    }

    private readonly struct InputGradientWork(float* gradient, float* flipped, float* inputGradient, ConvolutionShape shape)
        : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => InputGradient<T>(gradient, flipped, inputGradient, shape);
    }

    private readonly struct WeightGradientWork(float* input, float* gradient, float* weightGradient, ConvolutionShape shape)
        : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => WeightGradient<T>(input, gradient, weightGradient, shape);
    }
}

/// <summary>The sizes of a square convolution with padding size / 2.</summary>
/// <param name="InHeight">Input rows.</param>
/// <param name="InWidth">Input columns.</param>
/// <param name="InChannels">Input channels, a multiple of 4.</param>
/// <param name="OutChannels">Output channels, a multiple of 16.</param>
/// <param name="Size">Kernel rows and columns, odd.</param>
/// <param name="Stride">Distance between neighbouring outputs in the input.</param>
internal readonly record struct ConvolutionShape(int InHeight, int InWidth, int InChannels, int OutChannels, int Size, int Stride)
{
    public int OutHeight => (InHeight - 1) / Stride + 1;

    public int OutWidth => (InWidth - 1) / Stride + 1;

    /// <summary>Zero columns beside each row of the padded input.</summary>
    public int InputBorder => Size / 2;

    /// <summary>Zero columns beside each row of the padded output gradient.</summary>
    public int GradientBorder => Math.Max(1, Size / 2);

    public int WeightCount => Size * InChannels * Size * OutChannels;

    /// <summary>Whether the fast path for 3x3 with stride 1 applies.</summary>
    public bool IsDense3x3 => Size == 3 && Stride == 1 && InWidth % 8 == 0;
}
