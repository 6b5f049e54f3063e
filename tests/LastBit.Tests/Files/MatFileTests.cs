using LastBit.Files;

namespace LastBit.Tests.Files;

public sealed class MatFileTests
{
    // What make.py calls a.
    private static double[] A => [.. Enumerable.Range(0, 24).Select(i => (i - 5) / 7.0)];

    private static byte[] SciPy => File.ReadAllBytes(Reference.File("files", "scipy.mat"));

    [Fact]
    public void Binary64_is_written_as_SciPy_writes_it() =>
        Assert.Equal(SciPy[124..400], MatFile.Encode<double>("conv_weight", A, [2, 3, 4])[124..]);

    [Fact]
    public void Binary32_is_written_as_SciPy_writes_it()
    {
        // SciPy puts a short name into its tag, so that only what stands around it can be compared.
        byte[] scipy = SciPy[400..], ours = MatFile.Encode<float>("s", [.. A.Select(x => (float)x)], [2, 3, 4])[128..];
        Assert.Equal(scipy[8..48], ours[8..48]);
        Assert.Equal(scipy[^104..], ours[^104..]);
        Assert.Equal(scipy.Length + 8, ours.Length);
    }

    [Fact]
    public void A_shape_or_type_that_does_not_fit_is_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<ArgumentException>(() => MatFile.Write<double>(folder["a.mat"], "x", [1.0, 2.0], 2));
        Assert.Throws<ArgumentException>(() => MatFile.Write<int>(folder["a.mat"], "x", [1, 2], 1, 2));
        Assert.False(File.Exists(folder["a.mat"]));
    }
}
