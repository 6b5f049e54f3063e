using System.Diagnostics;
using LastBit.Data;

namespace LastBit.Fuzzing;

/// <summary>A bad input that was not refused as it should be.</summary>
/// <param name="Input">The input.</param>
/// <param name="What">What happened.</param>
public sealed record FuzzFailure(byte[] Input, string What);

/// <summary>What came of fuzzing a reader.</summary>
/// <param name="Tries">How many inputs it got.</param>
/// <param name="Accepted">How many of them it read.</param>
/// <param name="Failures">Those that neither were read nor refused in words; at most one of a kind, the first.</param>
public sealed record FuzzReport(long Tries, long Accepted, IReadOnlyList<FuzzFailure> Failures)
{
    /// <summary>How many inputs were refused in words.</summary>
    public long Refused => Tries - Accepted - Failures.Count;
}

/// <summary>Feeds a reader with bad inputs.</summary>
public static class Fuzzer
{
    /// <summary>The most bytes that reading one input may allocate, over all.</summary>
    public const long MaximumAllocation = 3L << 30;

    /// <summary>
    /// Runs until so many tries or so much time are over. A reader must read an input or refuse it with an <see cref="InputException"/> (a
    /// fetch: with a
    /// <see cref="SourceException"/>) of one printable line of at most 2000 characters.
    /// </summary>
    /// <param name="target">The reader.</param>
    /// <param name="seed">The inputs are a function of it.</param>
    /// <param name="tries">How many inputs at most.</param>
    /// <param name="time">How long at most; null for no limit.</param>
    /// <param name="slowest">How much processor time one input may take, whatever else the machine does; null for no limit.</param>
    public static FuzzReport Run(FuzzTarget target, int seed, long tries, TimeSpan? time = null, TimeSpan? slowest = null)
    {
        ArgumentNullException.ThrowIfNull(target);
        var random = new System.Random(seed);
        var mutator = new Mutator(random);
        var failures = new Dictionary<string, FuzzFailure>();
        IReadOnlyList<string> words = target.Words ?? [];
        byte[][] files = target.Wrap is null ? [.. target.Seeds] : [.. target.Seeds.Select(content => target.Wrap(content))];
        var clock = Stopwatch.StartNew();
        long done = 0, accepted = 0;
        for (; done < tries && !(clock.Elapsed > time); done++)
        {
            byte[] input = target.IsJson && random.Next(2) == 0 ? Wrapped(JsonMutator.Next(random, target.Seeds))
                : target.Wrap is not null && random.Next(2) == 0
                ? target.Wrap(mutator.Next(target.Seeds, words)) : mutator.Next(files, words);
            TimeSpan begun = Environment.CpuUsage.TotalTime;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            string? what = null;
            try
            {
                target.Read(input);
                accepted++;
            }
            catch (Exception error) when (error is InputException or SourceException)
            {
                if (error.Message.Length > 2000 || error.Message.Any(char.IsControl))
                    what = "message that is not one printable line of at most 2000 characters";
            }
#pragma warning disable CA1031 // To find every other kind is what this is for.
            catch (Exception error)
#pragma warning restore CA1031
            {
                what = $"{error.GetType().Name} at {Place(error)}";
            }
            if (GC.GetAllocatedBytesForCurrentThread() - allocated > MaximumAllocation)
                what = $"more than {MaximumAllocation} bytes of memory";
            if (Environment.CpuUsage.TotalTime - begun > slowest)
                what = $"more than {slowest.Value.TotalSeconds} seconds of processor time";
            if (what is not null)
                failures.TryAdd(what, new FuzzFailure(input, what));
        }
        return new FuzzReport(done, accepted, [.. failures.Values]);

        byte[] Wrapped(byte[] content) => target.Wrap is { } wrap ? wrap(content) : content;
    }

    private static string Place(Exception error) =>
        new StackTrace(error).GetFrames().Select(frame => frame.GetMethod())
            .FirstOrDefault(method => method?.DeclaringType?.Namespace?.StartsWith("LastBit", StringComparison.Ordinal) == true)
            is { } place ? $"{place.DeclaringType!.Name}.{place.Name}" : "an unknown place";
}
