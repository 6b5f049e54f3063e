namespace LastBit.Imports.Reading;

/// <summary>What stands in a cell.</summary>
internal enum CellKind : byte
{
    Missing,
    Number,

    /// <summary>A number with commas, which may be read in two ways.</summary>
    Comma,
    Word,
}

/// <summary>A column, its role and its cell of the current row.</summary>
internal sealed class Column(string name, ColumnRole role)
{
    public string Name { get; } = name;

    public ColumnRole Role { get; set; } = role;

    /// <summary>The run of a column in a table whose columns are runs; null otherwise.</summary>
    public RawRun? Run { get; set; }

    public CellKind Kind { get; set; }

    public double Number { get; set; }

    public string? Text { get; set; }

    /// <summary>The last word in it, whatever the current row holds: neighbouring rows nearly always say the same, and the text is made
    /// once.</summary>
    public string? Last { get; set; }

    /// <summary>What the names of members of an object in it begin with.</summary>
    public string Prefix => field ??= Name + ".";

    /// <summary>Whether a text is that of the last word.</summary>
    public bool IsLast(ReadOnlySpan<byte> utf8) => Last is { } last && System.Text.Ascii.Equals(utf8, last);

    /// <summary>False where no cell of it is ever looked at.</summary>
    public bool IsRead { get; set; } = true;

    /// <summary>What its first cell with anything in it was.</summary>
    public CellKind First { get; set; }

    /// <summary>Whether its cells are names even where they look like numbers.</summary>
    public bool IsName => Role is not (ColumnRole.Value or ColumnRole.Step or ColumnRole.MetricValue or ColumnRole.Passed
        or ColumnRole.Trials);

    /// <summary>Takes a cell as it is written.</summary>
    public void Set(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        Text = null;
        double number = 0;
        Kind = !IsName ? Foreign.Read(text, out number) : Foreign.IsMissing(text) ? CellKind.Missing : CellKind.Word;
        if (Kind == CellKind.Number)
            Number = number;
        if (Kind is not (CellKind.Comma or CellKind.Word))
            return;
        if (Last is null || !text.SequenceEqual(Last))
            Last = text.ToString();
        Text = Last;
    }
}

/// <summary>
/// A table in long form, row by row, wherever its rows come from: some columns say which run a row belongs to, one counts steps, the others
/// are metrics. Or every row is a metric's name and its value. A column whose first cell is a word describes the run.
/// </summary>
/// <param name="file">The file of the rows.</param>
/// <param name="context">Gets runs and candidates.</param>
internal sealed class Table(string file, ReadingContext context)
{
    /// <summary>Integers beyond 2^53 are not exact in a double: two steps could become one.</summary>
    private const double LargestStep = 9007199254740992;

    /// <summary>How runs end that are no results: the words of Weights &amp; Biases, MLflow, Ray and Optuna.</summary>
    private static readonly string[] BadStates =
        ["crashed", "failed", "fail", "killed", "running", "preempted", "preempting", "pruned", "waiting", "pending", "error", "cancelled",
            "canceled", "terminated", "scheduled"];

    private readonly List<Column> _columns = [];
    private readonly Dictionary<(string?, string?, string?, string?, string?), RawRun> _runs = [];
    private readonly HashSet<string> _metrics = new(StringComparer.Ordinal);
    private Column[] _steps = [], _texts = [];
    private Column? _run, _seed, _k, _fold, _group, _metricName, _metricValue, _split, _passed, _trials, _state, _wanted;
    private string? _wantedSplit;
    private (string? Run, string? Seed, string? K, string? Fold, string? Group) _key;
    private RawRun? _current;
    private int _rows;
    private bool _settled;
    private Column? _stepTaken;
    private Dictionary<RawRun, Column>? _stepOf;
    private Column? _epoch;
    private readonly Dictionary<RawRun, List<double>> _epochs = [];
    private CommaNumbers? _commas;
    private long _words;
    private string _firstWord = "";

