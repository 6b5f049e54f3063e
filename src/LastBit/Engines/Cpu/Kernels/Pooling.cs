using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// Pooling of windows of 2x2 pixels that do not overlap, of one image, channels last. Inputs and their gradients are height x width x
/// channels numbers with even height and width, outputs and their gradients half as high and wide.
/// </summary>
internal static unsafe class Pooling
{
    /// <summary>output = ((a + b) + (c + d)) / 4 of each window, a and b in its upper row.</summary>
    public static void Average(float* input, float* output, int height, int width, int channels) =>
        ForEach(new AverageWindow(input, output), height, width, channels);

    /// <summary>A quarter of each gradient to every pixel of its window.</summary>
    public static void AverageBack(float* gradient, float* inputGradient, int height, int width, int channels) =>
        ForEach(new AverageBackWindow(gradient, inputGradient), height, width, channels);

    /// <summary>The largest number of each window; NaN where one of them is not finite.</summary>
    public static void Max(float* input, float* output, int height, int width, int channels) =>
        ForEach(new MaxWindow(input, output), height, width, channels);

    /// <summary>
    /// The values at the places of the largest numbers of the inputs: the derivative of <see cref="Max"/> in the direction of the values.
    /// </summary>
    public static void Select(float* input, float* values, float* output, int height, int width, int channels) =>
        ForEach(new SelectWindow(input, values, output), height, width, channels);

    /// <summary>
    /// Each gradient to the largest number of its window, to the first of equal ones in the order of rows, as in PyTorch.
    /// </summary>
    public static void MaxBack(float* input, float* gradient, float* inputGradient, int height, int width, int channels) =>
        ForEach(new MaxBackWindow(input, gradient, inputGradient), height, width, channels);

    private static void ForEach<TWindow>(TWindow window, int height, int width, int channels)
        where TWindow : struct, IWindow
    {
        var work = new Windows<TWindow>(window, height, width, channels);
        Widest.Single(ref work, channels);
    }

    /// <summary>Which of the four of a window is the largest, the first of equal ones: 0 to 3.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Place<T>(float* window, nint right, nint below)
        where T : unmanaged, ILanes<T, float>
    {
        T largest = T.Load(window), place = default;
        Compare(T.Load(window + right), 1, ref largest, ref place);
        Compare(T.Load(window + below), 2, ref largest, ref place);
        Compare(T.Load(window + below + right), 3, ref largest, ref place);
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

    /// <summary>What is done with a window.</summary>
    private interface IWindow
    {
        /// <summary>Does it for some channels.</summary>
        /// <param name="at">Where the window begins in inputs.</param>
        /// <param name="right">Numbers from a pixel to the next in its row.</param>
        /// <param name="below">Numbers from a row to the next.</param>
        /// <param name="pooled">Where its number is in outputs.</param>
        void Pool<T>(nint at, nint right, nint below, nint pooled)
            where T : unmanaged, ILanes<T, float>;
    }

    private readonly struct Windows<TWindow>(TWindow window, int height, int width, int channels) : IOverLanes<float>
        where TWindow : struct, IWindow
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float>
        {
            TWindow one = window;
            nint right = channels, below = (nint)width * channels, pooled = 0;
            for (nint first = 0, rows = height * below; first < rows; first += 2 * below)
            {
                for (nint column = first; column < first + below; column += 2 * right)
                {
                    for (nint at = column; at < column + right; at += T.Count, pooled += T.Count)
                        one.Pool<T>(at, right, below, pooled);
                }
            }
        }
    }

    private readonly struct AverageWindow(float* input, float* output) : IWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Pool<T>(nint at, nint right, nint below, nint pooled)
            where T : unmanaged, ILanes<T, float>
        {
            float* x = input + at;
            T upper = T.Add(T.Load(x), T.Load(x + right)), lower = T.Add(T.Load(x + below), T.Load(x + below + right));
            T.Store(T.Multiply(T.Broadcast(0.25f), T.Add(upper, lower)), output + pooled);
        }
    }

    private readonly struct AverageBackWindow(float* gradient, float* inputGradient) : IWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Pool<T>(nint at, nint right, nint below, nint pooled)
            where T : unmanaged, ILanes<T, float>
        {
            T g = T.Multiply(T.Broadcast(0.25f), T.Load(gradient + pooled));
            float* x = inputGradient + at;
            T.Store(g, x);
            T.Store(g, x + right);
            T.Store(g, x + below);
            T.Store(g, x + below + right);
        }
    }

    private readonly struct MaxWindow(float* input, float* output) : IWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Pool<T>(nint at, nint right, nint below, nint pooled)
            where T : unmanaged, ILanes<T, float>
        {
            float* x = input + at;
            T a = T.Load(x), b = T.Load(x + right), c = T.Load(x + below), d = T.Load(x + below + right);
            // 0, and NaN where a number is none: a comparison alone would pass over it.
            T nothing = T.Add(T.Add(T.Subtract(a, a), T.Subtract(b, b)), T.Add(T.Subtract(c, c), T.Subtract(d, d)));
            T.Store(T.Add(T.Max(T.Max(a, b), T.Max(c, d)), nothing), output + pooled);
        }
    }

    private readonly struct SelectWindow(float* input, float* values, float* output) : IWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Pool<T>(nint at, nint right, nint below, nint pooled)
            where T : unmanaged, ILanes<T, float>
        {
            T place = Place<T>(input + at, right, below);
            float* x = values + at;
            T upper = T.Add(At(place, 0, T.Load(x)), At(place, 1, T.Load(x + right)));
            T lower = T.Add(At(place, 2, T.Load(x + below)), At(place, 3, T.Load(x + below + right)));
            T.Store(T.Add(upper, lower), output + pooled);
        }
    }

    private readonly struct MaxBackWindow(float* input, float* gradient, float* inputGradient) : IWindow
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Pool<T>(nint at, nint right, nint below, nint pooled)
            where T : unmanaged, ILanes<T, float>
        {
            T place = Place<T>(input + at, right, below), g = T.Load(gradient + pooled);
            float* x = inputGradient + at;
            T.Store(At(place, 0, g), x);
            T.Store(At(place, 1, g), x + right);
            T.Store(At(place, 2, g), x + below);
            T.Store(At(place, 3, g), x + below + right);
        }
    }
}
