using System.Text.Json;
using LastBit.Cli;
using LastBit.Engines;
using LastBit.Experiments;
using LastBit.Experiments.Edge;
using LastBit.Files;
using LastBit.LinearAlgebra;
using LastBit.Runs;
using LastBit.Tests.Engines;
using LastBit.Training;

namespace LastBit.Tests.Experiments;

public class EdgeTests
{
    // 40 images in passes of 16: two whole ones and one of 8.
    private static readonly EdgeSettings Small = new()
    {
        Network = "resnet8-nobn",
        TrainSize = 40,
        Data = SmallImages.Data,
        LearningRates = [0.01, 0.02],
        Perturbations = [3, Perturbation.Of(PerturbationKind.Ulp)],
        Iterations = 6,
        Every = 4,
        PassSize = 16,
        Verify = 0.9,
    };

    [Fact]
    public void What_is_said_of_a_run_has_numbers_as_everywhere()
    {
        using var folder = new TemporaryFolder();
        var recorder = new StoppingObserver(0, kill: false);
        EdgeExperiment.Experiment.Run(Small with { LearningRates = [0.01] },
            TrainingContext.In(folder.Path, 1, recorder, TestContext.Current.CancellationToken));
        string said = Assert.Single(recorder.Notes, note => note.Contains("(threshold 200)", StringComparison.Ordinal));
        Assert.Matches(@"^loss \d\.\d+, sharpness \d+\.\d+ \(threshold 200\), difference \d(\.\d+)?×10⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+$", said);
    }

    [Theory]
    [InlineData(0.1, 0, false, 0, 20)]
    [InlineData(0.1, 0.9, false, 0, 38)]
    [InlineData(0.1, 0.9, true, 0, 38 / 2.8)]
    [InlineData(0.1, 0, false, 0.5, 19.5)]
    public void Thresholds_are_where_a_quadratic_loses_its_stability(double rate, double momentum, bool nesterov, double decay,
        double expected)
    {
        double threshold = StabilityThreshold.OfSharpness(rate, momentum, nesterov, decay);
        Assert.Equal(expected, threshold, 1e-12);
        Assert.True(Grows(threshold * 1.01));
        Assert.False(Grows(threshold * 0.99));

        // The update of the trainer on the loss h w^2 / 2.
        bool Grows(double h)
        {
            double w = 1, v = 0, largest = 0;
            for (int i = 0; i < 4000; i++)
            {
                double g = (h + decay) * w;
                v = (momentum * v) + g;
                w -= rate * (nesterov ? g + (momentum * v) : v);
                largest = i < 3900 ? 0 : Math.Max(largest, Math.Abs(w));
            }
            return !(largest < 1);
        }
    }

