using LastBit.Experiments;

namespace LastBit.Tests.Experiments;

/// <summary>The runs behind docs/results.md lie in docs/results; what is said of them must follow from them.</summary>
public class PublishedResultsTests
{
    private static string Table1 => Path.Combine(AppContext.BaseDirectory, "Results", "table1");

    [Fact]
    public void The_published_table_follows_from_its_runs()
    {
        string text = File.ReadAllText(Path.Combine(Table1, AccuracyCurves.FileName));
        AccuracyResult published = ResultJson.Deserialize<AccuracyResult>(text);
        Summary computed = Summary.Of(AccuracyCurves.Read(Table1));
        Assert.Equal([1, 2, 3], computed.Final.Keys);
        Assert.All(computed.Final.Values, column => Assert.Equal([1, 3, 5, 7, 9, 11], column.Keys));
        Assert.Equal(ResultJson.Serialize(published.ToSummary()), ResultJson.Serialize(computed));
    }

    [Fact]
    public void The_authors_layout_of_the_published_runs_holds_the_same_numbers()
    {
        AccuracyCurves own = AccuracyCurves.Read(Table1), authors = AccuracyCurves.Read(Path.Combine(Table1, "result"));
        Assert.Equal(own.Epochs, authors.Epochs);
        Assert.Equal(ResultJson.Serialize(own.TestAccuracy), ResultJson.Serialize(authors.TestAccuracy));
    }
}
