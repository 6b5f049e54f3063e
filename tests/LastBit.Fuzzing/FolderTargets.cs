using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LastBit.Experiments;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Edge;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Experiments.Train;
using LastBit.Files;
using LastBit.Models;
using LastBit.Pde;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Fuzzing;

/// <summary>The documents of run folders, and results in the authors' layout.</summary>
internal static partial class FolderTargets
{
    private const string Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private static readonly string[] s_oneLayerDocuments = ["heat.json", "linear.json", "bounds.json", "nonlinear.json", "amplify.json"];
    private static readonly string[] s_tensors = ["conv1.weight", "layer2.0.conv1.weight"];
    private static readonly AccuracySettings s_table = new()
    {
        Network = "resnet8",
        Data = "sample",
        TrainSize = 16,
        BatchSize = 16,
        Epochs = 2,
        Seeds = [1, 2],
        Perturbations = Perturbation.EachOfK(1, 3)
    };
    private static readonly DivergenceSettings s_pairs =
        new() { Network = "resnet8", Data = "sample", TrainSize = 16, BatchSize = 16, ScaledIterations = 2, Divisors = [2, 8] };
    private static readonly EdgeSettings s_descents = new()
    { Network = "fc-tanh", Data = "sample", TrainSize = 16, Iterations = 3, LearningRates = [0.02, 0.04], WeightDecays = [0, 0.5] };
    private static readonly Lazy<Dictionary<string, byte[]>> s_oneLayer = new(OneLayer);

    /// <summary>Every document, by the reader that takes it from the folder, and each once more by the report that is made of it.</summary>
    public static IEnumerable<FuzzTarget> All =>
    [
        Of("run.json",
            [Run("accuracy", s_table, s_table.Asked), Run("divergence", s_pairs, s_pairs.Asked), Run("edge", s_descents, s_descents.Asked),
            Run("train", new TrainingRunSettings { Network = "resnet8", Data = "sample" }, null)],
            "run.json", ReadRun),
        Of("plan", [Bytes(s_table.Asked),
            Bytes("""{"seeds":[1,2,3],"k":[1,3,5],"mat":true,"divisors":[2,8],"perturbation":["ulp","order"]}""")],
            "cells/accuracy/plan.json", (folder, file) =>
        {
            JsonObject plan = CellStore.ReadPlan(folder, AccuracyExperiment.Kind);
            AccuracySettings settings = s_table.With(plan);
            settings.Validate();
            DivergenceSettings pairs = s_pairs.With(plan);
            pairs.ToTraining(1, 1);
            _ = (settings.Cells(), pairs.Cells());
            CellStore.Plan(folder, AccuracyExperiment.Kind, s_table.Asked);
            _ = AccuracyExperiment.Experiment.StatusOf(folder);
        }),
        Of("settings", [Bytes(ResultJson.ToObject(s_table))], "cells/accuracy/settings.json", (folder, file) =>
        {
            _ = CellStore.Of(folder, AccuracyExperiment.Kind).Setting("epochs");
            CellStore.Open(folder, AccuracyExperiment.Kind, ResultJson.ToObject(s_table));
        }),
        Of("cell-accuracy", [Cell(2, null), Cell(1, null, done: false), Cell(1, new DivergedTraining(3, "the training loss"))],
            "cells/accuracy/seed1/k3.json",
            (folder, _) => AccuracyExperiment.Read(CellStore.Of(folder, AccuracyExperiment.Kind), "seed1/k3", 2)),
        Of("cell-divergence", [Bytes(ResultJson.Serialize(Pair(2)))], "cells/divergence/n2/run.json",
            (folder, _) =>
                DivergenceExperiment.Read(CellStore.Of(folder, DivergenceExperiment.Kind), new DivergenceKey(2, null), 2, s_tensors)),
        Of("cell-edge", [Bytes(ResultJson.Serialize(Descent(0.02, null))), Bytes(ResultJson.Serialize(Descent(0.02, 0.5)))],
            "cells/edge/lr0.02-wd0/run.json",
            (folder, _) => EdgeExperiment.Read(CellStore.Of(folder, EdgeExperiment.Kind), new EdgeKey(0.02, 0), 3)),
        Of("accuracy", [Table()], AccuracyCurves.FileName, (folder, _) => Summary.Of(AccuracyCurves.Read(folder)).ToJson()),
        Of("authors", [Curve(0.5), Curve(50)], "seed1/test1.npy", (folder, _) =>
        {
            Scratch.Write(folder, "seed1/test2.npy", Curve(50));
            Scratch.Write(folder, "seed2/test1.npy", Curve(51));
            Summary.Of(AccuracyCurves.Read(folder)).ToJson();
        }, isJson: false),
        .. s_oneLayerDocuments.Select(name => Reported(name, s_oneLayer.Value[name], 150)),
        Reported(AccuracyCurves.FileName, Table(), 150),
        Reported(DivergenceResult.FileName, Figure(), 150),
        Reported(EdgeResult.FileName, Descents(), 150),
        Reported(Summary.FileName, Bytes(Summary.Of(Curves()).ToJson()), 150),
        Reported("run.json", Run("linear", new LinearizedPdeSettings { Image = GreyImage.Checkerboard(16), KernelSize = 4 }, null), 150),
    ];

