using System.CommandLine;
using LastBit.Data;
using LastBit.Engines.OpenCl;
using LastBit.Training;

namespace LastBit.Cli;

/// <summary>The `lastbit` command line: exit codes, and what becomes of an error.</summary>
internal static class CommandLine
{
    /// <summary>The run did what was asked.</summary>
    internal const int Done = 0;

    /// <summary>The run failed or was stopped.</summary>
    internal const int Failed = 1;

    /// <summary>Bad usage or bad input.</summary>
    internal const int BadInput = 2;

    /// <summary>Parses and runs. Whatever goes wrong ends as one line on standard error.</summary>
    /// <param name="tree">The commands.</param>
    /// <param name="args">The arguments, without the program's name.</param>
    /// <returns>The exit code: 0 done, 1 failed or stopped, 2 bad usage or bad input.</returns>
    internal static int Run(Lazy<RootCommand> tree, string[] args)
    {
        Terminal.Prepare();
        // Ctrl-C is ours: the run stops at the next iteration and says how to go on.
        using Interruption interruption = Interruption.Listen();
        return Run(tree, args, interruption);
    }

    /// <summary>
    /// The same with its text going into two writers, as into two files, and deaf to signals. Several calls may be made at once.
    /// </summary>
    /// <param name="tree">The commands.</param>
    /// <param name="args">The arguments, without the program's name.</param>
    /// <param name="output">What becomes standard output.</param>
    /// <param name="error">What becomes standard error.</param>
    /// <returns>The exit code.</returns>
    internal static int Run(Lazy<RootCommand> tree, string[] args, TextWriter output, TextWriter error)
    {
        Terminal.Use(output, error);
        using Interruption interruption = Interruption.Begin();
        return Run(tree, args, interruption);
    }

    /// <summary>`lastbit help compare` is `lastbit compare --help`.</summary>
    private const string HelpWord = "help";

    private static int Run(Lazy<RootCommand> tree, string[] args, Interruption interruption)
    {
        JpegDecoder.Current = SkiaJpeg.Decoder;
        ParseResult parse = Parse(tree, args);
        string name = interruption.Name = Name(parse.CommandResult.Command);
        if (parse.Errors.Count > 0 && parse.Action?.ClearsParseErrors != true
            || args is [HelpWord, ..] && parse.UnmatchedTokens.Count > 0)
        {
            Terminal.ErrorWriter.WriteLine($"{name}: {UsageErrors.Describe(parse)} (see {name} --help)");
            return BadInput;
        }
        if (UsageErrors.Mistyped(parse) is { } mistyped)
        {
            Terminal.ErrorWriter.WriteLine($"{name}: {mistyped} (see {name} --help)");
            return BadInput;
        }

        if (AddressSpace.Problem() is { } small)
        {
            Terminal.ErrorWriter.WriteLine($"{name}: {small}");
            return Failed;
        }

        try
        {
            int code = parse.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = Terminal.OutWriter,
                Error = Terminal.ErrorWriter,
            });
            interruption.End();
            if (code != Done || Terminal.OutFailure is not { } failure)
                return code;
            // The run is done and its files are whole; only the reader of standard output must know that it is not.
            Terminal.ErrorWriter.WriteLine($"{name}: standard output cannot be written ({failure}); the result files are whole");
            return Failed;
        }
        catch (Exception error)
        {
            interruption.End();
            return Report(error, name, interruption);
        }
    }

    /// <summary>One tree of commands serves all calls, and its making and its parsing are not for two threads at once.</summary>
    private static ParseResult Parse(Lazy<RootCommand> tree, string[] args)
    {
        lock (tree)
        {
            return tree.Value.Parse(args is [HelpWord, .. var command] ? [.. command, "--help"] : args,
                new ParserConfiguration { EnablePosixBundling = false });
        }
    }

    /// <summary>The words that call a command: "lastbit data fetch".</summary>
    internal static string Name(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{Name(parent)} {command.Name}" : "lastbit";

    private static int Report(Exception error, string name, Interruption interruption)
    {
        if (Environment.GetEnvironmentVariable("LASTBIT_TRACE") is { Length: > 0 })
            Terminal.ErrorWriter.WriteLine(error);

        Exception cause = Cause(error);
        switch (cause)
        {
            case InputException input:
                // The core calls a setting by its own name; here it is an option.
                Terminal.ErrorWriter.WriteLine(
                    $"{name}: {(input.Setting is { } setting ? $"--{Setting.NameOf(setting)}{input.Problem}" : input.Message)}");
                return BadInput;
            case OperationCanceledException when interruption.Token.IsCancellationRequested:
                Terminal.ErrorWriter.WriteLine(interruption.Stopped);
                return Failed;
            case OpenClException or WitnessException:
                Terminal.ErrorWriter.WriteLine($"{name}: {cause.Message}");
                return Failed;
            case OutOfMemoryException or TypeInitializationException { InnerException: OutOfMemoryException }
                or InvalidOperationException { InnerException: OutOfMemoryException }:
                string missing = (cause as InsufficientMemoryException ?? cause.InnerException as InsufficientMemoryException)?.Message
                    is { } lacks ? $" ({lacks})" : "";
                Terminal.ErrorWriter.WriteLine(
                    $"{name}: there is not enough memory{missing}; give a smaller batch (--batch-size), fewer --threads or runs at "
                        + "once, or raise the limit of the process (ulimit -v, a container's or a job's)");
                return Failed;
            default:
                Terminal.ErrorWriter.WriteLine(
                    $"{name}: failed unexpectedly: {cause.GetType().Name}: {ForeignText.Cut(cause.Message, 500)} "
                    + "(LASTBIT_TRACE=1 shows where)");
                return Failed;
        }
    }

    /// <summary>Runs in parallel fail together; what the user can fix comes first, then the interruption, then the rest.</summary>
    private static Exception Cause(Exception error)
    {
        if (error is not AggregateException several)
            return error;
        var causes = several.Flatten().InnerExceptions;
        return causes.FirstOrDefault(cause => cause is InputException)
            ?? causes.FirstOrDefault(cause => cause is not OperationCanceledException) ?? causes[0];
    }
}
