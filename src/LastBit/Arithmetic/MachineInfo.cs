using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace LastBit.Arithmetic;

/// <summary>
/// What a result was computed with. None of it may change a bit of the result (docs/arithmetic.md); it is kept so that a
/// reader can judge the times, and can say on what two results were compared. Names no host and no user.
/// </summary>
/// <param name="Processor">The processor's own name for itself.</param>
/// <param name="VectorBits">Width of the vectors in use: 512, 256 or 128 bits, or 0 where none are.</param>
/// <param name="Threads">Logical processors that this process may use: what the container, the affinity (taskset) and Slurm leave
/// it.</param>
/// <param name="Framework">The .NET that runs it.</param>
/// <param name="System">The operating system.</param>
/// <param name="Architecture">The instruction set, "X64" or "Arm64" say.</param>
/// <param name="Version">LastBit's version.</param>
/// <param name="Commit">The commit that LastBit was built from, 40 hex digits; null when it was built outside a repository.</param>
public sealed record MachineInfo(
    string Processor, int VectorBits, int Threads, string Framework, string System, string Architecture, string Version, string? Commit)
{
    /// <summary>This machine, this process, this build.</summary>
    public static MachineInfo Current { get; } = Read();

    /// <summary>The commit's first ten digits, or "unknown".</summary>
    public string ShortCommit => Commit is { Length: > 10 } commit ? commit[..10] : Commit ?? "unknown";

    /// <summary>The width of the vectors in words.</summary>
    public string VectorText => VectorBits == 0 ? "none (scalar)" : $"{VectorBits} bits";

    private static MachineInfo Read()
    {
        string[] version = InformationalVersion().Split('+', 2);
        return new MachineInfo(
            ProcessorName(),
            VectorWidth.Bits,
            UsableProcessors(Environment.ProcessorCount, Environment.GetEnvironmentVariable),
            RuntimeInformation.FrameworkDescription,
            RuntimeInformation.OSDescription,
            RuntimeInformation.ProcessArchitecture.ToString(),
            version[0],
            version.Length > 1 ? version[1] : null);
    }

    /// <summary>How many processors a process may use.</summary>
    /// <param name="processors">What the runtime says, which knows of affinity and of a container's quota.</param>
    /// <param name="variable">The environment. Slurm says there what a task was given, also where it confines nobody to it.</param>
    internal static int UsableProcessors(int processors, Func<string, string?> variable)
    {
        foreach (string name in new[] { "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE" })
        {
            if (int.TryParse(variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given >= 1)
                return Math.Min(processors, given);
        }
        return processors;
    }

    /// <summary>
    /// "0.1.0+COMMIT": the build appends SourceRevisionId, which the SDK reads from the repository's files and not through git.
    /// </summary>
    private static string InformationalVersion() =>
        typeof(MachineInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    private static string ProcessorName()
    {
        string? name = BrandString() ?? FromProcCpuInfo() ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return string.IsNullOrWhiteSpace(name) ? $"unnamed {RuntimeInformation.ProcessArchitecture} processor" : name.Trim();
    }

    /// <summary>The name that an x86 processor gives itself: leaves 0x80000002 to 0x80000004 of CPUID, 16 characters each.</summary>
    private static string? BrandString()
    {
        if (!X86Base.IsSupported || unchecked((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax) < 0x80000004)
            return null;

        Span<int> words = stackalloc int[12];
        for (int leaf = 0; leaf < 3; leaf++)
            (words[4 * leaf], words[4 * leaf + 1], words[4 * leaf + 2], words[4 * leaf + 3]) =
                X86Base.CpuId(unchecked((int)0x80000002) + leaf, 0);
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes(words)).Replace("\0", "", StringComparison.Ordinal);
    }

    private static string? FromProcCpuInfo()
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo")
                .Where(line =>
                    line.StartsWith("model name", StringComparison.Ordinal) || line.StartsWith("Model", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..])
                .FirstOrDefault();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
