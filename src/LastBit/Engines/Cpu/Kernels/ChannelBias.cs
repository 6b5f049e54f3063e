using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>The bias of a convolution: one number a channel.</summary>
internal static unsafe class ChannelBias
{
    /// <inheritdoc cref="Add{T}"/>
    public static void Add(float* x, int positions, int channels, float* bias)
    {
        var work = new AddWork(x, positions, channels, bias);
        Widest.Single(ref work, channels);
    }

    /// <inheritdoc cref="AddGradient{T}"/>
    public static void AddGradient(float* gradient, int height, int width, int channels, int border, float* sums)
    {
        var work = new GradientWork(gradient, height, width, channels, border, sums);
        Widest.Single(ref work, channels);
    }

    /// <summary>x[p, c] += bias[c].</summary>
    /// <param name="x">positions x channels.</param>
    /// <param name="positions">Height times width.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    /// <param name="bias">One number a channel.</param>
    public static void Add<T>(float* x, int positions, int channels, float* bias)
        where T : unmanaged, ILanes<T, float>
    {
        for (int p = 0; p < positions; p++, x += channels)
        {
            for (int c = 0; c < channels; c += T.Count)
                T.Store(T.Add(T.Load(x + c), T.Load(bias + c)), x + c);
        }
    }

    /// <summary>
    /// sums[c] += sum over the positions of one image of gradient[y, x, c]: four chains (column modulo 4), added as (0 + 1) + (2 + 3).
    /// </summary>
    /// <param name="gradient">height x (width + 2 border) x channels; the border is not read.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    /// <param name="border">Columns at both ends.</param>
    /// <param name="sums">One number a channel, added to.</param>
    public static void AddGradient<T>(float* gradient, int height, int width, int channels, int border, float* sums)
        where T : unmanaged, ILanes<T, float>
    {
        long row = (width + (2L * border)) * channels;
        nint step = channels;
        for (int c = 0; c < channels; c += T.Count)
        {
            T s0 = default, s1 = default, s2 = default, s3 = default;
            float* line = gradient + ((long)border * channels) + c;
            for (int y = 0; y < height; y++, line += row)
            {
                float* from = line;
                int x = 0;
                for (; x + 4 <= width; x += 4, from += 4 * step)
                {
                    s0 = T.Add(s0, T.Load(from));
                    s1 = T.Add(s1, T.Load(from + step));
                    s2 = T.Add(s2, T.Load(from + (2 * step)));
                    s3 = T.Add(s3, T.Load(from + (3 * step)));
                }
                if (x < width)
                    s0 = T.Add(s0, T.Load(from));
                if (x + 1 < width)
                    s1 = T.Add(s1, T.Load(from + step));
                if (x + 2 < width)
                    s2 = T.Add(s2, T.Load(from + (2 * step)));
            }
            T sum = T.Add(T.Add(s0, s1), T.Add(s2, s3));
            T.Store(T.Add(T.Load(sums + c), sum), sums + c);
        }
    }

    private readonly struct AddWork(float* x, int positions, int channels, float* bias) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Add<T>(x, positions, channels, bias);
    }

    private readonly struct GradientWork(float* gradient, int height, int width, int channels, int border, float* sums) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => AddGradient<T>(gradient, height, width, channels, border, sums);
    }
}
