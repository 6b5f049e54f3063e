using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>Pooling of windows of 2x2 pixels that do not overlap, of one image, channels last.</summary>
internal static unsafe class Pooling
{
    /// <inheritdoc cref="Average{T}"/>
    public static void Average(float* input, float* output, int height, int width, int channels)
    {
        var work = new AverageWork(input, output, height, width, channels);
        Widest.Single(ref work, channels);
    }

    /// <inheritdoc cref="AverageBack{T}"/>
    public static void AverageBack(float* gradient, float* inputGradient, int height, int width, int channels)
    {
        var work = new AverageBackWork(gradient, inputGradient, height, width, channels);
        Widest.Single(ref work, channels);
    }

    /// <inheritdoc cref="Max{T}"/>
    public static void Max(float* input, float* output, int height, int width, int channels)
    {
        var work = new MaxWork(input, output, height, width, channels);
        Widest.Single(ref work, channels);
    }

    /// <inheritdoc cref="Select{T}"/>
    public static void Select(float* input, float* values, float* output, int height, int width, int channels)
    {
        var work = new SelectWork(input, values, output, height, width, channels);
        Widest.Single(ref work, channels);
    }

    /// <inheritdoc cref="MaxBack{T}"/>
    public static void MaxBack(float* input, float* gradient, float* inputGradient, int height, int width, int channels)
    {
        var work = new MaxBackWork(input, gradient, inputGradient, height, width, channels);
        Widest.Single(ref work, channels);
    }

    /// <summary>output = ((a + b) + (c + d)) / 4 of each window, a and b in its upper row.</summary>
    /// <param name="input">height x width x channels.</param>
    /// <param name="output">height / 2 x width / 2 x channels.</param>
    /// <param name="height">Rows of the input, even.</param>
    /// <param name="width">Columns of the input, even.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    public static void Average<T>(float* input, float* output, int height, int width, int channels)
        where T : unmanaged, ILanes<T, float>
    {
        T quarter = T.Broadcast(0.25f);
        int row = width * channels;
        for (int y = 0; y < height; y += 2, input += 2 * row)
        {
            for (int i = 0; i < row; i += 2 * channels)
            {
                for (int c = i; c < i + channels; c += T.Count, output += T.Count)
                {
                    T upper = T.Add(T.Load(input + c), T.Load(input + c + channels)), lower =
                        T.Add(T.Load(input + row + c), T.Load(input + row + c + channels));
                    T.Store(T.Multiply(quarter, T.Add(upper, lower)), output);
                }
            }
        }
    }

    /// <summary>A quarter of each gradient to every pixel of its window.</summary>
    /// <param name="gradient">height / 2 x width / 2 x channels.</param>
    /// <param name="inputGradient">height x width x channels, written.</param>
    /// <param name="height">Rows of the input, even.</param>
    /// <param name="width">Columns of the input, even.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    public static void AverageBack<T>(float* gradient, float* inputGradient, int height, int width, int channels)
        where T : unmanaged, ILanes<T, float>
    {
        T quarter = T.Broadcast(0.25f);
        int row = width * channels;
        for (int y = 0; y < height; y += 2, inputGradient += 2 * row)
        {
            for (int i = 0; i < row; i += 2 * channels)
            {
                for (int c = i; c < i + channels; c += T.Count, gradient += T.Count)
                {
                    T g = T.Multiply(quarter, T.Load(gradient));
                    T.Store(g, inputGradient + c);
                    T.Store(g, inputGradient + c + channels);
                    T.Store(g, inputGradient + row + c);
                    T.Store(g, inputGradient + row + c + channels);
                }
            }
        }
    }

    /// <summary>The largest number of each window; NaN where one of them is not finite.</summary>
    /// <param name="input">height x width x channels.</param>
    /// <param name="output">height / 2 x width / 2 x channels.</param>
    /// <param name="height">Rows of the input, even.</param>
    /// <param name="width">Columns of the input, even.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    public static void Max<T>(float* input, float* output, int height, int width, int channels)
        where T : unmanaged, ILanes<T, float>
    {
        int row = width * channels;
        for (int y = 0; y < height; y += 2, input += 2 * row)
        {
            for (int i = 0; i < row; i += 2 * channels)
            {
                for (int k = i; k < i + channels; k += T.Count, output += T.Count)
                {
                    T a = T.Load(input + k), b = T.Load(input + k + channels), c = T.Load(input + row + k), d =
                        T.Load(input + row + k + channels);
                    // 0, and NaN where a number is none: a comparison alone would pass over it.
                    T nothing = T.Add(T.Add(T.Subtract(a, a), T.Subtract(b, b)), T.Add(T.Subtract(c, c), T.Subtract(d, d)));
                    T.Store(T.Add(T.Max(T.Max(a, b), T.Max(c, d)), nothing), output);
                }
            }
        }
    }

