using System.Text.Json;
using LastBit.Experiments;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Train;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Tests.Experiments;

public class AccuracyTests
{
    // 40 images in batches of 16: two whole batches and one of 8 an epoch.
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
    public void A_factor_of_two_changes_nothing_and_three_does()
    {
        using var folder = new TemporaryFolder();
        AccuracyResult result = Run(folder.Path, Small with { Seeds = [4], Perturbations = Perturbation.EachOfK(1, 2, 3, 8) });
        SortedDictionary<Perturbation, string> digests = result.Digests[4];
        Assert.Equal([digests[1], digests[1]], [digests[2], digests[8]]);
        Assert.NotEqual(digests[1], digests[3]);
        Assert.Equal(2, result.TestAccuracy[4][1].Length);
        Assert.Equal(result.TestAccuracy[4][1], result.TestAccuracy[4][2]);
    }

    [Fact]
    public void Each_run_is_the_one_that_train_makes()
    {
        using var folder = new TemporaryFolder();
        AccuracyResult result = Run(folder.Path, Small);
        var alone = new TrainingRunSettings
        {
            Network = "resnet8",
            Perturbation = Perturbation.OfK(3),
            Seed = 2,
            Epochs = 2,
            BatchSize = 16,
            TrainSize = 40,
            Data = SmallImages.Data
        };
        TrainingRunResult train = TrainingRun.Experiment.Run(alone, Context(folder["train"]));
        Assert.Equal(train.Digest, result.Digests[2][3]);
        Assert.Equal(train.Epochs.Select(epoch => epoch.TestAccuracy), result.TestAccuracy[2][3]);
    }