    /// <summary>What the other columns say of a number that may be read in two ways.</summary>
    public Func<bool?>? CommaEvidence { get; init; }

    public List<Column> Columns => _columns;

    /// <summary>Rows with a cell for the metric that held nothing.</summary>
    public long Empty { get; private set; }

    public long Rows => _rows;

    /// <summary>True where further rows can tell a survey nothing new: every column has shown what it holds, and no cell names a
    /// metric.</summary>
    public bool IsSurveyed => _settled && context.IsSurvey && _metricName is null && _split is null
        && !_columns.Exists(column => column.IsRead);

    public Column Add(string name)
    {
        var column = new Column(name, ColumnRoles.Of(name, context.Options));
        if (column.Role == ColumnRole.Split && context.IsFold(file, name))
            column.Role = ColumnRole.Fold;
        _columns.Add(column);
        _settled = false;
        return column;
    }

    /// <summary>Whether the values of a column are wanted, as far as is known.</summary>
    public bool Wants(Column column)
    {
        if (!_settled)
            Settle();
        return context.IsSurvey || column == _wanted;
    }

    /// <summary>Takes the row whose cells the columns hold.</summary>
    /// <param name="line">Its line in the file.</param>
    public void EndRow(int line)
    {
        if (!_settled)
            Settle();
        _rows++;
        if (context.IsSurvey)
            Survey(line);
        else
            Read(line);
    }

    /// <summary>Ends the file: its metrics become candidates.</summary>
    public void Finish()
    {
        if (!context.IsSurvey)
        {
            FinishRuns();
            return;
        }
        if (!_settled)
            Settle();
        foreach (Column column in _columns)
        {
            if (column.Role == ColumnRole.Value && column.First is CellKind.Number or CellKind.Comma && _metricName is null
                && _split is null)
                _metrics.Add(column.Name);
        }
        if (_passed is { First: CellKind.Number } && _trials is { First: CellKind.Number })
            _metrics.Add(PassRateName);
        foreach (string metric in _metrics)
            context.Candidate(metric);
    }

    private string PassRateName => $"{_passed!.Name}/{_trials!.Name}";

    /// <summary>Finds out which column is what; again whenever a column was added.</summary>
    private void Settle()
    {
        _settled = true;
        bool tidy = _columns.Any(column => ColumnRoles.Plain(column.Name) is "metric" or "tag" or "key" or "metric_name"
            && column.Role == ColumnRole.Value)
            && _columns.Any(column => ColumnRoles.Plain(column.Name) is "value" or "metric_value") && context.Options.Metric is not "value";
        foreach (Column column in _columns)
        {
            string plain = ColumnRoles.Plain(column.Name);
            if (tidy && plain is "metric" or "tag" or "key" or "metric_name")
                column.Role = ColumnRole.MetricName;
            else if (tidy && plain is "value" or "metric_value")
                column.Role = ColumnRole.MetricValue;
        }
        _passed = One(ColumnRole.Passed);
        _trials = One(ColumnRole.Trials);
        if (_passed is null || _trials is null)
        {
            foreach (Column column in _columns.Where(column => column.Role is ColumnRole.Passed))
                column.Role = ColumnRole.Value;
            _passed = _trials = null;
        }
        _steps = [.. _columns.Where(column => column.Role == ColumnRole.Step)
            .OrderBy(column => ColumnRoles.StepOrder(column.Name, context.Options))];
        _run = One(ColumnRole.Run);
        _seed = One(ColumnRole.Seed);
        _k = One(ColumnRole.K);
        _fold = One(ColumnRole.Fold);
        _group = One(ColumnRole.Group);
        _metricName = One(ColumnRole.MetricName);
        _metricValue = One(ColumnRole.MetricValue);
        _split = One(ColumnRole.Split);
        // MMCV's iterations begin anew in each epoch.
        _epoch = _columns.Exists(column => column.Role == ColumnRole.Step && ColumnRoles.Plain(column.Name) is "iter" or "iteration")
            ? _columns.Find(column => column.Role == ColumnRole.Step && ColumnRoles.Plain(column.Name) == "epoch") : null;
        _state = One(ColumnRole.State);
        if (!context.IsSurvey)
        {
            string metric = context.Metric!;
            if (_split is not null && _metricName is null && metric.IndexOf('/', StringComparison.Ordinal) is > 0 and int cut
                && _columns.Find(column => column.Name == metric[(cut + 1)..]) is { } splitColumn)
                (_wanted, _wantedSplit) = (splitColumn, metric[..cut]);
            else
                _wanted = _metricValue ?? _columns.Find(column => column.Role == ColumnRole.Value && column.Name == metric);
            if (_passed is not null && metric == PassRateName)
                _wanted = _passed;
        }
        foreach (Column column in _columns)
        {
            column.IsRead = column.Role switch
            {
                ColumnRole.Ignored => false,
                ColumnRole.Value => context.IsSurvey || column == _wanted || context.IsText(file, column.Name),
                _ => true,
            };
        }
        _texts = [.. _columns.Where(column => column.Role == ColumnRole.Value && column != _wanted && context.IsText(file, column.Name))];
        _current = null;
    }

