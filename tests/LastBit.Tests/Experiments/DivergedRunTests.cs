using LastBit.Experiments;
using LastBit.Experiments.Accuracy;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Tests.Experiments;

/// <summary>A run that stops being finite is an outcome: named, left out of the statistics, and no reason for others to end.</summary>
public class DivergedRunTests
{
    private static readonly AccuracySettings Small = new()
    {
        Network = "resnet8",
        Epochs = 2,
        BatchSize = 16,
        TrainSize = 40,
        Data = SmallImages.Data,
        Seeds = [1, 2],
        Perturbations = Perturbation.EachOfK(1, 3),
    };

    [Fact]
    public void A_table_of_diverged_runs_names_them_and_is_resumed_without_computing()
    {
        using var folder = new TemporaryFolder();
        AccuracySettings settings = Small with { WeightDecay = 1e12 };
        AccuracyResult result = AccuracyExperiment.Experiment.Run(settings, Context(folder.Path));
        Assert.Empty(result.Final);
        Assert.Equal([1, 2], result.Diverged!.Keys);
        Assert.All(result.Diverged.Values, seed => Assert.Equal([1, 3], seed.Keys));
        Assert.Contains(result.Notes,
            note => note.StartsWith("Seed 2, k = 3 diverged (the t", StringComparison.Ordinal)
                && note.Contains("no longer finite at step", StringComparison.Ordinal));
        Assert.Equal("All 4 runs diverged; a smaller learning rate or weight decay may help.", result.Notes[^1]);
        Assert.DoesNotContain("checkpoint", string.Join(' ', FolderFiles.Read(folder.Path).Keys), StringComparison.Ordinal);

        var observer = new StoppingObserver(0, kill: false);
        Assert.Equal(result.ToJson(),
            AccuracyExperiment.Experiment
                .Run(settings, TrainingContext.In(folder.Path, 1, observer, TestContext.Current.CancellationToken)).ToJson());
        Assert.Empty(observer.Tasks);
        Assert.All(AccuracyExperiment.Experiment.StatusOf(folder.Path), cell => Assert.Equal(CellState.Done, cell.State));

        foreach (string layout in new[] { folder.Path, folder["result/accuracy/cifar10_resnet_sgd"] })
        {
            string message = Assert.Throws<InputException>(() => Summary.Of(AccuracyCurves.Read(layout))).Message;
            Assert.Contains("Seed 1, k = 1 diverged", message, StringComparison.Ordinal);
            Assert.EndsWith(" All 4 runs diverged; a smaller learning rate or weight decay may help", message, StringComparison.Ordinal);
            Assert.DoesNotContain("percent", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void One_step_whose_test_loss_is_not_finite_is_no_run_of_0_percent()
    {
        using var folder = new TemporaryFolder();
        AccuracyResult result =
            AccuracyExperiment.Experiment.Run(
                Small with { Epochs = 1, TrainSize = 32, BatchSize = 32, LearningRate = 1e30 }, Context(folder.Path));
        Assert.Equal("the test loss was no longer finite at step 1", result.Diverged![1][1].Sentence);
        Assert.Empty(result.Final);
    }

    [Fact]
    public void A_diverged_run_beside_others_is_left_out_and_counted()
    {
        var table = new SortedDictionary<int, SortedDictionary<Perturbation, double[]>>
        {
            [1] = new() { [1] = [50.0], [3] = [51.0] },
            [2] = new() { [1] = [52.0], [3] = [] },
        };
        var diverged = new SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>
        { [2] = new() { [3] = new(7, "the training loss") } };
        Summary summary = Summary.Of(new AccuracyCurves(1, 100, 10, table, diverged));
        Assert.Equal([1], summary.Final[2].Keys);
        Assert.Contains("Seed 2, k = 3 diverged (the training loss was no longer finite at step 7) and is left out.", summary.Notes);
        Assert.Contains("1 of 4 runs diverged: the statistics are those of the runs that did not.", summary.Notes);
    }

    [Fact]
    public void In_the_authors_layout_a_curve_of_no_numbers_is_a_diverged_run()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder["seed1/test1.npy"], [30, 40.0], 2);
        Npy.Write(folder["seed1/test2.npy"], [30, double.NaN], 2);
        Npy.Write(folder["seed2/test1.npy"], [31, 41.0], 2);
        Npy.Write(folder["seed2/test2.npy"], [0, 0.0], 2);
        Summary summary = Summary.Of(AccuracyCurves.Read(folder.Path));
        Assert.Equal([1], summary.Final[1].Keys);
        Assert.Equal([1], summary.Final[2].Keys);
        Assert.Contains("Seed 1, k = 3 diverged (the test accuracy of epoch 2 is not a number) and is left out.", summary.Notes);
        Assert.Contains("2 of 4 runs diverged: the statistics are those of the runs that did not.", summary.Notes);
    }

    private static ExperimentContext Context(string folder) => TrainingContext.In(folder);
}
