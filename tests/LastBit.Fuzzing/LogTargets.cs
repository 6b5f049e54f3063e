using System.Buffers.Binary;
using System.Text;
using LastBit.Imports;
using LastBit.Imports.Formats;
using LastBit.Statistics;

namespace LastBit.Fuzzing;

/// <summary>The logs of other programs, read as `noise` reads them, up to the numbers that it prints.</summary>
internal static class LogTargets
{
    private static readonly string[] s_words =
    [
        "epoch", "step", "seed", "k", "val_acc", "loss", "accuracy", "metric", "value", "split", "passed", "trials", "Name", "State",
        "crashed", "nan", "inf", "-inf",
        "1e308", "-1e308", "9007199254740993", ",", ";", "\t", "\"", "\n", "\r\n", "|", "\ufeff", "0x10", "1,5", "50%", "\u001b[31m", "{",
        "}", "[", ":", "NaN",
    ];

    /// <summary>Every format.</summary>
    public static IEnumerable<FuzzTarget> All =>
    [
        Text("csv", "seed1.csv", "epoch,accuracy,loss\n1,50.5,2\n2,61.25,1\n",
            "seed,k,epoch,acc\n1,1,1,50\n1,3,1,51\n2,1,1,52\n2,3,1,50.5\n",
            "metric;value;step\nacc;0,5;1\nacc;0,75;2\n", "run,passed,trials\na,5,10\nb,7,10\n",
            "epoch,seed1,seed2,seed3\n1,50,51,52\n2,60,61,62\n"),
        Text("tsv", "runs.tsv", "seed\tepoch\tsplit\tacc\n1\t1\ttest\t50\n1\t1\ttrain\t60\n2\t1\ttest\t51\n2\t1\ttrain\t61\n",
            "epoch|acc\n1|50\n2|51\n"),
        Text("lightning", "version_0/metrics.csv", "epoch,step,train_loss,val_acc\n0,9,1.5,\n0,9,,0.5\n1,19,1.1,\n1,19,,0.625\n"),
        Text("keras", "seed3.csv", "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.1,2,0.2,2\n1,0.3,1,0.4,1\n"),
        Text("wandb-chart", "wandb.csv",
            "\"Step\",\"seed-1 - val_acc\",\"seed-1 - val_acc__MIN\",\"seed-1 - val_acc__MAX\",\"seed-2 - val_acc\","
            + "\"seed-2 - val_acc__MIN\",\"seed-2 - "
            + "val_acc__MAX\"\n\"1\",\"0.5\",\"0.5\",\"0.5\",\"0.6\",\"0.6\",\"0.6\"\n\"2\",\"0.7\",\"0.6\",\"0.8\",\"0.8\",\"0.8\",\"0.8\"\n"),
        Text("wandb-runs", "runs.csv",
            "Name,State,Created,Runtime,seed,val_acc,_step\na,finished,2024,10,1,0.9,99\nb,finished,2024,10,2,0.8,99\nc,crashed,2024,3,3,0.2,5\n"),
        Text("correctness", "matrix.csv",
            "run," + string.Join(',', Enumerable.Range(0, 12).Select(i => $"i{i}"))
                + "\na,1,0,1,1,0,1,1,0,1,1,0,1\nb,1,1,1,0,0,1,1,0,1,1,0,1\n"),
        Json("jsonl", "runs.jsonl",
            "{\"seed\": 1, \"epoch\": 1, \"acc\": 0.5, \"eval\": {\"loss\": 2}}\n{\"seed\": 2, \"epoch\": 1, \"acc\": 0.625, \"eval\": "
                + "{\"loss\": 1.5}}\n",
            "{\"seed\": 1, \"acc\": [50, 60, 61]}\n{\"seed\": 2, \"acc\": [51, 62, 60]}\n") with { IsJson = false },
        Json("jsonl-line", "runs.jsonl", "{\"seed\": 1, \"epoch\": 1, \"acc\": 0.5, \"eval\": {\"loss\": 2, \"acc\": [50, 60]}}"),
        Json("trainer-state", "seed1/trainer_state.json",
            """{"global_step": 200, "log_history": [{"loss": 0.7, "epoch": 1.0, "step": 100}, {"eval_accuracy": 0.81, "step": 100}, {"eval_accuracy": 0.84, "epoch": 2.0, "step": 200}]}"""),
        Json("lists", "history.json", """{"epoch": [0, 1], "loss": [2.0, 1.5], "val_accuracy": [0.5, 0.625], "seed": 3, "name": "a"}"""),
        Json("train.json", "train.json",
            """{"digest":"00","epochs":[{"epoch":1,"trainLoss":2.1,"trainAccuracy":20.5,"testLoss":2,"testAccuracy":22},{"epoch":2,"trainLoss":null,"trainAccuracy":20.5,"testLoss":null,"testAccuracy":22}],"stepsDone":4}"""),
        Json("accuracy.json", "accuracy.json",
            """{"epochs":2,"testImages":500,"classes":10,"testAccuracy":{"1":{"1":[50,60],"3":[50,61]},"2":{"1":[50,62],"3":[50,60.5]}}}"""),
        Text("commas", "log.csv", "sep=;\nepoch;reward;loss\n1;1,012.5;0,5\n2;987.25;0,25\n", "epoch;reward\n1;697\n2;1,020\n",
            "epoch,acc\n1,tensor(0.5)\n2,\"[0.75, device=1]\"\n"),
        Text("text", "train.log",
            "number of parameters: 10.65M\nstep 0: train loss 4.0, val loss 4.1\niter 0: loss 4.0, time 40.10ms, mfu 5.21%\nstep 250: "
                + "train loss 3.7, val loss 3.8\n",
            "step:0/16 val_loss:10.5 train_time:0ms step_avg:nanms\nstep:8/16 val_loss:3.5 train_time:98ms step_avg:98.00ms\n",
            "Epoch(train) [1][ 50/100] loss: 0.5\nEpoch(train) [2][ 50/100] loss: 0.25\n"),
        Text("monitor", "0.monitor.csv", "#{\"t_start\": 1690000000.12, \"env_id\": \"a\"}\nr,l,t\n22.5,22,0.5\n24.25,24,0.75\n"),
        Text("optuna", "trials.csv",
            "number,value,params_lr,user_attrs_seed,state\n0,0.75,0.1,3,COMPLETE\n1,0.5,0.1,4,PRUNED\n2,0.875,0.1,5,COMPLETE\n"),
        Json("object", "eval_results.json", """{"epoch": 3.0, "eval_accuracy": 0.5, "eval": {"loss": 2}, "seed": 1}"""),
        Json("lm-evaluation", "results_1.json",
            """{"results": {"a": {"acc,none": 0.5, "acc_stderr,none": 0.25}}, "configs": {}, "n-samples": {"a": {"effective": 100}}, "config": {"random_seed": 3}}"""),
        Json("sacred", "metrics.json", """{"loss": {"steps": [0, 10], "values": [2.0, 1.0], "timestamps": ["a", "b"]}}"""),
        Json("objects", "log.json", """[{"epoch": 1, "acc": 0.5, "list": [1, 2]}, {"epoch": 2, "acc": 0.75, "list": [3]}]"""),
        new("parquet", [Parquet()], input => Scratch.Read("runs.parquet", input, (_, path) => Analyse(path))) { Tries = 100 },
        new("run-json-beside", [Bytes("""{"command":"train","settings":{"seed":1,"k":3,"network":"resnet8"}}""")],
            input => Scratch.Read("run.json", input, (folder, _) =>
            Analyse(Scratch.Write(folder, "train.json",
                Bytes("""{"digest":"00","epochs":[{"epoch":1,"testAccuracy":22}],"stepsDone":4}"""))))) { IsJson = true, Tries = 400 },
        Mlflow("mlflow", "metrics/val/acc", "1700000000000 0.5 0\n1700000000001 0.75 1\n1700000000002 0.7 2\n"),
        Mlflow("mlflow-meta", "meta.yaml", "run_name: 'run a'\nstatus: 3\nlifecycle_stage: active\n") with { MayReadAll = true },
        Mlflow("mlflow-seed", "params/seed", "1"),
        new("tensorboard", [Events()], input => Scratch.Read("a/events.out.tfevents.1", input, (_, file) => Analyse(file)), RepairRecords)
            { Tries = 400 },
        new("curve.npy", [Npy([0.5, 0.75, 0.625]), Npy([50, 60, 61])],
            input => Scratch.Read("seed1.npy", input, (_, file) => Analyse(file))) { Tries = 400 },
        new("correct.npy", [Npy([1, 0, 1, 1])], input => Scratch.Read("a.correct.npy", input, (folder, file) =>
        {
            Scratch.Write(folder, "a.csv", Bytes("epoch,acc\n1,50\n"));
            Analyse(folder);
        })) { Tries = 400 },
    ];

