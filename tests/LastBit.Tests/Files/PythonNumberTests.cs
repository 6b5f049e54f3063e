using CsCheck;
using LastBit.Files;

namespace LastBit.Tests.Files;

public class PythonNumberTests
{
    // python3 -c "print([1.1e7, 0.1, ...])"
    [Theory]
    [InlineData(1.1e7, "11000000.0")]
    [InlineData(2.2e8, "220000000.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.13, "0.13")]
    [InlineData(0, "0.0")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(1e-4, "0.0001")]
    [InlineData(1e-5, "1e-05")]
    [InlineData(1.25e-8, "1.25e-08")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(123456789012345.6, "123456789012345.6")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    public void Floats_are_printed_as_Python_prints_them(double value, string text) => Assert.Equal(text, PythonNumber.Float(value));

    [Fact]
    public void Whole_numbers_lose_their_fraction_where_the_scripts_have_ints()
    {
        Assert.Equal("20", PythonNumber.IntOrFloat(20));
        Assert.Equal("0.0005", PythonNumber.IntOrFloat(5e-4));
    }

    [Fact]
    public void What_is_printed_reads_back_as_the_same_number() => Gen.Double.Where(double.IsFinite).Sample(value =>
        Assert.Equal(value, double.Parse(PythonNumber.Float(value), System.Globalization.CultureInfo.InvariantCulture)));
}
