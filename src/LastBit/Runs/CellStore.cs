using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// Where an experiment of many independent runs, its cells, keeps them while they grow: cells/KIND/ below the result folder. A cell has a
/// name ("seed1/k3", "n32") and belongs to the process that holds its lease; different cells may be worked on by different processes.
/// All were made with one set of settings; other settings are refused.
/// </summary>
public sealed class CellStore
{
    private const string ResultsLock = ".results.lock";
    private const string PlanName = "plan.json";
    private const string SettingsName = "settings.json";
    private readonly string _root;
    private readonly string _path;

    private CellStore(string root, string kind) => (_root, _path) = (root, Path.Combine(root, "cells", kind));

    /// <summary>The cells of an experiment, to look at.</summary>
    /// <param name="root">The result folder.</param>
    /// <param name="kind">The experiment ("accuracy").</param>
    public static CellStore Of(string root, string kind) => new(root, kind);

    /// <summary>Opens the cells of an experiment to work on them.</summary>
    /// <param name="root">The result folder; made if there is none.</param>
    /// <param name="kind">The experiment ("accuracy").</param>
    /// <param name="settings">Everything that a bit of any cell depends on, except what names the cell.</param>
    /// <param name="growing">Those of which the cells can be given more later: the folder keeps the most that was asked for.</param>
    /// <exception cref="InputException">The folder holds cells of other settings, or cannot be written.</exception>
    public static CellStore Open(string root, string kind, JsonObject settings, params IReadOnlyList<string> growing)
    {
        var store = new CellStore(root, kind);
        string file = Path.Combine(store._path, SettingsName);
        if (!File.Exists(file))
            AtomicFile.WriteAllText(file, DocumentFile.WithChecksum(settings.ToJsonString()));
        bool grows = Compare(file, settings, growing);
        if (grows)
        {
            using Lease held = store.LockResults();
            if (Compare(file, settings, growing))
                AtomicFile.WriteAllText(file, DocumentFile.WithChecksum(settings.ToJsonString()));
        }
        return store;
    }