    private Column? One(ColumnRole role) => _columns.Find(column => column.Role == role);

    private void Survey(int line)
    {
        if (_split is { First: CellKind.Missing, Text: { } number }
            && int.TryParse(number, System.Globalization.CultureInfo.InvariantCulture, out _))
        {
            context.AddFold(file, _split.Name);
            _split.Role = ColumnRole.Fold;
            Settle();
        }
        foreach (Column column in _columns)
        {
            if (column.First == CellKind.Missing && column.Kind != CellKind.Missing)
            {
                column.First = column.Kind;
                if (column.Role == ColumnRole.Value && column.Kind == CellKind.Word)
                    context.AddText(file, column.Name, $"{Foreign.Quote(column.Text)} at {file}:{line}");
                // From here on its cells tell nothing new, except where they name metrics.
                if (column.Role is not (ColumnRole.MetricName or ColumnRole.Split) && _split is null)
                    column.IsRead = false;
            }
            if (_split is not null && column.Role == ColumnRole.Value && column.Kind is CellKind.Number or CellKind.Comma)
                _metrics.Add(_split.Text is { Length: > 0 } split ? $"{split}/{column.Name}" : column.Name);
        }
        if (_metricName?.Text is { } name && _metricValue is { Kind: CellKind.Number or CellKind.Comma })
            _metrics.Add(TidyName(name));
    }

    private string TidyName(string name) => _split?.Text is { Length: > 0 } split ? $"{split}/{name}" : name;

    private void Read(int line)
    {
        if (_wanted is null || _wanted.Kind == CellKind.Missing
            || _metricName is not null && (_metricName.Text is not { } name || TidyName(name) != context.Metric)
                || _wantedSplit is not null && _split!.Text != _wantedSplit)
        {
            // A run may have no value at all, and is to be named then.
            if (context.Options.Runs != "rows" || _wanted?.Kind == CellKind.Missing && _metricName is null && _wantedSplit is null)
                RunOfRow();
            Empty += _wanted?.Kind == CellKind.Missing ? 1 : 0;
            return;
        }
        if (_wanted.Kind == CellKind.Word)
        {
            if (Foreign.IsMeanWithSpread(_wanted.Text))
            {
                throw new InputException(
                    $"{file}:{line}: {Foreign.Quote(_wanted.Text)} is a mean with its spread; the spread is what is computed here, from "
                        + "one number "
                    + "for each run");
            }
            if (_words++ == 0)
                _firstWord = $"{file}:{line}: {Foreign.Quote(_wanted.Text)}";
            context.LeaveRowOut(file, $"the value of {Foreign.Quote(_wanted.Name)} is a word where a number should be", line);
            return;
        }
        RawRun run = RunOfRow();
        if (!TryStep(run, line, out double step))
            return;
        if (_passed is not null && _wanted == _passed)
        {
            if (!(_trials!.Kind == CellKind.Number && _trials.Number >= 1 && _passed.Number >= 0 && _passed.Number <= _trials.Number
                && double.IsInteger(_passed.Number) && double.IsInteger(_trials.Number) && _trials.Number <= LargestStep))
            {
                context.LeaveRowOut(file, "it is not a number of passes out of a number of trials", line);
                return;
            }
            run.PassRate = new PassRate((long)_passed.Number, (long)_trials.Number);
            run.Add(step, _passed.Number / _trials.Number, line);
            return;
        }
        if (_wanted.Kind == CellKind.Comma)
            (_commas ??= new CommaNumbers(file, _wanted.Name)).Add(run, step, _wanted.Text!, line);
        else
            run.Add(step, _wanted.Number, line);
        foreach (Column text in _texts)
            Describe(run, text);
    }

