using LastBit.Fuzzing;

namespace LastBit.Tests;

/// <summary>A short run of every reader with a fixed seed; tests/LastBit.Fuzzing runs for as long as one likes.</summary>
public class FuzzingTests
{
    public static TheoryData<string> Readers => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Readers))]
    public void Bad_input_is_read_or_refused_in_words(string reader)
    {
        FuzzReport report = Fuzzer.Run(FuzzTargets.All.Single(target => target.Name == reader), seed: 1, tries: 3000);
        Assert.Equal([], report.Failures.Select(failure => failure.What));
        Assert.InRange(report.Accepted, 1, report.Tries - 1);
    }
}
