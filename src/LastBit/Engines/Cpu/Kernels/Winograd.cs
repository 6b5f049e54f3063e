using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>Winograd convolution with the widest lanes of this machine.</summary>
internal static unsafe class Winograd
{
    /// <inheritdoc cref="Winograd2x2.TransformWeights{T}"/>
    public static void TransformWeights(float* packed, float* transformed, int inChannels, int outChannels)
    {
        var work = new TransformWork(packed, transformed, inChannels, outChannels);
        Widest.Single(ref work, outChannels);
    }

    /// <inheritdoc cref="Winograd2x2.Forward{T}"/>
    public static void Forward(
        float* input, float* transformed, float* output, int height, int width, int inChannels, int outChannels, float* scratch,
        Prefetch? prefetch, bool adds = false)
    {
        var work = new ForwardWork(input, transformed, output, height, width, inChannels, outChannels, scratch, prefetch, adds);
        Widest.Single(ref work, outChannels);
    }

    /// <inheritdoc cref="Winograd4x4.Add{T}"/>
    public static void AddWeightGradient(
        float* input, float* gradient, in ConvolutionShape shape, int images, float* scratch, ref WinogradProgress progress)
    {
        var work = new AddWork(input, gradient, shape, images, scratch, ref progress);
        Widest.Single(ref work, shape.OutChannels);
    }

    /// <inheritdoc cref="Winograd4x4.Finish{T}"/>
    public static void FinishWeightGradient(in ConvolutionShape shape, int images, float* scratch, ref WinogradProgress progress,
        float* weightGradient)
    {
        var work = new FinishWork(shape, images, scratch, ref progress, weightGradient);
        Widest.Single(ref work, shape.OutChannels);
    }

    private readonly struct TransformWork(float* packed, float* transformed, int inChannels, int outChannels) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Winograd2x2.TransformWeights<T>(packed, transformed, inChannels, outChannels);
    }

    private readonly struct ForwardWork(
        float* input, float* transformed, float* output, int height, int width, int inChannels, int outChannels, float* scratch,
        Prefetch? prefetch, bool adds)
        : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> =>
            Winograd2x2.Forward<T>(input, transformed, output, height, width, inChannels, outChannels, scratch, prefetch, adds);
    }

    private readonly ref struct AddWork(
        float* input, float* gradient, ConvolutionShape shape, int images, float* scratch, ref WinogradProgress progress)
        : IOverLanes<float>
    {
        private readonly ref WinogradProgress _progress = ref progress;

        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Winograd4x4.Add<T>(input, gradient, shape, images, scratch, ref _progress);
    }

    private readonly ref struct FinishWork(
        ConvolutionShape shape, int images, float* scratch, ref WinogradProgress progress, float* weightGradient) : IOverLanes<float>
    {
        private readonly ref WinogradProgress _progress = ref progress;

        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Winograd4x4.Finish<T>(shape, images, scratch, ref _progress, weightGradient);
    }
}
