using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LastBit.Experiments;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// The folder of one run: its run.json says what was run, with which settings and on what, and a lock keeps a second
/// process out. A folder with the same command and settings is opened again (to go on, or to compute the same once more);
/// any other folder that holds something is refused, so that nothing is ever overwritten by a run that differs.
/// </summary>
public sealed partial class RunFolder : IDisposable
{
    private const string LockName = ".lock";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly FileStream? _lock;
    private readonly JsonObject _run;
    private readonly double _secondsBefore;
    private readonly TimeProvider _clock;
    private readonly long _begun;

    private RunFolder(string path, FileStream? held, JsonObject run, double secondsBefore, bool existed, TimeProvider clock)
    {
        _clock = clock;
        _begun = clock.GetTimestamp();
        Path = path;
        _lock = held;
        _run = run;
        _secondsBefore = secondsBefore;
        Existed = existed;
    }

    /// <summary>The folder, as it was given.</summary>
    public string Path { get; }

    /// <summary>Whether the folder already held a run of these settings.</summary>
    public bool Existed { get; }

    /// <summary>The default place for a command's results: runs/COMMAND-yyyyMMdd-HHmmss, with -2, -3, ... where that exists.</summary>
    /// <param name="command">The command's name.</param>
    /// <param name="now">The time to name it by.</param>
    /// <returns>A path, relative to the current folder, that does not exist yet.</returns>
    public static string DefaultPath(string command, DateTime now)
    {
        string path = System.IO.Path.Combine("runs", string.Create(CultureInfo.InvariantCulture, $"{command}-{now:yyyyMMdd-HHmmss}"));
        string free = path;
        for (int i = 2; System.IO.Path.Exists(free); i++)
            free = string.Create(CultureInfo.InvariantCulture, $"{path}-{i}");
        return free;
    }