    private bool TryStep(RawRun run, int line, out double step)
    {
        step = run.Steps.Count + 1;
        if (_steps.Length == 0 || context.Options.Step == "row")
        {
            run.CountsRows = true;
            return true;
        }
        Column? taken = null;
        foreach (Column column in _steps)
        {
            if (column.Kind == CellKind.Comma)
                (column.Kind, column.Number) = (CellKind.Number, CommaNumbers.Step(column.Text!));
            if (column.Kind == CellKind.Number)
            {
                taken = column;
                break;
            }
        }
        if (taken is null || !double.IsFinite(taken.Number))
        {
            context.LeaveRowOut(file, $"it has no {_steps[0].Name}", line);
            return false;
        }
        // Nearly always one column counts all rows of all runs; a run whose rows count in two units keeps those of the first.
        if (_stepTaken is null)
            _stepTaken = taken;
        if (taken != _stepTaken || _stepOf is not null)
        {
            _stepOf ??= [];
            if (run.Steps.Count == 0)
                _stepOf[run] = taken;
            if (_stepOf.GetValueOrDefault(run, _stepTaken) != taken)
            {
                context.LeaveRowOut(file, $"it has no {_stepOf.GetValueOrDefault(run, _stepTaken).Name}, which counts the other rows",
                    line);
                return false;
            }
        }
        step = taken.Number;
        if (Math.Abs(step) > LargestStep)
        {
            throw new InputException($"{file}:{line}: the {taken.Name} {step:R} is beyond 2^53, where two steps could be taken for one; "
                + "name another column with --step");
        }
        if (_epoch is { Kind: CellKind.Number } && _epoch != taken)
        {
            if (!_epochs.TryGetValue(run, out List<double>? epochs))
                _epochs.Add(run, epochs = []);
            epochs.Add(_epoch.Number);
        }
        return true;
    }

