using CsCheck;
using LastBit.Files;

namespace LastBit.Tests.Files;

public sealed class MatFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lastbit-").FullName;

    // What make.py calls a.
    private static double[] A => [.. Enumerable.Range(0, 24).Select(i => (i - 5) / 7.0)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("scipy.mat")]
    [InlineData("scipy-compressed.mat")]
    [InlineData("octave6.mat")]
    [InlineData("octave7.mat")]
    public void Arrays_that_SciPy_and_Octave_wrote_are_read_in_C_order(string file)
    {
        IReadOnlyDictionary<string, NumericArray> arrays = MatFile.Read(Reference.File("files", file));
        Assert.Equal(A, arrays["conv_weight"].Get<double>(2, 3, 4));
        Assert.Equal(Array.ConvertAll(A, x => (float)x), arrays["s"].Get<float>(2, 3, 4));
        if (arrays.TryGetValue("whole", out NumericArray? whole))
            Assert.Equal([0, 1, 2, 3, 4, 5], whole.Get<double>(2, 3));
    }

    [Fact]
    public void Whole_numbers_are_read_in_their_type() =>
        Assert.NotEmpty(MatFile.Read(Reference.File("files", "scipy-int.mat"))["i"].ToDoubles());

    [Fact]
    public void A_variable_that_cannot_be_read_does_not_hide_the_others() =>
        Assert.Equal(["conv_weight"], MatFile.Read(Reference.File("files", "mixed.mat")).Keys);

    [Fact]
    public void A_compressed_variable_that_ends_early_is_an_error() =>
        Assert.Contains("zlib-truncated.mat",
            Assert.Throws<InputException>(() => MatFile.Read(Reference.File("files", "zlib-truncated.mat"))).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("scipy.mat")]
    [InlineData("octave7.mat")]
    public void Truncated_files_are_errors_that_name_them(string file)
    {
        byte[] whole = File.ReadAllBytes(Reference.File("files", file));
        string path = Path.Combine(_folder, "short.mat");
        int errors = 0;
        for (int length = 0; length < whole.Length; length += 5)
        {
            File.WriteAllBytes(path, whole[..length]);
            try
            {
                // A file that ends between two variables is whole as far as the format goes.
                Assert.True(MatFile.Read(path).Count < 3);
            }
            catch (InputException error)
            {
                Assert.Contains("short.mat", error.Message, StringComparison.Ordinal);
                errors++;
            }
        }
        Assert.True(errors > whole.Length / 5 * 9 / 10);
    }

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit()
    {
        string path = Path.Combine(_folder, "a.mat");
        Gen.Int[1, 4].Array[2, 4].SelectMany(shape =>
            Gen.Double.Array[shape.Aggregate(1, (a, b) => a * b)].Select(values => (shape, values)))
            .Sample(sample =>
            {
                MatFile.Write(path, "conv_weight", sample.values, sample.shape);
                double[] back = MatFile.Read(path)["conv_weight"].Get<double>(sample.shape);
                Assert.Equal(sample.values.Select(BitConverter.DoubleToInt64Bits), back.Select(BitConverter.DoubleToInt64Bits));
            }, iter: 100, threads: 1);

        MatFile.Write(path, "x", [1f, 2f, 3f, 4f], 2, 2);
        Assert.Equal([1f, 2f, 3f, 4f], MatFile.Read(path)["x"].Get<float>(2, 2));
    }

    [Fact]
    public void A_shape_that_does_not_fit_is_refused() =>
        Assert.Throws<ArgumentException>(() => MatFile.Write(Path.Combine(_folder, "a.mat"), "x", [1.0, 2.0], 2));
}
