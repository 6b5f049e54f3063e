using System.Diagnostics;
using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Tests;

/// <summary>
/// Calls a static function of this assembly in another process, which is where the runtime can be told to use narrower vectors:
/// the vector width is fixed when a process starts. The module initializer below runs before the test runner does, so the
/// child costs no more than the start of the runtime.
/// </summary>
internal static class ChildProcess
{
    private const string FunctionVariable = "LASTBIT_CHILD_FUNCTION", ArgumentVariable = "LASTBIT_CHILD_ARGUMENT", Marker =
        "LASTBIT_CHILD_RESULT ";

    /// <summary>How many bits of a vector the hardware handles at once, as this process sees it.</summary>
    public static int VectorBits =>
        Math.Max(64, VectorWidth.Bits);

    /// <summary>Calls <paramref name="function"/>, a static method without captured state, in a child process.</summary>
    /// <param name="function">What to call.</param>
    /// <param name="argument">What to call it with.</param>
    /// <param name="environment">Variables to set in the child.</param>
    /// <returns>What the function returned, and how wide the child's vectors were.</returns>
    public static (string Result, int VectorBits) Call(Func<string, string> function, string argument,
        params (string Name, string Value)[] environment)
    {
        Assert.True(function.Method.IsStatic, "A child process shares no state: give it a static method.");
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        start.Environment[FunctionVariable] = $"{function.Method.DeclaringType!.FullName}:{function.Method.Name}";
        start.Environment[ArgumentVariable] = argument;
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;

        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(15)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{function.Method.Name} hangs: it took more than 15 minutes in a child process.");
        }
        string? line = output.Result.Split('\n').LastOrDefault(text => text.StartsWith(Marker, StringComparison.Ordinal));
        Assert.True(process.ExitCode == 0 && line is not null, $"The child process failed: {error.Result}{output.Result}");
        string[] parts = line!.TrimEnd('\r').Split(' ', 3);
        return (parts[2], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    [ModuleInitializer]
    internal static void RunAsChild()
    {
        if (Environment.GetEnvironmentVariable(FunctionVariable) is not string name)
            return;
        // Children of this child are not meant.
        Environment.SetEnvironmentVariable(FunctionVariable, null);
        string[] parts = name.Split(':');
        const System.Reflection.BindingFlags AnyStatic =
            System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic;
        var function =
            typeof(ChildProcess).Assembly.GetType(parts[0])!.GetMethod(parts[1], AnyStatic)!.CreateDelegate<Func<string, string>>();
        string result = function(Environment.GetEnvironmentVariable(ArgumentVariable) ?? "");
        Console.WriteLine($"{Marker}{VectorBits} {result}");
        Environment.Exit(0);
    }
}
