using System.Text;
using System.Text.RegularExpressions;
using LastBit.Fuzzing;

namespace LastBit.Tests;

/// <summary>A short run of every reader with a fixed seed; tests/LastBit.Fuzzing runs for as long as one likes.</summary>
public partial class FuzzingTests
{
    public static TheoryData<string> Readers => [.. FuzzTargets.All.Select(target => target.Name)];

    public static TheoryData<string> ReadersOfJson => [.. FuzzTargets.All.Where(target => target.IsJson).Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Readers))]
    public void Bad_input_is_read_or_refused_in_words(string reader)
    {
        FuzzTarget target = FuzzTargets.All.Single(one => one.Name == reader);
        FuzzReport report = Fuzzer.Run(target, seed: 1, target.Tries);
        Assert.Equal([], report.Failures.Select(failure => failure.What));
        Assert.InRange(report.Accepted, 1, target.MayReadAll ? report.Tries : report.Tries - 1);
    }

    [Theory]
    [MemberData(nameof(ReadersOfJson))]
    public void Half_a_surrogate_pair_in_any_text_ends_in_no_other_exception(string reader)
    {
        FuzzTarget target = FuzzTargets.All.Single(one => one.Name == reader);
        foreach (byte[] seed in target.Seeds)
        {
            string text = Encoding.UTF8.GetString(seed);
            Match[] texts = [.. Text().Matches(text).Cast<Match>()];
            for (int i = 0; i < texts.Length; i += 1 + (texts.Length / 20))
            {
                byte[] input = Encoding.UTF8.GetBytes($"{text[..texts[i].Index]}\"\\ud800\"{text[(texts[i].Index + texts[i].Length)..]}");
                // A member that nobody knows is nobody's, and so is what is in it.
                if (Record.Exception(() => target.Read(target.Wrap is { } wrap ? wrap(input) : input)) is { } error)
                    Assert.IsType<InputException>(error);
            }
        }
    }

    [GeneratedRegex("\"[^\"\\\\]*\"")]
    private static partial Regex Text();
}
