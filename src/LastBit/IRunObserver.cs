namespace LastBit;

/// <summary>
/// The one way in which an experiment speaks while it runs. The console draws progress bars from it, the live page
/// draws curves; an experiment knows of neither. All members may be called from any thread and return at once.
/// </summary>
public interface IRunObserver
{
    /// <summary>A task begins.</summary>
    /// <param name="task">Its name, unique among the tasks that run at the same time ("alpha 1.3e7", "seed 1").</param>
    /// <param name="total">How many units it will take, at least 1.</param>
    /// <param name="unit">What is counted, in the plural ("iterations", "images").</param>
    void Begin(string task, long total, string unit);

    /// <summary>A task begins that may end long before its last unit.</summary>
    /// <param name="task">Its name.</param>
    /// <param name="most">How many units it takes at most.</param>
    /// <param name="unit">What is counted.</param>
    void BeginAtMost(string task, long most, string unit) => Begin(task, most, unit);

    /// <summary>A task has got as far as <paramref name="completed"/> units.</summary>
    /// <param name="task">The name given to <see cref="Begin"/>.</param>
    /// <param name="completed">Units done since the beginning.</param>
    /// <param name="note">A short text beside the bar (the loss, say), or null to leave it as it is.</param>
    void Advance(string task, long completed, string? note = null);

    /// <summary>A task is over.</summary>
    /// <param name="task">The name given to <see cref="Begin"/>.</param>
    /// <param name="note">What came of it, in a few words, or null.</param>
    void End(string task, string? note = null);

    /// <summary>A value that a reader may want to watch grow (test accuracy of a replica, say).</summary>
    /// <param name="chart">The chart it belongs to ("test accuracy").</param>
    /// <param name="series">The curve within the chart ("seed 1, k = 3").</param>
    /// <param name="x">The abscissa (epoch, iteration).</param>
    /// <param name="y">The ordinate.</param>
    void Point(string chart, string series, double x, double y);

    /// <summary>One line of plain text for the user.</summary>
    /// <param name="text">The line.</param>
    void Message(string text);
}

/// <summary>An observer that listens to nothing.</summary>
public sealed class SilentObserver : IRunObserver
{
    /// <summary>The only instance that is ever needed.</summary>
    public static SilentObserver Instance { get; } = new();

    /// <inheritdoc/>
    public void Begin(string task, long total, string unit) { }

    /// <inheritdoc/>
    public void Advance(string task, long completed, string? note = null) { }

    /// <inheritdoc/>
    public void End(string task, string? note = null) { }

    /// <inheritdoc/>
    public void Point(string chart, string series, double x, double y) { }

    /// <inheritdoc/>
    public void Message(string text) { }
}