    /// <summary>
    /// The values at the places of the largest numbers of the inputs: the derivative of <see cref="Max{T}"/> in the direction of the
    /// values.
    /// </summary>
    /// <param name="input">height x width x channels.</param>
    /// <param name="values">height x width x channels.</param>
    /// <param name="output">height / 2 x width / 2 x channels.</param>
    /// <param name="height">Rows of the input, even.</param>
    /// <param name="width">Columns of the input, even.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    public static void Select<T>(float* input, float* values, float* output, int height, int width, int channels)
        where T : unmanaged, ILanes<T, float>
    {
        int row = width * channels;
        for (int y = 0; y < height; y += 2, input += 2 * row, values += 2 * row)
        {
            for (int i = 0; i < row; i += 2 * channels)
            {
                for (int k = i; k < i + channels; k += T.Count, output += T.Count)
                {
                    T place = Place<T>(input + k, channels, row);
                    T upper = T.Add(At(place, 0, T.Load(values + k)), At(place, 1, T.Load(values + k + channels)));
                    T lower = T.Add(At(place, 2, T.Load(values + row + k)), At(place, 3, T.Load(values + row + k + channels)));
                    T.Store(T.Add(upper, lower), output);
                }
            }
        }
    }

    /// <summary>
    /// Each gradient to the largest number of its window, to the first of equal ones in the order of rows, as in PyTorch.
    /// </summary>
    /// <param name="input">height x width x channels.</param>
    /// <param name="gradient">height / 2 x width / 2 x channels.</param>
    /// <param name="inputGradient">height x width x channels, written.</param>
    /// <param name="height">Rows of the input, even.</param>
    /// <param name="width">Columns of the input, even.</param>
    /// <param name="channels">A multiple of the lanes.</param>
    public static void MaxBack<T>(float* input, float* gradient, float* inputGradient, int height, int width, int channels)
        where T : unmanaged, ILanes<T, float>
    {
        int row = width * channels;
        for (int y = 0; y < height; y += 2, input += 2 * row, inputGradient += 2 * row)
        {
            for (int i = 0; i < row; i += 2 * channels)
            {
                for (int k = i; k < i + channels; k += T.Count, gradient += T.Count)
                {
                    T place = Place<T>(input + k, channels, row), g = T.Load(gradient);
                    T.Store(At(place, 0, g), inputGradient + k);
                    T.Store(At(place, 1, g), inputGradient + k + channels);
                    T.Store(At(place, 2, g), inputGradient + row + k);
                    T.Store(At(place, 3, g), inputGradient + row + k + channels);
                }
            }
        }
    }

    /// <summary>Which of the four of a window is the largest, the first of equal ones: 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Place<T>(float* window, int channels, int row)
        where T : unmanaged, ILanes<T, float>
    {
        T largest = T.Load(window), place = default;
        Compare(T.Load(window + channels), 1, ref largest, ref place);
        Compare(T.Load(window + row), 2, ref largest, ref place);
        Compare(T.Load(window + row + channels), 3, ref largest, ref place);
        return place;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Compare(T next, float number, ref T largest, ref T place)
        {
            T lead = T.Subtract(largest, next);
            place = T.WhereNotNegative(lead, place, T.Broadcast(number));
            largest = T.WhereNotNegative(lead, largest, next);
        }
    }

    /// <summary>value where place is number, else 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T At<T>(T place, float number, T value)
        where T : unmanaged, ILanes<T, float> =>
        T.WherePositive(T.Add(T.Broadcast(1f), T.NegativeMagnitude(T.Subtract(place, T.Broadcast(number)))), value);

    private readonly struct AverageWork(float* input, float* output, int height, int width, int channels) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Average<T>(input, output, height, width, channels);
    }

    private readonly struct AverageBackWork(float* gradient, float* inputGradient, int height, int width, int channels) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => AverageBack<T>(gradient, inputGradient, height, width, channels);
    }

    private readonly struct MaxWork(float* input, float* output, int height, int width, int channels) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Max<T>(input, output, height, width, channels);
    }

    private readonly struct SelectWork(float* input, float* values, float* output, int height, int width, int channels) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Select<T>(input, values, output, height, width, channels);
    }

    private readonly struct MaxBackWork(float* input, float* gradient, float* inputGradient, int height, int width, int channels)
        : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => MaxBack<T>(input, gradient, inputGradient, height, width, channels);
    }
}
