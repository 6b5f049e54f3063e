using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace LastBit.Files;

/// <summary>Writes files that appear whole or not at all: the content goes into a file beside, which is then renamed.</summary>
public static partial class AtomicFile
{
    // In names of files, so that what a killed process left can be told from what a process on another machine is writing.
    private static readonly string Machine =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Environment.MachineName)))[..8];

    // Folders whose run must not be written to once the folder is another's, with what makes sure of it.
    private static readonly ConcurrentDictionary<object, (string Folder, Action Check)> Guards = new();

    /// <summary>Has something checked before anything is written below a folder, until the guard is disposed of.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="check">Throws where nothing may be written there any more.</param>
    internal static IDisposable Guard(string folder, Action check)
    {
        var guard = new Guarded();
        Guards[guard] = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar, check);
        return guard;
    }

    /// <summary>Makes sure that something may still be written at a path.</summary>
    /// <exception cref="InputException">The folder of a run that it lies in is gone, or is another's.</exception>
    internal static void ThrowIfGone(string path)
    {
        if (Guards.IsEmpty)
            return;
        string full = Path.GetFullPath(path);
        foreach ((string folder, Action check) in Guards.Values)
        {
            if (full.StartsWith(folder, StringComparison.Ordinal))
                check();
        }
    }

    private sealed class Guarded : IDisposable
    {
        public void Dispose() => Guards.TryRemove(this, out _);
    }

    /// <summary>
    /// Writes <paramref name="path"/> through <paramref name="write"/>; an older file is replaced only when all of the new one is on disk.
    /// </summary>
    /// <param name="path">The file to write; its folder is created.</param>
    /// <param name="write">Writes the content into the stream that it is given.</param>
    /// <exception cref="InputException">The folder cannot be written, or the disk is full; the older file, if any, is
    /// untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string temporary = UnfinishedName(full, Environment.ProcessId);
        ThrowIfGone(full);
        using IDisposable uninterrupted = UninterruptedWork.Begin();
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{path}: cannot be written ({error.Message.ReplaceLineEndings(" ")}); name a folder that is writable and has room", error);
        }
        finally
        {
            // After a successful move there is nothing to delete; after a failure nothing half-written may stay.
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    /// <summary>Writes bytes; a file that has them already is left alone.</summary>
    /// <param name="path">The file to write; its folder is created.</param>
    /// <param name="content">All of its bytes.</param>
    /// <exception cref="InputException">The folder cannot be written, or the disk is full.</exception>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content)
    {
        if (Holds(path, content))
            return;
        byte[] copy = content.ToArray();
        Write(path, stream => stream.Write(copy));
    }

    /// <summary>Writes text in UTF-8 without a byte-order mark.</summary>
    /// <param name="path">The file to write; its folder is created.</param>
    /// <param name="content">All of its text.</param>
    /// <exception cref="InputException">The folder cannot be written, or the disk is full.</exception>
    public static void WriteAllText(string path, string content) => WriteAllBytes(path, Encoding.UTF8.GetBytes(content));

    private static bool Holds(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            return new FileInfo(path) is { Exists: true } file && file.Length == content.Length && content.Length > 0
                && content.SequenceEqual(File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A name that no other process on any machine gives to the file that is to become <paramref name="path"/>.</summary>
    internal static string UnfinishedName(string path, int process) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{path}.{process}.{Machine}{RandomNumberGenerator.GetHexString(24, lowercase: true)}.tmp");

    /// <summary>Whether a file is one that has not come to have its name.</summary>
    internal static bool IsUnfinished(string path) => UnfinishedFile().IsMatch(path);

    /// <summary>The process on this machine that was writing an unfinished file; null where another machine's was.</summary>
    internal static int? WriterOf(string path) =>
        UnfinishedFile().Match(path) is { Success: true } name && name.Groups["machine"].Value == Machine
        && int.TryParse(name.Groups["process"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int process)
        ? process : null;

    [GeneratedRegex(@"\.(?<process>\d+)\.(?<machine>[0-9a-f]{8})[0-9a-f]{24}\.tmp$")]
    private static partial Regex UnfinishedFile();
}
