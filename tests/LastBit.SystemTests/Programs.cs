using System.Diagnostics;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>Programs that tests start and wait for.</summary>
internal static class Programs
{
    /// <summary>Debian's Python, for which its packages are.</summary>
    internal const string Python = "/usr/bin/python3";

    /// <summary>Runs a program in the root of the repository and returns what it printed; one that fails fails the test.</summary>
    internal static string Call(string program, params string[] args)
    {
        (int code, string text) = Start(Repository.Root, [], program, args);
        Assert.True(code == 0, $"{program} {string.Join(' ', args)}: {text}");
        return text;
    }

    /// <summary>Runs a program, with more variables in its environment, and returns its exit code and all that it printed.</summary>
    internal static (int Code, string Text) Start(string folder, (string Name, string? Value)[] environment, string program,
        params string[] args)
    {
        var start = new ProcessStartInfo(program, args)
        { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What the test runner was given is not for the builds that it starts.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        foreach ((string name, string? value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(60)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', args)}");
        }
        return (process.ExitCode, output.Result + error.Result);
    }

    /// <summary>Skips the test where Debian's Python lacks a module.</summary>
    internal static void NeedPython(params string[] modules)
    {
        if (!File.Exists(Python))
            Assert.Skip($"There is no {Python} here.");
        foreach (string module in modules)
        {
            if (Start(Repository.Root, [], Python, "-c", $"import {module}").Code != 0)
                Assert.Skip($"Debian's Python has no {module} here (.ci/run installs it).");
        }
    }
}
