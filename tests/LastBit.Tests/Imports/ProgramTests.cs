using LastBit.Files;
using LastBit.Imports;
using LastBit.Imports.Formats;
using LastBit.Statistics;

namespace LastBit.Tests.Imports;

/// <summary>
/// The logs of known programs, written out here to their published layouts; only the logs of LastBit are by the program itself.
/// </summary>
public sealed class ProgramTests
{
    private static readonly ImportOptions ByHand = new();

    [Fact]
    public void Lightning_has_sparse_rows_and_its_parameters_beside()
    {
        using var folder = new TemporaryFolder();
        foreach (int version in new[] { 0, 1 })
        {
            Logs.Write(folder, $"lightning_logs/version_{version}/metrics.csv",
                $"epoch,step,train_loss,val_acc\n0,9,1.5,\n0,9,,0.5{version}\n1,19,1.1,\n1,19,,0.6{version}\n");
            Logs.Write(folder, $"lightning_logs/version_{version}/hparams.yaml", $"lr: 0.1\nseed: {version + 7}\n");
        }
        ImportResult result = LogReader.Read([folder["lightning_logs"]], ByHand, TestContext.Current.CancellationToken);
        Assert.Equal("PyTorch Lightning CSVLogger", result.Format);
        Assert.Equal("- 7 -: 9=0.5 19=0.6\n- 8 -: 9=0.51 19=0.61", Logs.Short(result));
        Assert.Equal(["version_0", "version_1"], result.Runs.Select(run => run.Name));
        Assert.Contains(result.Notes, note => note.Contains("2 of its 4 rows have no value", StringComparison.Ordinal));
        Assert.DoesNotContain(result.Notes, note => note.Contains("not read", StringComparison.Ordinal));
    }

    [Fact]
    public void Hugging_face_checkpoints_are_the_beginnings_of_one_run()
    {
        using var folder = new TemporaryFolder();
        const string first =
            """{"loss": 0.7, "epoch": 1.0, "step": 100}, {"eval_accuracy": 0.81, "eval_runtime": 2.0, "epoch": 1.0, "step": 100}""";
        const string second = first + """, {"eval_accuracy": 0.84, "epoch": 2.0, "step": 200}""";
        foreach (int seed in new[] { 1, 2 })
        {
            Logs.Write(folder, $"seed{seed}/checkpoint-100/trainer_state.json", $$"""{"global_step": 100, "log_history": [{{first}}]}""");
            Logs.Write(folder, $"seed{seed}/checkpoint-200/trainer_state.json", $$"""{"global_step": 200, "log_history": [{{second}}]}""");
            Logs.Write(folder, $"seed{seed}/trainer_state.json",
                $$"""{"global_step": 200, "log_history": [{{second}}, {"train_loss": NaN, "step": 200}]}""");
        }
        ImportResult result = LogReader.Read([folder.Path], ByHand, TestContext.Current.CancellationToken);
        Assert.Equal("eval_accuracy", result.Metric);
        Assert.Equal("- 1 -: 100=0.81 200=0.84\n- 2 -: 100=0.81 200=0.84", Logs.Short(result));
        Assert.Equal(4, result.LeftOut.Count(left => left.IsRun && left.Why.Contains("beginning of", StringComparison.Ordinal)));
        Assert.All(result.LeftOut, left => Assert.Contains("checkpoint-", left.What, StringComparison.Ordinal));
    }

    [Fact]
    public void Keras_counts_epochs_from_0()
    {
        ImportResult result = Logs.ReadText("seed3.csv", "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.1,2,0.2,2\n1,0.3,1,0.4,1\n");
        Assert.Equal(("Keras CSVLogger", "val_accuracy"), (result.Format, result.Metric));
        Assert.Equal("- 3 -: 0=0.2 1=0.4", Logs.Short(result));
    }

