using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// The pointwise kernels compiled for each width of lanes, one entry for each combination of normalisation and activation. A layer looks
/// its combination up once, when it is built, so that nothing is decided inside a loop. The lanes are the widest of this machine that
/// divide what they run across.
/// </summary>
internal abstract unsafe class PointwiseTable
{
    /// <summary>The kernels for rows of so many numbers, channels mostly: a vector never reaches beyond a row.</summary>
    /// <param name="multiple">Numbers in a row.</param>
    public static PointwiseTable For(int multiple)
    {
        var choice = default(Choice);
        Widest.Single(ref choice, multiple);
        return choice.Table;
    }

    /// <inheritdoc cref="Pointwise.Moments"/>
    public static void Moments(float* x, int positions, int channels, float* mean, float* squares) =>
        For(channels).TakeMoments(x, positions, channels, mean, squares);

    /// <inheritdoc cref="Pointwise.Accumulate"/>
    public static void Accumulate(float* source, float* target, int count) => For(count).Add(source, target, count);

    /// <inheritdoc cref="Pointwise.TreeSum"/>
    public static void TreeSum(float* table, int rows, long stride, int count) => For(count).AddRows(table, rows, stride, count);

    /// <inheritdoc cref="Pointwise.FillPadded"/>
    public abstract delegate*<float*, in NormCoefficients, float*, int, int, int, int, void>
        FillPadded(bool normalised, Activation activation);

    /// <inheritdoc cref="Pointwise.Add"/>
    public abstract delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void> Add(
        bool left, Activation activation, bool right);

    /// <inheritdoc cref="Pointwise.Close"/>
    public abstract delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> Close(
        bool normalised, Activation activation, bool already);

    /// <inheritdoc cref="Pointwise.NormBackward"/>
    public abstract delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void>
        NormBackward(bool normalised, bool raw);

    private static ArgumentOutOfRangeException NoKernel(Activation activation) =>
        new(nameof(activation), activation, "There are no kernels of this activation function.");

    private protected abstract void TakeMoments(float* x, int positions, int channels, float* mean, float* squares);

    private protected abstract void Add(float* source, float* target, int count);

    private protected abstract void AddRows(float* table, int rows, long stride, int count);

    private struct Choice : IOverLanes<float>
    {
        public PointwiseTable Table { get; private set; }

        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Table = Of<T>.Instance;
    }

    private sealed class Of<T> : PointwiseTable
        where T : unmanaged, ILanes<T, float>
    {
        public static readonly PointwiseTable Instance = new Of<T>();

        public override delegate*<float*, in NormCoefficients, float*, int, int, int, int, void>
            FillPadded(bool normalised, Activation activation)
            => normalised ? FillPadded<Yes>(activation) : FillPadded<No>(activation);

        public override delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void> Add(
            bool left, Activation activation, bool right)
            => left ? Add<Yes>(activation, right) : Add<No>(activation, right);

        public override delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> Close(
            bool normalised, Activation activation, bool already)
            => already ? Close<Yes>(normalised, activation) : Close<No>(normalised, activation);

        public override delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void>
            NormBackward(bool normalised, bool raw)
            => (normalised, raw) switch
            {
                (false, false) => &Pointwise.NormBackward<T, No, No>,
                (false, true) => &Pointwise.NormBackward<T, No, Yes>,
                (true, false) => &Pointwise.NormBackward<T, Yes, No>,
                (true, true) => &Pointwise.NormBackward<T, Yes, Yes>,
            };

        private static delegate*<float*, in NormCoefficients, float*, int, int, int, int, void> FillPadded<TNorm>(Activation activation)
            where TNorm : IFlag
            => activation switch
            {
                Activation.None => &Pointwise.FillPadded<T, IdentityActivation, TNorm>,
                Activation.Relu => &Pointwise.FillPadded<T, ReluActivation, TNorm>,
                Activation.Swish => &Pointwise.FillPadded<T, SwishActivation, TNorm>,
                Activation.Tanh => &Pointwise.FillPadded<T, TanhActivation, TNorm>,
                Activation.Elu => &Pointwise.FillPadded<T, EluActivation, TNorm>,
                Activation.Softplus => &Pointwise.FillPadded<T, SoftplusActivation, TNorm>,
                _ => throw NoKernel(activation),
            };

        private static delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void>
            Add<TLeft>(Activation activation, bool right)
            where TLeft : IFlag
            => right ? Add<TLeft, Yes>(activation) : Add<TLeft, No>(activation);

        private static delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void>
            Add<TLeft, TRight>(Activation activation)
            where TLeft : IFlag
            where TRight : IFlag
            => activation switch
            {
                Activation.None => &Pointwise.Add<T, TLeft, IdentityActivation, TRight>,
                Activation.Relu => &Pointwise.Add<T, TLeft, ReluActivation, TRight>,
                Activation.Swish => &Pointwise.Add<T, TLeft, SwishActivation, TRight>,
                Activation.Tanh => &Pointwise.Add<T, TLeft, TanhActivation, TRight>,
                Activation.Elu => &Pointwise.Add<T, TLeft, EluActivation, TRight>,
                Activation.Softplus => &Pointwise.Add<T, TLeft, SoftplusActivation, TRight>,
                _ => throw NoKernel(activation),
            };

        private static delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> Close<TAlready>(
            bool normalised, Activation activation)
            where TAlready : IFlag
            => normalised ? Close<TAlready, Yes>(activation) : Close<TAlready, No>(activation);

        private static delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void>
            Close<TAlready, TNorm>(Activation activation)
            where TAlready : IFlag
            where TNorm : IFlag
            => activation switch
            {
                Activation.None => &Pointwise.Close<T, IdentityActivation, TNorm, TAlready>,
                Activation.Relu => &Pointwise.Close<T, ReluActivation, TNorm, TAlready>,
                Activation.Swish => &Pointwise.Close<T, SwishActivation, TNorm, TAlready>,
                Activation.Tanh => &Pointwise.Close<T, TanhActivation, TNorm, TAlready>,
                Activation.Elu => &Pointwise.Close<T, EluActivation, TNorm, TAlready>,
                Activation.Softplus => &Pointwise.Close<T, SoftplusActivation, TNorm, TAlready>,
                _ => throw NoKernel(activation),
            };

        private protected override void TakeMoments(float* x, int positions, int channels, float* mean, float* squares) =>
            Pointwise.Moments<T>(x, positions, channels, mean, squares);

        private protected override void Add(float* source, float* target, int count) => Pointwise.Accumulate<T>(source, target, count);

        private protected override void AddRows(float* table, int rows, long stride, int count) =>
            Pointwise.TreeSum<T>(table, rows, stride, count);
    }
}
