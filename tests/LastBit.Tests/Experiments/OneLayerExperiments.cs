using LastBit.Experiments;
using LastBit.Pde;

namespace LastBit.Tests.Experiments;

/// <summary>Small images and contexts for the tests of the one-layer experiments.</summary>
internal static class OneLayerExperiments
{
    public static ExperimentContext Context(string folder, int threads = 2) =>
        new(folder, threads, SilentObserver.Instance, CancellationToken.None);

    /// <summary>Noise between -1 and 1.</summary>
    public static GreyImage Noise(int height, int width)
    {
        var random = new LastBit.Random.Mt19937(5);
        double[] pixels = new double[height * width];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = 2 * random.NextDouble() - 1;
        return new GreyImage("noise", height, width, pixels);
    }

    /// <summary>A bright disc on a dark slope, as smooth as a photograph.</summary>
    public static GreyImage Disc(int height, int width)
    {
        double[] pixels = new double[height * width];
        for (int i = 0; i < pixels.Length; i++)
        {
            double y = i / width / (double)height - 0.4, x = i % width / (double)width - 0.6;
            pixels[i] = Math.Clamp(0.5 * x - 0.3 + 1.5 / (1 + 40 * (x * x + y * y)), -1, 1);
        }
        return new GreyImage("disc", height, width, pixels);
    }
}