    private static FuzzTarget Of(string name, byte[][] seeds, string file, Action<string, string> read, bool isJson = true) =>
        new(name, seeds, input => Scratch.Read(file, input, read)) { IsJson = isJson, Tries = 400 };

    /// <summary>
    /// The page of a folder with one document that is bad; figures are drawn in every tenth try only, for they take long.
    /// </summary>
    private static FuzzTarget Reported(string document, byte[] good, int tries)
    {
        int count = 0;
        return new($"report of {document}".Replace(' ', '-'), [good], input => Scratch.Read(document, input, (folder, _) =>
        {
            foreach ((string name, byte[] content) in s_oneLayer.Value)
            {
                if (document == "run.json")
                    Scratch.Write(folder, name, content);
            }
            Npy.Write(Path.Combine(folder, "divergence", "map2.npy"), [1e-9, 2e-9, 3e-9, 4e-9], 2, 2);
            Npy.Write(Path.Combine(folder, "divergence", "map8.npy"), [1e-9, 2e-9, 3e-9, 4e-9], 2, 2);
            if (count++ % 10 == 0)
                Report.Rebuild(folder);
            else
                Report.Html(Report.Open(folder));
        }))
        { IsJson = true, Tries = tries };
    }

    private static void ReadRun(string folder, string file)
    {
        JsonObject run = RunFolder.Read(folder)!;
        _ = Reports.Results.RunCommand.Of(run);
        switch (run["command"]?.ToString())
        {
            case AccuracyExperiment.Kind:
                RunFolder.SettingsOf<AccuracySettings>(folder, run).With(CellStore.ReadPlan(folder, AccuracyExperiment.Kind)).Validate();
                _ = AccuracyExperiment.Experiment.StatusOf(folder);
                break;
            case DivergenceExperiment.Kind:
                RunFolder.SettingsOf<DivergenceSettings>(folder, run).With(CellStore.ReadPlan(folder, DivergenceExperiment.Kind))
                    .ToTraining(1, 1);
                _ = DivergenceExperiment.Experiment.StatusOf(folder);
                break;
            case EdgeExperiment.Kind:
                RunFolder.SettingsOf<EdgeSettings>(folder, run).With(CellStore.ReadPlan(folder, EdgeExperiment.Kind)).Validate();
                _ = EdgeExperiment.Experiment.StatusOf(folder);
                break;
            default:
                RunFolder.SettingsOf<TrainingRunSettings>(folder, run).ToTraining();
                break;
        }
        RunFolder.Open(folder, AccuracyExperiment.Kind, ResultJson.ToObject(s_table), 1, cells: s_table.Asked).Dispose();
    }

    private static byte[] Run<T>(string command, T settings, JsonObject? cells)
    {
        var run = new JsonObject
        {
            ["command"] = command,
            ["settings"] = ResultJson.ToObject(settings),
            ["version"] = "1",
            ["commit"] = "0123abc",
            ["processor"] = "one",
            ["vectorBits"] = 512,
            ["threads"] = 2,
            ["framework"] = ".NET",
            ["system"] = "Linux",
            ["started"] = "2026-01-01T00:00:00Z",
            ["seconds"] = 1.5,
            ["finished"] = false,
        };
        if (cells is not null)
            run["cells"] = cells.DeepClone();
        return Bytes(run);
    }

    private static TrainingEpoch[] Epochs(int count) =>
        [.. Enumerable.Range(1, count).Select(epoch => new TrainingEpoch(epoch, 2.25, 12.5, 2.5, 10 * epoch))];

    private static byte[] Cell(int epochs, DivergedTraining? diverged, bool done = true) => Bytes(ResultJson.Serialize(
        new AccuracyCell(1, Perturbation.OfK(3), Epochs(epochs), done && diverged is null ? Digest : null, diverged)));