    private static FuzzTarget Text(string name, string file, params string[] seeds) =>
        new(name, [.. seeds.Select(Bytes)], input => Scratch.Read(file, input, (_, path) => Analyse(path)), Words: s_words) { Tries = 400 };

    private static FuzzTarget Json(string name, string file, params string[] seeds) => Text(name, file, seeds) with { IsJson = true };

    private static FuzzTarget Mlflow(string name, string file, string seed) =>
        new(name, [Bytes(seed)], input => Scratch.Read($"mlruns/0/aa/{file}", input, (folder, _) =>
    {
        foreach ((string other,
            string text) in ((string, string)[])[("meta.yaml", "status: 3\n"), ("params/seed", "1"),
                ("metrics/val/acc", "1 0.5 0\n2 0.75 1\n")])
        {
            if (other != file)
                Scratch.Write(folder, $"mlruns/0/aa/{other}", Bytes(text));
        }
        Analyse(folder);
    }), Words: s_words)
        { Tries = 400 };

    /// <summary>Reads, and computes what `noise` prints of it: every number must be one.</summary>
    private static void Analyse(string path)
    {
        ImportResult result = LogReader.Read([path], new ImportOptions());
        var measure = new Measure(result.Metric, MeasureUnit.Plain, result.LowerIsBetter);
        foreach (RunValueRule rule in Enum.GetValues<RunValueRule>())
        {
            MeasuredRun[] runs = [.. result.Runs.Select(run => new MeasuredRun(
                run.Name, run.Seed?.ToString(System.Globalization.CultureInfo.InvariantCulture), run.Perturbation,
                RunValue.Of(run, rule, result.LowerIsBetter)))];
            NoiseAnalysis noise = NoiseAnalysis.Of(MeasuredRun.Distinct(runs).Counted, measure, 0.5);
            // A document of numbers that are none cannot be written.
            _ = LastBit.Runs.ResultJson.Serialize(noise);
        }
        if (result.Runs.DistinctBy(run => run.Name).Count() < result.Runs.Count)
            throw new InvalidOperationException("two runs have one name");
        foreach (string line in result.Notes.Concat(result.LeftOut.Select(one => $"{one.What}: {one.Why}"))
            .Concat(result.Runs.Select(run => run.Name)).Append(result.Recognised))
        {
            if (line.Any(char.IsControl))
                throw new InvalidOperationException("a note has control characters");
        }
    }

