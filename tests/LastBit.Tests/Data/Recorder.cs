using System.Collections.Concurrent;

namespace LastBit.Tests.Data;

/// <summary>An observer that writes down what it is told.</summary>
internal sealed class Recorder : IRunObserver
{
    /// <summary>The note of a task that has not ended.</summary>
    public const string Running = "running";

    public ConcurrentQueue<string> Messages { get; } = new();

    public ConcurrentDictionary<string, (long Completed, long Total, string Unit, string? End)> Tasks { get; } = new();

    public void Begin(string task, long total, string unit) => Assert.True(Tasks.TryAdd(task, (0, total, unit, Running)));

    public void Advance(string task, long completed, string? note = null) => Tasks[task] = Tasks[task] with { Completed = completed };

    public void End(string task, string? note = null) => Tasks[task] = Tasks[task] with { End = note };

    public void Point(string chart, string series, double x, double y) => Assert.Fail("there is nothing to draw");

    public void Message(string text) => Messages.Enqueue(text);
}