    [Fact]
    public void The_document_has_every_iteration_and_is_the_file()
    {
        using var folder = new TemporaryFolder();
        EdgeResult result = EdgeExperiment.Experiment.Run(Small, Context(folder.Path));
        Assert.Equal(result.ToJson(), File.ReadAllText(folder["edge.json"]));
        Assert.Equal(result.ToJson(), ResultJson.Deserialize<EdgeResult>(result.ToJson()).ToJson());
        Assert.Equal([0.01, 0.02], result.Runs.Select(run => run.LearningRate));
        foreach (EdgeRun run in result.Runs)
        {
            Assert.Equal((6, 6, 2 / run.LearningRate), (run.Loss.Length, run.Accuracy.Length, run.Threshold));
            Assert.Equal([0, 4], run.Sharpness.Select(point => point.Iteration));
            // The first search and the last.
            Assert.All(run.Sharpness, point => Assert.Equal((0.9, 1e-6), (point.Verified!.Tolerance, point.Verified.Chance)));
            Assert.All(run.Sharpness, point => Assert.True(point.Eigenvalues.Length == 2 && point.Eigenvalues[0] >= point.Eigenvalues[1]));
            Assert.All(run.Sharpness, point => Assert.InRange(point.Residual, 0, 2e-3 * Math.Abs(point.Eigenvalues[0]) + 1e-2));
            Assert.Equal(Small.Perturbations, run.Copies.Keys);
            Assert.Equal(run.Copies[3].RelativeL1, run.RelativeL1);
            foreach (EdgeCopy copy in run.Copies.Values)
            {
                Assert.All(copy.RelativeL1, difference => Assert.InRange(difference, 1e-14, 1e-3));
                double[] map = Npy.Read(folder[copy.Map]).Get<double>(6, result.Tensors.Length);
                Assert.All(map, difference => Assert.InRange(difference, 0, 2));
            }
        }
        // All runs begin alike, and full-batch descent with a small rate goes down.
        Assert.Equal(result.Runs[0].Loss[0], result.Runs[1].Loss[0]);
        Assert.Equal(result.Runs[0].Sharpness[0].Eigenvalues, result.Runs[1].Sharpness[0].Eigenvalues);
        Assert.True(result.Runs[0].Loss[^1] < result.Runs[0].Loss[0]);
        JsonElement root = JsonDocument.Parse(result.ToJson()).RootElement.GetProperty("runs")[1];
        Assert.Equal((0.02, 100, 6, 6), (root.GetProperty("learningRate").GetDouble(), root.GetProperty("threshold").GetDouble(),
            root.GetProperty("loss").GetArrayLength(), root.GetProperty("relativeL1").GetArrayLength()));
        Assert.Equal(4, root.GetProperty("sharpness")[1].GetProperty("iteration").GetInt32());
        Assert.False(root.TryGetProperty("batchThreshold", out _));
        Assert.Equal(
            "4 of 4 searches for eigenvalues verified with random vectors that no other is larger by more than 0.9 of the spectrum's "
                + "width, but for a chance of 10⁻⁶; "
            + "those between began with the vectors found before.", result.VerificationInWords());
    }

