using System.ComponentModel;
using System.Diagnostics;

namespace LastBit.Data;

/// <summary>What npm said.</summary>
internal sealed record NpmAnswer(int ExitCode, string Output, string Error);

/// <summary>Runs npm, so that the user's own configuration (registry, proxy, credentials) is used.</summary>
internal static class Npm
{
    /// <summary>Runs npm with arguments and waits for it.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="limit">The longest it may take.</param>
    /// <param name="cancellation">Kills it.</param>
    /// <exception cref="SourceException">npm is not installed, or took too long.</exception>
    public static Task<NpmAnswer> Run(IReadOnlyList<string> arguments, string folder, TimeSpan limit, CancellationToken cancellation) =>
        // On Windows npm is a script, which only the shell can start.
        OperatingSystem.IsWindows()
            ? Run("cmd.exe", ["/d", "/c", "npm", .. arguments], folder, limit, cancellation)
            : Run("npm", arguments, folder, limit, cancellation);

    internal static async Task<NpmAnswer> Run(string program, IReadOnlyList<string> arguments, string folder, TimeSpan limit,
        CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Start(start);
        process.StandardInput.Close();
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(timer.Token), error =
                process.StandardError.ReadToEndAsync(timer.Token);
            await process.WaitForExitAsync(timer.Token);
            return new NpmAnswer(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException error)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            throw new SourceException($"npm took longer than {limit.TotalSeconds:0.#} seconds", error);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception error)
        {
            throw new SourceException("npm is not installed", error);
        }
    }
}
