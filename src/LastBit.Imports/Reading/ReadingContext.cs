namespace LastBit.Imports.Reading;

/// <summary>
/// What the readers of one call share. Files are read twice: the first time for the names of metrics, the second time for the values of
/// one; so no column that is not asked for is ever kept.
/// </summary>
/// <param name="options">What is said by hand.</param>
internal sealed class ReadingContext(ImportOptions options)
{
    private readonly Dictionary<string, RawRun> _runs = new(StringComparer.Ordinal);
    private readonly Dictionary<(string What, string Why), (long Rows, string First)> _rows = [];
    private readonly HashSet<string> _notes = [];
    private readonly List<(string File, string Some, string Word)> _empty = [];

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
    public (int Images, int? Classes)? TestSet { get; private set; }

    private bool _testSetsDiffer;

    public void AddTestSet(int images, int? classes)
    {
        _testSetsDiffer |= TestSet is { } other && other != (images, classes);
        TestSet = _testSetsDiffer ? null : (images, classes);
    }

    public IEnumerable<RawRun> Runs => _runs.Values;

    private readonly HashSet<(string, string)> _texts = [];
    private readonly Dictionary<LogFile, HashSet<string>> _candidatesOf = [];
    private readonly Dictionary<RawRun, ILogFormat> _formats = [];
    private LogFile? _file;

    /// <summary>The columns of words, each with the first of them and where it stands.</summary>
    public Dictionary<string, string> Words { get; } = new(StringComparer.Ordinal);

    /// <summary>Remembers a column of words, found in the first reading.</summary>
    public void AddText(string file, string column, string first)
    {
        _texts.Add((file, column));
        Words.TryAdd(column, first);
    }

    /// <summary>Whether a column holds words.</summary>
    public bool IsText(string file, string column) => _texts.Contains((file, column));

    private readonly HashSet<(string, string)> _folds = [];

    /// <summary>Remembers a column called split whose cells are numbers: a split of the data, and no part of the metric's name.</summary>
    public void AddFold(string file, string column) => _folds.Add((file, column));

    /// <summary>Whether a column called split numbers splits of the data.</summary>
    public bool IsFold(string file, string column) => _folds.Contains((file, column));

    /// <summary>Ends the reading, between two rows.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>True where all logs are arrays, and a correctness matrix is a log by itself.</summary>
    public required bool OnlyArrays { get; init; }

    /// <summary>Names the file that is read now.</summary>
    public void Begin(LogFile file) => _file = file;

    /// <summary>The metrics of a file.</summary>
    public IReadOnlyCollection<string> CandidatesOf(LogFile file) => _candidatesOf.GetValueOrDefault(file) ?? [];

    /// <summary>The format that a run was read in.</summary>
    public ILogFormat FormatOf(RawRun run) => _formats[run];

    /// <summary>Takes a run out that turned out to be none.</summary>
    public void Forget(RawRun run) => _runs.Remove(Key(run.Source, run.Inner));

    public bool IsSurvey => Metric is null;

    /// <summary>Whether a file is UTF-8, as was found when it was opened first.</summary>
    public Dictionary<string, bool> IsUtf8 { get; } = new(StringComparer.Ordinal);

    public void Candidate(string metric)
    {
        Candidates[metric] = Candidates.GetValueOrDefault(metric) + 1;
        if (!_candidatesOf.TryGetValue(_file!, out HashSet<string>? metrics))
            _candidatesOf.Add(_file!, metrics = new(StringComparer.Ordinal));
        metrics.Add(metric);
    }

    public bool Wants(string metric) => string.Equals(metric, Metric, StringComparison.Ordinal);

    /// <summary>The run of that name in that file; made when it is first asked for.</summary>
    public RawRun Run(string source, string inner)
    {
        if (!_runs.TryGetValue(Key(source, inner), out RawRun? run))
        {
            _runs.Add(Key(source, inner), run = new RawRun(source, inner));
            _formats.Add(run, _file!.Format);
        }
        return run;
    }

    private static string Key(string source, string inner) => source + "\0" + inner;

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

    /// <summary>Notes that some rows have no value of the metric; of several files the first is named.</summary>
    public void NoteEmpty(string file, long empty, long rows, string word)
    {
        if (!IsSurvey && empty > 0 && empty < rows)
            _empty.Add((file, FormattableString.Invariant($"{empty} of its {NumberText.Count(rows, word)} {(empty == 1 ? "has" : "have")}"),
                word));
    }

    /// <summary>Moves the counted rows into the list of what was left out.</summary>
    public void CloseRows()
    {
        if (_empty is [(string file, string some, string word), ..])
        {
            string others = _empty.Count > 1 ? $"; so it is in {NumberText.Count(_empty.Count - 1, "other file")}" : "";
            Note($"{file}: {some} no value of {Foreign.Quote(Metric)}, as where training and validation are logged in {word}s of their "
                + $"own{others}.");
        }
        foreach (((string what, string why), (long rows, string first)) in _rows)
            LeftOut.Add(new LeftOut(what, first == what ? why : $"{why} ({(rows == 1 ? "at" : "first at")} {first})", rows));
        _rows.Clear();
    }
}

/// <summary>One run's row of a correctness matrix, as a file holds it.</summary>
internal sealed record CorrectnessRow(RawRun Run, byte[] Correct);