    /// <summary>Ends the second reading: numbers with commas, steps that begin anew in each epoch, and rows that describe the run of the
    /// file.</summary>
    /// <exception cref="InputException">More than one cell in ten is a word, or it is not clear what a number means.</exception>
    private void FinishRuns()
    {
        if (_words > 1 && _words > 0.1 * (_words + _runs.Values.Sum(run => run.Values.Count)))
            throw new InputException(
                $"{_firstWord} is a word where a number should be, and so are {_words} cells of {Foreign.Quote(_wanted!.Name)} in all; "
                    + "more than one in ten");
        _commas?.Resolve(_runs.Values, CommaEvidence);
        foreach ((RawRun run, List<double> epochs) in _epochs)
        {
            bool beginsAnew = epochs.Count == run.Steps.Count
                && Enumerable.Range(1, epochs.Count - 1).Any(i => epochs[i] > epochs[i - 1] && run.Steps[i] <= run.Steps[i - 1]);
            if (!beginsAnew)
                continue;
            double length = run.Steps.Max() + 1;
            bool onceAnEpoch = epochs.Distinct().Count() == epochs.Count;
            for (int i = 0; i < epochs.Count; i++)
                run.Steps[i] = onceAnEpoch ? epochs[i] : epochs[i] + (run.Steps[i] / length);
        }
        if (_runs.Values.FirstOrDefault(run => run is { CountsRows: true, IsTold: true, Values.Count: > 1 }) is { } several
            && context.Options is { Step: null, Runs: not "rows" })
        {
            context.Note($"{file}: no column counts steps, so the {several.Values.Count} rows of {several.Inner} are taken for the steps "
                + "of one run; --runs rows makes each of them a run, and --step row says that they are steps.");
        }
        RawRun[] with = [.. _runs.Values.Where(run => run.Values.Count > 0)],
            without = [.. _runs.Values.Where(run => run.Values.Count == 0 && run.Bad is null)];
        // A line of settings before the rows of a run says whose they are.
        if (with is [{ Seed: null, K: null, Fold: null, Group: null, Name: null } only] && without is [{ Values.Count: 0 } settings])
        {
            (only.Seed, only.K, only.Fold, only.Group, only.Name) = (settings.Seed, settings.K, settings.Fold, settings.Group,
                settings.Name);
            context.Forget(settings);
        }
        foreach (RawRun run in without.Where(run => run.Inner.Length == 0))
            context.Forget(run);
    }

    private RawRun RunOfRow()
    {
        if (context.Options.Runs == "rows")
        {
            RawRun own = context.Run(file, FormattableString.Invariant($"row {_rows}"));
            Fill(own, (_run?.Text, _seed?.Text, _k?.Text, _fold?.Text, _group?.Text));
            return own;
        }
        (string?, string?, string?, string?, string?) key = (_run?.Text, _seed?.Text, _k?.Text, _fold?.Text, _group?.Text);
        if (_current is not null && key == _key)
            return _current;
        _key = key;
        if (!_runs.TryGetValue(key, out _current))
        {
            string inner = string.Join(" ", new[] { _group?.Text, _run?.Text, Label("seed", _seed?.Text), Label("k", _k?.Text),
                Label("fold", _fold?.Text) }.Where(part => !string.IsNullOrEmpty(part)));
            _runs.Add(key, _current = context.Run(file, inner));
            Fill(_current, key);
        }
        return _current;

        static string? Label(string word, string? text) => string.IsNullOrEmpty(text) ? null : $"{word} {text}";
    }

    private void Fill(RawRun run, (string? Run, string? Seed, string? K, string? Fold, string? Group) key)
    {
        run.Seed = key.Seed ?? run.Seed;
        run.K = key.K ?? run.K;
        run.Fold = string.IsNullOrEmpty(key.Fold) ? run.Fold : key.Fold;
        run.Group = string.IsNullOrEmpty(key.Group) ? run.Group : key.Group;
        run.Name = string.IsNullOrEmpty(key.Run) ? run.Name : key.Run;
        if (_state?.Text is { } state && BadStates.Contains(state.ToLowerInvariant()))
            run.Bad = $"its state is {Foreign.Quote(_state.Text)}";
        run.IsTold = context.Options.Runs == "rows" || !string.IsNullOrEmpty(key.Run) || !string.IsNullOrEmpty(key.Seed)
            || !string.IsNullOrEmpty(key.Fold);
    }

    /// <summary>A word that is the same in all rows of a run describes it; one that changes does not.</summary>
    private static void Describe(RawRun run, Column text)
    {
        if (text.Kind == CellKind.Missing || text.Text is null)
            return;
        if (run.Values.Count == 1)
            run.Params[text.Name] = text.Text;
        else if (run.Params.TryGetValue(text.Name, out string? before) && before != text.Text)
            run.Params.Remove(text.Name);
    }
}
