namespace LastBit.Cli.Execution;

/// <summary>What Slurm says of a task.</summary>
/// <param name="State">In Slurm's words: "RUNNING", "PENDING", "FAILED", ...</param>
/// <param name="Reason">Why it waits; empty otherwise.</param>
/// <param name="Node">Where it runs or ran; empty otherwise.</param>
internal sealed record SlurmState(string State, string Reason, string Node)
{
    /// <summary>Whether the task has ended without success and will not begin again by itself.</summary>
    internal bool IsOver =>
        State is "FAILED" or "TIMEOUT" or "CANCELLED" or "OUT_OF_MEMORY" or "NODE_FAIL" or "BOOT_FAIL" or "DEADLINE" or "PREEMPTED";

    /// <summary>In a few words, for a table.</summary>
    internal string Text =>
        string.Join(", ", ((string[])[State.ToLowerInvariant().Replace('_', ' '), Node, Reason]).Where(part => part is not ("" or "None")));
}

/// <summary>
/// Asks Slurm for all tasks of a folder at once: squeue for what is in the queue, sacct and scontrol for what has left it.
/// </summary>
internal static class SlurmQueue
{
    // More than Slurm has in an array.
    private const int MostTasks = 1 << 23;

    /// <summary>The state of tasks, by cell. Cells that Slurm no longer knows, or where there is no Slurm, are left out.</summary>
    internal static Dictionary<string, (SlurmState State, string Log)> Of(string folder, SlurmSubmission[] submissions)
    {
        var states = new Dictionary<string, SlurmState>(StringComparer.Ordinal);
        string jobs = string.Join(',', submissions.Select(one => one.Job));
        bool Unknown() => submissions.Any(one => one.Tasks.Where((_, task) => !states.ContainsKey($"{one.Job}_{task}")).Any());
        // A job that squeue has forgotten makes it say so of all of them.
        if (Unknown()
            && SlurmCommand.Try("squeue", "--noheader", "--array", "--states=all", $"--jobs={jobs}",
                "--format=%i|%T|%r|%N") is { Code: 0, Output: { } queue })
            Take(states, queue);
        if (Unknown()
            && SlurmCommand.Try("sacct", "--noheader", "--parsable2", "--allocations", $"--jobs={jobs}",
                "--format=JobID,State,Reason,NodeList") is { Code: 0, Output: { } accounts })
            Take(states, accounts);
        if (Unknown() && SlurmCommand.Try("scontrol", "--oneliner", "show", "jobs") is { Code: 0, Output: { } all })
            Take(states, string.Join('\n', all.Split('\n').Select(FromControl)));

        var cells = new Dictionary<string, (SlurmState, string)>(StringComparer.Ordinal);
        foreach (SlurmSubmission one in submissions)
        {
            for (int task = 0; task < one.Tasks.Length; task++)
            {
                if (!states.TryGetValue($"{one.Job}_{task}", out SlurmState? state))
                    continue;
                foreach (string cell in one.Tasks[task])
                    cells[cell] = (state, SlurmScript.LogOf(folder, one.Job, $"{task}"));
            }
        }
        return cells;
    }

    /// <summary>The last line of a log that says something; null where there is none.</summary>
    internal static string? LastLine(string log)
    {
        try
        {
            return File.ReadLines(log).LastOrDefault(line => !string.IsNullOrWhiteSpace(line));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Lines of "job_task|state|reason|node"; what is known already stays.</summary>
    private static void Take(Dictionary<string, SlurmState> states, string lines)
    {
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split('|') is not [string task, string state, string reason, string node])
                continue;
            // "CANCELLED by 1000" in sacct.
            var read = new SlurmState(ForeignText.Cut(state.Split(' ')[0].TrimEnd('+')), ForeignText.Cut(reason),
                node == "None assigned" ? "" : ForeignText.Cut(node));
            foreach (string one in Each(task))
                states.TryAdd(one, read);
        }
    }

    /// <summary>"12_[3,5-7%2]" is a line for many tasks that wait.</summary>
    private static IEnumerable<string> Each(string task)
    {
        if (task.IndexOf("_[", StringComparison.Ordinal) is not (> 0 and int bracket))
            return [task];
        string job = task[..bracket];
        return task[(bracket + 2)..].TrimEnd(']').Split('%')[0].Split(',').SelectMany(range => range.Split('-') switch
        {
            [string first, string last] when int.TryParse(first, out int from) && int.TryParse(last, out int to) && to >= from
                && (long)to - from < MostTasks => Enumerable.Range(from, to - from + 1),
            [string single] when int.TryParse(single, out int number) => [number],
            _ => [],
        }).Select(number => $"{job}_{number}");
    }

    /// <summary>A line of scontrol as a line of squeue; empty for a job that is no array.</summary>
    private static string FromControl(string line)
    {
        Dictionary<string, string> fields =
            line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(field => field.Split('=', 2)).Where(field => field.Length == 2)
            .GroupBy(field => field[0]).ToDictionary(group => group.Key, group => group.First()[1]);
        if (!fields.TryGetValue("ArrayJobId", out string? job) || !fields.TryGetValue("ArrayTaskId", out string? task))
            return "";
        string node = fields.GetValueOrDefault("NodeList", "");
        string tasks = task.Any(letter => letter is ',' or '-' or '%') ? $"[{task}]" : task;
        return $"{job}_{tasks}|{fields.GetValueOrDefault("JobState", "")}|{fields.GetValueOrDefault("Reason", "")}|"
            + (node == "(null)" ? "" : node);
    }
}
