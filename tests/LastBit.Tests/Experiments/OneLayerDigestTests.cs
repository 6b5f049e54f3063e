using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using LastBit.Experiments;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Pde;

namespace LastBit.Tests.Experiments;

public partial class OneLayerDigestTests
{
    // Change when any bit of any result of these small runs does. Look for the reason before changing one. The second is that of the runs'
    // sharpness.
    private const string Expected = "46e80fd545189e5af78062bc919a1d10af17d377ede09f44a3c92637a68bdb42 "
        + "713736b2161c2eb56b280fcabfa824f5494cc9338c31dc9d16ffca7cb1a1703d";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void The_bits_are_the_same_for_every_number_of_threads(int threads) =>
        Assert.Equal(Expected, Digest(threads.ToString(CultureInfo.InvariantCulture)));

    // Every file of all five experiments on a small image of odd sides.
    internal static string Digest(string threads)
    {
        using var folder = new TemporaryFolder();
        ExperimentContext context = OneLayerExperiments.Context(folder.Path, int.Parse(threads, CultureInfo.InvariantCulture));
        GreyImage image = OneLayerExperiments.Noise(29, 37);
        HeatEquation.Experiment.Run(new(), context);
        LinearizedPde.Experiment.Run(
            new() { Alphas = [10, 20, 500], LearningRate = 1e-3, Iterations = 15, Image = image, KernelSize = 7 }, context);
        NonLinearPde.Experiment.Run(
            new() { LearningRates = [0.01, 0.05, 0.09], Iterations = 15, SharpnessEvery = 0, Image = image, KernelSize = 7 },
            context);
        ErrorAmplification.Experiment.Run(
            new() { LearningRates = [0.05, 0.09], Iterations = 15, SharpnessEvery = 0, Image = image, KernelSize = 7, Mat = true },
            context);
        StabilityBounds.Experiment.Run(new() { LearningRate = 1e-3, Image = image, KernelSize = 7 }, context);

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string[] files = Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories);
        Assert.Equal(5 + 3 + 3 + 4 + 60, files.Length);
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(Path.GetRelativePath(folder.Path, file).Replace('\\', '/')));
            hash.AppendData(Path.GetExtension(file) == ".json" ? Numbers(file) : File.ReadAllBytes(file));
        }
        string results = Convert.ToHexStringLower(hash.GetHashAndReset());
        NonLinearPdeResult curved =
            NonLinearPde.Experiment.Run(
                new() { LearningRates = [0.05], Iterations = 9, SharpnessEvery = 3, Image = image, KernelSize = 7 }, context);
        byte[] sharpness = System.Text.Encoding.UTF8.GetBytes(
            string.Join(' ', curved.Runs[0].Sharpness!.Select(point => point.Eigenvalues[0].ToString("R", CultureInfo.InvariantCulture))));
        return results + " " + Convert.ToHexStringLower(SHA256.HashData(sharpness));
    }

    // The document without its version and its checksum, which are of the file and not of the result.
    private static byte[] Numbers(string file)
    {
        string text = File.ReadAllText(file);
        string numbers = Envelope().Replace(text, "");
        Assert.True(numbers.Length < text.Length, file);
        return System.Text.Encoding.UTF8.GetBytes(numbers);
    }

    [GeneratedRegex(@"(?<=^\{)""schema"":[0-9]+,|,""checksum"":""[0-9a-f]+""(?=\}\s*$)", RegexOptions.CultureInvariant)]
    private static partial Regex Envelope();
}