    private static AccuracyCurves Curves()
    {
        var accuracy = new SortedDictionary<int, SortedDictionary<Perturbation, double[]>>();
        foreach (int seed in (int[])[1, 2, 3])
            accuracy[seed] = new() { [Perturbation.None] = [50, 60.5 + seed], [Perturbation.OfK(3)] = [50.5, 61 + (0.25 * seed * seed)] };
        return new AccuracyCurves(2, 500, 10, accuracy);
    }

    private static byte[] Table()
    {
        AccuracyCurves curves = Curves();
        Summary summary = Summary.Of(curves);
        var digests = new SortedDictionary<int, SortedDictionary<Perturbation, string>>
        { [1] = new() { [Perturbation.None] = Digest, [Perturbation.OfK(3)] = Digest } };
        var diverged = new SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>
        { [4] = new() { [Perturbation.None] = new DivergedTraining(3, "the training loss") } };
        return Bytes(new AccuracyResult(
            "resnet8", Activation.Relu, 16, 500, 10, 2, 2, summary.Final, summary.StdOverK, summary.StdOverSeeds, summary.Statistics,
            summary.Sentence,
            summary.Comparison, summary.Notes, curves.TestAccuracy, digests, diverged).ToJson());
    }

    private static DivergenceRun Pair(int divisor) => new(
        divisor, 0.1 / divisor, [divisor - 1, (2 * divisor) - 1], [1e-9, 2e-9], DivergenceRun.MapFile(new DivergenceKey(divisor, null)),
        new Dictionary<string, int?> { [s_tensors[0]] = 1, [s_tensors[1]] = null }, null, [Digest, Digest]);

    private static byte[] Figure() => Bytes(new DivergenceResult(
        "resnet8", Activation.Swish, Perturbation.OfK(3), 16, 2, s_tensors[1], s_tensors, [Pair(2), Pair(8)]).ToJson());

    private static EdgeRun Descent(double learningRate, double? batchSharpness) => new(
        learningRate, 0, 2 / learningRate, [2.25, 2, 1.75], [12.5, 25, 37.5],
        [new EdgePoint(0, [9.5, 8], 0.01, batchSharpness), new EdgePoint(2, [10.5, 8.25], 0.02, batchSharpness)],
        new SortedDictionary<Perturbation, EdgeCopy>
        {
            [Perturbation.OfK(3)] =
                new EdgeCopy([1e-9, 2e-9, 1e-3], EdgeRun.MapFile(new EdgeKey(learningRate, 0), Perturbation.OfK(3)), Digest)
        },
        null, Digest, batchSharpness);

    private static byte[] Descents() => Bytes(new EdgeResult(
        "fc-tanh", Activation.Tanh, Loss.CrossEntropy, 5000, 0, 0, false, 3, ["fc1.weight", "fc1.bias"],
        [Descent(0.02, null), Descent(0.04, 0.5)]).ToJson());

    private static byte[] Curve(double scale)
    {
        string file = Path.Combine(Path.GetTempPath(), $"lastbit-fuzz-{Guid.NewGuid():N}.npy");
        try
        {
            Npy.Write(file, [scale, 1.1 * scale, 1.2 * scale], 3);
            return File.ReadAllBytes(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Dictionary<string, byte[]> OneLayer()
    {
        string folder = Directory.CreateTempSubdirectory("lastbit-fuzz-").FullName;
        try
        {
            var context = new ExperimentContext(folder, 1, SilentObserver.Instance, CancellationToken.None);
            GreyImage image = GreyImage.Checkerboard(16);
            HeatEquation.Experiment.Run(new HeatEquationSettings(), context);
            LinearizedPde.Experiment.Run(
                new LinearizedPdeSettings { Image = image, KernelSize = 4, LearningRate = 1e-4, Alphas = [10, 1e3, 1e5], Iterations = 20 },
                context);
            StabilityBounds.Experiment.Run(new StabilityBoundsSettings { Image = image, KernelSize = 4, LearningRate = 1e-4 }, context);
            NonLinearPde.Experiment.Run(new NonLinearPdeSettings { Image = image, KernelSize = 4, Iterations = 20 }, context);
            ErrorAmplification.Experiment.Run(new ErrorAmplificationSettings { Image = image, KernelSize = 4, Iterations = 20 }, context);
            return Directory.GetFiles(folder, "*.json").ToDictionary(file => Path.GetFileName(file), file => Bytes(File.ReadAllText(file)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] Bytes(JsonObject document) => Bytes(document.ToJsonString());

    /// <summary>Without its checksum, as older versions wrote a document: a change reaches the checks behind.</summary>
    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(Checksum().Replace(text, ""));

    [GeneratedRegex(",\"checksum\":\"[0-9a-f]{64}\"")]
    private static partial Regex Checksum();
}
