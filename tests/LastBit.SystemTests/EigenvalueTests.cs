using LastBit.Tests.Experiments;
using LastBit.Tests.LinearAlgebra;

namespace LastBit.SystemTests;

/// <summary>Searches for the largest eigenvalues by the thousand: not one value that is called converged and verified is wrong.</summary>
public class EigenvalueTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_ten_thousand_operators_of_known_spectrum(bool isRounded) => Parallel.For(0, 10_000, seed =>
    {
        var drawn = new SymmetricCase(seed);
        Assert.Null(drawn.Problem(drawn.Search(isRounded, TestContext.Current.CancellationToken)));
    });

    [Theory]
    [InlineData("convolutional")]
    [InlineData("connected")]
    [InlineData("relu")]
    [InlineData("dead")]
    [InlineData("saturated")]
    [InlineData("normalised")]
    public void Of_networks_for_every_count_at_every_tolerance(string network)
    {
        using var small = new SmallNetwork(network);
        foreach (double tolerance in SymmetricCase.Tolerances)
        {
            for (int count = 1; count <= 20; count++)
                Assert.Null(small.Problem(count, tolerance, TestContext.Current.CancellationToken));
        }
    }
}
