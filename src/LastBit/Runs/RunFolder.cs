using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// The folder of one run: its run.json says what was run, with which settings and on what, and a lock keeps a second
/// process out. A folder with the same command and settings is opened again (to go on, or to compute the same once more);
/// any other folder that holds something is refused, so that nothing is ever overwritten by a run that differs.
/// </summary>
public sealed class RunFolder : IDisposable
{
    /// <summary>
    /// The folder, below the run's, of the scripts and logs of cluster jobs.
    /// </summary>
    public const string JobsFolder = "slurm";

    /// <summary>
    /// The member of run.json that is true where jobs elsewhere compute the run too, so that its seconds are a part of the time it took.
    /// </summary>
    public const string PartOfTime = "secondsArePart";

    private const string LockName = ".lock";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Lease? _lock;
    private readonly TimeProvider _clock;
    private readonly IDisposable _guard;
    private long _counted;

    private RunFolder(string path, string token, Lease? held, bool existed, TimeProvider clock)
    {
        _guard = AtomicFile.Guard(path, () => ThrowIfAnothers(path, token));
        _clock = clock;
        _counted = clock.GetTimestamp();
        Path = path;
        _lock = held;
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
    /// each its own part: then only run.json is guarded, and the caller guards the parts with a <see cref="Lease"/> for each.
    /// </param>
    /// <param name="cells">
    /// Which cells are asked for, list by list, beside what was asked for before; it is what a resumed run goes on with. It is on disk with
    /// the settings, in one write, so that a run that is killed at once is resumed with what was asked for.
    /// </param>
    /// <param name="clock">What measures the time that the run takes; null for the system's clock.</param>
    /// <param name="growing">Members of the settings of which the folder can be given more.</param>
    /// <returns>The open folder; dispose of it when the run is over.</returns>
    /// <exception cref="InputException">The folder cannot be written, is in use, or holds something else.</exception>
    public static RunFolder Open(
        string path, string command, JsonObject settings, int threads, bool shared = false, JsonObject? cells = null,
        TimeProvider? clock = null, IReadOnlyList<string>? growing = null)
    {
        ArgumentNullException.ThrowIfNull(settings);
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw InputException.OfPath("out", path, $"the folder cannot be made ({OneLine(error)}); name one that can be written", error);
        }

        Lease held = Lease.TryTake(path, LockName, TimeSpan.FromSeconds(shared ? 10 : 0))
            ?? throw InputException.OfPath("out", path, $"another run is working in this folder; wait for its end or name another folder");
        try
        {
            JsonObject? older = Check(path, command, settings, growing ?? []);
            // Cells are worked on by the process that holds their leases, also in a folder that is open in one process alone.
            if (shared || Directory.Exists(System.IO.Path.Combine(path, "cells")))
            {
                UnfinishedFiles.DeleteOf(System.IO.Path.Combine(path, "run.json"));
                UnfinishedFiles.DeleteAbandoned(path);
            }
            else
            {
                UnfinishedFiles.DeleteIn(path);
            }

            MachineInfo machine = MachineInfo.Current;
            // What an earlier call recorded beside these members stays.
            JsonObject run = older ?? [];
            // Tells this folder from one that comes to have its name while the run goes on.
            string token = older?["token"]?.ToString() ?? RandomNumberGenerator.GetHexString(32, lowercase: true);
            run["token"] = token;
            run["command"] = command;
            run["settings"] = settings.DeepClone();
            run["version"] = machine.Version;
            run["commit"] = machine.Commit;
            run["processor"] = machine.Processor;
            run["vectorBits"] = machine.VectorBits;
            run["threads"] = threads;
            run["framework"] = machine.Framework;
            run["system"] = machine.System;
            run["started"] =
                older?["started"]?.DeepClone() ?? DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            run["seconds"] = Seconds(older);
            run["finished"] = false;
            if (cells is not null)
                run["cells"] = Union(older?["cells"] as JsonObject, cells);
            Write(path, run);
            if (shared)
                held.Dispose();
            return new RunFolder(path, token, shared ? null : held, older is not null, clock ?? TimeProvider.System);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Reads a folder's run.json.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>The document, or null when the folder has none.</returns>
    /// <exception cref="InputException">The file is there and is not a document of ours.</exception>
    public static JsonObject? Read(string path)
    {
        string file = System.IO.Path.Combine(path, "run.json");
        if (!System.IO.Path.Exists(file))
            return null;
        JsonObject run = DocumentFile.ReadObject(file);
        // Older versions did not say it.
        if (Directory.Exists(System.IO.Path.Combine(path, JobsFolder)))
            run[PartOfTime] = true;
        return Problem(run) is { } problem ? throw new InputException($"{file}: {problem}; it should be what a run of LastBit wrote") : run;
    }

    /// <summary>
    /// Sees to it that nothing is written below a folder any more once it was deleted, moved or replaced, until what is returned is
    /// disposed of. For who works in a folder that another process opened.
    /// </summary>
    /// <param name="path">The folder.</param>
    /// <param name="run">What <see cref="Read"/> returned.</param>
    public static IDisposable Watch(string path, JsonObject run)
    {
        ArgumentNullException.ThrowIfNull(run);
        string? token = run["token"]?.ToString();
        return AtomicFile.Guard(path, () => ThrowIfAnothers(path, token));
    }

    private static void ThrowIfAnothers(string path, string? token)
    {
        if (Read(path) is not { } run)
        {
            throw InputException.OfPath("out", path, "the folder was deleted, moved or emptied while the run went on, which stops here; "
                + "put it back and resume, or begin anew in another folder");
        }
        if (run["token"]?.ToString() != token)
        {
            throw InputException.OfPath("out", path, "its run.json was replaced by that of another run while this one went on, which stops "
                + "here; put it back and resume, or begin anew in another folder");
        }
    }

    /// <summary>The settings in a run.json, as the record that wrote them.</summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="path">The folder.</param>
    /// <param name="run">What <see cref="Read"/> returned.</param>
    /// <exception cref="InputException">They are missing or are not those of such a record; the message names file and member.</exception>
    public static T SettingsOf<T>(string path, JsonObject run)
    {
        ArgumentNullException.ThrowIfNull(run);
        string file = System.IO.Path.Combine(path, "run.json");
        try
        {
            return ResultJson.Deserialize<T>((run["settings"] ?? throw new JsonException("they are missing")).ToJsonString());
        }
        catch (JsonException error)
        {
            string place = error.Path is { Length: > 2 } member ? $"settings.{member[2..]}" : "settings";
            throw new InputException($"{file}: {place} is not what belongs there; it should be what a run of LastBit wrote", error);
        }
    }

    /// <summary>Adds a member to run.json (which parts of a run are done, say); it is on disk when this returns.</summary>
    /// <param name="name">The member's name.</param>
    /// <param name="value">Its value.</param>
    public void Record(string name, JsonNode? value)
    {
        Save(run => run[name] = value);
    }

    /// <summary>Puts the time spent so far into run.json, so that a report that is made from it before the end can state it.</summary>
    public void RecordTime() => Save();

    /// <summary>Says in run.json that the run came to its end.</summary>
    public void Finish()
    {
        Save(run => run["finished"] = true);
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
        _guard.Dispose();
        _lock?.Dispose();
    }

    /// <summary>Adds to the run.json on disk, for other processes that share the folder have added to it too.</summary>
    private void Save(Action<JsonObject>? change = null)
    {
        AtomicFile.ThrowIfGone(System.IO.Path.Combine(Path, "run.json"));
        using Lease? held = _lock is not null ? null : Lease.TryTake(Path, LockName, TimeSpan.FromSeconds(10))
            ?? throw InputException.OfPath("out", Path,
                $"another process keeps {LockName} for more than 10 seconds; end it, or wait for it");
        JsonObject run = Read(Path)
            ?? throw InputException.OfPath("out", Path, "its run.json has vanished while the run went on; begin anew in another folder");
        long now = _clock.GetTimestamp();
        run["seconds"] = Math.Round(Seconds(run) + _clock.GetElapsedTime(_counted, now).TotalSeconds, 3);
        change?.Invoke(run);
        Write(Path, run);
        _counted = now;
    }

    private static double Seconds(JsonObject? run) => run?["seconds"] is { } seconds ? ResultJson.Number(seconds) : 0;

    /// <summary>What was asked for before and now: lists joined and in order, switches that were ever set.</summary>
    internal static JsonObject Union(JsonObject? before, JsonObject now)
    {
        var union = (JsonObject?)before?.DeepClone() ?? [];
        foreach ((string name, JsonNode? asked) in now)
        {
            if (asked is not JsonArray list)
            {
                if (asked is not null && (asked.GetValueKind() == JsonValueKind.True || !union.ContainsKey(name)))
                    union[name] = asked.DeepClone();
                continue;
            }
            IEnumerable<JsonNode?> all = (union[name] as JsonArray ?? []).Concat(list).DistinctBy(one => one!.ToJsonString());
            union[name] =
                new JsonArray([.. all.OrderBy(one => ResultJson.Number(one)).ThenBy(one => one!.ToString(), StringComparer.Ordinal)
                .Select(one => one!.DeepClone())]);
        }
        return union;
    }

    /// <summary>What is wrong with a run.json, naming the member; null when nothing is.</summary>
    private static string? Problem(JsonObject run)
    {
        foreach (string name in (string[])["token", "command", "version", "commit", "processor", "framework", "system", "started"])
        {
            if (run[name] is { } text && text.GetValueKind() != JsonValueKind.String)
                return $"{name} is not a text";
        }
        foreach (string name in (string[])["seconds", "threads", "vectorBits"])
        {
            if (run[name] is { } number && !(ResultJson.Number(number) is >= 0 and < 1e15))
                return $"{name} is not a number of at least 0";
        }
        foreach (string name in (string[])["finished", PartOfTime])
        {
            if (run[name] is { } said && said.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
                return $"{name} is neither true nor false";
        }
        foreach (string name in (string[])["settings", "cells"])
        {
            if (run.ContainsKey(name) && run[name] is not JsonObject)
                return $"{name} is not an object";
        }
        return run["cells"] is JsonObject cells && PlanProblem(cells) is { } problem ? $"cells.{problem}" : null;
    }

    /// <summary>What is wrong with what was asked for; null when nothing is.</summary>
    internal static string? PlanProblem(JsonObject plan) =>
        plan.Where(one => !IsPossible(one.Key, one.Value)).Select(one => $"{ForeignText.Cut(one.Key)} is not a list of what was asked for")
            .FirstOrDefault();

    private static bool IsPossible(string name, JsonNode? asked) => asked?.GetValueKind() switch
    {
        JsonValueKind.True or JsonValueKind.False => true,
        // What is not counted is measured: learning rates, weight decays.
        JsonValueKind.Array when name is "learningRates" or "weightDecays" =>
            ((JsonArray)asked).All(one => ResultJson.Number(one) is >= 0 and <= 1e30),
        JsonValueKind.Array =>
            ((JsonArray)asked).All(one =>
                (ResultJson.Number(one) is >= 0 and <= int.MaxValue and var number && number == Math.Floor(number))
            || (one?.GetValueKind() == JsonValueKind.String && one.ToString() is { Length: > 0 and < 40 } word
                && word.All(char.IsAsciiLetterLower))),
        _ => false,
    };

    private static void Write(string path, JsonObject run) =>
        AtomicFile.WriteAllText(System.IO.Path.Combine(path, "run.json"),
            JsonNode.Parse(DocumentFile.WithChecksum(run.ToJsonString()))!.ToJsonString(Indented) + "\n");

    private static JsonObject? Check(string path, string command, JsonObject settings, IReadOnlyList<string> growing)
    {
        JsonObject? older = Read(path);
        if (older is null)
        {
            string? stranger = Directory.EnumerateFileSystemEntries(path)
                .Select(entry => System.IO.Path.GetFileName(entry))
                .FirstOrDefault(name => !name.StartsWith(LockName, StringComparison.Ordinal) && !AtomicFile.IsUnfinished(name));
            return stranger is null
                ? null
                : throw InputException.OfPath("out", path,
                    $"holds {stranger} but no run.json, so it is not a run of LastBit; name a new or an empty folder");
        }

        string olderCommand = older["command"]?.GetValueKind() == JsonValueKind.String ? older["command"]!.GetValue<string>() : "?";
        if (olderCommand != command)
            throw InputException.OfPath("out", path,
                $"holds a run of `{ForeignText.Cut(olderCommand)}`, not of `{command}`; name another folder");

        // The comparison is between two texts that were both parsed, so that 1 and 1.0 are one number.
        var ours = (JsonObject)JsonNode.Parse(settings.ToJsonString())!;
        var theirs = older["settings"] as JsonObject ?? [];
        foreach (string name in ours.Select(member => member.Key).Union(theirs.Select(member => member.Key)))
        {
            bool grows = growing.Contains(name);
            if (grows ? ResultJson.Number(ours[name]) < ResultJson.Number(theirs[name]) : !JsonNode.DeepEquals(ours[name], theirs[name]))
            {
                throw InputException.OfPath("out", path, $"holds a run of other settings "
                    + $"({ForeignText.Cut(name)} is {Short(theirs[name])} there and {Short(ours[name])} here); "
                    + (grows ? "give at least as many, or name another folder" : "name another folder"));
            }
        }
        return older;
    }

    private static string Short(JsonNode? value) => ForeignText.Cut(value?.ToJsonString() ?? "not given");

    private static string OneLine(Exception error) => error.Message.ReplaceLineEndings(" ");
}
