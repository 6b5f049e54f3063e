using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>
/// What another user may not read, and how little a process may be given. Root may read everything, so as root the program runs as nobody.
/// </summary>
public sealed class PermissionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string Program => $"dotnet '{Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll")}'";

    public PermissionTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Modes, users and limits of Linux.");
        ToyRuns.WriteImages(_folder["images"]);
        Directory.CreateDirectory(_folder["logs"]);
        File.WriteAllText(_folder["logs/a.csv"], "epoch,val_acc\n1,0.5\n2,0.60\n");
        File.WriteAllText(_folder["logs/b.csv"], "epoch,val_acc\n1,0.5\n2,0.61\n");
    }

    public void Dispose()
    {
        Shell.Run($"chmod -R u+rwX '{_folder.Path}'");
        _folder.Dispose();
    }

    [Fact]
    public void What_may_not_be_read_is_named_in_one_line()
    {
        LastBitProcess made = LastBitProcess.Run("train", "--network", "resnet8", "--data", "sample", "--train-size", "32", "--batch-size",
            "16", "--epochs", "1", "--quiet", "--out", _folder["run"]);
        Assert.True(made.ExitCode == 0, made.Error);
        string other = "";
        if (Environment.IsPrivilegedProcess)
        {
            Shell.Run($"chown -R 65534:65534 '{_folder.Path}'");
            other = $"setpriv --reuid=65534 --regid=65534 --clear-groups env HOME='{_folder.Path}' ";
            Assert.SkipUnless(Shell.Run($"{other}{Program} --version").Code == 0, "Nobody else may run this build.");
        }
        string @class = Directory.GetDirectories(_folder["images"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        string image = Directory.GetFiles(@class).Order(StringComparer.Ordinal).First();
        string train = $"train --network resnet8 --data images='{_folder["images"]}' --epochs 1 --out '{_folder["new"]}'";
        (string Locked, string Command)[] cases =
        [
            (@class, train), (image, train),
            .. new[] { "report", "summarize", "noise" }.Select(command => (_folder["run/train.json"], $"{command} '{_folder["run"]}'")),
            .. new[] { "report", "status", "cancel", "train --resume" }.Select(command =>
                (_folder["run/run.json"], $"{command} '{_folder["run"]}'")),
            (_folder["logs/b.csv"], $"noise '{_folder["logs"]}'"),
        ];
        foreach ((string locked, string command) in cases)
        {
            Shell.Run($"chmod 000 '{locked}'");
            (int code, string output, string error) = Shell.Run($"{other}{Program} {command}");
            Shell.Run($"chmod u+rwX '{locked}'");
            Assert.True(code == 2, $"{command}: {code} {output} {error}");
            string[] lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Contains($"{locked}: cannot be read (access is denied); ", lines[^1], StringComparison.Ordinal);
        }
        Assert.False(Directory.Exists(_folder["new"]));
    }

    [Theory]
    [InlineData("noise logs")]
    [InlineData("train --network resnet8 --data sample --epochs 1 --out run")]
    [InlineData("heat --out heat")]
    public void A_process_that_may_not_have_what_the_runtime_needs_is_told_so_before_anything_is_made(string command)
    {
        (int code, string output, string error) = Shell.Run($"cd '{_folder.Path}' && ulimit -v 2400000 && exec {Program} {command}");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("the limit of address space is 2.5 GB (ulimit -v), and .NET needs 3", error, StringComparison.Ordinal);
        Assert.Equal(["images", "logs"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
    }
}
