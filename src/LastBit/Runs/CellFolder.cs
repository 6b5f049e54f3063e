using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// Where an experiment of many independent runs keeps them while they grow: cells/KIND/GROUP/ below the result folder. A group
/// (a seed, a divisor) belongs to the process that holds its lock; different groups may be worked on by different processes.
/// What is there was made with one set of settings; other settings are refused.
/// </summary>
internal sealed class CellFolder
{
    private const string ResultsLock = ".results.lock";
    private const string PlanName = "plan.json";
    private readonly string _root;
    private readonly string _path;

    /// <summary>Opens the cells of an experiment.</summary>
    /// <param name="root">The result folder; it exists.</param>
    /// <param name="kind">The experiment ("accuracy").</param>
    /// <param name="settings">Everything that a bit of any cell depends on, except what names the cell.</param>
    /// <exception cref="InputException">The folder holds cells of other settings, or cannot be written.</exception>
    public CellFolder(string root, string kind, JsonObject settings)
    {
        _root = root;
        _path = Path.Combine(root, "cells", kind);
        string file = Path.Combine(_path, "settings.json");
        if (!File.Exists(file))
            AtomicFile.WriteAllText(file, settings.ToJsonString());
        Compare(file, settings);
    }

    /// <summary>What was asked for so far, name by name; empty where nothing was.</summary>
    /// <param name="root">The result folder.</param>
    /// <param name="kind">The experiment.</param>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static SortedDictionary<string, SortedSet<int>> ReadPlan(string root, string kind)
    {
        string file = Path.Combine(root, "cells", kind, PlanName);
        try
        {
            return File.Exists(file) ? ResultJson.Deserialize<SortedDictionary<string, SortedSet<int>>>(File.ReadAllText(file)) : [];
        }
        catch (JsonException error)
        {
            throw new InputException($"{file}: is damaged ({error.Message.ReplaceLineEndings(" ")}); delete it, and say anew what to compute", error);
        }
    }

    /// <summary>Notes what is asked for, beside what was asked for before, so that a run that is stopped at once can still be resumed.</summary>
    /// <param name="wanted">Names with their numbers (seeds, k; divisors).</param>
    public void Plan(params (string Name, int[] Numbers)[] wanted)
    {
        using FileStream held = LockResults();
        SortedDictionary<string, SortedSet<int>> plan = ReadPlan(_root, Path.GetFileName(_path));
        foreach ((string name, int[] numbers) in wanted)
        {
            plan.TryAdd(name, []);
            plan[name].UnionWith(numbers);
        }
        AtomicFile.WriteAllText(Path.Combine(_path, PlanName), ResultJson.Serialize(plan));
    }

    /// <summary>The groups that have a folder, by name.</summary>
    public IEnumerable<string> Groups => Directory.EnumerateDirectories(_path).Select(group => Path.GetFileName(group)).Order(StringComparer.Ordinal);

    /// <summary>The folder of a group.</summary>
    public string Group(string name) => Path.Combine(_path, name);

    /// <summary>Takes a group for this process, until the lock is disposed of or the process ends.</summary>
    /// <param name="name">The group; its folder is made.</param>
    /// <param name="owned">Further files that only the holder of the group writes; the last part of a path may be a pattern.</param>
    /// <returns>The lock, or null when another process has it.</returns>
    public FileStream? TryLock(string name, params string[] owned)
    {
        Directory.CreateDirectory(Group(name));
        FileStream? held = RunFolder.TryLock(Group(name), ".lock");
        if (held is null)
            return null;
        // What a killed process was writing when it died; nobody else writes these files now.
        foreach (string file in owned.Append(Path.Combine(Group(name), "*")))
            DeleteUnfinished(file);
        return held;
    }

    /// <summary>
    /// Does what puts the cells of all groups together, one process at a time: who writes last has seen every cell that was on disk before.
    /// </summary>
    /// <param name="file">The file in the result folder that is written.</param>
    /// <param name="write">Reads the cells and writes the file.</param>
    public T WriteResult<T>(string file, Func<string, T> write)
    {
        using FileStream held = LockResults();
        DeleteUnfinished(Path.Combine(_root, file));
        DeleteUnfinished(Path.Combine(_path, "*"));
        return write(Path.Combine(_root, file));
    }

    private FileStream LockResults() => RunFolder.TryLock(_path, ResultsLock, TimeSpan.FromMinutes(1))
        ?? throw new InputException($"{_path}: another process keeps {ResultsLock} for more than a minute; end it, or wait for it");

    private static void DeleteUnfinished(string file)
    {
        string folder = Path.GetDirectoryName(file)!;
        if (!Directory.Exists(folder))
            return;
        foreach (string unfinished in Directory.GetFiles(folder, Path.GetFileName(file) + ".*.tmp"))
            File.Delete(unfinished);
    }

    private static void Compare(string file, JsonObject settings)
    {
        JsonObject there;
        try
        {
            there = JsonNode.Parse(File.ReadAllText(file)) as JsonObject ?? throw new JsonException("it is not an object");
        }
        catch (JsonException error)
        {
            throw new InputException($"{file}: is damaged ({error.Message.ReplaceLineEndings(" ")}); begin anew in another folder", error);
        }
        var here = (JsonObject)JsonNode.Parse(settings.ToJsonString())!;
        foreach (string name in here.Select(member => member.Key).Union(there.Select(member => member.Key)))
        {
            if (!JsonNode.DeepEquals(here[name], there[name]))
            {
                throw new InputException($"{file}: the runs in this folder have other settings "
                    + $"({name} is {Text(there[name])} there and {Text(here[name])} here); name another folder");
            }
        }

        static string Text(JsonNode? value) => value?.ToJsonString() ?? "not given";
    }
}
