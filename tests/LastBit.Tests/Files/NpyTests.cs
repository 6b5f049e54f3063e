using CsCheck;
using LastBit.Files;

namespace LastBit.Tests.Files;

public sealed class NpyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lastbit-").FullName;

    // What make.py calls a.
    private static double[] A => [.. Enumerable.Range(0, 24).Select(i => (i - 5) / 7.0)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Arrays_that_NumPy_wrote_are_read_with_their_shapes_and_bits()
    {
        Assert.Equal(A, Npy.Read(Reference.File("files", "double.npy")).Get<double>(2, 3, 4));
        Assert.Equal(A, Npy.Read(Reference.File("files", "version2.npy")).Get<double>(2, 3, 4));
        Assert.Equal(Array.ConvertAll(A, x => (float)x), Npy.Read(Reference.File("files", "single.npy")).Get<float>(2, 3, 4));
        Assert.Equal([0.1], Npy.Read(Reference.File("files", "scalar.npy")).Get<double>(ReadOnlySpan<int>.Empty));
        Assert.Equal([1, -2], Npy.Read(Reference.File("files", "int64.npy")).Get<long>(1, 2));
        Assert.Equal([0, 3], Npy.Read(Reference.File("files", "empty.npy")).Shape);
        double[] vector = Npy.Read(Reference.File("files", "vector.npy")).Get<double>(3);
        Assert.Equal([1e-300, -0.0, double.PositiveInfinity], vector);
        Assert.True(double.IsNegative(vector[1]));
    }

    [Theory]
    [InlineData("fortran.npy")]
    [InlineData("bigendian.npy")]
    public void Either_order_of_axes_and_bytes_is_read(string file) =>
        Assert.Equal(A, Npy.Read(Reference.File("files", file)).Get<double>(2, 3, 4));

    [Theory]
    [InlineData("f2", 'H')]
    [InlineData("f4", 'S')]
    [InlineData("f8", 'D')]
    [InlineData("i1", 'S')]
    [InlineData("i2", 'I')]
    [InlineData("i4", 'I')]
    [InlineData("i8", 'I')]
    [InlineData("u1", 'B')]
    [InlineData("u2", 'U')]
    [InlineData("u4", 'U')]
    [InlineData("u8", 'U')]
    [InlineData("b1", 'B')]
    public void Every_type_of_real_numbers_is_read(string type, char firstLetter)
    {
        double[] expected = type == "b1" ? [0, 1, 1, 1, 1, 1] : [0, 1, 2, 3, 4, 100];
        foreach (string file in (string[])[$"types-{type}.npy", $"types-{type}-big-fortran.npy"])
        {
            NumericArray array = Npy.Read(Reference.File("files", file));
            Assert.Equal([2, 3], array.Shape);
            Assert.Equal(expected, array.ToDoubles());
            Assert.Equal(firstLetter, array.ElementType.Name[0]);
        }
    }

    [Fact]
    public void Headers_that_NumPy_reads_are_read()
    {
        Assert.Equal([0.0, 1, 2, 3], Npy.Read(Reference.File("files", "fortran-vector.npy")).Get<double>(4));
        Assert.NotEmpty(Npy.Read(Reference.File("files", "double-quotes.npy")).Get<double>());
        Assert.NotEmpty(Npy.Read(Reference.File("files", "python2.npy")).Get<double>());
        Assert.NotEmpty(Npy.Read(Reference.File("files", "accuracies-int64.npy")).ToDoubles());
        foreach (string header in (string[])[
            "{'shape': (1L,), 'fortran_order': True, 'descr': '<f8'}", "{\n\"descr\" : u'float64','fortran_order':False,'shape':(1,),}  \n",
            "{'descr': 'd', 'fortran_order': False, 'shape': [9], 'shape': (1, 1)}",
            "{'descr': '=f8', 'fortran_order': False, 'shape': ()}"])
        {
            Assert.Equal([1.0], WithHeader(header).Get<double>());
        }
    }

    [Theory]
    [InlineData("{'descr': '<c16', 'fortran_order': False, 'shape': (1,)}", "array.real")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "Python objects")]
    [InlineData("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", "structured array")]
    [InlineData("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "astype(numpy.float64)")]
    [InlineData("{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", "True or False")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1)}", "a tuple")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", "extent -1 of its shape")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "extent 99999999999999999999")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2147483647, 2147483647)}", "too large")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}", "nothing else")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} + {}", "after its end")]
    [InlineData("{'descr': '\u001b[2J', 'fortran_order': False, 'shape': (1,)}", "'\\x1B[2J'")]
    public void Headers_that_cannot_be_read_say_why_in_the_words_of_NumPy(string header, string why) =>
        Assert.Contains(why, Assert.Throws<InputException>(() => WithHeader(header)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_header_of_a_megabyte_is_refused_and_a_deep_one_overflows_nothing()
    {
        string header = string.Concat(Enumerable.Repeat("'shape':(", 120_000));
        Assert.Contains("at most 65536", Assert.Throws<InputException>(() => WithHeader(header)).Message, StringComparison.Ordinal);
        header = "{'shape':" + new string('(', 60_000);
        Assert.Contains("too deep", Assert.Throws<InputException>(() => WithHeader(header)).Message, StringComparison.Ordinal);
    }

    private static NumericArray WithHeader(string header)
    {
        byte[] text = System.Text.Encoding.Latin1.GetBytes(header), length = BitConverter.GetBytes(text.Length);
        return Npy.Read("file.npy", [0x93, .. "NUMPY"u8, 2, 0, .. length, .. text, .. BitConverter.GetBytes(1.0)]);
    }

    [Fact]
    public void Every_truncation_of_a_file_is_an_error_that_names_it()
    {
        byte[] whole = File.ReadAllBytes(Reference.File("files", "double.npy"));
        string path = Path.Combine(_folder, "short.npy");
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains("short.npy", Assert.Throws<InputException>(() => Npy.Read(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error_that_names_it() =>
        Assert.Contains("none.npy", Assert.Throws<InputException>(() => Npy.Read(Path.Combine(_folder, "none.npy"))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Another_type_or_shape_than_the_one_asked_for_is_an_error()
    {
        NumericArray array = Npy.Read(Reference.File("files", "double.npy"));
        Assert.Throws<InputException>(() => array.Get<float>());
        Assert.Throws<InputException>(() => array.Get<double>(24));
    }

    [Fact]
    public void What_is_written_is_read_back_bit_for_bit_and_begins_at_a_multiple_of_64_bytes()
    {
        string path = Path.Combine(_folder, "a.npy");
        Gen.Int[0, 4].Array[0, 4].SelectMany(shape =>
            Gen.Double.Array[shape.Aggregate(1, (a, b) => a * b)].Select(values => (shape, values)))
            .Sample(sample =>
            {
                Npy.Write(path, sample.values, sample.shape);
                NumericArray back = Npy.Read(path);
                Assert.Equal(sample.shape, back.Shape);
                Assert.Equal(sample.values.Select(BitConverter.DoubleToInt64Bits),
                    back.Get<double>().Select(BitConverter.DoubleToInt64Bits));
                Assert.Equal(0, (new FileInfo(path).Length - 8 * sample.values.Length) % 64);
            }, iter: 100, threads: 1);
    }

    [Fact]
    public void Binary32_values_come_back_too()
    {
        string path = Path.Combine(_folder, "a.npy");
        Npy.Write(path, [1f, float.Epsilon, float.NegativeInfinity], 3, 1);
        Assert.Equal([1f, float.Epsilon, float.NegativeInfinity], Npy.Read(path).Get<float>(3, 1));
    }

    [Fact]
    public void A_shape_that_does_not_fit_is_refused() =>
        Assert.Throws<ArgumentException>(() => Npy.Write(Path.Combine(_folder, "a.npy"), [1.0, 2.0], 3));

    [Theory]
    [InlineData("plain.npz")]
    [InlineData("compressed.npz")]
    public void Archives_that_NumPy_wrote_are_read_by_name(string file)
    {
        IReadOnlyDictionary<string, NumericArray> arrays = Npz.Read(Reference.File("files", file));
        Assert.Equal(["a", "w/b.c"], arrays.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(A, arrays["a"].Get<double>(2, 3, 4));
        Assert.Equal(Array.ConvertAll(A, x => (float)x), arrays["w/b.c"].Get<float>(2, 3, 4));
    }

    [Fact]
    public void Damaged_archives_are_errors_that_name_them()
    {
        byte[] whole = File.ReadAllBytes(Reference.File("files", "compressed.npz"));
        string path = Path.Combine(_folder, "short.npz");
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains("short.npz", Assert.Throws<InputException>(() => Npz.Read(path)).Message, StringComparison.Ordinal);
        }
        File.WriteAllText(path, "no archive");
        Assert.Throws<InputException>(() => Npz.Read(path));
    }
}
