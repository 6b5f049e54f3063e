namespace LastBit.Tests;

public class NumberTextTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(20, "20")]
    [InlineData(0.69314, "0.6931")]
    [InlineData(0.001, "0.001")]
    [InlineData(0.00099996, "0.001")]
    [InlineData(0.00099994, "9.999×10⁻⁴")]
    [InlineData(67_579.2, "67,579")]
    [InlineData(999_999.4, "10⁶")]
    [InlineData(999_400, "999,400")]
    [InlineData(12_960_000.25, "1.296×10⁷")]
    [InlineData(12389402248478722.0, "1.239×10¹⁶")]
    [InlineData(3.59644E+27, "3.596×10²⁷")]
    [InlineData(1.3126e-15, "1.313×10⁻¹⁵")]
    [InlineData(1e-8, "10⁻⁸")]
    [InlineData(-2.5e30, "−2.5×10³⁰")]
    [InlineData(double.MaxValue, "1.798×10³⁰⁸")]
    [InlineData(5e-324, "4.941×10⁻³²⁴")]
    [InlineData(double.PositiveInfinity, "infinite")]
    [InlineData(double.NegativeInfinity, "−infinite")]
    [InlineData(double.NaN, "not a number")]
    public void Measured_numbers_have_four_digits(double value, string text) => Assert.Equal(text, NumberText.Of(value));

    [Theory]
    [InlineData(0.1, "0.1")]
    [InlineData(1.1e7, "1.1×10⁷")]
    [InlineData(0.00123456789, "0.00123456789")]
    [InlineData(200_000.145, "200,000.145")]
    [InlineData(1e-9, "10⁻⁹")]
    [InlineData(320, "320")]
    public void Numbers_that_were_given_keep_their_digits(double value, string text) => Assert.Equal(text, NumberText.Exact(value));

    [Fact]
    public void Things_are_counted_with_their_plural()
    {
        Assert.Equal("1 epoch", NumberText.Count(1, "epoch"));
        Assert.Equal("0 epochs", NumberText.Count(0, "epoch"));
        Assert.Equal("12,960,000 images", NumberText.Count(12_960_000, "image"));
        Assert.Equal("0.01, 0.03", NumberText.List([0.01, 0.03]));
        Assert.Equal("none", NumberText.List([]));
    }

    [Theory]
    [InlineData(0.911, 0.0042, "0.9110")]
    [InlineData(-0.00001, 0.01, "0.000")]
    [InlineData(3.27851, 0.00046, "3.27851")]
    [InlineData(1.2345e60, 3e58, "1.235×10⁶⁰")]
    [InlineData(-3.14159e-16, 1e-17, "-3.14×10⁻¹⁶")]
    [InlineData(1e-30, 1e-16, "0")]
    [InlineData(0, 1e-16, "0")]
    [InlineData(123456.7, 200, "123457")]
    [InlineData(999999999999999, 1e14, "999999999999999")]
    [InlineData(3.28, 0, "3.28")]
    [InlineData(1e60, 0, "10⁶⁰")]
    public void A_number_has_the_digits_that_its_spread_leaves(double value, double scale, string expected) =>
        Assert.Equal(expected, NumberText.WithSpread(value, scale));
}
