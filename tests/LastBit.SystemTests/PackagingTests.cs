using System.Diagnostics;
using System.IO.Compression;
using LastBit.Arithmetic;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>What a user installs: the .NET tool, and the single file that needs no .NET.</summary>
public sealed class PackagingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_package_is_small_and_installs_as_a_tool()
    {
        string configuration = AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug";
        Call("dotnet", "pack", "src/LastBit.Cli", "--configuration", configuration, "--no-build", "--output", _folder["packages"]);
        string package = Assert.Single(Directory.GetFiles(_folder["packages"]));
        Assert.StartsWith("LastBit.", Path.GetFileName(package), StringComparison.Ordinal);
        Assert.True(new FileInfo(package).Length <= 60_000_000, $"The package has {new FileInfo(package).Length} bytes.");
        using (ZipArchive zip = ZipFile.OpenRead(package))
            Assert.DoesNotContain(zip.Entries, entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal) && entry.Name.StartsWith("lib", StringComparison.Ordinal));

        File.WriteAllText(_folder["nuget.config"],
            """<configuration><packageSources><clear /><add key="here" value="packages" /></packageSources></configuration>""");
        Call("dotnet", "tool", "install", "LastBit", "--prerelease", "--tool-path", _folder["tool"], "--configfile", _folder["nuget.config"]);
        string program = _folder[Path.Combine("tool", OperatingSystem.IsWindows() ? "lastbit.exe" : "lastbit")];
        Assert.Contains(MachineInfo.Current.Version, Call(program, "--version"), StringComparison.Ordinal);
        // Figures need the native library of Skia.
        Call(program, "heat", "--quiet", "--out", _folder["heat"]);
        Assert.True(File.Exists(_folder[Path.Combine("heat", "figures", "figure1.png")]));
    }

    [Fact]
    public void One_file_runs_where_there_is_no_dotnet()
    {
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("The file that is run here is the one for Linux on x64.");
        (int code, string text) = Start(Repository.Root, [("LASTBIT_PUBLISH", _folder["out"])], "bash", "eng/publish", "linux-x64");
        // The runtime is a package too; a machine that is offline and has never fetched it cannot make the file.
        if (code != 0 && text.Contains("NU1301", StringComparison.Ordinal))
            Assert.Skip("The runtime to put into the file cannot be fetched here (NU1301: no connection to the package source).");
        Assert.True(code == 0, text);
        string program = _folder["out/linux-x64/lastbit"];
        Assert.Equal([program], Directory.GetFiles(_folder["out/linux-x64"]));

        Directory.CreateDirectory(_folder["empty"]);
        (string, string?)[] bare = [("PATH", _folder["empty"]), ("DOTNET_ROOT", null), ("DOTNET_ROOT_X64", null)];
        (code, text) = Start(_folder.Path, bare, program, "heat", "--quiet", "--out", "heat");
        Assert.True(code == 0, text);
        Assert.True(File.Exists(_folder["heat/figures/figure1.png"]));
    }

    private static string Call(string program, params string[] args)
    {
        (int code, string text) = Start(Repository.Root, [], program, args);
        Assert.True(code == 0, $"{program} {string.Join(' ', args)}: {text}");
        return text;
    }

    private static (int Code, string Text) Start(string folder, (string Name, string? Value)[] environment, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
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
}
