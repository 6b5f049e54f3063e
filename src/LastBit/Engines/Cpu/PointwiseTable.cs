using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;
using VectorWidth = LastBit.Arithmetic.VectorWidth;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The pointwise kernels compiled for the widest lanes of this machine, one entry for each combination of normalisation and activation. A layer looks its
/// combination up once, when it is built, so that nothing is decided inside a loop.
/// </summary>
internal static unsafe class PointwiseTable
{
    public static delegate*<float*, in NormCoefficients, float*, int, int, int, int, void> FillPadded(bool normalised, Activation activation)
        => VectorWidth.Is512 ? Of<Lanes512>.FillPadded(normalised, activation)
        : VectorWidth.Is256 ? Of<Lanes256>.FillPadded(normalised, activation)
        : VectorWidth.Is128 ? Of<Lanes128>.FillPadded(normalised, activation)
        : Of<Lanes1>.FillPadded(normalised, activation);

    public static delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void> Add(bool left, Activation activation, bool right)
        => VectorWidth.Is512 ? Of<Lanes512>.Add(left, activation, right)
        : VectorWidth.Is256 ? Of<Lanes256>.Add(left, activation, right)
        : VectorWidth.Is128 ? Of<Lanes128>.Add(left, activation, right)
        : Of<Lanes1>.Add(left, activation, right);

    public static delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> Close(
        bool normalised, Activation activation, bool already)
        => VectorWidth.Is512 ? Of<Lanes512>.Close(normalised, activation, already)
        : VectorWidth.Is256 ? Of<Lanes256>.Close(normalised, activation, already)
        : VectorWidth.Is128 ? Of<Lanes128>.Close(normalised, activation, already)
        : Of<Lanes1>.Close(normalised, activation, already);

    public static delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void> NormBackward(bool normalised, bool raw)
        => VectorWidth.Is512 ? Of<Lanes512>.NormBackward(normalised, raw)
        : VectorWidth.Is256 ? Of<Lanes256>.NormBackward(normalised, raw)
        : VectorWidth.Is128 ? Of<Lanes128>.NormBackward(normalised, raw)
        : Of<Lanes1>.NormBackward(normalised, raw);

    public static void Moments(float* x, int positions, int channels, float* mean, float* squares)
    {
        if (VectorWidth.Is512)
            Pointwise.Moments<Lanes512>(x, positions, channels, mean, squares);
        else if (VectorWidth.Is256)
            Pointwise.Moments<Lanes256>(x, positions, channels, mean, squares);
        else if (VectorWidth.Is128)
            Pointwise.Moments<Lanes128>(x, positions, channels, mean, squares);
        else
            Pointwise.Moments<Lanes1>(x, positions, channels, mean, squares);
    }

    public static void GradientSums(float* gradient, float* x, in NormCoefficients norm, int positions, int channels, float* sum, float* product)
    {
        if (VectorWidth.Is512)
            Pointwise.GradientSums<Lanes512>(gradient, x, norm, positions, channels, sum, product);
        else if (VectorWidth.Is256)
            Pointwise.GradientSums<Lanes256>(gradient, x, norm, positions, channels, sum, product);
        else if (VectorWidth.Is128)
            Pointwise.GradientSums<Lanes128>(gradient, x, norm, positions, channels, sum, product);
        else
            Pointwise.GradientSums<Lanes1>(gradient, x, norm, positions, channels, sum, product);
    }

    public static void Accumulate(float* source, float* target, int count)
    {
        if (VectorWidth.Is512)
            Pointwise.Accumulate<Lanes512>(source, target, count);
        else if (VectorWidth.Is256)
            Pointwise.Accumulate<Lanes256>(source, target, count);
        else if (VectorWidth.Is128)
            Pointwise.Accumulate<Lanes128>(source, target, count);
        else
            Pointwise.Accumulate<Lanes1>(source, target, count);
    }

    public static void TreeSum(float* table, int rows, long stride, int count)
    {
        if (VectorWidth.Is512 && count % 16 == 0)
            Pointwise.TreeSum<Lanes512>(table, rows, stride, count);
        else if (VectorWidth.Is256 && count % 8 == 0)
            Pointwise.TreeSum<Lanes256>(table, rows, stride, count);
        else if (VectorWidth.Is128 && count % 4 == 0)
            Pointwise.TreeSum<Lanes128>(table, rows, stride, count);
        else
            Pointwise.TreeSum<Lanes1>(table, rows, stride, count);
    }

    private static class Of<T>
        where T : struct, ILanes<T>
    {
        public static delegate*<float*, in NormCoefficients, float*, int, int, int, int, void> FillPadded(bool normalised, Activation activation)
            => (normalised, activation) switch
            {
                (false, Activation.None) => &Pointwise.FillPadded<T, IdentityActivation, No>,
                (false, Activation.Relu) => &Pointwise.FillPadded<T, ReluActivation, No>,
                (false, _) => &Pointwise.FillPadded<T, SwishActivation, No>,
                (true, Activation.None) => &Pointwise.FillPadded<T, IdentityActivation, Yes>,
                (true, Activation.Relu) => &Pointwise.FillPadded<T, ReluActivation, Yes>,
                _ => &Pointwise.FillPadded<T, SwishActivation, Yes>,
            };

        public static delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void> Add(
            bool left, Activation activation, bool right)
            => left ? Add<Yes>(activation, right) : Add<No>(activation, right);

        public static delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> Close(
            bool normalised, Activation activation, bool already)
            => already ? Close<Yes>(normalised, activation) : Close<No>(normalised, activation);

        public static delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void> NormBackward(bool normalised, bool raw)
            => (normalised, raw) switch
            {
                (false, false) => &Pointwise.NormBackward<T, No, No>,
                (false, true) => &Pointwise.NormBackward<T, No, Yes>,
                (true, false) => &Pointwise.NormBackward<T, Yes, No>,
                (true, true) => &Pointwise.NormBackward<T, Yes, Yes>,
            };

        private static delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void> Add<TLeft>(Activation activation, bool right)
            where TLeft : IFlag
            => (right, activation) switch
            {
                (false, Activation.None) => &Pointwise.Add<T, TLeft, IdentityActivation, No>,
                (false, Activation.Relu) => &Pointwise.Add<T, TLeft, ReluActivation, No>,
                (false, _) => &Pointwise.Add<T, TLeft, SwishActivation, No>,
                (true, Activation.None) => &Pointwise.Add<T, TLeft, IdentityActivation, Yes>,
                (true, Activation.Relu) => &Pointwise.Add<T, TLeft, ReluActivation, Yes>,
                _ => &Pointwise.Add<T, TLeft, SwishActivation, Yes>,
            };

        private static delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> Close<TAlready>(
            bool normalised, Activation activation)
            where TAlready : IFlag
            => (normalised, activation) switch
            {
                (false, Activation.None) => &Pointwise.Close<T, IdentityActivation, No, TAlready>,
                (false, Activation.Relu) => &Pointwise.Close<T, ReluActivation, No, TAlready>,
                (false, _) => &Pointwise.Close<T, SwishActivation, No, TAlready>,
                (true, Activation.None) => &Pointwise.Close<T, IdentityActivation, Yes, TAlready>,
                (true, Activation.Relu) => &Pointwise.Close<T, ReluActivation, Yes, TAlready>,
                _ => &Pointwise.Close<T, SwishActivation, Yes, TAlready>,
            };
    }
}
