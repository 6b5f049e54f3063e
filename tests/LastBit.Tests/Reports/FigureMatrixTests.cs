using LastBit.Reports;
using LastBit.Tests.Cli;

namespace LastBit.Tests.Reports;

/// <summary>
/// Networks by experiments by perturbations, as small as they go: a figure that has nothing to draw is no reason for a run to fail.
/// </summary>
public sealed class FigureMatrixTests : IDisposable
{
    private const string Small = "--data sample --train-size 8 --batch-size 4";

    private readonly TemporaryFolder _folder = new();

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    /// <summary>What is run, and what the run says of a figure that it does not draw; "" where all are drawn.</summary>
    public static TheoryData<string, string> Divergences()
    {
        const string Equal = "figure2-layers: nothing differs: the copies are equal to the last bit";
        var data = new TheoryData<string, string>();
        foreach (string network in (string[])["resnet8", "fc-tanh", "cnn-relu-max"])
        {
            // A power of two changes no bit, with one scaled iteration or with more.
            data.Add($"--network {network} --divisors 2 --scaled-iterations 1 --k 2", Equal);
            data.Add($"--network {network} --divisors 1,2 --scaled-iterations 2 --k 3 --perturbation ulp,stochastic,order,input", "");
        }
        data.Add("--network fc-tanh --divisors 1 --scaled-iterations 1", Equal);
        data.Add("--network vgg16 --divisors 2 --scaled-iterations 1 --k 2", Equal);
        data.Add("--network vgg16 --divisors 2 --scaled-iterations 1 --k 3", "");
        // One image has no order.
        data.Add("--network fc-tanh --divisors 2 --scaled-iterations 3 --k 4 --perturbation order --batch-size 1", Equal);
        data.Add("--network fc-tanh --divisors 1 --scaled-iterations 3 --learning-rate 1e30", "");
        return data;
    }

    [Theory]
    [MemberData(nameof(Divergences))]
    public void A_pair_that_has_no_map_says_so(string settings, string said) =>
        AssertRuns($"divergence {settings} {Small}", said);

    [Theory]
    [InlineData("accuracy --network fc-tanh --seeds 1 --k 1,2 --epochs 1")]
    [InlineData("accuracy --network fc-tanh --seeds 1 --k 1,3 --perturbation ulp,stochastic,order,input --epochs 1 --learning-rate 1e30")]
    [InlineData("accuracy --network cnn-relu --seeds 1,2 --k 1,3 --epochs 2")]
    [InlineData("train --network fc-relu --epochs 1 --learning-rate 1e30")]
    public void Accuracies_are_drawn(string command) => AssertRuns($"{command} {Small}", "");

    [Theory]
    [InlineData("--network fc-tanh --perturbation k=2 --iterations 1")]
    [InlineData("--network fc-tanh --perturbation ulp,stochastic,order,input --iterations 3 --every 2 --batch-size 4")]
    [InlineData("--network cnn-relu-max --perturbation k=3 --iterations 2")]
    [InlineData("--network resnet8 --perturbation k=4 --iterations 1")]
    [InlineData("--network fc-relu --perturbation k=3 --iterations 3 --learning-rate 1e30")]
    public void The_edge_is_drawn(string settings) =>
        AssertRuns($"edge {settings} --data sample --train-size 8 --eigenvalues 1 --tolerance 0.3", "");

    [Theory]
    [InlineData("heat --dt 0.5")]
    [InlineData("heat --dt 1e6")]
    [InlineData("linear --alpha 0,1e300 --iterations 1 --image-size 8 --kernel-size 2")]
    [InlineData("nonlinear --learning-rate 1e300 --iterations 2 --image-size 8 --kernel-size 2")]
    [InlineData("amplify --k 2 --iterations 1 --image-size 8 --kernel-size 2")]
    [InlineData("bounds --image-size 8 --kernel-size 2")]
    public void One_layer_is_drawn(string command) => AssertRuns(command, "");

    private void AssertRuns(string command, string said)
    {
        string folder = _folder["run"];
        LastBitProcess run = LastBitCall.Run([.. Once(command.Split(' ')), "--out", folder]);
        Assert.True(run.ExitCode == 0, $"{command}: {run.Error}");
        string[] missing =
            [.. run.Output.Split('\n').Where(line => line.StartsWith("No: ", StringComparison.Ordinal)).Select(line => line[4..].Trim())];
        Assert.Equal(said.Length == 0 ? [] : [said], missing);
        if (command.StartsWith("train", StringComparison.Ordinal))
            return;
        string page = File.ReadAllText(Report.Rebuild(folder));
        Assert.Equal(said.Length > 0, page.Contains("There is no map of all tensors: nothing differs", StringComparison.Ordinal));
    }

    /// <summary>Each option once, the first that is given.</summary>
    private static IEnumerable<string> Once(string[] words)
    {
        var seen = new HashSet<string>();
        for (int i = 0; i < words.Length; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal) || seen.Add(words[i]))
                yield return words[i];
            else
                i++;
        }
    }
}
