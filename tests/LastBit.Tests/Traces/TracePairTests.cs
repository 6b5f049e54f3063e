using System.Globalization;
using LastBit.Traces;

namespace LastBit.Tests.Traces;

/// <summary>Real pairs of trainings whose difference is known (Reference/traces/README.md): each is diagnosed rightly.</summary>
public class TracePairTests
{
    /// <summary>The rows of the table: A, B, step, what parts first, its name, its size.</summary>
    public static TheoryData<string, string, string, string, string, string> Pairs
    {
        get
        {
            var data = new TheoryData<string, string, string, string, string, string>();
            foreach (string line in File.ReadLines(Of("README.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1))
            {
                string[] cells = [.. line.Trim('|', ' ').Split('|').Select(cell => cell.Trim())];
                // What stands in brackets or behind a colon explains.
                data.Add(cells[0], cells[1], cells[3], cells[4].Split([' ', ':'])[0], cells[5], cells[6]);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void The_diagnosis_is_the_right_one(string a, string b, string step, string kind, string name, string size)
    {
        TraceDifference result = Compare(a, b);
        Assert.Empty(result.Cut);
        if (size == "equal")
        {
            Assert.Null(result.Parted);
            Assert.Equal("equal", TraceWords.Verdict(result));
            Assert.Equal(0, result.Growth.Differences.Sum());
            return;
        }
        TracePart parted = result.Parted!;
        Assert.Equal((step, kind, name.Split(' ')[0], size), (parted.Step.ToString(CultureInfo.InvariantCulture), parted.Kind,
            parted.Key.Name, result.Size!.Value.ToString().ToLowerInvariant()));
        Assert.True(result.Growth.Differences[^1] > 0);
        // The other way round the same is found, with A and B exchanged.
        TraceDifference reverse = Compare(b, a);
        Assert.Equal((parted.Step, parted.Key, result.Size), (reverse.Parted!.Step, reverse.Parted.Key, reverse.Size));
        Assert.Null(Compare(b, b).Parted);
    }

    [Theory]
    [InlineData("plain", "aten-avx512", "instruction sets of the processor")]
    [InlineData("plain", "onednn-sse41", "instruction sets of the processor")]
    [InlineData("plain", "threads2", "number of threads")]
    [InlineData("plain", "channels-last", "memory format")]
    [InlineData("batch128", "batch127", "another batch size")]
    [InlineData("plain", "order", "other samples or another order")]
    [InlineData("workers", "workers-equal", "another augmentation")]
    [InlineData("frozen", "frozen-dropout", "training and evaluation mode")]
    [InlineData("plain", "eval", "training and evaluation mode")]
    [InlineData("plain", "transposed", "another arrangement of the same numbers")]
    [InlineData("decay", "decay-bias", "options of the optimizer")]
    [InlineData("adam", "adam-epsilon", "options of the optimizer")]
    [InlineData("plain", "bfloat16", "autocast")]
    [InlineData("plain", "k3", "perturb")]
    [InlineData("plain", "seed", "other initial weights")]
    [InlineData("plain", "no-reset", "gradients that are not reset")]
    [InlineData("no-reset", "plain", "gradients that are not reset")]
    [InlineData("plain", "scaled", "a factor of the gradients")]
    public void The_advice_names_the_cause(string a, string b, string cause)
    {
        TraceDifference result = Compare(a, b);
        TraceAdvice[] advice = [.. TraceAdvice.Of(result).Where(one => one.Cause != "memory format" || cause == "memory format")];
        Assert.Equal([cause], advice.Select(one => one.Cause));
        Assert.True(advice[0].IsTried);
    }

    [Fact]
    public void What_is_equal_gets_no_advice_and_what_is_equal_is_grouped()
    {
        Assert.Empty(TraceAdvice.Of(Compare("plain", "plain")));
        string[] files = [.. new[] { "plain", "threads2", "plain", "k3", "threads2" }.Select(name => Of($"{name}.trace"))];
        TraceGroups groups = TraceGroups.Of(files, null, TestContext.Current.CancellationToken);
        Assert.Equal([2, 2, 1], groups.Groups.Select(group => group.Count));
        Assert.Equal(2, groups.Parted.Count);
    }

    [Fact]
    public void Growth_beside_other_rounding_tells_rounding_from_the_rest()
    {
        TraceDifference rounding = Compare("plain", "onednn-sse41", "k3"), larger = Compare("plain", "eval", "k3");
        Assert.InRange(rounding.BesideRounding!.Value, 0.1, TraceDifference.AsRounding);
        Assert.InRange(larger.BesideRounding!.Value, 1e5, 1e9);
        Assert.Equal((DifferenceSize.Rounding, DifferenceSize.Larger), (rounding.Size, larger.Size));
        Assert.Contains("times as far apart as other rounding", string.Join('\n', TraceWords.Lines(rounding)), StringComparison.Ordinal);
        InputException equal = Assert.Throws<InputException>(() => Compare("plain", "eval", "plain"));
        Assert.Contains("perturb(optimizer, 3)", equal.Message, StringComparison.Ordinal);

        // Another training is no measure of rounding; another epsilon and a dropout are no rounding, however little comes of them.
        InputException other = Assert.Throws<InputException>(() => Compare("plain", "eval", "order"));
        Assert.Contains("is another training than", other.Message, StringComparison.Ordinal);
        Assert.Equal(DifferenceSize.Larger, Compare("adam", "adam-epsilon", "k3").Size);
        Assert.Equal(DifferenceSize.Larger, Compare("frozen", "frozen-dropout", "k3").Size);
    }

    [Fact]
    public void The_digest_is_the_one_that_Python_writes()
    {
        using TraceReader reader = TraceReader.Open(Of("plain.trace"));
        TraceRecord[] step = [.. reader.NextStep()!.Records];
        TraceTensor Recorded(TraceKind kind, string name) => step.Single(one => one.Key.Kind == kind && one.Key.Name == name).Tensor!;
        foreach ((TraceTensor ours, TraceTensor theirs) in ((TraceTensor, TraceTensor)[])
        [
            (TraceTensor.Of<float>(Enumerable.Repeat(1f, 8).ToArray(), 8), Recorded(TraceKind.Weights, "body.1.weight")),
            (TraceTensor.Of<float>(new float[16], 16), Recorded(TraceKind.Weights, "body.4.bias")),
            (TraceTensor.Of<long>([1]), Recorded(TraceKind.Buffer, "body.1.num_batches_tracked")),
        ])
        {
            Assert.True(ours.IsEqualTo(theirs));
            Assert.Equal(theirs.Blocks, ours.Blocks);
            Assert.Equal(theirs.Sample, ours.Sample);
            Assert.Equal((theirs.L1, theirs.Max), (ours.L1, ours.Max));
        }
        Assert.Equal("torch 1.13.0a0", reader.Program);
        Assert.Equal(("1", null), (reader.Settings["threads"], reader.Settings["OMP_NUM_THREADS"]));
    }

    internal static string Of(string name) => Path.Combine(Repository.Root, "tests", "LastBit.Tests", "Reference", "traces", name);

    private static TraceDifference Compare(string a, string b, string? rounding = null) => TraceComparison.Of(
        Of($"{a}.trace"), Of($"{b}.trace"), rounding is null ? null : Of($"{rounding}.trace"), TestContext.Current.CancellationToken);
}
