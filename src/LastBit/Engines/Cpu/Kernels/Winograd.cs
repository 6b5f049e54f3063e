using VectorWidth = LastBit.Arithmetic.VectorWidth;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>Minimal filtering with the widest lanes of this machine.</summary>
internal static unsafe class Winograd
{
    /// <inheritdoc cref="Winograd2x2.TransformWeights{T}"/>
    public static void TransformWeights(float* packed, float* transformed, int inChannels, int outChannels)
    {
        if (VectorWidth.Is512)
            Winograd2x2.TransformWeights<Lanes512>(packed, transformed, inChannels, outChannels);
        else if (VectorWidth.Is256)
            Winograd2x2.TransformWeights<Lanes256>(packed, transformed, inChannels, outChannels);
        else if (VectorWidth.Is128)
            Winograd2x2.TransformWeights<Lanes128>(packed, transformed, inChannels, outChannels);
        else
            Winograd2x2.TransformWeights<Lanes1>(packed, transformed, inChannels, outChannels);
    }

    /// <inheritdoc cref="Winograd2x2.Forward{T}"/>
    public static void Forward(
        float* input, float* transformed, float* output, int height, int width, int inChannels, int outChannels, float* scratch, ReadAhead? ahead)
    {
        if (VectorWidth.Is512)
            Winograd2x2.Forward<Lanes512>(input, transformed, output, height, width, inChannels, outChannels, scratch, ahead);
        else if (VectorWidth.Is256)
            Winograd2x2.Forward<Lanes256>(input, transformed, output, height, width, inChannels, outChannels, scratch, ahead);
        else if (VectorWidth.Is128)
            Winograd2x2.Forward<Lanes128>(input, transformed, output, height, width, inChannels, outChannels, scratch, ahead);
        else
            Winograd2x2.Forward<Lanes1>(input, transformed, output, height, width, inChannels, outChannels, scratch, ahead);
    }

    /// <inheritdoc cref="Winograd4x4.Add{T}"/>
    public static void AddWeightGradient(
        float* input, float* gradient, in ConvolutionShape shape, int images, float* scratch, ref WinogradProgress progress)
    {
        if (VectorWidth.Is512)
            Winograd4x4.Add<Lanes512>(input, gradient, shape, images, scratch, ref progress);
        else if (VectorWidth.Is256)
            Winograd4x4.Add<Lanes256>(input, gradient, shape, images, scratch, ref progress);
        else if (VectorWidth.Is128)
            Winograd4x4.Add<Lanes128>(input, gradient, shape, images, scratch, ref progress);
        else
            Winograd4x4.Add<Lanes1>(input, gradient, shape, images, scratch, ref progress);
    }

    /// <inheritdoc cref="Winograd4x4.Finish{T}"/>
    public static void FinishWeightGradient(in ConvolutionShape shape, int images, float* scratch, ref WinogradProgress progress, float* weightGradient)
    {
        if (VectorWidth.Is512)
            Winograd4x4.Finish<Lanes512>(shape, images, scratch, ref progress, weightGradient);
        else if (VectorWidth.Is256)
            Winograd4x4.Finish<Lanes256>(shape, images, scratch, ref progress, weightGradient);
        else if (VectorWidth.Is128)
            Winograd4x4.Finish<Lanes128>(shape, images, scratch, ref progress, weightGradient);
        else
            Winograd4x4.Finish<Lanes1>(shape, images, scratch, ref progress, weightGradient);
    }
}
