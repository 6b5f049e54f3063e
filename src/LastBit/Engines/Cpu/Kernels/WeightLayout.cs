namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// Weights are kept as PyTorch keeps them, [out][in][row][column] (OIHW). The kernels read them as [row][in][column][out], so that vector
/// lanes run across output channels and one (row, in) needs one stretch of memory. A padding channel (images have 3 of 4) has weight zero.
/// </summary>
internal static unsafe class WeightLayout
{
    // A cache line of the packed layout is written at once, from as many places of the other.
    private const int OutputsAtOnce = 16;

    /// <summary>
    /// Fills the layout of the forward pass, Size x InChannels x Size x OutChannels,
    /// from OIHW weights with <paramref name="realInChannels"/> input channels.
    /// </summary>
    public static void Pack(float* oihw, int realInChannels, float* packed, in ConvolutionShape shape)
    {
        int size = shape.Size, inC = shape.InChannels, outC = shape.OutChannels;
        if (realInChannels < inC)
            new Span<float>(packed, shape.WeightCount).Clear();
        int kernel = size * size;
        for (int o = 0; o < outC; o += OutputsAtOnce)
        {
            int outputs = Math.Min(OutputsAtOnce, outC - o);
            nint next = (nint)realInChannels * kernel;
            float* source = oihw + (o * next);
            for (int i = 0; i < realInChannels; i++)
            {
                for (int tap = 0; tap < kernel; tap++, source++)
                {
                    float* target = packed + (((((((long)(tap / size) * inC) + i) * size) + (tap % size)) * outC) + o);
                    for (int k = 0; k < outputs; k++)
                        target[k] = source[k * next];
                }
            }
        }
    }

    /// <summary>
    /// Fills the layout of the input gradient, Size x OutChannels x Size x InChannels, flipped by 180 degrees: flipped[s-1-r, o, s-1-c, i]
    /// = weight[o, i, r, c].
    /// </summary>
    public static void Flip(float* oihw, int realInChannels, float* flipped, in ConvolutionShape shape)
    {
        int size = shape.Size, inC = shape.InChannels, outC = shape.OutChannels;
        if (realInChannels < inC)
            new Span<float>(flipped, shape.WeightCount).Clear();
        int kernel = size * size;
        for (int o = 0; o < outC; o++, oihw += realInChannels * kernel)
        {
            for (int tap = 0; tap < kernel; tap++)
            {
                int r = size - 1 - (tap / size), c = size - 1 - (tap % size);
                float* target = flipped + ((((((long)r * outC) + o) * size) + c) * inC);
                for (int i = 0; i < realInChannels; i++)
                    target[i] = oihw[((nint)i * kernel) + tap];
            }
        }
    }

    /// <summary>
    /// The inverse of <see cref="Pack"/> for some of its (row, input channel) pairs, counted row * InChannels + input channel.
    /// </summary>
    public static void Unpack(float* packed, int realInChannels, float* oihw, in ConvolutionShape shape, int from, int to)
    {
        int size = shape.Size, inC = shape.InChannels, outC = shape.OutChannels;
        int outStride = realInChannels * size * size;
        for (int pair = from; pair < to; pair++)
        {
            int r = pair / inC, i = pair % inC;
            if (i >= realInChannels)
                continue;
            float* source = packed + ((long)pair * size * outC);
            for (int c = 0; c < size; c++)
            {
                float* target = oihw + (((i * size) + r) * size) + c;
                for (int o = 0; o < outC; o++, target += outStride)
                    *target = *source++;
            }
        }
    }
}
