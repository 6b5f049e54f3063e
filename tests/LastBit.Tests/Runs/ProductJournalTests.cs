using LastBit.Runs;

namespace LastBit.Tests.Runs;

public class ProductJournalTests
{
    private static readonly double[][] Vectors = [[1, 2, 3], [4, 5, 6], [-1, double.NaN, 0]];

    [Fact]
    public void A_search_that_is_begun_again_takes_its_products_from_the_file()
    {
        using var folder = new TemporaryFolder();
        Stop(folder["search.bin"], 3);
        using var again = new ProductJournal(folder["search.bin"], "weights", TimeSpan.Zero);
        foreach (double[] vector in Vectors)
            Assert.Equal(Product(vector), again.Next([.. vector]));
        Assert.Null(again.Next([7, 8, 9]));
        again.Add([7, 8, 9], Product([7, 8, 9]));
        again.Finish();
        Assert.False(File.Exists(folder["search.bin"]));
    }

    [Theory]
    [InlineData("other weights", -1, 0)]
    [InlineData("weights", 40, 0)]
    [InlineData("weights", 100, 1)]
    [InlineData("weights", -1, 3)]
    public void What_does_not_fit_is_computed_again(string about, int damaged, int known)
    {
        using var folder = new TemporaryFolder();
        Stop(folder["search.bin"], 3);
        byte[] content = File.ReadAllBytes(folder["search.bin"]);
        if (damaged >= 0)
            content[damaged] ^= 1;
        File.WriteAllBytes(folder["search.bin"], content);
        using (var again = new ProductJournal(folder["search.bin"], about, TimeSpan.Zero))
        {
            for (int i = 0; i < 3; i++)
            {
                if (i < known)
                {
                    Assert.Equal(Product(Vectors[i]), again.Next(Vectors[i]));
                    continue;
                }
                Assert.Null(again.Next(Vectors[i]));
                again.Add(Vectors[i], Product(Vectors[i]));
            }
        }
        // What was added to the damaged file is whole again.
        using var third = new ProductJournal(folder["search.bin"], about, TimeSpan.Zero);
        Assert.All(Vectors, vector => Assert.Equal(Product(vector), third.Next(vector)));
    }

    [Fact]
    public void A_short_search_leaves_no_file_and_one_that_is_stopped_does()
    {
        using var folder = new TemporaryFolder();
        using (var kept = new ProductJournal(folder["search.bin"], "weights", TimeSpan.FromHours(1)))
        {
            kept.Add(Vectors[0], Product(Vectors[0]));
            Assert.False(File.Exists(folder["search.bin"]));
        }
        Assert.Equal(32 + 32 + 24, new FileInfo(folder["search.bin"]).Length);
        using var nowhere = new ProductJournal(folder["search.bin/no/search.bin"], "weights", TimeSpan.Zero);
        nowhere.Add(Vectors[0], Product(Vectors[0]));
        nowhere.Finish();
    }

    private static void Stop(string file, int products)
    {
        using var journal = new ProductJournal(file, "weights", TimeSpan.Zero);
        foreach (double[] vector in Vectors.Take(products))
        {
            Assert.Null(journal.Next(vector));
            journal.Add(vector, Product(vector));
        }
    }

    private static double[] Product(double[] vector) => [.. vector.Select(one => 2 * one)];
}
