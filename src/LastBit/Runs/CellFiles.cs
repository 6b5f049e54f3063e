using System.Security.Cryptography;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// The files that belong to a finished cell beside its document, which holds their SHA-256: a number that a disk or an editor has changed
/// is not believed.
/// </summary>
internal static class CellFiles
{
    /// <summary>SHA-256 of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    /// <exception cref="InputException">It cannot be read.</exception>
    public static string DigestOf(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({InputFile.Reason(error)})", error);
        }
    }

    /// <summary>The digests of files by their paths below a folder, with forward slashes.</summary>
    public static SortedDictionary<string, string> DigestsOf(string folder, IEnumerable<string> files) =>
        new(files.ToDictionary(file => NameIn(folder, file), DigestOf), StringComparer.Ordinal);

    /// <summary>Makes sure that the files of a finished cell are what they were when it was finished.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="files">The files, arrays in .npy.</param>
    /// <param name="digests">What the cell's document says of them; null where an older version wrote it, or they were not asked
    /// for.</param>
    /// <param name="document">The cell's document.</param>
    /// <param name="observer">Is told what is missing where nothing says that it was ever there.</param>
    /// <exception cref="InputException">One is missing or altered, which only computing the cell again can mend.</exception>
    public static void Check(string folder, IEnumerable<string> files, SortedDictionary<string, string>? digests, string document,
        IRunObserver observer)
    {
        foreach (string file in files)
        {
            string? problem = null;
            if (digests is null)
            {
                if (!File.Exists(file))
                    observer.Message($"{file}: is missing; delete {document} to compute the run again.");
                else
                    Npy.Read(file);
            }
            else if (!File.Exists(file))
                problem = "is missing";
            else if (!digests.TryGetValue(NameIn(folder, file), out string? digest) || digest != DigestOf(file))
                problem = $"is damaged or was altered (its SHA-256 is not the one in {document})";
            if (problem is not null)
                throw new InputException($"{file}: {problem}; delete {document} to compute the run again");
        }
    }

    /// <summary>A cell's document; null where there is none.</summary>
    /// <param name="document">The file.</param>
    /// <param name="problemOf">What is wrong with it; null when nothing is.</param>
    /// <exception cref="InputException">It cannot be what it says.</exception>
    public static T? Read<T>(string document, Func<T, string?> problemOf)
        where T : class
    {
        const string Remedy = "delete it to compute the run again";
        if (!File.Exists(document))
            return null;
        var read = DocumentFile.Read<T>(document, Remedy);
        return problemOf(read) is { } problem ? throw new InputException($"{document}: {problem}; {Remedy}") : read;
    }

    private static string NameIn(string folder, string file) => Path.GetRelativePath(folder, file).Replace('\\', '/');
}