    [Fact]
    public void The_folder_has_the_document_the_authors_layout_and_nothing_left_over()
    {
        using var folder = new TemporaryFolder();
        AccuracyResult result = Run(folder.Path, Small);
        Assert.Equal(result.ToJson(), File.ReadAllText(folder["accuracy.json"]));
        JsonElement root = JsonDocument.Parse(result.ToJson()).RootElement;
        Assert.Equal(result.TestAccuracy[1][3].Average(), root.GetProperty("final").GetProperty("1").GetProperty("3").GetDouble(), 1e-12);
        Assert.Equal(16, root.GetProperty("testImages").GetInt32());
        Assert.Equal(40, root.GetProperty("trainImages").GetInt32());
        Assert.Equal(result.TestAccuracy[2][3], Npy.Read(folder["result/accuracy/cifar10_resnet_sgd/seed2/test2.npy"]).Get<double>(2));

        // What summarize finds in the document and in the authors' layout is the same table.
        Summary own = Summary.Of(AccuracyCurves.Read(folder.Path));
        Summary authors = Summary.Of(AccuracyCurves.Read(folder["result"]));
        Assert.Equal(own.ToJson(), result.ToSummary()!.ToJson());
        Assert.Equal(own.StdOverK, authors.StdOverK);
        Assert.Equal(
            ["plan.json", "seed1/k1.json", "seed1/k3.json", "seed2/k1.json", "seed2/k3.json", "settings.json"],
            FolderFiles.Read(folder["cells/accuracy"]).Keys);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(3, false)]
    public void A_run_stopped_again_and_again_ends_in_the_same_files(int steps, bool kill)
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        Run(whole.Path, Small);
        // A run that is killed begins each time where its last epoch ended; so it must be given more and more steps.
        for (int i = 0; ; i++)
        {
            using var source = new CancellationTokenSource();
            try
            {
                AccuracyExperiment.Experiment.Run(Small,
                    TrainingContext.In(parts.Path, 2, new StoppingObserver(kill ? steps + i : steps, kill, source), source.Token));
                break;
            }
            catch (Exception error) when (error is KilledException or OperationCanceledException)
            {
                Assert.True(i < 20);
                if (kill)
                    File.WriteAllText(
                        Path.Combine(parts.Path, "cells", "accuracy", "seed1", "k1.json.1.0123456789abcdef0123456789abcdef.tmp"), "half");
            }
        }
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
    }

    [Fact]
    public void Runs_can_be_added_later_and_finished_ones_are_not_computed_again()
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        AccuracySettings all = Small with { Seeds = [1, 2], Perturbations = Perturbation.EachOfK(1, 3, 5) };
        Run(whole.Path, all);
        Run(parts.Path, all with { Seeds = [2], Perturbations = Perturbation.EachOfK(1) });
        Run(parts.Path, all with { Seeds = [1, 2], Perturbations = Perturbation.EachOfK(1, 3) });
        var observer = new StoppingObserver(0, kill: false);
        AccuracyExperiment.Experiment.Run(all, Context(parts.Path, observer));
        Assert.Equal(["seed 1, k = 5", "seed 2, k = 5"], observer.Tasks);
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
        Assert.Equal("""{"k":[1,3,5],"seeds":[1,2]}""", CellStore.ReadPlan(parts.Path, AccuracyExperiment.Kind).ToJsonString());
        Assert.Empty(CellStore.ReadPlan(parts["none"], AccuracyExperiment.Kind));
        Assert.Equal(
            ["seed1/k1", "seed1/k3", "seed1/k5", "seed2/k1", "seed2/k3", "seed2/k5"],
            AccuracyExperiment.Experiment.StatusOf(parts.Path).Where(cell => cell.State == CellState.Done).Select(cell => cell.Name));
    }

    [Fact]
    public void Replicas_begun_together_go_on_together_beside_new_ones()
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        AccuracySettings all = Small with { Seeds = [1], Perturbations = Perturbation.EachOfK(1, 3, 5) };
        Run(whole.Path, all);
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            AccuracyExperiment.Experiment.Run(all with { Perturbations = Perturbation.EachOfK(1, 3) },
                TrainingContext.In(parts.Path, 1, new StoppingObserver(4, kill: false, source), source.Token)));
        var observer = new StoppingObserver(0, kill: false);
        AccuracyExperiment.Experiment.Run(all, Context(parts.Path, observer));
        Assert.Equal(["seed 1, k = 1, 3", "seed 1, k = 5"], observer.Tasks);
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
    }

    [Fact]
    public void Two_at_once_on_one_folder_share_the_seeds()
    {
        using var whole = new TemporaryFolder();
        using var shared = new TemporaryFolder();
        AccuracySettings all = Small with { Seeds = [1, 2, 3, 4], Perturbations = Perturbation.EachOfK(3), Epochs = 1 };
        Run(whole.Path, all);
        Parallel.Invoke(
            () => Run(shared.Path, all),
            () => Run(shared.Path, all with { Seeds = [4, 3, 2, 1] }));
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(shared.Path));
    }

    [Fact]
    public void Other_perturbations_are_rows_of_the_same_table_and_are_stopped_and_shared_like_k()
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        AccuracySettings all = Small with { Perturbations = [1, 3, .. Perturbation.Words.Select(Perturbation.Parse)] };
        AccuracyResult result = Run(whole.Path, all);
        Assert.Equal(all.Perturbations, result.Final[2].Keys);
        Assert.Equal(all.Perturbations.Length, result.Digests[1].Values.Distinct().Count());
        Assert.Contains(result.Notes,
            note => note.StartsWith("The spread of a run by the rounding that was changed", StringComparison.Ordinal));
        Assert.Equal(result.ToJson(), ResultJson.Deserialize<AccuracyResult>(result.ToJson()).ToJson());
        Assert.Equal(result.ToSummary()!.ToJson(), Summary.Of(AccuracyCurves.Read(whole.Path)).ToJson());
        Assert.False(File.Exists(whole["result/accuracy/cifar10_resnet_sgd/seed1/test3.npy"]));

        // k = 1 and 3 have the files that they always had; the others are added later, stopped, and shared by two processes.
        Run(parts.Path, Small);
        AccuracySettings others = all with { Perturbations = [.. all.Perturbations.Where(one => !one.IsK)] };
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            AccuracyExperiment.Experiment.Run(others,
                TrainingContext.In(parts.Path, 1, new StoppingObserver(4, kill: false, source), source.Token)));
        Assert.True(File.Exists(parts["cells/accuracy/seed1/checkpoint-ulp-stochastic-order-input-convolution.bin"]));
        Parallel.Invoke(() => Run(parts.Path, all), () => Run(parts.Path, all with { Seeds = [2, 1] }));
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
        Assert.Equal(all.Perturbations.Order(),
            new AccuracySettings().With(CellStore.ReadPlan(parts.Path, AccuracyExperiment.Kind)).Perturbations.Order());
        Assert.Contains(("seed2/input", CellState.Done),
            AccuracyExperiment.Experiment.StatusOf(parts.Path).Select(cell => (cell.Name, cell.State)));
        Assert.Equal([Perturbation.Parse("ulp")], all.Only("seed2/ulp").Perturbations);
    }

    [Fact]
    public void A_seed_that_another_holds_is_left_to_it()
    {
        using var folder = new TemporaryFolder();
        Run(folder.Path, Small with { Seeds = [1] });
        using Lease? held = CellStore.Of(folder.Path, AccuracyExperiment.Kind).TryTake("seed2/k1");
        using Lease? other = CellStore.Of(folder.Path, AccuracyExperiment.Kind).TryTake("seed2/k3");
        var observer = new StoppingObserver(0, kill: false);
        AccuracyResult result = AccuracyExperiment.Experiment.Run(Small, Context(folder.Path, observer));
        Assert.Equal([1], result.Final.Keys);
        Assert.Equal("Another process is working on seed2/k1, seed2/k3; the result has them when it is done.",
            observer.Messages[^1]);
    }

    [Fact]
    public void Other_settings_and_damaged_files_are_refused()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        AccuracySettings one = Small with { Seeds = [1] };
        Assert.Throws<OperationCanceledException>(() =>
            AccuracyExperiment.Experiment.Run(
                one, TrainingContext.In(folder.Path, 1, new StoppingObserver(4, kill: false, source), source.Token)));
        Refused("(learningRate is 0.1 there and 0.2 here)", one with { LearningRate = 0.2 });
        Refused("(trainSize is 40 there and 39 here)", one with { TrainSize = 39 });
        Refused("seeds: ", one with { Seeds = [] });
        Refused("k: ", one with { Perturbations = Perturbation.EachOfK(1, 1) });
        Refused("network: ", one with { Network = "resnet9" });

        string checkpoint = folder["cells/accuracy/seed1/checkpoint-k1-3.bin"];
        byte[] bytes = File.ReadAllBytes(checkpoint);
        bytes[^100] ^= 1;
        File.WriteAllBytes(checkpoint, bytes);
        Refused("is damaged", one);
        File.WriteAllText(folder["cells/accuracy/seed1/k3.json"], "{");
        Refused("k3.json: is damaged", one);

        void Refused(string reason, AccuracySettings settings) =>
            Assert.Contains(reason, Assert.Throws<InputException>(() => Run(folder.Path, settings)).Message, StringComparison.Ordinal);
    }

    private static AccuracyResult Run(string folder, AccuracySettings settings) => AccuracyExperiment.Experiment.Run(
        settings, Context(folder));

    private static ExperimentContext Context(string folder, IRunObserver? observer = null) =>
        TrainingContext.In(folder, observer: observer);
}
