using System.Text.Json;
using LastBit.Arithmetic;
using LastBit.Experiments;
using LastBit.Experiments.Divergence;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Tests.Experiments;

public class DivergenceTests
{
    private static readonly DivergenceSettings Small = new()
    {
        Network = "resnet8",
        BatchSize = 16,
        TrainSize = 40,
        Data = SmallImages.Data,
        ScaledIterations = 4,
        Divisors = [2, 3],
    };

    [Fact]
    public void The_difference_is_that_of_the_saved_weights_and_of_the_map()
    {
        using var folder = new TemporaryFolder();
        DivergenceResult result = DivergenceExperiment.Experiment.Run(Small with { Mat = true }, Context(folder.Path));
        Assert.Equal(result.ToJson(), File.ReadAllText(folder["divergence.json"]));
        Assert.Equal("layer2.0.conv1.weight", result.Tensor);
        Assert.Equal([2, 3], result.Runs.Select(run => run.Divisor));
        Assert.Equal([1, 3, 5, 7], result.Runs[0].Iterations);
        Assert.Equal([2, 5, 8, 11], result.Runs[1].Iterations);
        Assert.Equal(0.1 / 3, result.Runs[1].LearningRate);

        foreach (DivergenceRun run in result.Runs)
        {
            string weights = folder[$"result/parameter/nlayer/swish_0.1/L0.0005_{run.Divisor}"];
            float[][] first = Rows(weights + "_1"), second = Rows(weights + "_2");
            double[] map = Npy.Read(folder[run.Map]).Get<double>(4, result.Tensors.Length);
            int column = Array.IndexOf(result.Tensors, result.Tensor);
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(RelativeDifference.L1(first[i], second[i]), run.RelativeL1[i]);
                Assert.Equal(run.RelativeL1[i], map[i * result.Tensors.Length + column]);
                Assert.InRange(run.RelativeL1[i], double.Epsilon, 2);
                Assert.Equal(MatFile.Encode<float>("conv_weight", second[i], [32, 16, 3, 3]),
                    File.ReadAllBytes(Path.Combine(weights + "_2", $"{i + 1}_conv_weight.mat")));
            }
            // Rounding of the very first update is already another one in every layer with many weights.
            Assert.Equal(1, run.FirstDifference["conv1.weight"]);
            Assert.Equal(1, run.FirstDifference[result.Tensor]);
            Assert.Equal(result.Tensors, run.FirstDifference.Keys);
        }