    [Fact]
    public void Weights_and_biases_charts_and_tables_are_read()
    {
        ImportResult chart = Logs.ReadText("wandb.csv",
            "\"Step\",\"seed-1 - val_acc\",\"seed-1 - val_acc__MIN\",\"seed-1 - val_acc__MAX\",\"seed-2 - val_acc\","
            + "\"seed-2 - val_acc__MIN\",\"seed-2 - "
            + "val_acc__MAX\"\n\"1\",\"0.5\",\"0.5\",\"0.5\",\"0.6\",\"0.6\",\"0.6\"\n\"2\",\"0.7\",\"0.6\",\"0.8\",\"0.8\",\"0.8\",\"0.8\"\n");
        Assert.Equal(("val_acc", "Weights & Biases chart export"), (chart.Metric, chart.Format));
        Assert.Equal("- 1 -: 1=0.5 2=0.7\n- 2 -: 1=0.6 2=0.8", Logs.Short(chart));
        Assert.Contains(chart.Notes, note => note.Contains("1 point of the chart stands for several values", StringComparison.Ordinal));
        ImportResult table = Logs.ReadText("runs.csv",
            "Name,State,Created,Runtime,seed,val_acc,_step\na,finished,2024,10,1,0.9,99\nb,finished,2024,10,2,0.8,99\nc,crashed,2024,3,3,0.2,5\n");
        Assert.Equal("Weights & Biases runs table", table.Format);
        Assert.Equal("- 1 -: 1=0.9\n- 2 -: 1=0.8", Logs.Short(table));
        Assert.Contains("crashed", Assert.Single(table.LeftOut).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Mlflow_runs_have_a_file_a_metric_and_a_database_is_refused()
    {
        using var folder = new TemporaryFolder();
        foreach ((string run, string status, int seed) in new[] { ("aa", "3", 1), ("bb", "3", 2), ("cc", "4", 3) })
        {
            Logs.Write(folder, $"mlruns/0/{run}/meta.yaml", $"run_name: 'run {run}'\nstatus: {status}\nlifecycle_stage: active\n");
            Logs.Write(folder, $"mlruns/0/{run}/params/seed", seed.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Logs.Write(folder, $"mlruns/0/{run}/metrics/val/acc", "1700000000000 0.5 0\n1700000000001 0.75 1\n1700000000002 0.7");
            Logs.Write(folder, $"mlruns/0/{run}/metrics/loss", "1700000000000 1.5 0\n");
        }
        string error = Logs.Error(() => LogReader.Read([folder["mlruns"]], new ImportOptions { Metric = "acc" }));
        Assert.Contains("'val/acc'", error, StringComparison.Ordinal);
        ImportResult result = LogReader.Read([folder["mlruns"]], ByHand, TestContext.Current.CancellationToken);
        Assert.Equal("val/acc", result.Metric);
        Assert.Equal("- 1 -: 0=0.5 1=0.75\n- 2 -: 0=0.5 1=0.75", Logs.Short(result));
        Assert.Contains(result.LeftOut, left => left.Why.Contains("failed", StringComparison.Ordinal));
        Assert.Equal(3, result.LeftOut.Count(left => left.Why.Contains("still being written", StringComparison.Ordinal)));
        Assert.DoesNotContain(result.Notes, note => note.Contains("not read", StringComparison.Ordinal));
        string database = Logs.Write(folder, "mlflow.db", [.. "SQLite format 3\0"u8, .. new byte[100]]);
        Assert.Contains("mlflow experiments csv", Logs.Error(() => LogReader.Read([database], ByHand)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_mlflow_writes_out_of_its_database_is_read_with_the_seeds_among_its_parameters()
    {
        ImportResult result = Logs.ReadText("runs.csv",
            "run_id,experiment_id,status,artifact_uri,start_time,end_time,metrics.score,params.lr,params.seed,tags.mlflow.runName\n"
            + "aa,1,FINISHED,./mlruns/1/aa,2024-01-01,2024-01-02,0.81,0.1,7,owl-1\nbb,1,FINISHED,./mlruns/1/bb,2024-01-01,2024-01-02,0.8,0.1,8,owl-2\n"
            + "cc,1,FAILED,./mlruns/1/cc,2024-01-01,2024-01-02,0.2,0.1,9,owl-3\n");
        Assert.Equal("metrics.score", result.Metric);
        Assert.Equal("- 7 -: 1=0.81\n- 8 -: 1=0.8", Logs.Short(result));
        Assert.Contains("FAILED", Assert.Single(result.LeftOut).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensorboard_event_files_written_byte_by_byte_to_the_published_layout_are_read()
    {
        string torch = Reference.File("imports", "events.out.tfevents.1.torch"), tf2 =
            Reference.File("imports", "events.out.tfevents.2.tf2");
        ImportResult result = LogReader.Read([torch], ByHand, TestContext.Current.CancellationToken);
        Assert.Equal("acc/test", result.Metric);
        Assert.Equal("- - -: 1=0.5625 2=0.625 3=0.6875 4=0.75", Logs.Short(result));
        Assert.Equal("- - -: 0=0.25 1=0.5 2=0.75", Logs.Short(LogReader.Read([tf2], ByHand, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void An_event_file_that_is_still_being_written_ends_in_half_a_record()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(Reference.File("imports", "events.out.tfevents.1.torch"));
        foreach (int length in new[] { whole.Length - 1, whole.Length - 20 })
        {
            string file = Logs.Write(folder, $"seed{length}/events.out.tfevents.9", whole[..length]);
            ImportResult result = LogReader.Read([file], ByHand, TestContext.Current.CancellationToken);
            Assert.Equal(3, result.Runs[0].Values.Length);
            Assert.Contains("half a record", Assert.Single(result.LeftOut).Why, StringComparison.Ordinal);
        }
        whole[^2] ^= 1;
        string damaged = Logs.Write(folder, "damaged/events.out.tfevents.9", whole);
        Assert.Contains("checksum", Assert.Single(LogReader.Read([damaged], ByHand, TestContext.Current.CancellationToken).LeftOut).Why,
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_authors_layout_and_its_fractions_are_read()
    {
        using var folder = new TemporaryFolder();
        Npy.Write(folder["result/seed1/test1.npy"], new[] { 0.5, 0.75 }, 2);
        Npy.Write(folder["result/seed1/test2.npy"], new[] { 0.5, 0.875 }, 2);
        ImportResult result = LogReader.Read([folder["result"]], ByHand, TestContext.Current.CancellationToken);
        Assert.Equal("- 1 1: 1=0.5 2=0.75\n- 1 3: 1=0.5 2=0.875", Logs.Short(result));
        Assert.Equal(MeasureUnit.Fraction, result.Unit);
    }

    [Fact]
    public void Our_own_table_is_read_from_its_document()
    {
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "a/accuracy.json",
            """{"epochs": 2, "testImages": 500, "classes": 10, "testAccuracy": {"1": {"1": [50, 60], "3": [50, 61]}}}""");
        Logs.Write(folder, "a/result/table.csv", "epoch,acc\n1,2\n");
        Assert.Equal("- 1 1: 1=50 2=60\n- 1 3: 1=50 2=61",
            Logs.Short(LogReader.Read([folder["a"]], ByHand, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Paths_name_runs_by_a_pattern()
    {
        using var folder = new TemporaryFolder();
        foreach (string run in new[] { "wide/seed1/k3", "wide/seed2/k3", "deep/seed1/k5" })
            Logs.Write(folder, $"logs/{run}/log.csv", "epoch,acc\n1,50\n2,60.5\n");
        ImportResult result = LogReader.Read([folder["logs"]], new ImportOptions { Runs = "logs/{group}/seed{seed}/k{k}" },
            TestContext.Current.CancellationToken);
        Assert.Equal("deep 1 5,wide 1 3,wide 2 3",
            string.Join(',', result.Runs.Select(run => $"{run.Group} {run.Seed} {run.Perturbation}")));
        Assert.Single(LogReader.Read([folder["logs/deep/*/*/*.csv"]], ByHand, TestContext.Current.CancellationToken).Runs);
        Assert.Contains("no path matches", Logs.Error(() => LogReader.Read([folder["logs"]], new ImportOptions { Runs = "x{seed}" })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Logs_of_two_kinds_are_listed_and_not_mixed()
    {
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "a.csv", "epoch,acc\n1,50\n");
        Logs.Write(folder, "b.jsonl", "{\"epoch\": 1, \"acc\": 50}\n");
        Assert.Contains("logs of 2 kinds", Logs.Error(() => LogReader.Read([folder.Path], ByHand)), StringComparison.Ordinal);
    }
}
