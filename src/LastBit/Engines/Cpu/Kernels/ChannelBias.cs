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

    /// <summary>sums[c] += sum over the positions of one image of gradient[y, x, c]: four chains (column modulo 4), added as (0 + 1) + (2 + 3).</summary>
    /// <param name="gradient">height x (width + 2 border) x channels; the border is not read.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    /// <param name="border">Columns at both ends.</param>
    /// <param name="sums">One number a channel, added to.</param>
    public static void AddGradient<T>(float* gradient, int height, int width, int channels, int border, float* sums)
        where T : unmanaged, ILanes<T, float>
    {
        T* chains = stackalloc T[4];
        for (int c = 0; c < channels; c += T.Count)
        {
            chains[0] = chains[1] = chains[2] = chains[3] = default;
            for (int y = 0; y < height; y++)
            {
                float* from = gradient + (((long)y * (width + (2 * border))) + border) * channels + c;
                for (int x = 0; x < width; x++, from += channels)
                    chains[x & 3] = T.Add(chains[x & 3], T.Load(from));
            }
            T sum = T.Add(T.Add(chains[0], chains[1]), T.Add(chains[2], chains[3]));
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
