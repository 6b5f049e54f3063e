using System.Diagnostics;
using System.Globalization;
using System.Text;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>What the holder of a <see cref="Lease"/> says of itself while it works, and how it let go.</summary>
/// <param name="Owner">Machine and process number, "node7 4711".</param>
/// <param name="Heartbeat">When the holder last wrote, UTC.</param>
/// <param name="Held">Whether it is at work, as far as it says; a killed process says so for ever.</param>
/// <param name="Progress">The share of the work that is done, 0 to 1.</param>
/// <param name="SecondsLeft">How long the rest will take; null while that is unknown.</param>
/// <param name="Failure">Why the work failed; null when it did not.</param>
/// <param name="Locked">Whether the holder has a lock of the file system too.</param>
/// <param name="Task">The task of a batch system that the holder is, "12_3"; null where it is none.</param>
/// <param name="Restart">How many times that task had been begun before.</param>
public sealed record LeaseNote(
    string Owner, DateTime Heartbeat, bool Held, double Progress, double? SecondsLeft, string? Failure,
    bool Locked = false, string? Task = null, int Restart = 0)
{
    /// <summary>The task of Slurm that this process is, and how many times it had been begun before.</summary>
    internal static (string? Task, int Restart) OwnTask { get; } = (
        Environment.GetEnvironmentVariable("SLURM_ARRAY_JOB_ID") is { Length: > 0 } job
            ? $"{job}_{Environment.GetEnvironmentVariable("SLURM_ARRAY_TASK_ID")}" : null,
        int.TryParse(Environment.GetEnvironmentVariable("SLURM_RESTART_COUNT"), NumberStyles.None, CultureInfo.InvariantCulture,
            out int count) ? count : 0);

    /// <summary>
    /// Whether the holder is an earlier copy of a task: of a node that was thought dead, say, and may still be at work. The batch system
    /// has begun the task again, so the copy has no say any more, dead or alive.
    /// </summary>
    /// <param name="task">The later copy's task.</param>
    /// <param name="restart">The later copy's count.</param>
    public bool IsFencedBy(string? task, int restart) => Held && Task is not null && Task == task && Restart < restart;
}

/// <summary>
/// The right to work on a part of a folder, held by one process at a time. Where the file system has locks (flock), one on the file
/// NAME guards it, and the operating system releases it however the process ends. Some file systems only pretend to have locks; there
/// the files NAME.1, NAME.2, ... alone decide: who creates the next number exclusively holds the lease, once the holder of the last
/// number has let go, has died on this machine, or has given no sign of life for <see cref="Patience"/>. The number is the fencing
/// number: a holder that was thought dead finds a higher one when it wakes, and writes no more.
/// </summary>
public sealed class Lease : IDisposable
{
    /// <summary>The variable that, set to "lease", has the locks of the file system not relied on.</summary>
    public const string Variable = "LASTBIT_LOCKS";

    // EEXIST, the same number on Linux, macOS and the BSDs; .NET hands it on as it is.
    private const int FileExists = 17;

    private const int NoteBytes = 1024;

