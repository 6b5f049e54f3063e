using LastBit.Cli;
using Spectre.Console;

namespace LastBit.Tests.Cli;

/// <summary>Tables and sentences on terminals that are too narrow for them.</summary>
public class TableWidthTests
{
    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    public void A_table_that_does_not_fit_is_printed_cell_by_cell_and_no_word_is_broken(int width)
    {
        using var text = new StringWriter();
        IAnsiConsole console = Narrow(text, width);
        const string Of = "means of seeds less what rounding explains of them, which is a sentence that goes on below itself";
        Table table = Tables.Create(console, "A title that is a whole sentence, and longer than the narrowest of the terminals that it "
            + "is printed on", "", "#estimate", "#95% interval", "of what");
        table.AddRow("seeds, beyond rounding", "0.005", "0.000 to 0.026", Of);
        table.AddRow("noise floor", "0.047", "", "a short one");
        Tables.Write(console, table);
        string[] lines = text.ToString().ReplaceLineEndings("\n").Split('\n');
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
        Assert.Contains("seeds, beyond rounding", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith(':') || line.EndsWith(':'));
        string[] words = [.. lines.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.All(Of.Split(' '), word => Assert.Contains(word, words));
        Assert.Contains(lines, line => line == new string(' ', 16) + line.TrimStart() && line.Length > 16);
    }

    [Fact]
    public void What_is_said_of_logs_is_broken_between_words_on_a_terminal_and_one_line_in_a_pipe()
    {
        const string Said = "a: left out: seed0/latest: it is a copy of seed0, the same to the last bit at every step";
        using var text = new StringWriter();
        IAnsiConsole console = Narrow(text, 60);
        RunLines.Wrapped(console, Said);
        string[] lines = text.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Equal(Said, string.Join(' ', lines.Select(line => line.TrimEnd())));
        text.GetStringBuilder().Clear();
        console.Profile.Capabilities.Ansi = false;
        RunLines.Wrapped(console, Said);
        Assert.Equal(Said, text.ToString().TrimEnd());
    }

    private static IAnsiConsole Narrow(TextWriter text, int width)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.Yes,
            ColorSystem = ColorSystemSupport.NoColors,
        });
        console.Profile.Width = width;
        return console;
    }
}
