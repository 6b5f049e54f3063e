using System.Diagnostics;
using System.Text.Json;

namespace LastBit.Tests.Cli;

/// <summary>Runs the command line as a user does: another process, its output in pipes.</summary>
internal sealed record LastBitProcess(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    /// <summary>The lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>
    /// What Ctrl+C sends; where a shell has started the tests in its background, children ignore that, and it is what a shutdown sends.
    /// </summary>
    public static string Interrupt { get; } = OperatingSystem.IsLinux() && File.ReadLines("/proc/self/status").Any(line =>
        line.StartsWith("SigIgn:", StringComparison.Ordinal) && (Convert.ToUInt64(line[7..].Trim(), 16) & 2) != 0) ? "-TERM" : "-INT";

    public static LastBitProcess Run(params string[] args) => RunIn(Environment.CurrentDirectory, args);

    public static LastBitProcess RunIn(string folder, params string[] args)
    {
        using Process process = Start(folder, args);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(15)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"lastbit {string.Join(' ', args)}");
        }
        return new LastBitProcess(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts the command line and lets it run; what it was given to read and what it writes are pipes.</summary>
    public static Process Start(string folder, params string[] args) => Start(folder, args, environment: []);

    /// <summary>The same with more variables in its environment.</summary>
    public static Process Start(string folder, string[] args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"), .. args])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // Spectre takes a build server for a terminal; the tests must see that we do not.
        start.Environment["GITHUB_ACTIONS"] = "true";
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
