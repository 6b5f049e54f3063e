using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LastBit.Cli;

/// <summary>
/// Shows on standard error how far a run has got: bars with rate and time left on a terminal, and elsewhere plain lines,
/// one when a task ends and some while it runs.
/// </summary>
internal static class Progress
{
    /// <summary>Does the work under an observer that shows it.</summary>
    /// <typeparam name="T">What the work returns.</typeparam>
    /// <param name="quiet">Whether to show nothing.</param>
    /// <param name="work">The work.</param>
    /// <returns>What the work returned.</returns>
    internal static T Show<T>(bool quiet, Func<IRunObserver, T> work)
    {
        if (quiet)
            return work(SilentObserver.Instance);
        if (!Terminal.CanDrawBars)
            return work(new LineObserver(Terminal.ErrorWriter));
        return Terminal.Error.Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = Math.Clamp(Terminal.Error.Profile.Width - 64, 10, 40) },
                new PercentageColumn(),
                new TextColumn(Rate),
                new TextColumn(TimeLeft))
            .Start(bars => work(new BarObserver(bars)));
    }

    /// <summary>"1,234/s" or "0.12/s".</summary>
    internal static string RateText(double perSecond) =>
        perSecond.ToString(perSecond >= 100 ? "N0" : perSecond >= 1 ? "0.0" : "0.###", CultureInfo.InvariantCulture) + "/s";

    /// <summary>"8 s", "2:05" or "3:07:00".</summary>
    internal static string TimeText(TimeSpan time) =>
        time.TotalSeconds < 60 ? $"{Math.Ceiling(time.TotalSeconds):0} s"
        : time.TotalHours < 1 ? time.ToString(@"m\:ss", CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time:mm\\:ss}");

    private static string Rate(ProgressTask task)
    {
        double? speed = task.IsFinished ? task.MaxValue / task.ElapsedTime?.TotalSeconds : task.Speed;
        return speed is { } value && double.IsFinite(value) ? RateText(value) : "";
    }

    private static string TimeLeft(ProgressTask task) => task switch
    {
        { Tag: string note } => note,
        { RemainingTime: { } left } when left < TimeSpan.FromDays(30) => $"{TimeText(left)} left",
        _ => "",
    };

    private sealed class TextColumn(Func<ProgressTask, string> text) : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(text(task)) { Overflow = Overflow.Ellipsis };
    }

    /// <summary>Bars that a terminal draws over and over.</summary>
    private sealed class BarObserver(ProgressContext bars) : IRunObserver
    {
        private readonly ConcurrentDictionary<string, Bar> _bars = new();

        public void Begin(string task, long total, string unit) =>
            _bars[task] = new Bar(bars.AddTask(Markup.Escape(task), autoStart: true, maxValue: Math.Max(1, total)));

        public void BeginAtMost(string task, long most, string unit)
        {
            Begin(task, most, unit);
            // No time left, for the end is not known.
            _bars[task].Task.Tag = string.Create(CultureInfo.InvariantCulture, $"at most {most} {unit}");
        }

        public void Advance(string task, long completed, string? note = null)
        {
            // An experiment reports every iteration; a bar that moves ten times a second is enough.
            if (!_bars.TryGetValue(task, out Bar? bar) || Stopwatch.GetElapsedTime(bar.Shown).TotalMilliseconds < 100)
                return;
            bar.Shown = Stopwatch.GetTimestamp();
            bar.Task.Value = completed;
            if (note is not null)
                bar.Task.Description = $"{Markup.Escape(task)} [dim]{Markup.Escape(note)}[/]";
        }

        public void End(string task, string? note = null)
        {
            if (!_bars.TryRemove(task, out Bar? bar))
                return;
            bar.Task.Description = Markup.Escape(task);
            bar.Task.Tag = note ?? "done";
            bar.Task.Value = bar.Task.MaxValue;
            bar.Task.StopTask();

            // Bars that do not fit on the screen would be drawn again and again below each other.
            bar.Task.HideWhenCompleted = bar.Task.Id >= Terminal.Error.Profile.Height - 8;
        }

        public void Point(string chart, string series, double x, double y) { }

        public void Message(string text) => Terminal.Error.WriteLine(ForeignText.Printable(text));

        private sealed class Bar(ProgressTask task)
        {
            public ProgressTask Task { get; } = task;

            public long Shown { get; set; }
        }
    }

    /// <summary>Lines for a file or a pipe.</summary>
    private sealed class LineObserver(TextWriter output) : IRunObserver
    {
        private static readonly TimeSpan Pause = TimeSpan.FromSeconds(20);
        private readonly ConcurrentDictionary<string, Line> _lines = new();

        public void Begin(string task, long total, string unit) => _lines[task] = new Line(Math.Max(1, total), unit, false);

        public void BeginAtMost(string task, long most, string unit) => _lines[task] = new Line(Math.Max(1, most), unit, true);

        public void Advance(string task, long completed, string? note = null)
        {
            if (!_lines.TryGetValue(task, out Line? line))
                return;
            if (line.First < 0)
                line.First = completed;
            if (Stopwatch.GetElapsedTime(line.Shown) < Pause)
                return;
            line.Shown = Stopwatch.GetTimestamp();
            double rate = (completed - line.First) / Stopwatch.GetElapsedTime(line.Begun).TotalSeconds;
            string left = rate > 0
                ? $", {RateText(rate)}, {TimeText(TimeSpan.FromSeconds(Math.Min(1e8, (line.Total - completed) / rate)))} left" : "";
            string aside = note is null ? "" : $", {note}";
            if (line.IsAtMost)
            {
                Write(string.Create(CultureInfo.InvariantCulture,
                    $"{task}: {completed} {line.Unit} of at most {line.Total}{(rate > 0 ? ", " + RateText(rate) : "")}{aside}"));
                return;
            }
            Write(string.Create(CultureInfo.InvariantCulture,
                $"{task}: {100.0 * completed / line.Total:0}% of {line.Total} {line.Unit}{left}{aside}"));
        }

        public void End(string task, string? note = null)
        {
            if (_lines.TryRemove(task, out Line? line))
                Write(string.Create(CultureInfo.InvariantCulture,
                    $"{task}: {note ?? "done"} ({Stopwatch.GetElapsedTime(line.Begun).TotalSeconds:0.00} s)"));
        }

        public void Point(string chart, string series, double x, double y) { }

        public void Message(string text) => Write(ForeignText.Printable(text));

        private void Write(string text)
        {
            lock (output)
                output.WriteLine(text);
        }

        private sealed class Line(long total, string unit, bool isAtMost)
        {
            public bool IsAtMost { get; } = isAtMost;

            public long Total { get; } = total;

            public string Unit { get; } = unit;

            public long First { get; set; } = -1;

            public long Begun { get; } = Stopwatch.GetTimestamp();

            public long Shown { get; set; } = Stopwatch.GetTimestamp();
        }
    }
}