    [Fact]
    public void Sharpness_is_the_largest_eigenvalue_of_the_mean_loss()
    {
        using var folder = new TemporaryFolder();
        EdgeSettings settings = Small with { LearningRates = [0.01], Iterations = 1 };
        EdgePoint point = EdgeExperiment.Experiment.Run(settings, Context(folder.Path)).Runs[0].Sharpness[0];

        // The same Hessian put together image by image, and a search that knows nothing of the first.
        using var data = TrainingData.Load(settings, EngineList.Create).With(1);
        (float[] images, int[] labels) = data.TrainingImages();
        Assert.Equal(40, labels.Length);
        var model = data.ModelOf(settings);
        using var state = new LastBit.Engines.NetworkState(model.Layout);
        state.Initialise(settings.Seed);
        using IHessian hessian = data.Engines.CreateHessian(model, 40);
        hessian.Load(state);
        hessian.Use(images, labels);
        LargestEigenvalues exact =
            Lanczos.Largest(hessian.Multiply, hessian.Size, 1, 1e-6, 500, cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(point.Eigenvalues[0], exact.Values[0] - (2e-3 * Math.Abs(exact.Values[0])), exact.Values[0] * 1.00001 + 1e-6);
    }

    [Fact]
    public void Only_the_first_and_the_last_search_verify_and_older_vectors_are_read()
    {
        Assert.Equal([0, 984], Verifying(new EdgeSettings { Every = 24, Iterations = 1000 }, 24, 0.1));
        Assert.Equal([0, 1000], Verifying(new EdgeSettings { Every = 50, Iterations = 1000, Verify = 0.01 }, 50, 0.01));
        Assert.Equal([0, 800], Verifying(new EdgeSettings { BatchSize = 8, Every = 10, EigenvaluesEvery = 40, Iterations = 830 }, 40, 0.1));

        using var folder = new TemporaryFolder();
        CellStore store = CellStore.Open(folder.Path, EdgeExperiment.Kind, []);
        Directory.CreateDirectory(store.FileOf("lr1-wd0", ""));
        var vectors = new CheckpointVectors(store, "lr1-wd0", "start") { Value = [[1, 2, 3], [4, 5, 6]] };
        string? digest = vectors.Write(7);
        var read = new CheckpointVectors(store, "lr1-wd0", "start");
        read.Read(7, 3, digest);
        Assert.Equal(vectors.Value, read.Value);
        // A single one, or what was written when only their sum was kept.
        Npy.Write(store.FileOf("lr1-wd0", "/start-8.npy"), [7.0, 8, 9], 3);
        read.Read(8, 3, null);
        Assert.Equal([[7, 8, 9]], read.Value);
        Assert.Throws<InputException>(() => read.Read(8, 4, null));
        Assert.Contains("start-8.npy: is damaged or was altered",
            Assert.Throws<InputException>(() => read.Read(8, 3, digest)).Message, StringComparison.Ordinal);

        static IEnumerable<int> Verifying(EdgeSettings settings, int every, double tolerance) =>
            Enumerable.Range(0, settings.Iterations + 1).Where(at => at % every == 0 && settings.VerifyAt(at) == tolerance);
    }

    [Fact]
    public void A_factor_of_two_never_makes_a_difference_and_has_no_growth_rate()
    {
        using var folder = new TemporaryFolder();
        EdgeRun run = Assert.Single(
            EdgeExperiment.Experiment.Run(Small with { LearningRates = [0.02], Perturbations = [2], Momentum = 0.5, Iterations = 5 },
                Context(folder.Path)).Runs);
        Assert.Equal([0.0, 0, 0, 0, 0], run.RelativeL1);
        Assert.Equal(run.Digest, run.Copies[2].Digest);
        Assert.All(run.Copies[2].GrowthRate, Assert.Null);
        Assert.Equal(150, run.Threshold);
    }

    [Fact]
    public void The_growth_rate_is_the_slope_of_the_logarithm()
    {
        var copy = new EdgeCopy([.. Enumerable.Range(0, 30).Select(i => 1e-9 * Math.Exp(0.25 * i))], "", null);
        Assert.All(copy.GrowthRate[..19], Assert.Null);
        Assert.All(copy.GrowthRate[19..], rate => Assert.Equal(0.25, rate!.Value, 1e-12));
        Assert.Null(new EdgeCopy([.. Enumerable.Repeat(1.0, 19), 0], "", null).GrowthRate[^1]);
    }

    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void A_run_stopped_again_and_again_ends_in_the_same_files(int steps, bool kill)
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        EdgeSettings settings = Small with
        {
            LearningRates = [0.02],
            Iterations = 9,
            BatchSize = kill ? EdgeSettings.AllImages : 16,
            EigenvaluesEvery = kill ? 0 : 8
        };
        EdgeExperiment.Experiment.Run(settings, Context(whole.Path));
        for (int i = 0; ; i++)
        {
            using var source = new CancellationTokenSource();
            try
            {
                // Between two checkpoints nothing is kept of a killed run, so it must be given more and more steps.
                EdgeExperiment.Experiment.Run(settings,
                    TrainingContext.In(parts.Path, 1, new StoppingObserver(kill ? steps * (i + 1) : steps, kill, source), source.Token));
                break;
            }
            catch (Exception error) when (error is KilledException or OperationCanceledException)
            {
                Assert.True(i < 20);
            }
        }
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
        // What more iterations would begin with, and nothing else.
        Assert.Equal(["further.bin", "run.json", "start-4.npy"],
            Directory.GetFiles(Path.GetDirectoryName(Directory.GetFiles(parts.Path, "further.bin", SearchOption.AllDirectories)[0])!)
                .Select(Path.GetFileName).Where(name => name![0] != '.').Order(StringComparer.Ordinal));
    }

    // The sharpness rises from 3 to its threshold of 5 at iteration 6.
    private static readonly EdgeSettings Rising =
        Small with { LearningRates = [0.4], Perturbations = [3], Iterations = 13, Eigenvalues = 1, PassSize = 40 };

