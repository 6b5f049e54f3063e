namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// Weights are kept as PyTorch keeps them, [out][in][row][column] (OIHW). The kernels read them as [row][in][column][out], so that vector
/// lanes run across output channels and one (row, in) needs one stretch of memory. A padding channel (images have 3 of 4) has weight zero.
/// </summary>
internal static unsafe class WeightLayout
{
    /// <summary>
    /// Fills the layout of the forward pass, Size x InChannels x Size x OutChannels,
    /// from OIHW weights with <paramref name="realInChannels"/> input channels.
    /// </summary>
    public static void Pack(float* oihw, int realInChannels, float* packed, in ConvolutionShape shape)
    {
        int size = shape.Size, inC = shape.InChannels, outC = shape.OutChannels;
        if (realInChannels < inC)
            new Span<float>(packed, shape.WeightCount).Clear();
        for (int o = 0; o < outC; o++)
        {
            for (int i = 0; i < realInChannels; i++)
            {
                for (int r = 0; r < size; r++)
                {
                    float* target = packed + (((((long)r * inC) + i) * size) * outC) + o;
                    for (int c = 0; c < size; c++)
                        target[c * outC] = *oihw++;
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
        for (int o = 0; o < outC; o++)
        {
            for (int i = 0; i < realInChannels; i++)
            {
                for (int r = 0; r < size; r++)
                {
                    float* target = flipped + (((((long)(size - 1 - r) * outC) + o) * size + (size - 1)) * inC) + i;
                    for (int c = 0; c < size; c++)
                        target[-c * inC] = *oihw++;
                }
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
