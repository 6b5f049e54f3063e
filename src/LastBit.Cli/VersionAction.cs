using System.CommandLine;
using System.CommandLine.Invocation;
using LastBit.Arithmetic;

namespace LastBit.Cli;

/// <summary>`lastbit --version`: the version and the commit, on one line.</summary>
internal sealed class VersionAction : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        MachineInfo machine = MachineInfo.Current;
        parseResult.InvocationConfiguration.Output.WriteLine($"lastbit {machine.Version} (commit {machine.ShortCommit})");
        return CommandLine.Done;
    }
}
