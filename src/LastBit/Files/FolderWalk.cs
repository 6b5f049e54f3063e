using System.Runtime.InteropServices;

namespace LastBit.Files;

/// <summary>What an entry of a folder is, links followed.</summary>
public enum EntryKind
{
    /// <summary>An ordinary file.</summary>
    File,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>A link that leads nowhere or in a circle.</summary>
    DeadLink,

    /// <summary>A file or folder that the walk has met before under another path.</summary>
    Again,

    /// <summary>A pipe, a socket or a device: to open it may wait for ever.</summary>
    Special,
}

/// <summary>One entry of a folder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">The folder's path and the name.</param>
/// <param name="Kind">What it is.</param>
public readonly record struct FolderEntry(string Name, string Path, EntryKind Kind)
{
    /// <summary>Why it cannot be used, as the end of a sentence; null for a file or a folder.</summary>
    public string? Problem => Kind switch
    {
        EntryKind.DeadLink => "a link that leads nowhere or in a circle",
        EntryKind.Again => "there already under another path",
        EntryKind.Special => "not an ordinary file",
        _ => null,
    };
}

/// <summary>
/// The one way of walking folders that a user named: a link counts as what it leads to, each real file or folder counts once, and nothing
/// but ordinary files and folders is ever opened. So links to a parent end the walk, and pipes do not stop it.
/// </summary>
public sealed class FolderWalk
{
    // As many as Linux follows.
    private const int MostLinks = 40;

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>The entries of a folder in the order of their names (ordinal).</summary>
    /// <param name="folder">The folder: where the walk begins, or an entry of kind <see cref="EntryKind.Folder"/> of one that was
    /// listed.</param>
    /// <exception cref="InputException">It cannot be read; the message names it.</exception>
    public IReadOnlyList<FolderEntry> Entries(string folder)
    {
        try
        {
            string real = RealPath(folder) ?? throw new DirectoryNotFoundException();
            _seen.Add(real);
            return
            [
                // A link never takes the place of what it leads to.
                .. new DirectoryInfo(folder).EnumerateFileSystemInfos().OrderBy(entry => entry.LinkTarget is not null)
                    .ThenBy(entry => entry.Name, StringComparer.Ordinal)
                    .Select(entry => new FolderEntry(entry.Name, Path.Combine(folder, entry.Name), KindOf(entry, real))).ToArray()
                    .OrderBy(entry => entry.Name, StringComparer.Ordinal),
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{folder}: cannot be read "
                    + $"({(error is DirectoryNotFoundException ? "there is no such folder" : InputFile.Reason(error))}); "
                + "name a folder that can be", error);
        }
    }

    /// <summary>Whether a path leads to an ordinary file, which has an end and can be read without waiting for somebody else.</summary>
    /// <param name="path">A path that exists.</param>
    public static unsafe bool IsOrdinary(string path)
    {
        const int KindMask = 0xF000, OrdinaryFile = 0x8000;
        if (OperatingSystem.IsWindows())
            return true;
        // .NET says nothing of pipes and devices; the runtime's own shim of stat has one layout on every system: flags, mode, and what is
        // not needed here.
        int* status = stackalloc int[64];
        try
        {
            return Stat(path, status) != 0 || (status[1] & KindMask) == OrdinaryFile;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            return true;
        }
    }

    /// <summary>A path with every link in it followed; null where one leads nowhere or in a circle.</summary>
    internal static string? RealPath(string path)
    {
        string full = Path.GetFullPath(path), real = Path.GetPathRoot(full)!;
        var rest = new Stack<string>();
        Push(full[real.Length..]);
        for (int links = 0; rest.TryPop(out string? name);)
        {
            if (name == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }
            string next = Path.Combine(real, name);
            if (new FileInfo(next).LinkTarget is not string target)
            {
                real = next;
                continue;
            }
            if (++links > MostLinks)
                return null;
            if (Path.IsPathRooted(target))
                real = Path.GetPathRoot(target)!;
            Push(target[(Path.GetPathRoot(target)?.Length ?? 0)..]);
        }
        return Path.Exists(real) ? real : null;

        void Push(string parts)
        {
            foreach (string part in parts.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar],
                StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                if (part != ".")
                    rest.Push(part);
            }
        }
    }

    private EntryKind KindOf(FileSystemInfo entry, string realFolder)
    {
        bool link = entry.LinkTarget is not null;
        string? real = link ? RealPath(entry.FullName) : Path.Combine(realFolder, entry.Name);
        return real is null ? EntryKind.DeadLink
            : !_seen.Add(real) ? EntryKind.Again
            : link ? Directory.Exists(real) ? EntryKind.Folder : FileKind(real)
            : entry is DirectoryInfo ? EntryKind.Folder : FileKind(real);

        static EntryKind FileKind(string file) => IsOrdinary(file) ? EntryKind.File : EntryKind.Special;
    }

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_Stat")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern unsafe int Stat([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int* status);
}