    // A number that no process comes to by counting; whatever has a higher one was not left by one.
    private const long MostNumber = 1_000_000_000_000_000;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);
    private static readonly string Self = $"{Environment.MachineName} {Environment.ProcessId}";
    private readonly string _name;
    private readonly FileStream? _lock;
    private readonly FileStream? _file;
    private readonly Timer? _timer;
    private readonly object _gate = new();
    private double _progress;
    private double? _secondsLeft;
    private string? _failure;
    private bool _released;

    private Lease(string name, FileStream? held, FileStream? file, long number)
    {
        (_name, _lock, _file, Number) = (name, held, file, number);
        if (file is not null)
            _timer = new Timer(_ => Write(), null, Beat, Beat);
    }

    /// <summary>How long a holder on another machine may be silent before its lease is taken from it.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(90);

    /// <summary>The fencing number: higher than that of every earlier holder; 0 where the lock of the file system alone guards.</summary>
    public long Number { get; }

    /// <summary>Whether the locks of the file system guard this lease; if not, heartbeats do.</summary>
    public bool HasLock => _lock is not null;

    /// <summary>Takes a lease.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="name">The name of the file that stands for the lease; begin it with a dot. It stays behind: deleting it would let two
    /// processes hold "the" lock.</param>
    /// <param name="wait">How long to try.</param>
    /// <param name="visible">Whether others can read who holds it and how far the work is.</param>
    /// <returns>The lease, or null when another process (or this one) holds it.</returns>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static Lease? TryTake(string folder, string name, TimeSpan wait = default, bool visible = false)
    {
        long begun = Stopwatch.GetTimestamp();
        while (true)
        {
            if (TryOnce(Path.Combine(folder, name), visible) is { } lease)
                return lease;
            if (Stopwatch.GetElapsedTime(begun) >= wait)
                return null;
            Thread.Sleep(20);
        }
    }

    /// <summary>What the last holder of a lease wrote; null when nobody has held it visibly.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The name of the lease.</param>
    public static LeaseNote? ReadNote(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return Highest(path) is > 0 and long number ? ReadNote(path, number) : null;
    }

    /// <summary>Whether some process is at work under a visible lease, as far as can be told without disturbing it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">The name of the lease.</param>
    public static bool IsHeld(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return Highest(path) is > 0 and long number && IsAlive(path, number, DateTime.UtcNow);
    }

    /// <summary>Tells others how far the work is, with the next heartbeat.</summary>
    /// <param name="progress">The share that is done, 0 to 1.</param>
    /// <param name="secondsLeft">How long the rest will take, if that is known.</param>
    public void Tell(double progress, double? secondsLeft)
    {
        lock (_gate)
            (_progress, _secondsLeft) = (progress, secondsLeft);
    }

    /// <summary>Says that the work failed, and why.</summary>
    public void Fail(string why)
    {
        lock (_gate)
            _failure = why;
    }

    /// <summary>Makes sure that nobody has taken over; called before what only the holder may write is written.</summary>
    /// <exception cref="LeaseLostException">Another process has.</exception>
    public void ThrowIfLost()
    {
        AtomicFile.ThrowIfGone(_name);
        if (_file is not null && Highest(_name) != Number)
            throw new LeaseLostException(_name);
    }

    /// <summary>Lets go.</summary>
    public void Dispose()
    {
        if (_released)
            return;
        lock (_gate)
            _released = true;
        _timer?.Dispose();
        Write();
        _file?.Dispose();
        _lock?.Dispose();
    }

    private static Lease? TryOnce(string path, bool visible)
    {
        FileStream? held = null;
        try
        {
            long last = Highest(path);
            LeaseNote? note = last > 0 ? ReadNote(path, last) : null;
            bool fenced = note?.IsFencedBy(LeaseNote.OwnTask.Task, LeaseNote.OwnTask.Restart) ?? false;
            if (LocksAreRelied() && !fenced)
            {
                held = OpenLocked(path);
                if (!LocksWork(path))
                {
                    held.Dispose();
                    held = null;
                }
                else if (!visible)
                {
                    return new Lease(path, held, null, 0);
                }
            }
            // Who holds the lock of the file system knows that no other holder of it lives; one without it is asked for signs of life.
            List<(long Number, bool IsNote)> numbers = Numbers(path);
            last = Highest(numbers);
            if (last > 0 && !fenced && (held is null || ReadNote(path, last) is { Held: true, Locked: false })
                && IsAlive(path, last, Now(path)))
            {
                held?.Dispose();
                return null;
            }
            // From the same look as the last holder: who comes in between has this number. A folder that has the name of a note is none,
            // and its number cannot be had.
            long number = numbers.Select(one => one.Number).DefaultIfEmpty(0).Max() + 1;
            var file = new FileStream(NumberedFile(path, number), FileMode.CreateNew, FileAccess.Write,
                FileShare.ReadWrite | FileShare.Delete, 0);
            var lease = new Lease(path, held, file, number);
            lease.Write();
            if (Highest(path) != number)
            {
                // Others have come and gone between the look and the file.
                lease.Dispose();
                File.Delete(NumberedFile(path, number));
                return null;
            }
            foreach ((long older, _) in Numbers(path).Where(one => one.IsNote && one.Number < number))
                File.Delete(NumberedFile(path, older));
            return lease;
        }
        catch (IOException error) when (IsHeldByAnother(error) || IsTaken(error))
        {
            held?.Dispose();
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            string folder = Path.GetDirectoryName(path)!;
            throw new InputException(
                $"{folder}: nothing can be written there ({error.Message.ReplaceLineEndings(" ")}); name a folder that is writable", error);
        }
    }

    /// <summary>Whether another process made the file of the next number first, or removed one that was being looked at.</summary>
    private static bool IsTaken(IOException error) =>
        error is FileNotFoundException
            || (OperatingSystem.IsWindows() ? (error.HResult & 0xFFFF) is 80 or 183 : error.HResult == FileExists);

    private static FileStream OpenLocked(string path) => new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    /// <summary>Lets tests do without locks on a file system that has them.</summary>
    internal static AsyncLocal<bool> WithoutLocks { get; } = new();

    private static bool LocksAreRelied() => !WithoutLocks.Value && Environment.GetEnvironmentVariable(Variable) != "lease";

    /// <summary>
    /// Whether a lock that is held keeps out even its holder, as it should; .NET takes a file system without locks for one that grants them
    /// all.
    /// </summary>
    private static bool LocksWork(string path)
    {
        try
        {
            OpenLocked(path).Dispose();
            return false;
        }
        catch (IOException error) when (IsHeldByAnother(error))
        {
            return true;
        }
    }

    /// <summary>A lock that is held shows as "would block" on Unix and as a sharing or lock violation on Windows.</summary>
    private static bool IsHeldByAnother(IOException error) =>
        OperatingSystem.IsWindows()
            ? (error.HResult & 0xFFFF) is 32 or 33 : error.GetType() == typeof(IOException) && error.HResult is 11 or 35;

    private static string NumberedFile(string path, long number) => string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");

    /// <summary>
    /// The numbers of whatever has the name of a note, and whether it can be one: it is passed over where it is a folder or a pipe.
    /// </summary>
    private static List<(long Number, bool IsNote)> Numbers(string path)
    {
        string folder = Path.GetDirectoryName(path)!, start = Path.GetFileName(path) + ".";
        if (!Directory.Exists(folder))
            return [];
        return [.. Directory.EnumerateFileSystemEntries(folder, start + "*")
            .Where(entry => Path.GetFileName(entry).StartsWith(start, StringComparison.Ordinal))
            .Select(entry =>
                (Entry: entry,
                    Number: long.TryParse(Path.GetFileName(entry)[start.Length..], NumberStyles.None, CultureInfo.InvariantCulture,
                        out long number) ? number : 0))
            .Where(one => one.Number is > 0 and < MostNumber)
            .Select(one => (one.Number, !Directory.Exists(one.Entry) && FolderWalk.IsOrdinary(one.Entry)))];
    }

    private static long Highest(string path) => Highest(Numbers(path));

    private static long Highest(List<(long Number, bool IsNote)> numbers) =>
        numbers.Where(one => one.IsNote).Select(one => one.Number).DefaultIfEmpty(0).Max();

    private static bool IsAlive(string path, long number, DateTime now)
    {
        if (ReadNote(path, number) is { } note)
        {
            if (!note.Held)
                return false;
            if (note.Owner.Split(' ') is [.., string process] && note.Owner == $"{Environment.MachineName} {process}"
                && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && !IsRunning(id))
            {
                return false;
            }
        }
        return now - File.GetLastWriteTimeUtc(NumberedFile(path, number)) < Patience;
    }

    /// <summary>The file system's own time, so that the clocks of machines need not agree.</summary>
    internal static DateTime Now(string path)
    {
        string probe = AtomicFile.UnfinishedName(path, Environment.ProcessId);
        try
        {
            File.WriteAllBytes(probe, []);
            return File.GetLastWriteTimeUtc(probe);
        }
        finally
        {
            File.Delete(probe);
        }
    }

    /// <summary>Whether a process of this machine is running.</summary>
    internal static bool IsRunning(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return true; // somebody else's
        }
    }

    private static LeaseNote? ReadNote(string path, long number)
    {
        try
        {
            using var stream =
                new FileStream(NumberedFile(path, number), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            byte[] bytes = new byte[NoteBytes];
            int count = stream.ReadAtLeast(bytes, NoteBytes, throwOnEndOfStream: false);
            return ResultJson.Deserialize<LeaseNote>(Encoding.UTF8.GetString(bytes, 0, count));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes into the file that is open, never into one that has come to have its name.</summary>
    private void Write()
    {
        if (_file is null)
            return;
        lock (_gate)
        {
            string why = _failure is { Length: > 200 } ? _failure[..200] : _failure!;
            byte[] note =
                Encoding.UTF8.GetBytes(ResultJson.Serialize(new LeaseNote(Self, DateTime.UtcNow, !_released, _progress, _secondsLeft, why,
                _lock is not null, LeaseNote.OwnTask.Task, LeaseNote.OwnTask.Restart)));
            byte[] padded = new byte[NoteBytes];
            Array.Fill(padded, (byte)' ');
            note.AsSpan(0, Math.Min(note.Length, NoteBytes)).CopyTo(padded);
            try
            {
                RandomAccess.Write(_file.SafeFileHandle, padded, 0);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or ObjectDisposedException
                or NotSupportedException)
            {
                // A sign of life that cannot be written is no reason to end the work.
            }
        }
    }
}

/// <summary>Another process has taken over a part of a folder from this one, which was silent too long.</summary>
public sealed class LeaseLostException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="name">The lease's file.</param>
    public LeaseLostException(string name)
        : base($"{name}: another process has taken over; this one was silent for too long and leaves the work to it")
    {
    }
}
