using LastBit.Pde;

namespace LastBit.Experiments.OneLayer;

/// <summary>What every experiment on one layer has to know.</summary>
public abstract record OneLayerSettings
{
    /// <summary>The image; a checkerboard, or a file.</summary>
    [Setting("A PNG image; its grey values 0..255 become -1..1.", Value = "FILE", Default = "a checkerboard")]
    [Setting("Rows and columns of the checkerboard.", Name = "image-size")]
    public GreyImage Image { get; init; } = GreyImage.Checkerboard();

    /// <summary>Rows and columns of the kernel.</summary>
    [Setting("Rows and columns of the kernel: 32, or 16x32.")]
    public KernelSize KernelSize { get; init; } = 32;
}
