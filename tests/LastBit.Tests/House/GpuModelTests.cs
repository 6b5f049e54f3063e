using LastBit.Benchmarks;
using LastBit.Models;

namespace LastBit.Tests.House;

/// <summary>The table of what a GPU would take is what its model computes.</summary>
public sealed class GpuModelTests
{
    [Fact]
    public void The_table_of_the_docs_is_the_models()
    {
        string[] table = [.. GpuModel.Table(new ResNetSettings(56).Build(), 128)];
        Assert.Equal(8, table.Length);
        string docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "long-runs.md")).ReplaceLineEndings("\n");
        Assert.Contains(string.Join('\n', table) + "\n", docs, StringComparison.Ordinal);
    }
}