    /// <summary>
    /// Notes what is asked for, beside what was asked for before, so that a run that is stopped at once can still be resumed.
    /// </summary>
    /// <param name="root">The result folder; made if there is none.</param>
    /// <param name="kind">The experiment.</param>
    /// <param name="asked">Lists of what was asked for, by name, and switches.</param>
    /// <exception cref="InputException">The plan on disk is damaged, or cannot be written.</exception>
    public static void Plan(string root, string kind, JsonObject asked)
    {
        var store = new CellStore(root, kind);
        AtomicFile.ThrowIfGone(store._path);
        try
        {
            Directory.CreateDirectory(store._path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{store._path}: cannot be made ({error.Message.ReplaceLineEndings(" ")}); name a folder that is writable", error);
        }
        using Lease held = store.LockResults();
        string file = Path.Combine(store._path, PlanName);
        JsonObject? before = File.Exists(file) ? ReadPlanFile(file) : null;
        JsonObject plan = RunFolder.Union(before, asked);
        if (!JsonNode.DeepEquals(plan, before))
            AtomicFile.WriteAllText(file, DocumentFile.WithChecksum(new JsonObject(plan.OrderBy(one => one.Key, StringComparer.Ordinal)
                .Select(one => KeyValuePair.Create(one.Key, one.Value?.DeepClone()))).ToJsonString()));
    }

    /// <summary>
    /// What was asked for so far in a folder, from the plan and from run.json: lists by name, and switches; empty where nothing was.
    /// </summary>
    /// <param name="root">The result folder.</param>
    /// <param name="kind">The experiment.</param>
    /// <exception cref="InputException">A file is damaged.</exception>
    public static JsonObject ReadPlan(string root, string kind)
    {
        string file = Path.Combine(root, "cells", kind, PlanName);
        JsonObject plan = File.Exists(file) ? ReadPlanFile(file) : [];
        return RunFolder.Read(root) is { } run && run["command"]?.ToString() == kind && run["cells"] is JsonObject cells
            ? RunFolder.Union(plan, cells) : plan;
    }

    /// <summary>A list of whole numbers of a plan, or another where it has none.</summary>
    public static int[] Numbers(JsonObject plan, string name, int[] otherwise) =>
        Reals(plan, name, []) is { Length: > 0 } numbers ? [.. numbers.Select(number => (int)number)] : otherwise;

    /// <summary>A list of real numbers of a plan, or another where it has none.</summary>
    public static double[] Reals(JsonObject plan, string name, double[] otherwise) =>
        plan[name] is JsonArray list && list.Select(ResultJson.Number).Where(double.IsFinite).ToArray() is { Length: > 0 } numbers
            ? numbers : otherwise;

    /// <summary>A list of words of a plan; empty where it has none.</summary>
    public static string[] Words(JsonObject plan, string name) =>
        plan[name] is JsonArray list ? [.. list.Select(one => one!.ToString())] : [];

    /// <summary>A whole number among the settings that the cells were made with; 1 where there are none yet.</summary>
    /// <param name="name">The setting's member.</param>
    internal int Setting(string name)
    {
        string file = Path.Combine(_path, SettingsName);
        return File.Exists(file)
            && ResultJson.Number(DocumentFile.ReadObject(file, "begin anew in another folder")[name]) is >= 1 and <= int.MaxValue
                and var number
            ? (int)number : 1;
    }

    /// <summary>A file of a cell: cells/KIND/NAME and what is appended to it.</summary>
    /// <param name="cell">The cell's name.</param>
    /// <param name="ending">".json", say.</param>
    public string FileOf(string cell, string ending) => Path.Combine(_path, cell) + ending;

    /// <summary>Takes a cell for this process.</summary>
    /// <param name="cell">The cell's name; its folder is made.</param>
    /// <returns>The lease, or null when another process has it.</returns>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public Lease? TryTake(string cell)
    {
        (string folder, string name) = LeaseOf(cell);
        AtomicFile.ThrowIfGone(folder);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{folder}: cannot be made ({error.Message.ReplaceLineEndings(" ")}); name a folder that is writable",
                error);
        }
        return Lease.TryTake(folder, name, visible: true);
    }

    /// <summary>What becomes of a cell.</summary>
    /// <param name="cell">The cell's name.</param>
    /// <param name="read">Reads its documents.</param>
    internal CellStatus StatusOf(string cell, Func<CellReading> read)
    {
        (string folder, string name) = LeaseOf(cell);
        LeaseNote? note = Lease.ReadNote(folder, name);
        CellReading reading;
        try
        {
            reading = read();
        }
        catch (InputException damaged)
        {
            return new CellStatus(cell, CellState.Failed, 0, null, null, damaged.Message);
        }
        if (reading.IsDone)
            return new CellStatus(cell, CellState.Done, 1, null, null, reading.Note);
        if (note is { Held: true } && Lease.IsHeld(folder, name))
            return new CellStatus(cell, CellState.Running, Math.Max(reading.Progress, note.Progress), note.SecondsLeft, note.Owner, null);
        if (note is { Held: false, Failure: { } failure })
            return new CellStatus(cell, CellState.Failed, reading.Progress, null, null, failure);
        return new CellStatus(cell, CellState.Waiting, reading.Progress, null, null, note is null ? null
            : note.Held ? $"{note.Owner} worked on it and gives no sign of life; resume the run"
            : "its process stopped before it was done; resume the run");
    }

    /// <summary>
    /// Does what puts all cells together, one process at a time: who writes last has seen every cell that was on disk before.
    /// </summary>
    /// <param name="file">The file in the result folder that is written.</param>
    /// <param name="write">Reads the cells and writes the file.</param>
    public T WriteResult<T>(string file, Func<string, T> write)
    {
        using Lease held = LockResults();
        UnfinishedFiles.DeleteOf(Path.Combine(_root, file));
        UnfinishedFiles.DeleteOf(Path.Combine(_path, PlanName));
        UnfinishedFiles.DeleteOf(Path.Combine(_path, SettingsName));
        return write(Path.Combine(_root, file));
    }

    /// <summary>
    /// The numbers in the names of files or folders called PREFIX NUMBER ENDING. People copy folders, and systems leave files in them: what
    /// is not ours is passed over, and what looks as if it were is named.
    /// </summary>
    /// <param name="group">A folder below cells/KIND, or "" for that itself.</param>
    /// <param name="prefix">"seed", say.</param>
    /// <param name="ending">".json", say; "" for folders.</param>
    /// <param name="strays">Takes the paths of what looks like ours and is not.</param>
    internal List<int> NumbersIn(string group, string prefix, string ending, ICollection<string>? strays = null)
    {
        List<int> numbers = [];
        string folder = Path.Combine(_path, group);
        if (!Directory.Exists(folder))
            return numbers;
        foreach (string entry in ending.Length == 0 ? Directory.EnumerateDirectories(folder) : Directory.EnumerateFiles(folder))
        {
            string name = Path.GetFileName(entry);
            if (!name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) || AtomicFile.IsUnfinished(name))
                continue;
            if (NumberBetween(prefix, name, ending) is { } number)
                numbers.Add(number);
            else if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                strays?.Add(entry);
        }
        numbers.Sort();
        return numbers;
    }

    /// <summary>The names of cells in folders of their own that begin with a prefix, in order.</summary>
    /// <param name="prefix">"lr", say.</param>
    /// <param name="strays">Takes the paths of files that begin so too.</param>
    internal string[] NamesIn(string prefix, ICollection<string> strays)
    {
        if (!Directory.Exists(_path))
            return [];
        foreach (string file in Directory.EnumerateFiles(_path, prefix + "*"))
            strays.Add(file);
        return [.. Directory.EnumerateDirectories(_path, prefix + "*").Select(folder => Path.GetFileName(folder))
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>The number in a name, if the name is what we would write for it.</summary>
    internal static int? NumberBetween(string prefix, string name, string ending) =>
        name.Length > prefix.Length + ending.Length && name.StartsWith(prefix, StringComparison.Ordinal)
            && name.EndsWith(ending, StringComparison.Ordinal)
        && int.TryParse(name.AsSpan(prefix.Length, name.Length - prefix.Length - ending.Length), NumberStyles.None,
            CultureInfo.InvariantCulture, out int number)
        && string.Create(CultureInfo.InvariantCulture, $"{prefix}{number}{ending}") == name
            ? number : null;

    private (string Folder, string Name) LeaseOf(string cell)
    {
        string path = Path.Combine(_path, cell);
        return (Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.lock");
    }

    private Lease LockResults() => Lease.TryTake(_path, ResultsLock, TimeSpan.FromMinutes(2))
        ?? throw new InputException($"{_path}: another process keeps {ResultsLock} for more than two minutes; end it, or wait for it");

    private static JsonObject ReadPlanFile(string file)
    {
        const string Remedy = "delete it, and say again what to compute";
        JsonObject plan = DocumentFile.ReadObject(file, Remedy);
        return RunFolder.PlanProblem(plan) is { } problem ? throw new InputException($"{file}: {problem}; {Remedy}") : plan;
    }

    /// <summary>Whether the settings are more of the same than those in a file.</summary>
    private static bool Compare(string file, JsonObject settings, IReadOnlyList<string> growing)
    {
        bool grows = false;
        JsonObject there = DocumentFile.ReadObject(file, "begin anew in another folder");
        var here = (JsonObject)JsonNode.Parse(settings.ToJsonString())!;
        foreach (string name in here.Select(member => member.Key).Union(there.Select(member => member.Key)))
        {
            if (growing.Contains(name))
            {
                grows |= ResultJson.Number(here[name]) > ResultJson.Number(there[name]);
            }
            else if (!JsonNode.DeepEquals(here[name], there[name]))
            {
                throw new InputException($"{file}: the runs in this folder have other settings "
                    + $"({ForeignText.Cut(name)} is {Text(there[name])} there and {Text(here[name])} here); name another folder");
            }
        }
        return grows;

        static string Text(JsonNode? value) => ForeignText.Cut(value?.ToJsonString() ?? "not given");
    }
}
