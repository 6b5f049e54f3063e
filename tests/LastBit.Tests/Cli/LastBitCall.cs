using LastBit.Cli;
using LastBit.Cli.Commands;

namespace LastBit.Tests.Cli;

/// <summary>
/// Calls the command line in this process, its text going into two writers: a call takes milliseconds, and a process half a second.
/// </summary>
internal static class LastBitCall
{
    /// <summary>What <see cref="LastBitProcess.Run"/> does, from the folder that the tests run in: paths are absolute.</summary>
    public static LastBitProcess Run(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int exitCode = CommandLine.Run(AllCommands.Tree, args, output, error);
        return new LastBitProcess(exitCode, output.ToString(), error.ToString());
    }
}
