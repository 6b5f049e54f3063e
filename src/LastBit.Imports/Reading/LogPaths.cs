using System.Text;
using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>Finds the files that paths, folders and patterns name.</summary>
internal static class LogPaths
{
    /// <summary>The files, each once, in order.</summary>
    /// <param name="paths">Files, folders, patterns with *, ? and **.</param>
    /// <exception cref="InputException">A path does not exist, or a pattern matches nothing.</exception>
    public static List<(string File, bool Named)> Expand(IReadOnlyList<string> paths)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        List<(string, bool)> files = [];
        foreach (string path in paths)
        {
            int before = seen.Count;
            try
            {
                if (File.Exists(path))
                    Add(path, true);
                else if (Directory.Exists(path))
                    AddFolder(path);
                else if (path.AsSpan().ContainsAny("*?"))
                    AddPattern(path);
                else
                    throw new InputException($"{path}: there is no such file or folder; name a log, a folder of logs, or a pattern in quotes");
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new InputException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); name a path that can be", error);
            }
            if (seen.Count == before && before == 0)
                throw new InputException($"{path}: holds no file; name a log, a folder of logs, or a pattern in quotes");
        }
        return files;

        void Add(string file, bool named)
        {
            if (seen.Add(Path.GetFullPath(file)))
                files.Add((file, named));
        }

        void AddFolder(string folder)
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                Add(file, false);
        }

        void AddPattern(string pattern)
        {
            (string root, Regex match) = Pattern(pattern);
            if (!Directory.Exists(root))
                throw new InputException($"{pattern}: there is no folder {root}; begin the pattern with one that is there");
            bool any = false;
            foreach (string entry in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                if (!match.IsMatch(entry.Replace('\\', '/')))
                    continue;
                any = true;
                if (Directory.Exists(entry))
                    AddFolder(entry);
                else
                    Add(entry, true);
            }
            if (!any)
                throw new InputException($"{pattern}: no file or folder matches; * stands for part of a name, and **/ for any folders");
        }
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
