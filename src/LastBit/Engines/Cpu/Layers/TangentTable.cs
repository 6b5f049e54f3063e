using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// The kernels of <see cref="TangentPointwise"/> compiled for each width of lanes, as <see cref="PointwiseTable"/> has the others.
/// </summary>
internal abstract unsafe class TangentTable
{
    /// <inheritdoc cref="PointwiseTable.For"/>
    public static TangentTable For(int multiple)
    {
        var choice = default(Choice);
        Widest.Single(ref choice, multiple);
        return choice.Table;
    }

    /// <inheritdoc cref="TangentPointwise.FillPadded"/>
    public abstract delegate*<Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, int, int, void> FillPadded(
        Activation activation, bool normalised, bool value);

    /// <inheritdoc cref="TangentPointwise.Moments"/>
    public abstract void Moments(Dual x, int positions, int channels, float* mean, float* sum, float* product);

    /// <inheritdoc cref="TangentPointwise.Close"/>
    public abstract delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, Dual, Dual, void> Close(
        Activation activation, bool normalised, bool already);

    /// <inheritdoc cref="TangentPointwise.NormBackward"/>
    public abstract delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, Dual, int, int, int, int, void>
        NormBackward(bool normalised, bool raw);

    private struct Choice : IOverLanes<float>
    {
        public TangentTable Table { get; private set; }

        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Table = Of<T>.Instance;
    }

    private sealed class Of<T> : TangentTable
        where T : unmanaged, ILanes<T, float>
    {
        public static readonly Of<T> Instance = new();

        public override delegate*<Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, int, int, void> FillPadded(
            Activation activation, bool normalised, bool value) => activation switch
            {
                Activation.None => FillPadded<IdentityJet>(normalised, value),
                Activation.Relu => FillPadded<ReluJet>(normalised, value),
                Activation.Swish => FillPadded<SwishJet>(normalised, value),
                Activation.Tanh => FillPadded<TanhActivation>(normalised, value),
                Activation.Elu => FillPadded<EluActivation>(normalised, value),
                Activation.Softplus => FillPadded<SoftplusActivation>(normalised, value),
                _ => throw NoKernel(activation),
            };

        public override delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, Dual, Dual, void> Close(
            Activation activation, bool normalised, bool already) => activation switch
            {
                Activation.None => Close<IdentityJet>(normalised, already),
                Activation.Relu => Close<ReluJet>(normalised, already),
                Activation.Swish => Close<SwishJet>(normalised, already),
                Activation.Tanh => Close<TanhActivation>(normalised, already),
                Activation.Elu => Close<EluActivation>(normalised, already),
                Activation.Softplus => Close<SoftplusActivation>(normalised, already),
                _ => throw NoKernel(activation),
            };

        public override delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, Dual, int, int, int, int, void>
            NormBackward(bool normalised, bool raw)
            => (normalised, raw) switch
            {
                (false, false) => &TangentPointwise.NormBackward<T, No, No>,
                (false, true) => &TangentPointwise.NormBackward<T, No, Yes>,
                (true, false) => &TangentPointwise.NormBackward<T, Yes, No>,
                (true, true) => &TangentPointwise.NormBackward<T, Yes, Yes>,
            };

        public override void Moments(Dual x, int positions, int channels, float* mean, float* sum, float* product) =>
            TangentPointwise.Moments<T>(x, positions, channels, mean, sum, product);

        private static ArgumentOutOfRangeException NoKernel(Activation activation) =>
            new(nameof(activation), activation, "There are no tangents of this activation function.");

        private static delegate*<Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, int, int, void>
            FillPadded<TJet>(bool normalised, bool value)
            where TJet : IActivationJet
            => (normalised, value) switch
            {
                (false, false) => &TangentPointwise.FillPadded<T, TJet, No, No>,
                (false, true) => &TangentPointwise.FillPadded<T, TJet, No, Yes>,
                (true, false) => &TangentPointwise.FillPadded<T, TJet, Yes, No>,
                (true, true) => &TangentPointwise.FillPadded<T, TJet, Yes, Yes>,
            };

        private static delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, Dual, Dual, void>
            Close<TJet>(bool normalised, bool already)
            where TJet : IActivationJet
            => (normalised, already) switch
            {
                (false, false) => &TangentPointwise.Close<T, TJet, No, No>,
                (false, true) => &TangentPointwise.Close<T, TJet, No, Yes>,
                (true, false) => &TangentPointwise.Close<T, TJet, Yes, No>,
                (true, true) => &TangentPointwise.Close<T, TJet, Yes, Yes>,
            };
    }
}
