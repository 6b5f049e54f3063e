using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>
/// `lastbit` for Linux on Arm64 as eng/publish makes it, once, and QEMU to run it; tests are skipped, with the reason, where either cannot
/// be had.
/// </summary>
public sealed class Arm64Program : IDisposable
{
    private const string Qemu = "/usr/bin/qemu-aarch64-static", Loader = "/lib/ld-linux-aarch64.so.1";

    // The emulated memory has no second mapping to write code through, and not the room that the runtime would reserve.
    private static readonly (string Name, string? Value)[] Environment =
        [("DOTNET_EnableWriteXorExecute", "0"), ("DOTNET_gcConcurrent", "0"), ("DOTNET_GCHeapHardLimit", "0x80000000"),
            ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1")];

    private readonly TemporaryFolder _folder = new();
    private string? _file;

    public void Dispose() => _folder.Dispose();

    /// <summary>The program.</summary>
    public string File()
    {
        Assert.SkipUnless(System.IO.File.Exists(Qemu) && System.IO.File.Exists(Loader),
            "Needs Debian's qemu-user-static, and libc6, libstdc++6, libssl3 and zlib1g of arm64.");
        if (_file is null)
        {
            (int code, string text) =
                Programs.Start(Repository.Root, [("LASTBIT_PUBLISH", _folder.Path)], "bash", "eng/publish", "linux-arm64");
            Assert.SkipWhen(code != 0 && text.Contains("NU1301", StringComparison.Ordinal),
                "The runtime of linux-arm64 cannot be fetched here (NU1301).");
            Assert.True(code == 0, text);
            _file = _folder["linux-arm64/lastbit"];
        }
        return _file;
    }

    /// <summary>Runs a command.</summary>
    /// <param name="args">Its words.</param>
    /// <param name="extracted">Where it may unpack its native libraries.</param>
    /// <returns>Its exit code and all that it printed.</returns>
    public (int Code, string Text) Run(string[] args, string extracted) =>
        Programs.Start(Repository.Root, [("DOTNET_BUNDLE_EXTRACT_BASE_DIR", extracted), .. Environment], Qemu, [File(), .. args]);
}
