using System.Diagnostics;
using System.Runtime.InteropServices;

namespace LastBit.Cli;

/// <summary>
/// Ctrl-C, and its kin from outside (SIGTERM, a closed terminal, the notice of a batch system), as a request to stop at the next good
/// moment.
/// </summary>
internal sealed class Interruption : IDisposable
{
    // Batch systems send the signal to every process of a task, and its script hands it on: those two are one request.
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(2);

    // What Slurm is asked to send before the time is up (--signal=USR1@120); unheard it would end the process. .NET has no name for it and
    // takes the system's number.
    private static readonly PosixSignal? User =
        OperatingSystem.IsLinux() ? (PosixSignal)10 : OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? (PosixSignal)30 : null;

    private static readonly bool InBatchJob = Environment.GetEnvironmentVariable("SLURM_JOB_ID") is { Length: > 0 };

    // After that a command that has nothing to save is ended where it is: in an external program, in a line of 200 MB, in a figure.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.2);

    private static readonly AsyncLocal<Interruption?> OfThisCall = new();
    private static readonly Interruption None = new();

    private readonly CancellationTokenSource _source = new();
    private long _first;
    private int _ended;
    private readonly List<PosixSignalRegistration> _signals = [];

    private Interruption()
    {
    }

    /// <summary>The interruption that every command runs under.</summary>
    internal static Interruption Current => OfThisCall.Value ?? None;

    /// <summary>Asks the run to stop.</summary>
    internal CancellationToken Token => _source.Token;

    /// <summary>What the user can do after a stop, one sentence; null as long as nothing has been started.</summary>
    internal string? WhatToDo { get; set; }

    /// <summary>The words that called the command.</summary>
    internal string Name { get; set; } = "lastbit";

    /// <summary>What is said of a stop.</summary>
    internal string Stopped => WhatToDo is { } next ? $"{Name}: stopped. {next}" : $"{Name}: stopped.";

    /// <summary>Says that the call ends by itself; it does not return where the call is being ended already.</summary>
    internal void End()
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            Thread.Sleep(Timeout.Infinite);
    }

    /// <summary>
    /// Begins to listen. A second signal ends the process at once, as if nobody listened; but a batch system repeats itself, as before the
    /// end of the time and at it, and kills who does not end in time.
    /// </summary>
    internal static Interruption Listen()
    {
        Interruption interruption = Begin();
        foreach (PosixSignal? signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, User })
        {
            if (signal is { } one)
                interruption._signals.Add(PosixSignalRegistration.Create(one, interruption.OnSignal));
        }
        return interruption;
    }

    /// <summary>Begins one that no signal reaches.</summary>
    internal static Interruption Begin() => OfThisCall.Value = new Interruption();

    /// <inheritdoc/>
    public void Dispose()
    {
        _signals.ForEach(signal => signal.Dispose());
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (_source.IsCancellationRequested && (context.Signal == PosixSignal.SIGTERM || context.Signal == User)
            && (InBatchJob || Stopwatch.GetElapsedTime(_first) < Together))
        {
            context.Cancel = true;
            return;
        }
        if (_source.IsCancellationRequested)
        {
            Terminal.Restore();
            return;
        }
        context.Cancel = true;
        _first = Stopwatch.GetTimestamp();
        new Thread(EndInTime) { IsBackground = true, Name = "lastbit stop" }.Start();
        _source.Cancel();
    }

    /// <summary>Ends the process where the command does not come to its end by itself; files appear whole or not at all.</summary>
    private void EndInTime()
    {
        Thread.Sleep(Grace);
        while (UninterruptedWork.IsAtWork)
            Thread.Sleep(20);
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        Terminal.Restore();
        Console.Error.WriteLine(Stopped);
        Environment.Exit(CommandLine.Failed);
    }
}
