using System.Text;
using System.Text.RegularExpressions;
using LastBit.Files;

namespace LastBit.Imports.Reading;

/// <summary>Finds the files that paths, folders and patterns name: each real file once, whatever links lead to it, and ordinary files
/// only.</summary>
/// <param name="cancellation">Ends the search.</param>
internal sealed class LogPaths(CancellationToken cancellation)
{
    /// <summary>Nobody keeps the logs of one training in so many files: a folder with more was named by mistake.</summary>
    private const int MostFiles = 200_000, Deepest = 64;

    private FolderWalk _walk = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<FoundFile> _files = [];

    /// <summary>What was met and passed over, and why.</summary>
    public List<LeftOut> Passed { get; } = [];

    /// <summary>The files, each once, in order.</summary>
    /// <param name="paths">Files, folders, patterns with *, ? and **.</param>
    /// <exception cref="InputException">A path does not exist or is no ordinary file, a pattern matches nothing, or there are too many
    /// files.</exception>
    public List<FoundFile> Expand(IReadOnlyList<string> paths)
    {
        foreach (string path in paths)
        {
            _walk = new FolderWalk();
            if (Directory.Exists(path))
                AddFolder(path, _ => true, 0, isNamed: false);
            else if (File.Exists(path))
                AddNamed(path);
            else if (path.AsSpan().ContainsAny("*?"))
                AddPattern(path);
            else
                throw new InputException($"{path}: there is no such file or folder; name a log, a folder of logs, or a pattern in quotes");
            if (_files.Count == 0)
            {
                throw new InputException(
                    $"{path}: holds no file{(Passed.Count > 0 ? $" that can be read; {Passed[0].What}: {Passed[0].Why}" : "")}; "
                    + "name a log, a folder of logs, or a pattern in quotes");
            }
        }
        return _files;
    }

    private void AddNamed(string file)
    {
        if (!FolderWalk.IsOrdinary(file))
            throw new InputException($"{file}: is not an ordinary file; name a log, a folder of logs, or a pattern in quotes");
        Add(file, true, isAlone: true);
    }

    private void Add(string file, bool isNamed, bool isAlone = false)
    {
        if (!_seen.Add(Path.GetFullPath(file)))
            return;
        _files.Add(new FoundFile(file, isNamed) { IsAlone = isAlone });
        if (_files.Count > MostFiles)
            throw new InputException($"{file}: is the file number {_files.Count}; name the logs alone, as a pattern in quotes");
    }

    private void AddFolder(string folder, Func<string, bool> wants, int depth, bool isNamed)
    {
        IReadOnlyList<FolderEntry> entries;
        try
        {
            entries = _walk.Entries(folder);
        }
        catch (InputException error) when (depth > 0)
        {
            Passed.Add(new LeftOut(folder, Reason(error.Message, folder)));
            return;
        }
        foreach (FolderEntry entry in entries)
        {
            cancellation.ThrowIfCancellationRequested();
            bool isWanted = wants(entry.Path);
            if (entry.Problem is { } problem && isWanted)
                Passed.Add(new LeftOut(entry.Path, $"it is {problem}"));
            else if (entry.Kind == EntryKind.File && isWanted)
                Add(entry.Path, isNamed);
            else if (entry.Kind == EntryKind.Folder && depth == Deepest)
                Passed.Add(new LeftOut(entry.Path, $"it lies more than {Deepest} folders deep"));
            else if (entry.Kind == EntryKind.Folder)
                // What a pattern names as a folder is read whole.
                AddFolder(entry.Path, isWanted ? _ => true : wants, depth + 1, isNamed && !isWanted);
        }

        static string Reason(string message, string folder) => message.StartsWith(folder + ": ", StringComparison.Ordinal)
            ? "it " + message[(folder.Length + 2)..].Split(';')[0] : message;
    }

    private void AddPattern(string pattern)
    {
        (string root, Regex match) = Pattern(pattern);
        if (!Directory.Exists(root))
            throw new InputException($"{pattern}: there is no folder {root}; begin the pattern with one that is there");
        int before = _files.Count;
        AddFolder(root, path => match.IsMatch(path.Replace('\\', '/')), 0, isNamed: true);
        if (_files.Count == before)
            throw new InputException($"{pattern}: no file or folder matches; * stands for part of a name, and **/ for any folders");
    }

    private static (string Root, Regex Match) Pattern(string pattern)
    {
        string slashed = OperatingSystem.IsWindows() ? pattern.Replace('\\', '/') : pattern;
        int wild = slashed.AsSpan().IndexOfAny("*?");
        int cut = slashed.LastIndexOf('/', wild);
        string root = cut < 0 ? "." : cut == 0 ? "/" : slashed[..cut];
        var regex = new StringBuilder("^");
        string whole = cut < 0 ? "./" + slashed : slashed;
        for (int i = 0; i < whole.Length; i++)
        {
            if (whole.AsSpan(i).StartsWith("**/"))
            {
                regex.Append("(?:[^/]*/)*");
                i += 2;
            }
            else
            {
                regex.Append(whole[i] switch { '*' => "[^/]*", '?' => "[^/]", char other => Regex.Escape(other.ToString()) });
            }
        }
        return (root, new Regex(regex.Append('$').ToString(), RegexOptions.CultureInvariant));
    }
}
