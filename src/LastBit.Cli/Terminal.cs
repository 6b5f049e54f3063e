using System.Text;
using Spectre.Console;

namespace LastBit.Cli;

/// <summary>
/// The two places that text goes to. Results go to standard output; progress, messages and errors go to standard error, so
/// that results can be piped. Colours and moving bars are for terminals only; NO_COLOR is honoured.
/// </summary>
internal static class Terminal
{
    private static readonly Lazy<Streams> OfProcess =
        new(() => new(Console.Out, Console.Error, Console.IsOutputRedirected, Console.IsErrorRedirected));

    // Each call of the command line in this process may have its own.
    private static readonly AsyncLocal<Streams?> Given = new();

    /// <summary>Standard output.</summary>
    internal static IAnsiConsole Out => Now.Out;

    /// <summary>Standard error.</summary>
    internal static IAnsiConsole Error => Now.Error;

    /// <summary>Standard output, for text that is as wide as it is.</summary>
    internal static TextWriter OutWriter => Now.OutWriter;

    /// <summary>Standard error, for text that is as wide as it is.</summary>
    internal static TextWriter ErrorWriter => Now.ErrorWriter;

    /// <summary>Whether standard error is a terminal on which a line can be drawn over.</summary>
    internal static bool CanDrawBars => Now.CanDrawBars;

    /// <summary>Why standard output cannot be written; null as long as it can.</summary>
    internal static string? OutFailure => Now.OutWriter.Failure;

    private static Streams Now => Given.Value ?? OfProcess.Value;

    /// <summary>Lets everything that is called from here write into two writers, as into two files.</summary>
    /// <param name="output">What becomes standard output.</param>
    /// <param name="error">What becomes standard error.</param>
    internal static void Use(TextWriter output, TextWriter error) => Given.Value = new Streams(output, error, true, true);

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
            ErrorWriter.Write("\e[?25h\n");
    }

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        // Spectre takes some build servers for terminals though their output is a file; what is redirected is a file to us.
        bool plain = redirected || Environment.GetEnvironmentVariable("TERM") == "dumb";
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 }
                ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Yes,
        });
        if (plain)
            console.Profile.Capabilities.Ansi = false; // which a build server's profile turns on again
        if (redirected)
            console.Profile.Width = 140;
        return console;
    }

    private sealed class Streams(TextWriter output, TextWriter error, bool outputRedirected, bool errorRedirected)
    {
        public StandardStream OutWriter { get; } = new(TextWriter.Synchronized(output));

        public StandardStream ErrorWriter { get; } = new(TextWriter.Synchronized(error));

        public IAnsiConsole Out => field ??= Create(OutWriter, outputRedirected);

        public IAnsiConsole Error => field ??= Create(ErrorWriter, errorRedirected);

        public bool CanDrawBars => !errorRedirected && Error.Profile.Capabilities.Ansi;
    }
}
