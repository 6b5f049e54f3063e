using System.Diagnostics;
using System.Text.Json;

namespace LastBit.Reports.Live;

/// <summary>
/// The state of a run as the live page shows it. The run stores into it under a short lock and never waits for a reader; the
/// memory is bounded however long the run is: curves are thinned, old tasks and messages forgotten.
/// </summary>
public sealed class LiveRun : IRunObserver
{
    private const int MostTasks = 200, MostMessages = 50, MostCharts = 24, MostSeries = 48;

    private readonly Lock _lock = new();
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<LiveTask> _tasks = [];
    private readonly Queue<string> _messages = [];
    private readonly List<(string Name, List<ThinnedCurve> Series)> _charts = [];
    private bool _ended;
    private long _version;

    /// <summary>Counts changes; equal numbers mean an equal state.</summary>
    public long Version => Volatile.Read(ref _version);

    /// <inheritdoc/>
    public void Begin(string task, long total, string unit)
    {
        lock (_lock)
        {
            _tasks.RemoveAll(one => one.Name == task);
            if (_tasks.Count >= MostTasks && _tasks.FindIndex(one => one.Ended) is >= 0 and var oldest)
                _tasks.RemoveAt(oldest);
            if (_tasks.Count < MostTasks)
                _tasks.Add(new LiveTask(task, Math.Max(1, total), unit) { Begun = _watch.Elapsed });
            _version++;
        }
    }

    /// <inheritdoc/>
    public void Advance(string task, long completed, string? note = null) => Change(task, one =>
    {
        // A run that is resumed begins in the middle: its rate is that of what was done here.
        if (one.First < 0)
            (one.First, one.Begun) = (completed, _watch.Elapsed);
        one.Completed = completed;
        one.Note = note ?? one.Note;
    });

    /// <inheritdoc/>
    public void End(string task, string? note = null) => Change(task, one =>
    {
        one.Completed = Math.Max(one.Completed, one.Total);
        one.Note = note ?? one.Note;
        one.Ended = true;
    });

    /// <inheritdoc/>
    public void Point(string chart, string series, double x, double y)
    {
        lock (_lock)
        {
            int at = _charts.FindIndex(one => one.Name == chart);
            if (at < 0 && _charts.Count < MostCharts)
            {
                _charts.Add((chart, []));
                at = _charts.Count - 1;
            }
            if (at < 0)
                return;
            List<ThinnedCurve> curves = _charts[at].Series;
            ThinnedCurve? curve = curves.Find(one => one.Name == series);
            if (curve is null && curves.Count < MostSeries)
                curves.Add(curve = new ThinnedCurve(series));
            curve?.Add(x, y);
            _version++;
        }
    }

    /// <inheritdoc/>
    public void Message(string text)
    {
        lock (_lock)
        {
            if (_messages.Count == MostMessages)
                _messages.Dequeue();
            _messages.Enqueue(text);
            _version++;
        }
    }

    /// <summary>Says that nothing more will come.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _ended = true;
            _version++;
        }
    }

    /// <summary>
    /// The state now, as the JSON that an event carries: seconds, ended, tasks (with the seconds that each has left, where known), charts,
    /// messages. Not finite is null.
    /// </summary>
    /// <returns>UTF-8, without line ends.</returns>
    public byte[] Snapshot()
    {
        LiveTask[] tasks;
        string[] messages;
        (string Name, (string Name, double[] X, double[] Y)[] Series)[] charts;
        bool ended;
        lock (_lock)
        {
            tasks = [.. _tasks.Select(one => one with { })];
            messages = [.. _messages];
            charts = [.. _charts.Select(chart => (chart.Name, chart.Series.Select(curve => curve.Copy()).ToArray()))];
            ended = _ended;
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("seconds", Math.Round(_watch.Elapsed.TotalSeconds, 1));
            json.WriteBoolean("ended", ended);
            json.WriteStartArray("tasks");
            foreach (LiveTask task in tasks)
            {
                json.WriteStartObject();
                json.WriteString("name", task.Name);
                json.WriteNumber("total", task.Total);
                json.WriteNumber("completed", task.Completed);
                json.WriteString("unit", task.Unit);
                json.WriteString("note", task.Note);
                json.WriteBoolean("ended", task.Ended);
                if (task.SecondsLeft(_watch.Elapsed) is { } left)
                    json.WriteNumber("secondsLeft", Math.Round(left, 1));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("charts");
            foreach (var chart in charts)
            {
                json.WriteStartObject();
                json.WriteString("name", chart.Name);
                json.WriteStartArray("series");
                foreach ((string name, double[] x, double[] y) in chart.Series)
                {
                    json.WriteStartObject();
                    json.WriteString("name", name);
                    WriteNumbers(json, "x", x);
                    WriteNumbers(json, "y", y);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("messages");
            foreach (string message in messages)
                json.WriteStringValue(message);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, double[] numbers)
    {
        json.WriteStartArray(name);
        foreach (double number in numbers)
        {
            if (double.IsFinite(number))
                json.WriteNumberValue(number);
            else
                json.WriteNullValue();
        }
        json.WriteEndArray();
    }

    private void Change(string task, Action<LiveTask> change)
    {
        lock (_lock)
        {
            if (_tasks.Find(one => one.Name == task) is { } found)
                change(found);
            _version++;
        }
    }

    private sealed record LiveTask(string Name, long Total, string Unit)
    {
        public long Completed { get; set; }

        public string? Note { get; set; }

        public bool Ended { get; set; }

        /// <summary>The units that were done at the first report; negative before it.</summary>
        public long First { get; set; } = -1;

        public TimeSpan Begun { get; set; }

        /// <summary>How long the rest takes at the rate so far; null while that is not known.</summary>
        public double? SecondsLeft(TimeSpan now) => Ended || First < 0 || Completed <= First || now <= Begun ? null
            : (Total - Completed) * (now - Begun).TotalSeconds / (Completed - First);
    }
}

/// <summary>
/// A curve of any length in bounded memory: when it is full, every second point goes, and from then on only every second one comes in.
/// </summary>
/// <param name="name">The curve's name.</param>
internal sealed class ThinnedCurve(string name)
{
    /// <summary>More points than a screen has columns.</summary>
    internal const int Most = 1024;

    private readonly List<double> _x = [], _y = [];
    private long _count, _stride = 1;
    private (double X, double Y) _last;

    /// <summary>The curve's name.</summary>
    internal string Name { get; } = name;

    /// <summary>Adds a point; the last one is always kept.</summary>
    internal void Add(double x, double y)
    {
        _last = (x, y);
        if (_count++ % _stride != 0)
            return;
        if (_x.Count == Most)
        {
            for (int i = 0; i < Most / 2; i++)
                (_x[i], _y[i]) = (_x[2 * i], _y[2 * i]);
            _x.RemoveRange(Most / 2, Most / 2);
            _y.RemoveRange(Most / 2, Most / 2);
            _stride *= 2;
            // Most is even, so the point that finds the curve full is one that the longer stride keeps.
        }
        _x.Add(x);
        _y.Add(y);
    }

    /// <summary>The points that are kept.</summary>
    internal (string Name, double[] X, double[] Y) Copy() => _count > 0 && _x[^1] != _last.X
        ? (Name, [.. _x, _last.X], [.. _y, _last.Y])
        : (Name, [.. _x], [.. _y]);
}
