using System.Text;
using Spectre.Console;

namespace LastBit.Cli;

/// <summary>
/// The two places that text goes to. Results go to standard output; progress, messages and errors go to standard error, so
/// that results can be piped. Colours and moving bars are for terminals only; NO_COLOR is honoured.
/// </summary>
internal static class Terminal
{
    /// <summary>Standard output.</summary>
    internal static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    /// <summary>Standard error.</summary>
    internal static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>Whether standard error is a terminal on which a line can be drawn over.</summary>
    internal static bool CanDrawBars { get; } = !Console.IsErrorRedirected && Error.Profile.Capabilities.Ansi;

    /// <summary>Asks for UTF-8 where the system has another default.</summary>
    internal static void Prepare()
    {
        // Setting it elsewhere makes .NET write a byte-order mark or touch the terminal's settings.
        if (OperatingSystem.IsWindows())
            Console.OutputEncoding = Encoding.UTF8;
    }

    /// <summary>Shows the cursor again, which a progress bar hides.</summary>
    internal static void Restore()
    {
        if (CanDrawBars)
            Console.Error.Write("\e[?25h\n");
    }

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        // Spectre takes some build servers for terminals though their output is a file; what is redirected is a file to us.
        bool plain = redirected || Environment.GetEnvironmentVariable("TERM") == "dumb";
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 } ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Yes,
        });
        if (plain)
            console.Profile.Capabilities.Ansi = false; // which a build server's profile turns on again
        if (redirected)
            console.Profile.Width = 140;
        return console;
    }
}
