using System.CommandLine;
using LastBit.Reports.Live;

namespace LastBit.Cli;

/// <summary>--live: a page on this machine that shows a run in progress.</summary>
internal sealed class LiveView : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly LiveRun _run = new();
    private readonly LiveServer _server;

    private LiveView(string command, int port)
    {
        _server = LiveServer.Start(_run, command, port, Interval);
    }

    /// <summary>Whether to serve the page.</summary>
    private static Option<bool> Live { get; } = OptionTypes.Switch("--live", "Serves a page on 127.0.0.1 that shows the run in progress.");

    /// <summary>Where.</summary>
    private static Option<int> Port { get; } =
        OptionTypes.Count("--live-port", 0, "The port of that page.", least: 0, defaultText: "any free one", most: ushort.MaxValue);

    /// <summary>Adds --live and --live-port to a command.</summary>
    internal static TCommand AddTo<TCommand>(TCommand command)
        where TCommand : Command
    {
        command.Add(Live);
        command.Add(Port);
        return command;
    }

    /// <summary>Serves the page if it was asked for.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <returns>The view, or null when it was not asked for.</returns>
    /// <exception cref="InputException">The port cannot be listened on.</exception>
    internal static LiveView? Start(ParseResult parse)
    {
        if (parse.GetResult(Live) is null || !parse.GetValue(Live))
            return null;
        int port = parse.GetValue(Port);
        return new LiveView(CommandLine.Name(parse.CommandResult.Command), port);
    }

    /// <summary>
    /// Says where the page is. Asked for, so it is said under --quiet too; on standard error, for standard output may be JSON.
    /// </summary>
    internal void SayWhere() => Terminal.ErrorWriter.WriteLine($"Live:    {_server.Address}");

    /// <summary>An observer that tells the page as well as another one.</summary>
    internal IRunObserver Beside(IRunObserver other) => new Both(_run, other);

    /// <summary>One line on the page.</summary>
    internal void Say(string text) => _run.Message(text);

    /// <summary>Shows the end on the page and stops to serve it.</summary>
    public void Dispose() => _server.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private sealed class Both(IRunObserver one, IRunObserver other) : IRunObserver
    {
        public void Begin(string task, long total, string unit)
        {
            one.Begin(task, total, unit);
            other.Begin(task, total, unit);
        }

        public void BeginAtMost(string task, long most, string unit)
        {
            one.BeginAtMost(task, most, unit);
            other.BeginAtMost(task, most, unit);
        }

        public void Advance(string task, long completed, string? note = null)
        {
            one.Advance(task, completed, note);
            other.Advance(task, completed, note);
        }

        public void End(string task, string? note = null)
        {
            one.End(task, note);
            other.End(task, note);
        }

        public void Point(string chart, string series, double x, double y)
        {
            one.Point(chart, series, x, y);
            other.Point(chart, series, x, y);
        }

        public void Message(string text)
        {
            one.Message(text);
            other.Message(text);
        }
    }
}
