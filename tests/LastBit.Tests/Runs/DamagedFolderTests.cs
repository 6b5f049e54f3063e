using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Divergence;
using LastBit.Runs;
using LastBit.Tests.Experiments;
using LastBit.Training;

namespace LastBit.Tests.Runs;

/// <summary>Run folders are input: whatever is in them ends in a sentence with file and member, or is passed over.</summary>
public sealed class DamagedFolderTests : IDisposable
{
    /// <summary>Table 1 so small that it takes a second: one seed, k = 1 and 3.</summary>
    internal static readonly AccuracySettings Table = new()
    {
        Network = "resnet8",
        Epochs = 1,
        BatchSize = 16,
        TrainSize = 16,
        Data = "sample",
        Seeds = [1],
        Perturbations = Perturbation.EachOfK(1, 3),
    };

    private static readonly DivergenceSettings Curve = new()
    {
        Network = "resnet8",
        BatchSize = 16,
        TrainSize = 16,
        Data = "sample",
        ScaledIterations = 2,
        Divisors = [2],
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_cell_that_cannot_be_what_it_says_is_refused_by_name()
    {
        RunTable();
        string file = _folder["cells/accuracy/seed1/k3.json"], good = File.ReadAllText(file);
        Change("digest", """ "x" """, "digest");
        Change("epochs", "[]", "has a digest and 0 of 1 epochs");
        Change("epochs", "[null]", "epochs[0] is null");
        Change("epochs", "null", "is damaged (epochs is null)");
        Change("seed", "2", "is the run of seed 2");
        Change("seed", "\"1\"", "seed is not of the right kind");
        Change("k", "1e400", "k");
        Change("epochs", """[{"epoch":1,"trainLoss":1,"trainAccuracy":105,"testLoss":1,"testAccuracy":10}]""",
            "trainAccuracy lies outside");
        Change("epochs", """[{"epoch":1,"trainLoss":1,"trainAccuracy":5,"testLoss":1,"testAccuracy":-5}]""", "testAccuracy lies outside");
        Change("epochs", """[{"epoch":1,"trainLoss":1,"trainAccuracy":5,"testLoss":1,"testAccuracy":1e400}]""", "testAccuracy");
        Refused(good.Replace("\"k\":3", "\"k\":3,\"k\":3", StringComparison.Ordinal), "is damaged (at k: k is there twice)");
        Refused("{}", "is damaged (it lacks seed, k, epochs, digest)");
        Refused(good.Replace("\"digest\":\"", "\"digest\":\"\\ud800", StringComparison.Ordinal), "digest is not of the right kind");
        Refused("", "is empty or not an ordinary file");
        File.WriteAllText(file, good);
        RunTable();

        void Change(string member, string value, string reason)
        {
            var cell = (JsonObject)JsonNode.Parse(good)!;
            // As older versions wrote it: what is wrong comes before the checksum that it has no more.
            cell.Remove("checksum");
            cell.Remove(member);
            Refused($"{cell.ToJsonString()[..^1]},\"{member}\":{value}}}", reason);
        }

        void Refused(string text, string reason)
        {
            File.WriteAllText(file, text);
            string message = Assert.Throws<InputException>(RunTable).Message;
            Assert.StartsWith(file, message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
            Assert.DoesNotContain("System.", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_divisor_that_cannot_be_what_it_says_is_refused_by_name()
    {
        RunCurve();
        string file = _folder["cells/divergence/n2/run.json"], good = File.ReadAllText(file);
        Change("map", "\"../../../etc/passwd\"", "inside the folder");
        Change("firstDifference", "{}", "firstDifference");
        Change("relativeL1", "[1e-9]", "1 differences at 2 of 2");
        Change("relativeL1", "[1e-9,3]", "outside 0 to 2");
        Change("digests", "[\"x\",\"y\"]", "digests");
        Change("iterations", "[1,2]", "iterations are not");
        var shorter = (JsonObject)JsonNode.Parse(good)!;
        shorter.Remove("checksum");
        shorter["relativeL1"] = new JsonArray(1e-9);
        shorter["iterations"] = new JsonArray(1);
        Refused(shorter, "1 of 2 scaled iterations");
        File.WriteAllText(file, good);
        RunCurve();

        void Change(string member, string value, string reason)
        {
            var run = (JsonObject)JsonNode.Parse(good)!;
            run.Remove("checksum");
            run[member] = JsonNode.Parse(value);
            Refused(run, reason);
        }

        void Refused(JsonObject run, string reason)
        {
            File.WriteAllText(file, run.ToJsonString());
            string message = Assert.Throws<InputException>(RunCurve).Message;
            Assert.StartsWith(file, message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_number_that_was_changed_in_any_document_is_not_believed_and_older_documents_have_no_checksum()
    {
        RunTable();
        RunCurve();
        string[] documents = ["cells/accuracy/seed1/k3.json", "cells/accuracy/plan.json", "cells/accuracy/settings.json",
            "cells/divergence/n2/run.json", "accuracy.json", "divergence.json"];
        Assert.All(documents, name =>
        {
            string file = _folder[name], good = File.ReadAllText(file);
            // The first digit behind that of the version.
            int digit = good.IndexOfAny([.. "123456789"], good.IndexOf(',', StringComparison.Ordinal));
            string changed = good.Remove(digit, 1).Insert(digit, good[digit] == '1' ? "2" : "1");
            File.WriteAllText(file, changed);
            string message = Assert.Throws<InputException>(() => DocumentFile.ReadObject(file, "make it again")).Message;
            Assert.Equal($"{file}: was changed after it was written (its checksum does not fit); make it again, or, if the change is "
                + "meant, take checksum out of it", message);
            var older = (JsonObject)JsonNode.Parse(changed)!;
            older.Remove("checksum");
            older.Remove("schema");
            File.WriteAllText(file, older.ToJsonString());
            Assert.Equal(older.ToJsonString(), DocumentFile.ReadObject(file).ToJsonString());
            // White space is no content.
            File.WriteAllText(file, good.Replace(",\"", ",\n \"", StringComparison.Ordinal));
            Assert.DoesNotContain("checksum", DocumentFile.ReadObject(file).ToJsonString(), StringComparison.Ordinal);
            File.WriteAllText(file, good);
        });
        RunTable();
        RunCurve();
    }

    [Fact]
    public void What_a_finished_cell_can_make_again_it_makes_and_names_the_rest()
    {
        RunTable();
        RunCurve();
        string curve = _folder["result/accuracy/cifar10_resnet_sgd/seed1/test2.npy"], map = _folder["divergence/map2.npy"];
        byte[] accuracies = File.ReadAllBytes(curve), differences = File.ReadAllBytes(map);
        File.Delete(curve);
        RunTable();
        Assert.Equal(accuracies, File.ReadAllBytes(curve));
        File.WriteAllText(curve, "damaged");
        RunTable();
        Assert.Equal(accuracies, File.ReadAllBytes(curve));

        string document = _folder["cells/divergence/n2/run.json"];
        foreach (byte[]? damaged in new byte[]?[] { null, [.. differences[..^1], (byte)(differences[^1] ^ 1)] })
        {
            if (damaged is null)
                File.Delete(map);
            else
                File.WriteAllBytes(map, damaged);
            string message = Assert.Throws<InputException>(RunCurve).Message;
            Assert.StartsWith($"{map}: is ", message, StringComparison.Ordinal);
            Assert.EndsWith($"delete {document} to compute the run again", message, StringComparison.Ordinal);
        }
        File.Delete(document);
        RunCurve();
        Assert.Equal(differences, File.ReadAllBytes(map));
    }

    [Theory]
    [InlineData("plan.json", "null")]
    [InlineData("plan.json", "{\"seeds\":null}")]
    [InlineData("plan.json", "{\"seeds\":[1.5]}")]
    [InlineData("plan.json", "{\"seeds\":[99999999999]}")]
    [InlineData("plan.json", "{\"seeds\":[1],\"seeds\":[2]}")]
    [InlineData("settings.json", "[]")]
    [InlineData("settings.json", "{\"network\":null}")]
    [InlineData("settings.json", "{\"network\":\"\\ud800\"}")]
    public void A_damaged_plan_or_settings_is_named(string name, string text)
    {
        RunTable();
        File.WriteAllText(_folder["cells/accuracy/" + name], text);
        Assert.Contains(name, Assert.Throws<InputException>(RunTable).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"command\":3}", "command")]
    [InlineData("{\"command\":\"accuracy\",\"seconds\":\"1\"}", "seconds")]
    [InlineData("{\"command\":\"accuracy\",\"seconds\":1e400}", "seconds")]
    [InlineData("{\"command\":\"accuracy\",\"settings\":[]}", "settings")]
    [InlineData("{\"command\":\"accuracy\",\"cells\":{\"seeds\":3}}", "cells.seeds")]
    [InlineData("{\"command\":\"accuracy\",\"command\":\"x\"}", "damaged")]
    [InlineData("[]", "damaged")]
    public void A_damaged_run_json_is_named_by_its_member(string text, string member)
    {
        File.WriteAllText(_folder["run.json"], text);
        string message = Assert.Throws<InputException>(() => RunFolder.Read(_folder.Path)).Message;
        Assert.StartsWith(_folder["run.json"], message, StringComparison.Ordinal);
        Assert.Contains(member, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_document_that_is_a_device_is_not_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no /dev/zero.");
        File.CreateSymbolicLink(_folder["run.json"], "/dev/zero");
        Assert.Contains("not an ordinary file", Assert.Throws<InputException>(() => RunFolder.Read(_folder.Path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Strays_are_passed_over_and_named_where_they_look_like_ours()
    {
        RunTable();
        RunCurve();
        string before = File.ReadAllText(_folder["accuracy.json"]), curve = File.ReadAllText(_folder["divergence.json"]);
        foreach (string folder in new[] { "accuracy/backup", "accuracy/seed1 copy", "accuracy/seed99999999999", "accuracy/seed01",
            "divergence/n2 copy" })
            Directory.CreateDirectory(_folder["cells/" + folder]);
        foreach (string file in new[] { ".DS_Store", "seed1/.DS_Store", "seed1/k1-old.json", "seed1/checkpoint-kold.bin",
            "seed1/k1.json.bak" })
            File.WriteAllText(_folder["cells/accuracy/" + file], "?");
        var observer = new StoppingObserver(0, kill: false);
        AccuracyExperiment.Experiment.Run(Table with { Seeds = [1] }, Context(observer));
        DivergenceExperiment.Experiment.Run(Curve, Context(observer));
        Assert.Equal(before, File.ReadAllText(_folder["accuracy.json"]));
        Assert.Equal(curve, File.ReadAllText(_folder["divergence.json"]));
        foreach (string name in new[] { "seed1 copy", "seed99999999999", "seed01", "k1-old.json", "n2 copy" })
            Assert.Contains(observer.Messages,
                message => message.Contains(name, StringComparison.Ordinal) && message.Contains("passed over", StringComparison.Ordinal));
        Assert.DoesNotContain(observer.Messages,
            message => message.Contains("DS_Store", StringComparison.Ordinal) || message.Contains("backup", StringComparison.Ordinal));
    }

    private void RunTable() => AccuracyExperiment.Experiment.Run(Table, Context(SilentObserver.Instance));

    private void RunCurve() => DivergenceExperiment.Experiment.Run(Curve, Context(SilentObserver.Instance));

    private ExperimentContext Context(IRunObserver observer) => TrainingContext.In(_folder.Path, 1, observer);
}
