using LastBit.Experiments;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Edge;
using LastBit.Tests.Runs;

namespace LastBit.Tests.Experiments;

/// <summary>
/// A process that is killed between the end of a cell and the removal of its checkpoint leaves both; whoever resumes the run removes it.
/// </summary>
public class LeftoverTests
{
    [Fact]
    public void A_checkpoint_of_cells_that_are_done_goes_when_the_run_is_resumed()
    {
        using var folder = new TemporaryFolder();
        HasNothingLeft(folder, path => AccuracyExperiment.Experiment.Run(DamagedFolderTests.Table, Context(path)),
            "cells/accuracy/seed1/checkpoint-k1-3.bin");
    }

    [Fact]
    public void So_does_that_of_a_pair()
    {
        using var folder = new TemporaryFolder();
        var small = new DivergenceSettings
        { Network = "resnet8", BatchSize = 16, TrainSize = 16, Data = "sample", ScaledIterations = 1, Divisors = [2] };
        HasNothingLeft(folder, path => DivergenceExperiment.Experiment.Run(small, Context(path)), "cells/divergence/n2/checkpoint.bin");
    }

    [Fact]
    public void So_does_that_of_a_descent_with_the_vectors_that_its_searches_began_with()
    {
        using var folder = new TemporaryFolder();
        var small = new EdgeSettings
        {
            Network = "resnet8-nobn",
            TrainSize = 16,
            Data = "sample",
            LearningRates = [0.01],
            Perturbations = [3],
            Iterations = 1,
            Every = 1,
            PassSize = 16,
        };
        string cell = EdgeCell(small);
        HasNothingLeft(folder, path => EdgeExperiment.Experiment.Run(small, Context(path)), $"cells/edge/{cell}/checkpoint.bin",
            $"cells/edge/{cell}/start-1.npy",
            $"cells/edge/{cell}/start-1.npy.17.0123456789abcdef0123456789abcdef.tmp");
    }

    private static string EdgeCell(EdgeSettings settings) => Assert.Single(settings.Cells());

    private static void HasNothingLeft(TemporaryFolder folder, Action<string> run, params string[] left)
    {
        run(folder.Path);
        SortedDictionary<string, string> before = FolderFiles.Read(folder.Path);
        foreach (string file in left)
        {
            Assert.DoesNotContain(file, before.Keys);
            Assert.True(Directory.Exists(Path.GetDirectoryName(folder[file])), file);
            File.WriteAllText(folder[file], "what was left");
        }
        run(folder.Path);
        Assert.Equal(before, FolderFiles.Read(folder.Path));
    }

    private static ExperimentContext Context(string folder) => TrainingContext.In(folder);
}
