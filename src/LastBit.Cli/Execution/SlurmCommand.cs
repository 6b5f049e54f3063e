using System.ComponentModel;
using System.Diagnostics;

namespace LastBit.Cli.Execution;

/// <summary>Calls Slurm's own programs.</summary>
internal static class SlurmCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Calls a program of Slurm that must succeed.</summary>
    /// <param name="program">"sbatch", say.</param>
    /// <param name="args">Its arguments.</param>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InputException">It is not there, or says no.</exception>
    internal static string Call(string program, params string[] args) => Try(program, args) switch
    {
        null => throw Missing(program),
        (0, string output, _) => output,
        (_, _, string error) => throw new InputException($"{program}: {error.Trim().ReplaceLineEndings("; ")}"),
    };

    /// <summary>Does nothing where there is such a program.</summary>
    /// <exception cref="InputException">There is none.</exception>
    internal static void Require(string program)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, program))))
            throw Missing(program);
    }

    private static InputException Missing(string program) => new($"{program}: is not on the path; run this where Slurm's commands are, or leave Slurm out");

    /// <summary>Calls a program of Slurm that may be missing or fail.</summary>
    /// <returns>Exit code, standard output and standard error; null where there is no such program.</returns>
    internal static (int Code, string Output, string Error)? Try(string program, params string[] args)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                return (1, "", $"has not answered for {Patience.TotalSeconds:0} seconds");
            }
            return (process.ExitCode, output.Result, error.Result);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
