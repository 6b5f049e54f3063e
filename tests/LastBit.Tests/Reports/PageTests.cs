using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CsCheck;
using LastBit.Reports.Page;
using LastBit.Reports.Results;

namespace LastBit.Tests.Reports;

public partial class PageTests
{
    [Fact]
    public void Values_in_markup_are_escaped_and_literals_are_not()
    {
        string hostile = """<script>alert("1")</script>&'""";
        Assert.Equal(
            "<p title='&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;'><b>7</b></p>",
            Markup.Of($"<p title='{hostile}'>{Markup.Of($"<b>{7}</b>")}</p>").Html);
    }

    [Theory]
    [InlineData("α_min", "<msub><mi>α</mi><mi>min</mi></msub>")]
    [InlineData("Δt ≤ Δx²/2",
        "<mi>Δ</mi><mi>t</mi><mo>≤</mo><mi>Δ</mi><msup><mi>x</mi><mrow><mn>2</mn></mrow></msup><mo stretchy=\"false\">/</mo><mn>2</mn>")]
    [InlineData("|K₁|²ⁿ",
        "<mo stretchy=\"false\">|</mo><msub><mi>K</mi><mrow><mn>1</mn></mrow></msub><msup><mo "
            + "stretchy=\"false\">|</mo><mrow><mn>2</mn><mi>n</mi></mrow></msup>")]
    [InlineData("1.3×10⁻⁸ < y", "<mn>1.3</mn><mo>×</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>8</mn></mrow></msup><mo>&lt;</mo><mi>y</mi>")]
    [InlineData("dK = mean(I)",
        "<mrow><mi>d</mi><mi>K</mi></mrow><mo>=</mo><mi>mean</mi><mo stretchy=\"false\">(</mo><mi>I</mi><mo stretchy=\"false\">)</mo>")]
    public void Formulas_become_MathML(string formula, string mathML) =>
        Assert.Equal($"a &amp; <math>{mathML}</math>.", Formula.Text($"a & ${formula}$.").Html);

    [Fact]
    public void A_table_has_a_row_for_every_x_and_blanks_where_a_curve_has_no_point()
    {
        string csv = Csv.Write("iteration",
            [new Curve("a, b", [1, 2, 3], [0.1, double.NaN, 0]), new Curve("say \"c\"", [2, 4], [1e-300, -5])]);
        Assert.Equal("iteration,\"a, b\",\"say \"\"c\"\"\"\n1,0.1,\n2,NaN,1E-300\n3,0,\n4,,-5\n", csv);
    }

    [Fact]
    public void Numbers_in_a_table_read_back_as_the_same_bits() =>
        Gen.Double.Where(double.IsFinite).Sample(value =>
            BitConverter.DoubleToInt64Bits(double.Parse(Csv.Number(value), CultureInfo.InvariantCulture))
                == BitConverter.DoubleToInt64Bits(value));

    [Fact]
    public void Any_table_survives_its_way_through_an_address() =>
        Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
            Uri.UnescapeDataString(Csv.ToDataAddress(text)["data:text/csv;charset=utf-8,".Length..]) == text);

    [Fact]
    public void A_command_is_written_from_the_settings_so_that_a_shell_reads_it_back()
    {
        JsonObject run = JsonNode.Parse("""
            {"command": "amplify", "settings": {"learningRates": [0.05, 1E-08], "k": 5, "mat": true, "weightDecay": null, "checkpointDigest": "x",
             "image": {"name": "it's.png", "height": 4}, "kernelSize": 32}}
            """)!.AsObject();
        Assert.Equal(@"lastbit amplify --learning-rate 0.05,1E-08 --k 5 --mat --image 'it'\''s.png' --kernel-size 32", RunCommand.Of(run));
        Assert.Equal("lastbit", RunCommand.Of(null));
        JsonObject edge = JsonNode.Parse(
            """{"command": "edge", "settings": {"network": "fc-tanh", "activation": "tanh", "convolution": "winograd", "perturbation": [3, "ulp"], "standardization": "pixel"}}""")!.AsObject();
        Assert.Equal("lastbit edge --network fc-tanh --convolution winograd --perturbation k=3,ulp --standardization pixel",
            RunCommand.Of(edge));
    }

    /// <summary>WCAG 2.2 AA: 4.5 : 1 for text, 3 : 1 for lines, controls and focus rings.</summary>
    [Theory]
    [InlineData(":root {", "page")]
    [InlineData(":root {", "card")]
    [InlineData("(prefers-color-scheme: dark)", "page")]
    [InlineData("(prefers-color-scheme: dark)", "card")]
    public void Text_and_lines_have_enough_contrast(string scheme, string ground)
    {
        Dictionary<string, string> colours = Colours(scheme);
        foreach (string text in new[] { "text", "muted", "accent" })
            Assert.True(Contrast(colours[text], colours[ground]) >= 4.5,
                $"{text} on {ground}: {Contrast(colours[text], colours[ground]):0.00}");
        foreach (string verdict in new[] { "good", "bad", "open" })
        {
            double contrast = Contrast(colours[verdict], colours[$"{verdict}-card"]);
            Assert.True(contrast >= 4.5, $"{verdict}: {contrast:0.00}");
        }
        for (int i = 0; i < 8; i++)
            Assert.True(Contrast(colours[$"series-{i}"], colours["card"]) >= 3,
                $"series {i}: {Contrast(colours[$"series-{i}"], colours["card"]):0.00}");
        Assert.True(Contrast(colours["card"], colours["accent"]) >= 4.5, "the text of a pressed button");
        Assert.True(Contrast(colours["text"], colours["open-card"]) >= 4.5, "the text of a legend entry under the pointer");
    }

    [Fact]
    public void Every_piece_of_the_page_is_inside_it()
    {
        Assert.Contains("/uPlot (v1.6.32)", PageAssets.Script, StringComparison.Ordinal);
        Assert.Contains("MIT", PageAssets.Licence, StringComparison.Ordinal);
        Assert.DoesNotContain("</script", PageAssets.Script, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("</style", PageAssets.Style, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", PageAssets.Style, StringComparison.OrdinalIgnoreCase);
    }

    private static Dictionary<string, string> Colours(string scheme)
    {
        string style = PageAssets.Style;
        string block = style[style.IndexOf(scheme, StringComparison.Ordinal)..];
        return Colour().Matches(block[..block.IndexOf('}', StringComparison.Ordinal)])
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
    }

    private static double Contrast(string one, string other)
    {
        double a = Luminance(one), b = Luminance(other);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string colour)
    {
        double Part(int at)
        {
            double part = int.Parse(colour.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return part <= 0.04045 ? part / 12.92 : Math.Pow((part + 0.055) / 1.055, 2.4);
        }
        return (0.2126 * Part(0)) + (0.7152 * Part(2)) + (0.0722 * Part(4));
    }

    [GeneratedRegex("--([a-z0-9-]+): #([0-9a-f]{6});")]
    private static partial Regex Colour();
}