    [Theory]
    [InlineData(10, 0, "")]
    [InlineData(7, 6, "")]
    [InlineData(10, 0, "further.bin")]
    public void More_iterations_end_in_the_files_of_a_run_that_had_them_from_the_beginning(int first, int stopped, string missing)
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        EdgeRun run = Assert.Single(EdgeExperiment.Experiment.Run(Rising, Context(whole.Path)).Runs);
        Assert.Equal([0, 4, 8, 12], run.Sharpness.Select(point => point.Iteration));
        if (stopped == 0)
        {
            EdgeExperiment.Experiment.Run(Rising with { Iterations = first }, Context(parts.Path));
        }
        else
        {
            // Behind its last search, which verified.
            using var source = new CancellationTokenSource();
            Assert.Throws<OperationCanceledException>(() => EdgeExperiment.Experiment.Run(Rising with { Iterations = first },
                TrainingContext.In(parts.Path, 1, new StoppingObserver(stopped, false, source), source.Token)));
        }
        if (missing.Length > 0)
            File.Delete(Directory.GetFiles(parts.Path, missing, SearchOption.AllDirectories)[0]);
        EdgeResult longer = EdgeExperiment.Experiment.Run(Rising, Context(parts.Path));
        Assert.Equal(13, longer.Iterations);
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
        // Another process may know of fewer.
        EdgeResult again = EdgeExperiment.Experiment.Run(Rising with { Iterations = first }, Context(parts.Path));
        Assert.Equal(13, Assert.Single(again.Runs).Loss.Length);
    }

    [Fact]
    public void A_crossing_between_two_values_is_found_to_one_step_also_when_it_is_stopped()
    {
        using var whole = new TemporaryFolder();
        using var often = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        EdgeRun run = Assert.Single(EdgeExperiment.Experiment.Run(Rising, Context(whole.Path)).Runs);
        EdgeRun all = Assert.Single(EdgeExperiment.Experiment.Run(Rising with { Every = 1 }, Context(often.Path)).Runs);
        EdgePoint first = all.Sharpness.First(point => point.Judged >= 5);
        Assert.Equal((6, 6, 8), (first.Iteration, run.Crossing!.Iteration, run.Sharpness.First(point => point.Judged >= 5).Iteration));
        Assert.Equal(first.Judged, run.Crossing.Judged!.Value, 2e-3 * first.Judged);
        Assert.Equal((6, 6), (run.CrossedAt, all.CrossedAt));
        Assert.Equal(all.Digest, run.Digest);
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => EdgeExperiment.Experiment.Run(Rising,
            TrainingContext.In(parts.Path, 1, new StoppingObserver(7, false, source), source.Token)));
        // Of a run that an older version began, or damaged: it is made again.
        File.Delete(Directory.GetFiles(parts.Path, "before.bin", SearchOption.AllDirectories)[0]);
        EdgeExperiment.Experiment.Run(Rising, Context(parts.Path));
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
    }

    [Fact]
    public void A_crossing_that_came_and_went_between_two_values_shows_in_the_loss()
    {
        using var rarely = new TemporaryFolder();
        using var often = new TemporaryFolder();
        // At the threshold of 4 from iteration 3 on, and far below it again at 12; the loss has risen from 6 to 8.
        EdgeSettings settings = Rising with { LearningRates = [0.5] };
        EdgeRun all = Assert.Single(EdgeExperiment.Experiment.Run(settings with { Every = 1 }, Context(often.Path)).Runs);
        EdgeRun some = Assert.Single(EdgeExperiment.Experiment.Run(settings with { Every = 12 }, Context(rarely.Path)).Runs);
        Assert.All(some.Sharpness, point => Assert.True(point.Judged < 4));
        Assert.Equal((3, 3, 3, 3), (all.Crossing!.Iteration, all.CrossedAt, some.Crossing!.Iteration, some.CrossedAt));
    }

    [Theory]
    [InlineData(EdgeSettings.AllImages)]
    [InlineData(20)]
    public void A_run_that_has_learnt_its_images_ends(int batch)
    {
        using var whole = new TemporaryFolder();
        using var until = new TemporaryFolder();
        EdgeSettings settings = Rising with { BatchSize = batch, LearningRates = [batch == 0 ? 0.4 : 0.1] };
        EdgeRun run = Assert.Single(EdgeExperiment.Experiment.Run(settings, Context(whole.Path)).Runs);
        int epoch = batch == 0 ? 1 : 2;
        double[] means = [.. Enumerable.Range(epoch, run.Accuracy.Length - epoch + 1)
            .Select(end => run.Accuracy[(end - epoch)..end].Average())];
        double goal = means[5..].Max();
        int end = Array.FindIndex(means, mean => mean >= goal) + epoch;
        EdgeSettings ends = settings with { UntilAccuracy = goal };
        EdgeRun learnt = Assert.Single(EdgeExperiment.Experiment.Run(ends, Context(until.Path)).Runs);
        Assert.Equal((end, end), (learnt.LearntAtIteration, learnt.Loss.Length));
        Assert.Equal(run.Loss[..end], learnt.Loss);
        Assert.Equal(end, learnt.Sharpness[^1].Iteration);
        Assert.NotNull(learnt.Sharpness[^1].Verified);
        Assert.Equal(CellState.Done, Assert.Single(EdgeExperiment.Experiment.StatusOf(until.Path)).State);
        SortedDictionary<string, string> files = FolderFiles.Read(until.Path);
        EdgeExperiment.Experiment.Run(ends with { Iterations = 20 }, Context(until.Path));
        Assert.Equal(end, ResultJson.Deserialize<EdgeResult>(File.ReadAllText(until["edge.json"])).Runs[0].Loss.Length);
        Assert.Equal(files.Keys, FolderFiles.Read(until.Path).Keys);
    }

    [Fact]
    public void Learning_rates_and_weight_decays_are_added_later_and_shared_by_two_at_once()
    {
        using var whole = new TemporaryFolder();
        using var parts = new TemporaryFolder();
        EdgeSettings all = Small with { WeightDecays = [0, 0.001], Iterations = 2, Perturbations = [3] };
        EdgeResult result = EdgeExperiment.Experiment.Run(all, Context(whole.Path));
        Assert.Equal([(0.01, 0.0), (0.02, 0), (0.01, 0.001), (0.02, 0.001)],
            result.Runs.Select(run => (run.LearningRate, run.WeightDecay)));
        Assert.Equal(100 - 0.001, result.Runs[3].Threshold);
        EdgeExperiment.Experiment.Run(all with { LearningRates = [0.02], WeightDecays = [0] }, Context(parts.Path));
        Parallel.Invoke(() => EdgeExperiment.Experiment.Run(all, Context(parts.Path)),
            () => EdgeExperiment.Experiment.Run(all with { LearningRates = [0.02, 0.01] }, Context(parts.Path)));
        Assert.Equal(FolderFiles.Read(whole.Path), FolderFiles.Read(parts.Path));
        Assert.Equal(all.Cells().Order(),
            EdgeExperiment.Experiment.StatusOf(parts.Path).Where(cell => cell.State == CellState.Done).Select(cell => cell.Name).Order());
        EdgeSettings read =
            ResultJson.Deserialize<EdgeSettings>(all.Document.ToJsonString()).With(CellStore.ReadPlan(parts.Path, EdgeExperiment.Kind));
        Assert.Equal(all.Cells(), read.Cells());
        Assert.Equal([0.02], all.Only("lr0.02-wd0.001").LearningRates);
        Assert.Throws<InputException>(() => all.Only("lr0.020-wd0"));
    }

    [Fact]
    public void Eigenvalues_are_searched_for_as_rarely_as_is_asked_and_change_nothing_else()
    {
        using var often = new TemporaryFolder();
        using var rarely = new TemporaryFolder();
        EdgeSettings settings = Small with { LearningRates = [0.01], BatchSize = 8, Iterations = 9, Every = 2, Perturbations = [3] };
        EdgeRun all = Assert.Single(EdgeExperiment.Experiment.Run(settings, Context(often.Path)).Runs), some =
            Assert.Single(EdgeExperiment.Experiment.Run(settings with { EigenvaluesEvery = 6 }, Context(rarely.Path)).Runs);
        Assert.Equal([0, 2, 4, 6, 8], some.Sharpness.Select(point => point.Iteration));
        Assert.Equal([0, 6], some.Searched.Select(point => point.Iteration));
        Assert.Equal(all.Sharpness.Select(point => point.BatchSharpness), some.Sharpness.Select(point => point.BatchSharpness));
        Assert.Equal(all.Sharpness[0].Eigenvalues, some.Sharpness[0].Eigenvalues);
        // The search begins with other vectors: those of iteration 0.
        Assert.Equal(all.Sharpness[3].Eigenvalues[0], some.Sharpness[3].Eigenvalues[0], 1e-5 * all.Sharpness[3].Eigenvalues[0]);
        Assert.Equal((all.Digest, all.JudgedThreshold), (some.Digest, some.BatchThreshold));
        Assert.All(some.Sharpness, point => Assert.Equal(point.BatchSharpness, point.Judged));
    }

    [Fact]
    public void Batches_have_a_sharpness_of_their_own_and_the_threshold_of_small_batches()
    {
        using var folder = new TemporaryFolder();
        // Real images: on noise the loss is too curved for the difference of gradients below.
        EdgeSettings settings =
            Small with { Data = "sample", LearningRates = [0.01], BatchSize = 8, Momentum = 0.5, Iterations = 7, Perturbations = [3] };
        EdgeRun run = Assert.Single(EdgeExperiment.Experiment.Run(settings, Context(folder.Path)).Runs);
        Assert.Equal((100, 300), (run.BatchThreshold, run.Threshold));
        Assert.Equal(7, run.Loss.Length);
        Assert.All(run.Sharpness, point => Assert.NotNull(point.BatchSharpness));

        // The mean over the five batches of what a difference of gradients says: (g(w + e g) - g(w)) . g / (e g . g).
        using var data = TrainingData.Load(settings, EngineList.Create).With(2);
        (float[] images, int[] labels) = data.TrainingImages();
        var model = data.ModelOf(settings);
        using var state = new LastBit.Engines.NetworkState(model.Layout);
        using var engine = new SingleReplica(data.Engines.CreateEngine(model, 8));
        double sum = 0;
        for (int b = 0; b < 5; b++)
        {
            state.Initialise(settings.Seed);
            float[] here = Gradient(b), direction = here;
            const float step = 1e-2f;
            for (int i = 0; i < here.Length; i++)
                state.Parameters[i] += step * direction[i];
            float[] there = Gradient(b);
            sum += here.Zip(there, (a, c) => ((double)c - a) * a).Sum() / (step * here.Sum(a => (double)a * a));
        }
        Assert.Equal(sum / 5, run.Sharpness[0].BatchSharpness!.Value, Math.Abs(sum / 5) * 0.05);

        float[] Gradient(int b)
        {
            engine.Load(state);
            return engine.Gradients(images.AsMemory(b * 8 * model.ImageFloats, 8 * model.ImageFloats), labels.AsMemory(b * 8, 8));
        }
    }

    [Fact]
    public void A_rate_that_blows_up_says_at_which_iteration_and_bad_settings_are_refused()
    {
        using var folder = new TemporaryFolder();
        EdgeSettings settings = Small with { LearningRates = [1e20], Every = 1 };
        EdgeRun run = Assert.Single(EdgeExperiment.Experiment.Run(settings, Context(folder.Path)).Runs);
        Assert.NotNull(run.DivergedAtIteration);
        Assert.DoesNotContain("NaN", File.ReadAllText(folder["edge.json"]), StringComparison.Ordinal);
        Assert.True(Assert.Single(EdgeExperiment.Experiment.StatusOf(folder.Path)).State == CellState.Done);

        Refused("iterations", Small with { Iterations = 0 });
        Refused("every", Small with { Every = 0 });
        Refused("untilAccuracy", Small with { UntilAccuracy = 101 });
        Refused("eigenvalues", Small with { Eigenvalues = 0 });
        Refused("eigenvaluesEvery", Small with { EigenvaluesEvery = 8 });
        Refused("eigenvaluesEvery", Small with { BatchSize = 8, EigenvaluesEvery = 6 });
        Refused("tolerance", Small with { Tolerance = 1 });
        Refused("learningRates", Small with { LearningRates = [] });
        Refused("learningRate", Small with { LearningRates = [-1] });
        Refused("weightDecay", Small with { WeightDecays = [-1] });
        Refused("perturbation", Small with { Perturbations = [1] });
        Refused("momentum", Small with { Momentum = 1 });
        Assert.Contains("(every is 1 there and 4 here)",
            Assert.Throws<InputException>(() => EdgeExperiment.Experiment.Run(
                Small, Context(folder.Path))).Message, StringComparison.Ordinal);

        static void Refused(string setting, EdgeSettings settings) =>
            Assert.StartsWith(setting + ":", Assert.Throws<InputException>(settings.Validate).Message, StringComparison.Ordinal);
    }

    private static ExperimentContext Context(string folder) => TrainingContext.In(folder);
}
