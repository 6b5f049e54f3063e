using System.IO.Compression;
using System.Text;
using LastBit.Traces;

namespace LastBit.Tests.Traces;

/// <summary>Traces that are cut short, damaged or made to harm: every whole line counts, and nothing that they say is believed.</summary>
public sealed class TraceReaderTests : IDisposable
{
    private const string Head = "{\"trace\": 1, \"program\": \"test 1\", \"settings\": {\"threads\": 2, \"seed\": null}}\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_that_is_no_trace_is_not_overwritten()
    {
        File.WriteAllText(_folder["notes.txt"], "precious");
        InputException error = Assert.Throws<InputException>(() => new TraceWriter(_folder["notes.txt"], "test 1", []));
        Assert.Contains("is there and is no trace", error.Message, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(_folder["notes.txt"]));
        new TraceWriter(_folder["one.trace"], "test 1", []).Dispose();
        new TraceWriter(_folder["one.trace"], "test 2", []).Dispose();
        using TraceReader second = TraceReader.Open(_folder["one.trace"]);
        Assert.Equal("test 2", second.Program);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var tensor = TraceTensor.Of<float>([1, -2, float.NaN, float.PositiveInfinity], 2, 2) with { Stride = [1, 2] };
        TraceRecord[] records =
        [
            new(3, new TraceKey(TraceKind.Weights, "a.weight")) { Tensor = tensor },
            new(3, new TraceKey(TraceKind.Batch, "x")) { Tensor = tensor, Samples = [1, ulong.MaxValue] },
            new(3, new TraceKey(TraceKind.Random, "cpu")) { State = UInt128.MaxValue },
            new(3, new TraceKey(TraceKind.OutputGradient, "a", 2, TraceKey.Backward, 1)) { Tensor = TraceTensor.Of<long>([7], 1) },
            new(3, new TraceKey(TraceKind.Loss, "")) { Value = double.PositiveInfinity },
        ];
        using (var writer = new TraceWriter(_folder["a/b.trace"], "test 1", [new("threads", "2"), new("seed", null)]))
        {
            foreach (TraceRecord record in records)
                writer.Write(record);
            writer.EndStep();
            writer.Write(records[0] with { Step = 4 });
        }
        using TraceReader reader = TraceReader.Open(_folder["a/b.trace"]);
        Assert.Equal(("test 1", "2", null), (reader.Program, reader.Settings["threads"], reader.Settings["seed"]));
        TraceStep step = reader.NextStep()!;
        Assert.Equal(records.Select(record => record.Key), step.Records.Select(record => record.Key));
        Assert.All(step.Records.Zip(records), pair =>
        {
            Assert.True(pair.First.IsEqualTo(pair.Second));
            Assert.Equal(pair.Second.Samples, pair.First.Samples);
            Assert.Equal(pair.Second.Tensor?.Stride, pair.First.Tensor?.Stride);
            Assert.Equal(pair.Second.Tensor?.Sample, pair.First.Tensor?.Sample);
            Assert.Equal(pair.Second.Tensor?.Blocks, pair.First.Tensor?.Blocks);
        });
        Assert.Equal((3, 1, 2), (step.Records[0].Tensor!.L1, step.Records[0].Tensor!.Nan, step.Records[0].Tensor!.Max));
        // A step that was not ended is not there.
        Assert.Null(reader.NextStep());
        Assert.Null(reader.Cut);
    }