    /// <summary>The table that the tests have too; hyparquet-writer made it.</summary>
    private static byte[] Parquet()
    {
        using Stream table = typeof(LogTargets).Assembly.GetManifestResourceStream("runs.parquet")!;
        byte[] bytes = new byte[table.Length];
        table.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Npy(double[] values)
    {
        string file = Path.Combine(Path.GetTempPath(), $"lastbit-fuzz-{Guid.NewGuid():N}.npy");
        try
        {
            Files.Npy.Write(file, values, values.Length);
            return File.ReadAllBytes(file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[] Events()
    {
        // An event: 1 wall_time (double), 2 step (varint), 5 summary { 1 value { 1 tag, 2 simple_value } }.
        var file = new MemoryStream();
        for (byte step = 1; step <= 3; step++)
        {
            byte[] value = [0x0a, 3, .. "acc"u8, 0x15, .. BitConverter.GetBytes(0.5f + (step / 16f))];
            byte[] summary = [0x0a, (byte)value.Length, .. value];
            byte[] data = [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, step, 0x2a, (byte)summary.Length, .. summary];
            byte[] length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
            file.Write([.. length, 0, 0, 0, 0, .. data, 0, 0, 0, 0]);
        }
        return file.ToArray();
    }

    /// <summary>Gives every record, as far as the lengths lead, its right checksums.</summary>
    private static byte[] RepairRecords(byte[] file)
    {
        byte[] repaired = [.. file];
        for (long at = 0; at + 16 <= repaired.Length;)
        {
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(repaired.AsSpan((int)at));
            BinaryPrimitives.WriteUInt32LittleEndian(repaired.AsSpan((int)at + 8), TfRecord.MaskedCrc(repaired.AsSpan((int)at, 8)));
            if (length > (ulong)(repaired.Length - at - 16))
                break;
            BinaryPrimitives.WriteUInt32LittleEndian(repaired.AsSpan((int)(at + 12 + (long)length)),
                TfRecord.MaskedCrc(repaired.AsSpan((int)at + 12, (int)length)));
            at += 16 + (long)length;
        }
        return repaired;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
