using System.Globalization;

namespace LastBit.Cli;

/// <summary>
/// The limit of a process's address space (ulimit -v). The runtime reserves far more than it uses, and below some of it loading a library
/// fails, which comes out as a missing file, or ends the process: so that is said before anything begins.
/// </summary>
internal static class AddressSpace
{
    /// <summary>Measured: with 2.6 GB a ResNet-8 trains, with 2.4 it finds no memory, and with 2.0 no library of the system.</summary>
    private const long Least = 3_000_000_000;

    /// <summary>What is wrong with this process's limit; null when nothing is.</summary>
    public static string? Problem() => File.Exists("/proc/self/limits") ? Problem(File.ReadAllText("/proc/self/limits")) : null;

    /// <summary>What is wrong with a limit.</summary>
    /// <param name="limits">The content of /proc/self/limits.</param>
    internal static string? Problem(string limits) =>
        limits.Split('\n').FirstOrDefault(line => line.StartsWith("Max address space", StringComparison.Ordinal)) is { } line
            && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..]
            && long.TryParse(soft, CultureInfo.InvariantCulture, out long bytes) && bytes < Least
            ? string.Create(CultureInfo.InvariantCulture, $"the limit of address space is {bytes / 1e9:0.0} GB (ulimit -v), ")
                + "and .NET needs 3 to run at all; raise it (ulimit -v unlimited), and bound the memory itself by a container or a job"
            : null;
}
