namespace LastBit.Data;

/// <summary>Where downloaded data is kept: one folder a user, shared by all runs.</summary>
public static class DataCache
{
    /// <summary>
    /// The folder: $LASTBIT_CACHE; else $XDG_CACHE_HOME/lastbit; else lastbit in the system's own place
    /// (~/.cache, on macOS ~/Library/Caches, on Windows %LOCALAPPDATA%).
    /// </summary>
    /// <exception cref="InputException">The user has no home folder, or a variable names what is no folder.</exception>
    public static string Root => FindRoot(
        Environment.GetEnvironmentVariable,
        OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) : null,
        OperatingSystem.IsMacOS());

    /// <summary><see cref="Root"/>, or null where there is none.</summary>
    public static string? RootIfAny
    {
        get
        {
            try
            {
                return Root;
            }
            catch (InputException)
            {
                return null; // A user without a home may still ask what runs here.
            }
        }
    }

    internal const string Cifar10Name = "cifar-10-batches-bin";

    /// <summary>The folder of CIFAR-10 in the cache; it need not exist.</summary>
    /// <exception cref="InputException">As for <see cref="Root"/>.</exception>
    public static string Cifar10Folder => Path.Combine(Root, Cifar10Name);

    internal static string FindRoot(Func<string, string?> environment, string? localApplicationData, bool macOS)
    {
        if (environment("LASTBIT_CACHE") is { Length: > 0 } own)
            return Folder("LASTBIT_CACHE", Path.GetFullPath(own));
        // The XDG specification says that a relative path is to be ignored.
        if (environment("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathFullyQualified(cache))
            return Folder("XDG_CACHE_HOME", Path.Combine(cache, "lastbit"));
        if (localApplicationData is { Length: > 0 })
            return Path.Combine(localApplicationData, "lastbit");
        if (environment("HOME") is { Length: > 0 } home)
            return Folder("HOME", macOS ? Path.Combine(home, "Library", "Caches", "lastbit") : Path.Combine(home, ".cache", "lastbit"));
        throw new InputException("LASTBIT_CACHE: there is no home folder to keep data in; set LASTBIT_CACHE to a folder for it");

        static string Folder(string variable, string path)
        {
            for (string? part = path; part is not null; part = Path.GetDirectoryName(part))
            {
                if (File.Exists(part))
                    throw new InputException(
                        $"{variable}: data would be kept in {path}, and {part} is not a folder; set LASTBIT_CACHE to a folder for it");
            }
            return path;
        }
    }
}