    [Fact]
    public void Of_a_file_that_was_cut_every_whole_line_counts()
    {
        byte[] whole = File.ReadAllBytes(TracePairTests.Of("plain.trace"));
        int last = 0;
        foreach (int length in new[] { whole.Length - 100, whole.Length * 3 / 4, whole.Length / 2, 1200 })
        {
            File.WriteAllBytes(_folder["cut.trace"], whole[..length]);
            using TraceReader reader = TraceReader.Open(_folder["cut.trace"]);
            int records = 0;
            while (reader.NextStep() is { } step)
                records += step.Records.Count;
            Assert.True(length == 1200 || records > 0, $"{length}");
            Assert.NotNull(reader.Cut);
            Assert.True(last == 0 || records <= last);
            last = records;
        }
        // The same without compression, in the middle of a line, and with the last line feed missing.
        string line = Line("{\"step\": 0, \"kind\": \"loss\", \"name\": \"\", \"value\": NaN}");
        File.WriteAllText(_folder["plain.trace"], Head + line + "\n" + line[..20]);
        using TraceReader plain = TraceReader.Open(_folder["plain.trace"]);
        Assert.Equal(double.NaN, Assert.Single(plain.NextStep()!.Records).Value);
        Assert.Equal("ends within line 3", plain.Cut);
        File.WriteAllText(_folder["plain.trace"], Head + line + "\n" + line);
        using TraceReader ended = TraceReader.Open(_folder["plain.trace"]);
        Assert.Equal(2, ended.NextStep()!.Records.Count);
        Assert.Null(ended.Cut);

        static string Line(string text) => text;
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("epoch,acc\n1,2\n", "does not begin with the head of a trace")]
    [InlineData("{\"trace\": 2}\n", "version 2; version 1 can be read")]
    [InlineData("{\"a\": 1}\n", "does not begin with the head of a trace")]
    public void A_file_that_is_no_trace_is_refused(string content, string why)
    {
        File.WriteAllText(_folder["a.trace"], content);
        InputException error = Assert.Throws<InputException>(() => TraceReader.Open(_folder["a.trace"]).Dispose());
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"kind\": \"loss\"}", ":2: has no step")]
    [InlineData("{\"step\": -1, \"kind\": \"loss\"}", ":2: has a step that cannot be")]
    [InlineData("{\"step\": 1e99, \"kind\": \"loss\"}", ":2: has a step that cannot be")]
    [InlineData("{\"step\": 0}", ":2: has no kind")]
    [InlineData("[1]", ":2: is not a record")]
    [InlineData("{\"step\": 0, \"kind\": \"output\", \"shape\": [-1], \"digest\": \"\"}", ":2: has a shape that no tensor has")]
    [InlineData("{\"step\": 0, \"kind\": \"output\", \"shape\": [1], \"digest\": \"12\"}", "not 32 hexadecimal digits")]
    [InlineData("{\"step\": 0, \"kind\": \"output\", \"shape\": [1], \"digest\": 12}", "has a digest that is no text")]
    [InlineData("{\"step\": 0, \"kind\": \"output\", \"shape\": \"a\"}", "is not a record of a trace")]
    [InlineData("{\"step\": 0, \"kind\": \"batch\", \"samples\": [\"xyz\"]}", "'xyz' where at most 16 hexadecimal digits belong")]
    [InlineData("{\"step\": 0, \"kind\": \"output\", \"shape\": [1], \"blocks\": \"00\"}", "has 2 digits of blocks")]
    public void A_line_that_is_no_record_is_refused_with_its_number(string line, string why)
    {
        File.WriteAllText(_folder["a.trace"], Head + line + "\n" + "{\"step\": 5, \"kind\": \"loss\", \"value\": 1}\n");
        using TraceReader reader = TraceReader.Open(_folder["a.trace"]);
        InputException error = Assert.Throws<InputException>(reader.NextStep);
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_rise_kinds_that_are_not_known_are_passed_over_and_no_line_is_endless()
    {
        File.WriteAllText(_folder["back.trace"], Head + "{\"step\": 5, \"kind\": \"loss\", \"value\": 1}\n"
            + "{\"step\": 5, \"kind\": \"later\"}\n{\"step\": 4, \"kind\": \"loss\", \"value\": 1}\n");
        using TraceReader reader = TraceReader.Open(_folder["back.trace"]);
        Assert.Single(reader.NextStep()!.Records);
        Assert.Contains("step 4 follows step 5", Assert.Throws<InputException>(reader.NextStep).Message, StringComparison.Ordinal);

        // A few kilobytes that unpack to a line of gigabytes.
        using (var gzip = new GZipStream(File.Create(_folder["bomb.trace"]), CompressionLevel.Optimal))
        {
            gzip.Write(Encoding.UTF8.GetBytes(Head));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 40; i++)
                gzip.Write(zeros);
        }
        using TraceReader bomb = TraceReader.Open(_folder["bomb.trace"]);
        Assert.Contains(":2: is longer than", Assert.Throws<InputException>(bomb.NextStep).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<InputException>(() => TraceReader.Open(_folder.Path)).Message,
            StringComparison.Ordinal);
        Assert.Contains("there is no such file", Assert.Throws<InputException>(() => TraceReader.Open(_folder["no"])).Message,
            StringComparison.Ordinal);
    }
}
