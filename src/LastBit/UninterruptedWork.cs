namespace LastBit;

/// <summary>
/// Work that a request to stop lets come to its end, because something would be lost: a training up to its checkpoint, a file that is being
/// written. All other work may be ended with the process.
/// </summary>
public static class UninterruptedWork
{
    private static int s_count;

    /// <summary>Whether there is any now.</summary>
    public static bool IsAtWork => Volatile.Read(ref s_count) > 0;

    /// <summary>Begins some; it ends when what is returned is disposed of.</summary>
    public static IDisposable Begin()
    {
        Interlocked.Increment(ref s_count);
        return new Work();
    }

    private sealed class Work : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
                Interlocked.Decrement(ref s_count);
        }
    }
}
