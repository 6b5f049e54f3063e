namespace LastBit.Imports.Reading;

/// <summary>
/// What the readers of one call share. Files are read twice: the first time for the names of metrics, the second time for the values of one;
/// so no column that is not asked for is ever kept.
/// </summary>
/// <param name="options">What is said by hand.</param>
internal sealed class ReadingContext(ImportOptions options)
{
    private readonly Dictionary<string, RawRun> _runs = new(StringComparer.Ordinal);
    private readonly Dictionary<(string What, string Why), (long Rows, string First)> _rows = [];
    private readonly HashSet<string> _notes = [];

    public ImportOptions Options { get; } = options;

    /// <summary>The metric whose values are wanted; null while names are collected.</summary>
    public string? Metric { get; set; }

    /// <summary>Names of metrics, in the order in which they were seen, with the number of runs or files that have them.</summary>
    public Dictionary<string, int> Candidates { get; } = new(StringComparer.Ordinal);

    public List<string> Notes { get; } = [];

    public List<LeftOut> LeftOut { get; } = [];

    public List<CorrectnessRow> Correctness { get; } = [];

    public int[]? Labels { get; set; }

    /// <summary>The size of the test set and its classes, where a file says them; files that say different ones say nothing.</summary>
    public (int Images, int Classes)? TestSet { get; private set; }

    private bool _testSetsDiffer;

    public void AddTestSet(int images, int classes)
    {
        _testSetsDiffer |= TestSet is { } other && other != (images, classes);
        TestSet = _testSetsDiffer ? null : (images, classes);
    }

    public IEnumerable<RawRun> Runs => _runs.Values;

    private readonly HashSet<(string, string)> _texts = [];

    /// <summary>Remembers a column of words, found in the first reading.</summary>
    public void AddText(string file, string column) => _texts.Add((file, column));

    /// <summary>Whether a column holds words.</summary>
    public bool IsText(string file, string column) => _texts.Contains((file, column));

    private readonly HashSet<(string, string)> _folds = [];

    /// <summary>Remembers a column called split whose cells are numbers: a split of the data, and no part of the metric's name.</summary>
    public void AddFold(string file, string column) => _folds.Add((file, column));

    /// <summary>Whether a column called split numbers splits of the data.</summary>
    public bool IsFold(string file, string column) => _folds.Contains((file, column));

    public bool IsSurvey => Metric is null;

    /// <summary>Whether a file is UTF-8, as was found when it was opened first.</summary>
    public Dictionary<string, bool> IsUtf8 { get; } = new(StringComparer.Ordinal);

    public void Candidate(string metric) => Candidates[metric] = Candidates.GetValueOrDefault(metric) + 1;

    public bool Wants(string metric) => string.Equals(metric, Metric, StringComparison.Ordinal);

    /// <summary>The run of that name in that file; made when it is first asked for.</summary>
    public RawRun Run(string source, string inner)
    {
        string key = source + "\0" + inner;
        if (!_runs.TryGetValue(key, out RawRun? run))
            _runs.Add(key, run = new RawRun(source, inner));
        return run;
    }

    /// <summary>Counts a row that is left out; what is said of it names the first of its kind.</summary>
    public void LeaveRowOut(string file, string why, int line)
    {
        if (IsSurvey)
            return;
        (long rows, string first) = _rows.GetValueOrDefault((file, why), (0, line > 0 ? $"{file}:{line}" : file));
        _rows[(file, why)] = (rows + 1, first);
    }

    public void Note(string sentence)
    {
        if (_notes.Add(sentence))
            Notes.Add(sentence);
    }

    /// <summary>Moves the counted rows into the list of what was left out.</summary>
    public void CloseRows()
    {
        foreach (((string what, string why), (long rows, string first)) in _rows)
            LeftOut.Add(new LeftOut(what, first == what ? why : $"{why} ({(rows == 1 ? "at" : "first at")} {first})", rows));
        _rows.Clear();
    }
}

/// <summary>One run's row of a correctness matrix, as a file holds it.</summary>
internal sealed record CorrectnessRow(RawRun Run, byte[] Correct);