    /// <summary>Creates the folder, or opens it if it holds a run of the same command and settings, and writes run.json.</summary>
    /// <param name="path">The folder; made with its parents where there is none.</param>
    /// <param name="command">The command that fills it ("linear").</param>
    /// <param name="settings">All settings that decide a bit of the results, and no others (not the number of threads).</param>
    /// <param name="threads">How many threads the run may use; recorded, not compared.</param>
    /// <param name="shared">
    /// False to keep every other process out until this object is disposed of. True when several processes may fill one folder,
    /// each its own part: then only run.json is guarded, and the caller guards the parts with <see cref="TryLock"/>.
    /// </param>
    /// <param name="clock">What measures the time that the run takes; null for the system's clock.</param>
    /// <returns>The open folder; dispose of it when the run is over.</returns>
    /// <exception cref="InputException">The folder cannot be written, is in use, or holds something else.</exception>
    public static RunFolder Open(
        string path, string command, JsonObject settings, int threads, bool shared = false, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"--out {path}: the folder cannot be made ({OneLine(error)}); name one that can be written", error);
        }

        FileStream held = TryLock(path, LockName, TimeSpan.FromSeconds(shared ? 10 : 0))
            ?? throw new InputException($"--out {path}: another run is working in this folder; wait for its end or name another folder");
        try
        {
            JsonObject? older = Check(path, command, settings);
            // In a shared folder only run.json is this process's alone, and only as long as it holds the lock.
            if (shared)
                DeleteUnfinishedFiles(path, "run.json.*.tmp", SearchOption.TopDirectoryOnly);
            else
                DeleteUnfinishedFiles(path, "*.tmp", SearchOption.AllDirectories);

            MachineInfo machine = MachineInfo.Current;
            double secondsBefore = older?["seconds"]?.GetValue<double>() ?? 0;
            // What an earlier session recorded beside these members stays.
            JsonObject run = older ?? [];
            run["command"] = command;
            run["settings"] = settings.DeepClone();
            run["version"] = machine.Version;
            run["commit"] = machine.Commit;
            run["processor"] = machine.Processor;
            run["vectorBits"] = machine.VectorBits;
            run["threads"] = threads;
            run["framework"] = machine.Framework;
            run["system"] = machine.System;
            run["started"] = older?["started"]?.DeepClone() ?? DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            run["seconds"] = secondsBefore;
            run["finished"] = false;
            Write(path, run);
            if (shared)
                held.Dispose();
            return new RunFolder(path, shared ? null : held, run, secondsBefore, older is not null, clock ?? TimeProvider.System);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes a lock that the operating system releases when the process ends, however it ends. The file that stands for it
    /// stays behind, empty: deleting it would let two processes hold "the" lock at once.
    /// </summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="name">The name of the file that stands for the lock; begin it with a dot.</param>
    /// <param name="patience">How long to try.</param>
    /// <returns>The lock, released by disposing of it; null when another process (or this one) holds it.</returns>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static FileStream? TryLock(string folder, string name, TimeSpan patience = default)
    {
        string file = System.IO.Path.Combine(folder, name);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (Exception error) when (error is UnauthorizedAccessException or DirectoryNotFoundException)
            {
                throw new InputException($"--out {folder}: nothing can be written there ({OneLine(error)}); name a folder that is writable", error);
            }
            catch (IOException error) when (!IsHeldByAnother(error))
            {
                throw new InputException($"--out {folder}: nothing can be written there ({OneLine(error)}); name a folder that is writable", error);
            }
            catch (IOException) when (watch.Elapsed >= patience)
            {
                return null;
            }
            catch (IOException)
            {
                Thread.Sleep(20);
            }
        }
    }

    /// <summary>Reads a folder's run.json.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The document, or null when the folder has none.</returns>
    /// <exception cref="InputException">The file is there and is not a document of ours.</exception>
    public static JsonObject? Read(string path)
    {
        string file = System.IO.Path.Combine(path, "run.json");
        try
        {
            return File.Exists(file)
                ? JsonNode.Parse(File.ReadAllText(file)) as JsonObject ?? throw new JsonException("it is not an object")
                : null;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{file}: cannot be read ({OneLine(error)}); it should be what a run of LastBit wrote", error);
        }
    }

    /// <summary>Adds a member to run.json (which parts of a run are done, say); it is on disk when this returns.</summary>
    /// <param name="name">The member's name.</param>
    /// <param name="value">Its value.</param>
    public void Record(string name, JsonNode? value)
    {
        _run[name] = value;
        Save();
    }

    /// <summary>Puts the time spent so far into run.json, so that a report that is made from it before the end can state it.</summary>
    public void RecordTime() => Save();

    /// <summary>Says in run.json that the run came to its end.</summary>
    public void Finish()
    {
        _run["finished"] = true;
        Save();
    }

    /// <summary>Writes the time spent so far and releases the folder.</summary>
    public void Dispose()
    {
        try
        {
            Save();
        }
        catch (InputException)
        {
            // A folder that vanished or filled up has been reported by whatever was being written; here only the time is lost.
        }
        _lock?.Dispose();
    }

    private void Save()
    {
        _run["seconds"] = Math.Round(_secondsBefore + _clock.GetElapsedTime(_begun).TotalSeconds, 3);
        if (_lock is not null)
        {
            Write(Path, _run);
            return;
        }
        using FileStream? held = TryLock(Path, LockName, TimeSpan.FromSeconds(10));
        Write(Path, _run);
    }

    private static void Write(string path, JsonObject run) =>
        AtomicFile.WriteAllText(System.IO.Path.Combine(path, "run.json"), run.ToJsonString(Indented) + "\n");

    private static JsonObject? Check(string path, string command, JsonObject settings)
    {
        JsonObject? older = Read(path);
        if (older is null)
        {
            string? stranger = Directory.EnumerateFileSystemEntries(path)
                .Select(entry => System.IO.Path.GetFileName(entry))
                .FirstOrDefault(name => !name.StartsWith(LockName, StringComparison.Ordinal) && !UnfinishedFile().IsMatch(name));
            return stranger is null
                ? null
                : throw new InputException($"--out {path}: holds {stranger} but no run.json, so it is not a run of LastBit; name a new or an empty folder");
        }

        string olderCommand = older["command"]?.GetValueKind() == JsonValueKind.String ? older["command"]!.GetValue<string>() : "?";
        if (olderCommand != command)
            throw new InputException($"--out {path}: holds a run of `{olderCommand}`, not of `{command}`; name another folder");

        // The comparison is between two texts that were both parsed, so that 1 and 1.0 are one number.
        var ours = (JsonObject)JsonNode.Parse(settings.ToJsonString())!;
        var theirs = older["settings"] as JsonObject ?? [];
        foreach (string name in ours.Select(member => member.Key).Union(theirs.Select(member => member.Key)))
        {
            if (!JsonNode.DeepEquals(ours[name], theirs[name]))
            {
                throw new InputException($"--out {path}: holds a run of other settings "
                    + $"({name} is {Short(theirs[name])} there and {Short(ours[name])} here); name another folder");
            }
        }
        return older;
    }

    private static string Short(JsonNode? value)
    {
        string text = value is null ? "not given" : value.ToJsonString();
        return text.Length <= 60 ? text : text[..57] + "...";
    }

    /// <summary>Removes what a killed process was writing when it died; nobody else can be writing here now.</summary>
    private static void DeleteUnfinishedFiles(string path, string pattern, SearchOption where)
    {
        foreach (string file in Directory.EnumerateFiles(path, pattern, where).Where(file => UnfinishedFile().IsMatch(file)).ToList())
            File.Delete(file);
    }

    /// <summary>A lock that is held shows as "would block" on Unix and as a sharing or lock violation on Windows.</summary>
    private static bool IsHeldByAnother(IOException error) =>
        OperatingSystem.IsWindows() ? (error.HResult & 0xFFFF) is 32 or 33 : error.GetType() == typeof(IOException) && error.HResult is 11 or 35;

    private static string OneLine(Exception error) => error.Message.ReplaceLineEndings(" ");

    [GeneratedRegex(@"\.\d+\.[0-9a-f]{32}\.tmp$")]
    private static partial Regex UnfinishedFile();
}
