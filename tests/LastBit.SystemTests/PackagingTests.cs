using System.IO.Compression;
using LastBit.Arithmetic;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>What a user installs: the .NET tool, the single file that needs no .NET, and Python's wheel.</summary>
public sealed class PackagingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_package_is_small_and_installs_as_a_tool()
    {
        string configuration = AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug";
        Programs.Call("dotnet", "pack", "src/LastBit.Cli", "--configuration", configuration, "--no-build", "--output", _folder["packages"]);
        string package = Assert.Single(Directory.GetFiles(_folder["packages"]));
        Assert.StartsWith("LastBit.", Path.GetFileName(package), StringComparison.Ordinal);
        Assert.True(new FileInfo(package).Length <= 60_000_000, $"The package has {new FileInfo(package).Length} bytes.");
        using (ZipArchive zip = ZipFile.OpenRead(package))
            Assert.DoesNotContain(zip.Entries,
                entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal) && entry.Name.StartsWith("lib", StringComparison.Ordinal));

        File.WriteAllText(_folder["nuget.config"],
            """<configuration><packageSources><clear /><add key="here" value="packages" /></packageSources></configuration>""");
        Programs.Call("dotnet", "tool", "install", "LastBit", "--prerelease", "--tool-path", _folder["tool"], "--configfile",
            _folder["nuget.config"]);
        string program = _folder[Path.Combine("tool", OperatingSystem.IsWindows() ? "lastbit.exe" : "lastbit")];
        Assert.Contains(MachineInfo.Current.Version, Programs.Call(program, "--version"), StringComparison.Ordinal);
        // Figures need the native library of Skia.
        Programs.Call(program, "heat", "--quiet", "--out", _folder["heat"]);
        Assert.True(File.Exists(_folder[Path.Combine("heat", "figures", "figure1.png")]));
    }

    [Fact]
    public void One_file_runs_where_there_is_no_dotnet()
    {
        Publish("linux-x64");
        string program = _folder["out/linux-x64/lastbit"];
        Assert.Equal([program], Directory.GetFiles(_folder["out/linux-x64"]));

        Directory.CreateDirectory(_folder["empty"]);
        (string, string?)[] bare = [("PATH", _folder["empty"]), ("DOTNET_ROOT", null), ("DOTNET_ROOT_X64", null)];
        (int code, string text) = Programs.Start(_folder.Path, bare, program, "heat", "--quiet", "--out", "heat");
        Assert.True(code == 0, text);
        Assert.True(File.Exists(_folder["heat/figures/figure1.png"]));
    }

    /// <summary>Both wheels for Linux on x64; the one for musl is not run here, so its symbols must do.</summary>
    [Fact]
    public void The_wheel_installs_with_pip_and_runs_from_a_home_that_cannot_be_written()
    {
        Programs.NeedPython("venv", "pandas");
        Publish("--wheels", "linux-x64", "linux-musl-x64");
        string[] wheels = [.. Directory.GetFiles(_folder["out/wheels"]).Order(StringComparer.Ordinal)];
        Assert.Equal(["manylinux_2_27_x86_64.whl", "musllinux_1_2_x86_64.whl"], wheels.Select(file => file.Split("-py3-none-")[1]));
        Assert.All(wheels, file => Assert.InRange(new FileInfo(file).Length, 10_000_000, 75_000_000));
        using (ZipArchive zip = ZipFile.OpenRead(wheels[1]))
        {
            using var program = new MemoryStream();
            using (Stream entry = zip.GetEntry("lastbit/_bin/lastbit")!.Open())
                entry.CopyTo(program);
            Assert.True(program.GetBuffer().AsSpan().IndexOf("libc.musl-x86_64.so.1"u8) > 0, "The program for musl does not ask for it.");
            string names = string.Join('\n', zip.Entries.Select(entry => entry.FullName));
            Assert.Contains("licenses/THIRD-PARTY-NOTICES.txt", names, StringComparison.Ordinal);
            Assert.Contains("lastbit/py.typed", names, StringComparison.Ordinal);
            Assert.DoesNotContain("tests", names, StringComparison.Ordinal);
        }

        // No folder can be made in /proc, not even by root: nothing is unpacked when the program starts, and no home is needed.
        (string, string?)[] bare =
            [("HOME", "/proc"), ("XDG_CACHE_HOME", null), ("DOTNET_BUNDLE_EXTRACT_BASE_DIR", "/proc/none"), ("DOTNET_ROOT", null),
                ("PATH", "/usr/bin:/bin")];
        string environment = _folder["a path with a space/venv"];
        Programs.Call(Programs.Python, "-m", "venv", environment);
        Programs.Call(Path.Combine(environment, "bin/pip"), "install", "--no-index", wheels[0]);
        string reproduced = _folder["reproduced"];
        (int code, string text) = Programs.Start(_folder.Path, bare, Path.Combine(environment, "bin/lastbit"),
            "reproduce", "--only", "figure1", "--quiet", "--out", reproduced);
        Assert.True(code == 0, text);
        Assert.True(File.Exists(Path.Combine(reproduced, "figures/figure1.png")));
        (code, text) = Programs.Start(_folder.Path, bare, Path.Combine(environment, "bin/python"), "-c",
            "import lastbit; print(lastbit.find_binary()); print(lastbit.compare(a=[1, 2, 3], b=[11, 12, 13]).verdict)");
        Assert.True(code == 0, text);
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith(environment, lines[0], StringComparison.Ordinal);
        Assert.EndsWith("site-packages/lastbit/_bin/lastbit", lines[0], StringComparison.Ordinal);
        Assert.Equal("real", lines[1]);

        Programs.Call(Path.Combine(environment, "bin/pip"), "install", "--no-index", "--target", _folder["target"], wheels[0]);
        (string, string?)[] there = [.. bare, ("PYTHONPATH", _folder["target"])];
        (code, text) = Programs.Start(_folder.Path, there, Programs.Python, "-m", "lastbit", "--version");
        Assert.True(code == 0, text);
        Assert.Contains("lastbit ", text, StringComparison.Ordinal);
    }

    /// <summary>eng/publish for systems like this one.</summary>
    private void Publish(params string[] args)
    {
        if (!OperatingSystem.IsLinux()
            || System.Runtime.InteropServices.RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("The program that is run here is the one for Linux on x64.");
        (int code, string text) = Programs.Start(Repository.Root, [("LASTBIT_PUBLISH", _folder["out"])], "bash", ["eng/publish", .. args]);
        // The runtime is a package too; a machine that is offline and has never fetched it cannot make the program.
        if (code != 0 && text.Contains("NU1301", StringComparison.Ordinal))
            Assert.Skip("The runtime to put into the program cannot be fetched here (NU1301: no connection to the package source).");
        Assert.True(code == 0, text);
    }
}