        static float[][] Rows(string file) => [.. Npy.Read(file + ".npy").Get<float>(4, 32, 16, 3, 3).Chunk(32 * 16 * 9)];
    }

    [Fact]
    public void A_factor_of_two_never_makes_a_difference()
    {
        using var folder = new TemporaryFolder();
        DivergenceRun run = Assert.Single(
            DivergenceExperiment.Experiment.Run(
                Small with { Perturbation = Perturbation.OfK(4), Divisors = [1] }, Context(folder.Path)).Runs);
        Assert.Equal([0, 1, 2, 3], run.Iterations);
        Assert.Equal([0.0, 0, 0, 0], run.RelativeL1);
        Assert.All(run.FirstDifference.Values, Assert.Null);
        Assert.Equal(run.Digests![0], run.Digests[1]);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(5, false)]
    public void A_run_stopped_again_and_again_ends_in_the_same_files(int steps, bool kill)
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        DivergenceExperiment.Experiment.Run(Small, Context(whole.Path));
        for (int i = 0; ; i++)
        {
            using var source = new CancellationTokenSource();
            try
            {
                // Between two checkpoints nothing is kept of a killed run, so it must be given more and more steps.
                DivergenceExperiment.Experiment.Run(Small,
                    TrainingContext.In(parts.Path, 1, new StoppingObserver(kill ? steps * (i + 1) : steps, kill, source), source.Token));
                break;
            }
            catch (Exception error) when (error is KilledException or OperationCanceledException)
            {
                Assert.True(i < 20);
                Directory.CreateDirectory(parts["cells/divergence/n2"]);
                if (kill)
                    File.WriteAllText(
                        Path.Combine(parts.Path, "cells", "divergence", "n2", "run.json.1.0123456789abcdef0123456789abcdef.tmp"), "half");
            }
        }
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
    }

    [Fact]
    public void Divisors_can_be_added_later_and_another_one_at_work_is_left_alone()
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        DivergenceExperiment.Experiment.Run(Small, Context(whole.Path));
        DivergenceExperiment.Experiment.Run(Small with { Divisors = [3] }, Context(parts.Path));
        var observer = new StoppingObserver(0, kill: false);
        using (CellStore.Of(parts.Path, DivergenceExperiment.Kind).TryTake("n2"))
            Assert.Equal(3, Assert.Single(DivergenceExperiment.Experiment.Run(Small, Context(parts.Path, observer)).Runs).Divisor);
        Assert.Empty(observer.Tasks);
        Assert.StartsWith("Another process is working on n2", observer.Messages[^1], StringComparison.Ordinal);

        DivergenceExperiment.Experiment.Run(Small, Context(parts.Path, observer));
        Assert.Equal(["learning rate 0.1/2"], observer.Tasks);
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
        Assert.Equal([("n2", CellState.Done), ("n3", CellState.Done)],
            DivergenceExperiment.Experiment.StatusOf(parts.Path).Select(cell => (cell.Name, cell.State)));
    }

    [Fact]
    public void Pairs_of_other_perturbations_stand_beside_those_of_k_and_leave_their_files_alone()
    {
        using var alone = new TemporaryFolder();
        using var folder = new TemporaryFolder();
        DivergenceRun k = Assert.Single(DivergenceExperiment.Experiment.Run(Small with { Divisors = [2] }, Context(alone.Path)).Runs);
        DivergenceSettings all = Small with { Divisors = [2], Others = [.. Perturbation.Words.Select(Perturbation.Parse)] };
        DivergenceResult result = DivergenceExperiment.Experiment.Run(all, Context(folder.Path));
        Assert.Equal(result.ToJson(), File.ReadAllText(folder["divergence.json"]));
        Assert.Equal([null, .. all.Others], result.Runs.Select(run => run.Perturbation));
        Assert.Equal(k.RelativeL1, result.Runs[0].RelativeL1);
        // The first copies are the plain run; the second ones all differ, and as little as rounding does.
        Assert.All(result.Runs, run => Assert.Equal(k.Digests![0], run.Digests![0]));
        Assert.Equal(result.Runs.Length, result.Runs.Select(run => run.Digests![1]).Distinct().Count());
        Assert.All(result.Runs, run => Assert.InRange(run.RelativeL1[0], 1e-13, 1e-3));
        SortedDictionary<string, string> before = FolderFiles.Read(alone.Path), after = FolderFiles.Read(folder.Path);
        Assert.All(before.Where(file =>
            !file.Key.EndsWith("divergence.json", StringComparison.Ordinal) && !file.Key.EndsWith("plan.json", StringComparison.Ordinal)),
            file => Assert.Equal(file.Value, after[file.Key]));

        DivergenceExperiment.Experiment.Run(all.Only("n2-ulp"), Context(alone.Path));
        DivergenceExperiment.Experiment.Run(all, Context(alone.Path));
        Assert.Equal(FolderFiles.Read(folder.Path), FolderFiles.Read(alone.Path));
        Assert.Equal(all.Cells(),
            DivergenceExperiment.Experiment.StatusOf(folder.Path).Where(cell => cell.State == CellState.Done).Select(cell => cell.Name));
        Assert.Throws<InputException>(() => DivergenceExperiment.Experiment.Prepare(all with { Others = [5] }));
    }

    [Fact]
    public void A_learning_rate_that_blows_up_says_at_which_iteration()
    {
        using var folder = new TemporaryFolder();
        DivergenceRun run =
            Assert.Single(DivergenceExperiment.Experiment.Run(
                Small with { LearningRate = 1e30, Divisors = [1] }, Context(folder.Path)).Runs);
        Assert.NotNull(run.DivergedAtIteration);
        Assert.True(run.RelativeL1.Length < 4);
        Assert.DoesNotContain("NaN", JsonDocument.Parse(File.ReadAllText(folder["divergence.json"])).RootElement.GetRawText(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Other_settings_are_refused()
    {
        using var folder = new TemporaryFolder();
        DivergenceExperiment.Experiment.Run(Small with { Divisors = [2], ScaledIterations = 1 }, Context(folder.Path));
        Refused("(k is 3 there and 5 here)", Small with { ScaledIterations = 1, Perturbation = Perturbation.OfK(5) });
        Refused("(scaledIterations is 1 there and 4 here)", Small);
        Refused("divisors: ", Small with { Divisors = [0] });
        Refused("scaledIterations: ", Small with { ScaledIterations = 0 });
        Refused("give a positive number", Small with { LearningRate = double.NaN });

        void Refused(string reason, DivergenceSettings settings) =>
            Assert.Contains(reason, Assert.Throws<InputException>(() => DivergenceExperiment.Experiment.Run(
                settings, Context(folder.Path))).Message,
                StringComparison.Ordinal);
    }

    private static ExperimentContext Context(string folder, IRunObserver? observer = null) =>
        TrainingContext.In(folder, observer: observer);
}
