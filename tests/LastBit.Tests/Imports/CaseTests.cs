using System.Globalization;
using LastBit.Imports;
using LastBit.Imports.Formats;

namespace LastBit.Tests.Imports;

/// <summary>
/// Logs as people have them that were once read wrongly, in silence or not at all; the right numbers were computed apart.
/// </summary>
public sealed class CaseTests
{
    [Theory]
    // Two files of one run, as MMEngine writes them.
    [InlineData("mmengine-twice/a", "coco/bbox_mAP", 2, 0.301)]
    [InlineData("thousands/us.csv", null, 4, 969.0395)]
    [InlineData("thousands/semi.csv", null, 4, 969.1)]
    [InlineData("wandb-same-names/export.csv", "val/acc", 3, 0.8487737749747682)]
    [InlineData("hf-eval-results", "eval_accuracy", 4, 0.9015)]
    [InlineData("lm-evaluation-harness/base", "hellaswag/acc", 4, 0.499138)]
    [InlineData("lm-evaluation-harness/tuned", "hellaswag/acc", 4, 0.528659)]
    [InlineData("sb3-monitor/a2c", "r", 5, 169.2240)]
    public void A_case_has_its_runs_and_its_mean(string path, string? metric, int runs, double mean)
    {
        ImportResult result = LogReader.Read([Reference.File("imports", $"cases/{path}")], new ImportOptions { Metric = metric },
            TestContext.Current.CancellationToken);
        Assert.Equal(runs, result.Runs.Count);
        Assert.Equal(mean, result.Runs.Average(run => RunValue.Of(run, RunValueRule.Mean10, result.LowerIsBetter)), 1e-6 * mean);
    }

    [Theory]
    [InlineData("nanogpt", "val_loss", 4, 1.82465)]
    [InlineData("speedrun/before", "val_loss", 10, 3.27887)]
    [InlineData("speedrun/after", "val_loss", 12, 3.2785083333)]
    // In seconds, though the log has milliseconds; and no two runs are copies, for their losses differ.
    [InlineData("speedrun/before", "train_time", 10, 156.8)]
    [InlineData("speedrun/after", "train_time", 12, 138.74)]
    public void A_text_has_its_runs_and_the_mean_of_their_last_values(string path, string metric, int runs, double mean)
    {
        ImportResult result = LogReader.Read([Reference.File("imports", $"cases/{path}")], new ImportOptions { Metric = metric },
            TestContext.Current.CancellationToken);
        Assert.Equal((runs, true), (result.Runs.Count, result.LowerIsBetter));
        Assert.Equal(mean, result.Runs.Average(run => run.Values[^1]), 1e-6 * mean);
    }

    [Fact]
    public void The_seeds_of_lm_evaluation_harness_and_its_samples_are_read()
    {
        ImportResult result = LogReader.Read([Reference.File("imports", "cases/lm-evaluation-harness/base")],
            new ImportOptions { Metric = "hellaswag/acc" }, TestContext.Current.CancellationToken);
        Assert.Equal([0, 1, 2, 3], result.Runs.Select(run => (int)run.Seed!.Value));
        Assert.Equal((10042, "0.005"), (result.TestImages!.Value, result.Runs[0].Params["standard error"]));
    }

    [Fact]
    public void A_copy_of_a_run_counts_once_and_is_named()
    {
        using var folder = new TemporaryFolder();
        foreach (int seed in new[] { 0, 1 })
        {
            string text = "epoch,val_acc,loss\n"
                + string.Concat(Enumerable.Range(0, 12).Select(i => FormattableString.Invariant($"{i},0.{810 + seed + i},{seed}\n")));
            Logs.Write(folder, $"seed{seed}/log.csv", text);
            Logs.Write(folder, $"seed{seed}/latest/log.csv", text);
            // What has the same curve and another one too is another run.
            Logs.Write(folder, $"twin{seed}.csv", text.Replace($",{seed}\n", ",7\n", StringComparison.Ordinal));
        }
        ImportResult result =
            LogReader.Read([folder["seed0"], folder["seed1"]], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal(2, result.Runs.Count);
        Assert.Equal(2, result.LeftOut.Count);
        Assert.All(result.LeftOut, one => Assert.Contains("latest", one.What, StringComparison.Ordinal));
        Assert.All(result.LeftOut, one => Assert.Contains("it is a copy of seed", one.Why, StringComparison.Ordinal));
        Assert.Equal(4,
            LogReader.Read([folder.Path], new ImportOptions { Metric = "val_acc" }, TestContext.Current.CancellationToken).Runs.Count);
    }

    [Fact]
    public void A_list_in_a_line_that_is_a_step_is_passed_over()
    {
        string text = string.Concat(Enumerable.Range(1, 8)
            .Select(i => $"{{\"reward\": {10 * i}, \"hist\": {{\"reward\": [1, 2, 3]}}, \"training_iteration\": {i}, \"trial_id\": "
                + $"\"t0\"}}\n"));
        ImportResult result = Logs.ReadText("result.json", text);
        Assert.Equal("- - -: 1=10 2=20 3=30 4=40 5=50 6=60 7=70 8=80", Logs.Short(result));
        Assert.Empty(result.LeftOut);
        // Without a step a line of a number and a list is a row as well, where the number is meant.
        Assert.Equal("- - -: 1=5 2=6",
            Logs.Short(Logs.ReadText("log.jsonl", "{\"acc\": 5, \"each\": [1, 2]}\n{\"acc\": 6, \"each\": [3, 4]}\n",
                new ImportOptions { Metric = "acc", Step = "row" })));
        Assert.Equal("- - -: 1=5 2=6", Logs.Short(Logs.ReadText("log.json", "[{\"epoch\": 1, \"acc\": 5},\n {\"epoch\": 2, \"acc\": 6}]")));
    }

    [Theory]
    [InlineData("epoch;acc\n1;50,25\n2;60,5\n", "1=50.25 2=60.5")]
    [InlineData("epoch;acc\n1;1.012,5\n2;987,25\n", "1=1012.5 2=987.25")]
    [InlineData("epoch,acc\n1,\"50,25\"\n2,\"60,5\"\n", "1=50.25 2=60.5")]
    [InlineData("epoch;loss\n1;0,512\n2;0,487\n", "1=0.512 2=0.487")]
    [InlineData("epoch;loss\n1;1,512\n2;0,487\n", "1=1.512 2=0.487")]
    // Another column says what this one does not.
    [InlineData("epoch;loss;lr\n1;1,512;0,01\n2;1,487;0,01\n", "1=1.512 2=1.487")]
    [InlineData("epoch;reward;lr\n1;1,512;0.01\n2;1,487;0.01\n", "1=1512 2=1487")]
    [InlineData("epoch;reward\n1,000;987.5\n2,000;1,012.5\n", "1000=987.5 2000=1012.5")]
    [InlineData("epoch;reward\n1;1,234,567\n2;1,300,000\n", "1=1234567 2=1300000")]
    [InlineData("epoch;reward\n1;1 012\n2;987,5\n", "1=1012 2=987.5")]
    [InlineData("sep=;\nepoch;reward\n1;10\n2;20\n", "1=10 2=20")]
    public void A_comma_is_read_by_its_whole_column(string text, string values)
    {
        ImportResult result = Logs.ReadText("log.csv", text,
            text.Contains("lr", StringComparison.Ordinal)
                ? new ImportOptions { Metric = text.Contains("loss", StringComparison.Ordinal) ? "loss" : "reward" } : null);
        Assert.Equal($"- - -: {values}", Logs.Short(result));
    }

    [Theory]
    [InlineData("sep=;\nepoch;reward\n1;1,136\n2;1,892\n", "log.csv:3: '1,136' in 'reward' may be 1136 or 1.136")]
    [InlineData("epoch;reward\n1;1,25\n2;1,000.5\n", "has a decimal comma in '1,25' and a decimal point in '1,000.5'")]
    [InlineData("epoch;reward\n1;987,25\n2;1.012\n", "has a decimal comma in '987,25' and a decimal point in '1.012'")]
    public void A_comma_that_may_be_read_in_two_ways_is_refused_with_both(string text, string error) =>
        Assert.Contains(error, Logs.Error(() => Logs.ReadText("log.csv", text)), StringComparison.Ordinal);

    [Theory]
    [InlineData("tensor(0.93)")]
    [InlineData("\"tensor(0.93, device='cuda:0')\"")]
    [InlineData("\"tensor([0.93], grad_fn=<MulBackward0>)\"")]
    [InlineData("np.float64(0.93)")]
    [InlineData("[0.93]")]
    [InlineData("0.93D+00")]
    [InlineData("\"Array(0.93, dtype=float32)\"")]
    [InlineData("\"<tf.Tensor: shape=(), dtype=float32, numpy=0.93>\"")]
    [InlineData("93%")]
    public void A_number_in_the_clothes_of_its_type_is_read(string cell)
    {
        ImportResult result =
            Logs.ReadText("log.csv", $"epoch,val_acc,val_loss\n1,{cell},1\n2,{cell},0.5\n", new ImportOptions { Metric = "val_acc" });
        Assert.Equal(cell[0] == '9' ? [93, 93] : [0.93, 0.93], Assert.Single(result.Runs).Values);
    }

    [Fact]
    public void Words_are_named_with_line_and_cell_and_no_other_metric_is_taken_in_silence()
    {
        const string text = "epoch,val_acc,test_acc\n1,high,0.8\n2,higher,0.9\n";
        Assert.Contains("--metric: 'val_acc' holds words, the first is 'high' at ",
            Logs.Error(() => Logs.ReadText("log.csv", text, new ImportOptions { Metric = "val_acc" })), StringComparison.Ordinal);
        Assert.Contains(Logs.ReadText("log.csv", text).Notes,
            note => note.StartsWith("'val_acc' holds words, the first is 'high' at ", StringComparison.Ordinal));
        Assert.Contains("log.csv:3: 'x' is a word", Logs.Error(() => Logs.ReadText("log.csv", "epoch,acc\n1,0.5\n2,x\n3,y\n4,0.5\n")),
            StringComparison.Ordinal);
        Assert.Contains("log.csv:3: '0.93 ± 0.01' is a mean with its spread",
            Logs.Error(() => Logs.ReadText("log.csv", "epoch,acc\n1,0.5\n2,0.93 ± 0.01\n")), StringComparison.Ordinal);
        Assert.Matches("no column, key or tag with numbers .*; 'acc' holds words, the first is '0.93 ± 0.01' at .*log.csv:2; name",
            Logs.Error(() => Logs.ReadText("log.csv", "epoch,acc\n1,0.93 ± 0.01\n")));
        // Two numbers are none.
        Assert.Contains("is a word", Logs.Error(() => Logs.ReadText("log.csv", "epoch;acc\n1;0.5\n2;[0.5, 0.6]\n3;[0.5, 0.6]\n")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[\n{\"epoch\": 1, \"acc\": 0.5},\n{\"epoch\": 2 \"acc\": 0.6}\n]", "line 3, byte 13")]
    [InlineData("[\n{\"epoch\": 1, \"acc\": 0.5},\n{\"epoch\": 2, \"acc\": 0.", "line 3, byte 23")]
    [InlineData("{\n \"seed\": 1,\n \"acc\": 0.9,\n}", "line 4, byte 1")]
    [InlineData("{\"log_history\": [{\"epoch\": 1, \"acc\": 0.5, \"step\": 1}", "line 1, byte 53")]
    public void Damaged_JSON_is_named_with_its_place_and_is_no_text(string json, string place)
    {
        Assert.Contains($"results.json: is damaged JSON or ends early, at {place};", Logs.Error(() => Logs.ReadText("results.json", json)),
            StringComparison.Ordinal);
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "seed1.json", "{\"acc\": 0.5}");
        Logs.Write(folder, "seed2.json", json);
        ImportResult result = LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Single(result.Runs);
        Assert.StartsWith($"it is damaged JSON or ends early, at {place}", Assert.Single(result.LeftOut).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_compressed_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["log.csv.gz"], [0x1F, 0x8B, 8, 0]);
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Assert.EndsWith("log.csv.gz: is compressed; unpack it, as with gunzip",
            Logs.Error(() => LogReader.Read([folder["log.csv.gz"]], new ImportOptions(), cancellation)), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_file_is_a_run_or_is_named_with_why_it_is_not()
    {
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "seed0.csv", "epoch,loss,val_acc\n1,1,0.5\n2,1,0.75\n");
        Logs.Write(folder, "seed1.csv", "1,1,0.5\n2,1,0.75\n");
        Logs.Write(folder, "seed2.csv", "epoch,loss,val_acc\n1,1,\n2,1,\n");
        Logs.Write(folder, "seed3.csv", "");
        Logs.Write(folder, "seed4.csv", "epoch,loss,val_accuracy\n1,1,0.5\n2,1,0.75\n");
        Logs.Write(folder, "seed5.csv", "nothing\n");
        ImportResult result =
            LogReader.Read([folder.Path], new ImportOptions { Metric = "val_acc" }, TestContext.Current.CancellationToken);
        Assert.Equal("- 0 -: 1=0.5 2=0.75", Logs.Short(result));
        foreach ((string file,
            string why) in (ReadOnlySpan<(string, string)>)[("seed1", "no header"), ("seed2", "it has 'loss'"), ("seed3", "empty"),
                ("seed4", "'val_accuracy'"), ("seed5", "not a log")])
            Assert.Contains(result.LeftOut,
                one => one.What.EndsWith($"{file}.csv", StringComparison.Ordinal) && one.Why.Contains(why, StringComparison.Ordinal));
        Assert.Equal(5, result.LeftOut.Count);
        ImportResult table = Logs.ReadText("log.csv", "seed,epoch,val_acc\n0,1,0.5\n0,2,0.75\n1,1,\n");
        Assert.Contains("it has no value of 'val_acc'", Assert.Single(table.LeftOut).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_resumed_run_counts_what_it_wrote_last()
    {
        ImportResult result = Logs.ReadText("log.csv", "epoch,acc\n1,50\n2,60\n3,70\n2,61\n3,71\n4,80\n");
        Assert.Equal("- - -: 1=50 2=61 3=71 4=80", Logs.Short(result));
        Assert.Contains("as after a run that was resumed", Assert.Single(result.LeftOut).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Iterations_that_begin_anew_in_each_epoch_count_with_it()
    {
        ImportResult result = Logs.ReadText("log.json",
            "{\"epoch\": 1, \"iter\": 50, \"loss\": 3}\n{\"epoch\": 1, \"iter\": 99, \"loss\": 2}\n{\"epoch\": 1, \"iter\": 20, \"mAP\": "
                + "0.5}\n"
            + "{\"epoch\": 2, \"iter\": 50, \"loss\": 1}\n{\"epoch\": 2, \"iter\": 20, \"mAP\": 0.75}\n",
            new ImportOptions { Metric = "mAP" });
        Assert.Equal("- - -: 1=0.5 2=0.75", Logs.Short(result));
        Assert.Equal("- - -: 0=1 1=2",
            Logs.Short(Logs.ReadText("progress.csv", "time/total_timesteps,time/fps,rollout/ep_rew_mean\n0,9,1\n1,9,2\n")));
    }

    [Fact]
    public void Seeds_come_from_what_lies_beside_a_run_or_from_its_first_line()
    {
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "a/summary.csv", "epoch,eval_top1\n1,50\n2,60\n");
        Logs.Write(folder, "a/args.yaml", "lr: 0.1\nseed: 42\n");
        Logs.Write(folder, "b/summary.csv", "epoch,eval_top1\n1,51\n2,61\n");
        Logs.Write(folder, "b/config.json", """{"train": {"lr": 0.1}, "seed": 43}""");
        Logs.Write(folder, "c/summary.csv", "epoch,eval_top1\n1,52\n2,62\n");
        Logs.Write(folder, "c/log.txt", "Namespace(lr=0.1, seed=44)\nepoch 1: loss 2\n");
        ImportResult result = LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal([42, 43, 44], result.Runs.Select(run => (int)run.Seed!.Value));
        Assert.Equal("- 7 -: 1=50 2=60",
            Logs.Short(Logs.ReadText("log.jsonl",
                "{\"config\": {\"seed\": 7}}\n{\"epoch\": 1, \"acc\": 50}\n{\"epoch\": 2, \"acc\": 60}\n")));
        Assert.Equal("- 5 -: 1=2 2=1", Logs.Short(Logs.ReadText("log.txt", "{'lr': 0.1, 'seed': 5}\nepoch 1: loss 2\nepoch 2: loss 1\n")));
        // What lies beside several runs is true of none of them alone.
        Logs.Write(folder, "d/x.csv", "epoch,acc\n1,50\n2,60\n");
        Logs.Write(folder, "d/y.csv", "epoch,acc\n1,51\n2,61\n");
        Logs.Write(folder, "d/args.yaml", "seed: 42\n");
        Assert.All(LogReader.Read([folder["d"]], new ImportOptions(), TestContext.Current.CancellationToken).Runs,
            run => Assert.Null(run.Seed));
    }

    [Theory]
    [InlineData("step 250: train loss 1.9, val loss 2.0", "step=250 train_loss=1.9 val_loss=2")]
    [InlineData("iter 0: loss 4.0000, time 40.10ms, mfu 5.21%", "iter=0 loss=4 time=0.0401 mfu=5.21")]
    [InlineData("step:0/1600 val_loss:10.7729 train_time:0ms step_avg:nanms", "step=0 val_loss=10.7729 train_time=0 step_avg=NaN")]
    [InlineData("Step 1 | loss:1.234 lr:2e-05 tokens_per_second_per_gpu:512.5",
        "Step=1 loss=1.234 lr=2E-05 tokens_per_second_per_gpu=512.5")]
    [InlineData("2023-07-30 12:04:20,123 - mmengine - INFO - Epoch(train) [2][ 50/100]  lr: 2.0e-02  loss: 0.5  time: 0.1",
        "epoch=1.5 lr=0.02 loss=0.5 time=0.1")]
    [InlineData("2023/07/30 12:04:20 - mmengine - INFO - Epoch(val) [1][50/50]  coco/bbox_mAP: 0.2000", "epoch=1 coco/bbox_mAP=0.2")]
    [InlineData("Train: 3 [ 625/1250 ( 50%)]  Loss: 6.95 (6.90)  LR: 1.000e-06", "epoch=3.5 Loss=6.95 LR=1E-06")]
    [InlineData("Epoch [3/100] train loss=0.5 | val acc=0.75", "Epoch=3 train_loss=0.5 val_acc=0.75")]
    [InlineData("epoch=7 acc=.5 params=10.65M t=1.5min", "epoch=7 acc=0.5 params=10650000 t=90")]
    [InlineData("{'loss': 0.5, 'learning_rate': 5e-05, 'epoch': 1.0}", "loss=0.5 learning_rate=5E-05 epoch=1")]
    [InlineData("# the script prints itself first: loss: 1.0, step: 7", "loss=1 step=7")]
    [InlineData("loss inf info 3", "loss=Infinity info=3")]
    public void A_line_has_its_pairs(string line, string pairs) => Assert.Equal(pairs, string.Join(' ', TextLog.Pairs(line)
        .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Name}={pair.Value}"))));

    [Theory]
    // timm and its evaluation of averaged weights; torchvision's reference scripts.
    [InlineData("Test: [  78/78]  Time: 0.1 (0.2)  Loss:   0.50 (0.75)  Acc@1:  80.0 ( 70.5)  Acc@5: 99.0 (97.25)", "test_Acc@1",
        "Test (EMA): [  78/78]  Time: 0.1 (0.2)  Loss: 0.5 (0.7)  Acc@1: 90.0 (90.5)", "Train: {0} [{1,4}/100 ( 50%)]  Loss: 6.9 (6.9)")]
    [InlineData("Test:  [78/79]  eta: 0:00:00  loss: 0.5 (0.7)  acc1: 80.0 (70.5)  time: 0.1  data: 0.0  max mem: 9", "test_acc1",
        "Test: Total time: 0:00:10", "Epoch: [{0}]  [{1,3}/100]  eta: 0:00:50  lr: 0.1  img/s: 500  loss: 6.9 (6.9)")]
    public void An_evaluation_has_the_averages_of_its_last_line_at_the_end_of_its_epoch(string last, string metric, string after,
        string train)
    {
        string[] lines = [.. Enumerable.Range(0, 2).SelectMany(epoch => (string[])[
            string.Format(CultureInfo.InvariantCulture, train, epoch, 0), string.Format(CultureInfo.InvariantCulture, train, epoch, 99),
            last.Replace("78/", " 0/", StringComparison.Ordinal).Replace("70.5", "1.5", StringComparison.Ordinal),
            epoch == 0 ? last : last.Replace("70.5", "71.5", StringComparison.Ordinal), after])];
        Assert.Equal("- - -: 1=70.5 2=71.5",
            Logs.Short(Logs.ReadText("train.log", string.Join('\n', lines), new ImportOptions { Metric = metric })));
    }

    [Fact]
    public void A_pattern_reads_lines_that_no_rule_knows()
    {
        const string text = "begin\n[7] <train=2.5> <val=3.5ms>\n[8]  <train=2.25> <val=3ms>\n";
        var options = new ImportOptions { Pattern = "[{step}] <train={train_loss}> <val={val_loss}>", Metric = "val_loss" };
        Assert.Equal("- - -: 7=0.0035 8=0.003", Logs.Short(Logs.ReadText("any.name", text, options)));
        Assert.Contains("--pattern: has no place", Logs.Error(() => Logs.ReadText("log.txt", text, new ImportOptions { Pattern = "step" })),
            StringComparison.Ordinal);
        Assert.Contains("{a} is there twice", Logs.Error(() => Logs.ReadText("log.txt", text, new ImportOptions { Pattern = "{a} {a}" })),
            StringComparison.Ordinal);
        Assert.Contains("is like 'steps {step}'; copy one",
            Logs.Error(() => Logs.ReadText("log.txt", text, new ImportOptions { Pattern = "steps {step}" })), StringComparison.Ordinal);
    }

    [Fact]
    public void What_only_looks_like_a_log_is_one_only_where_nothing_else_is()
    {
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "train.log", "epoch 1: loss 2\nepoch 2: loss 1\n");
        Assert.Equal("- - -: 1=2 2=1",
            Logs.Short(LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken)));
        Logs.Write(folder, "eval_results.json", "{\n \"eval_loss\": 3\n}");
        Assert.Equal("- - -: 1=3", Logs.Short(LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken)));
        Logs.Write(folder, "log.csv", "epoch,acc\n1,50\n");
        Assert.Equal("- - -: 1=50", Logs.Short(LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void Results_of_sacred_dvclive_and_optuna_are_read()
    {
        Assert.Equal("- - -: 0=2 10=1",
            Logs.Short(Logs.ReadText("metrics.json", """{"loss": {"steps": [0, 10], "timestamps": ["a", "b"], "values": [2.0, 1.0]}}""")));
        Assert.Equal("- - -: 9=0.75",
            Logs.Short(Logs.ReadText("metrics.json", "{\n\"train\": {\"loss\": 1}, \"eval\": {\"acc\": 0.75}, \"step\": 9}")));
        ImportResult optuna =
            Logs.ReadText("trials.csv", "number,value,datetime_start,datetime_complete,duration,params_lr,user_attrs_seed,state\n"
            + "0,0.75,2024-01-01 10:00:00,2024-01-01 10:01:00,0 days 00:01:00,0.1,3,COMPLETE\n1,0.5,2024-01-01 10:00:00,2024-01-01 "
            + "10:01:00,0 days 00:01:00,0.1,4,PRUNED\n"
            + "2,0.875,2024-01-01 10:00:00,2024-01-01 10:01:00,0 days 00:01:00,0.1,5,COMPLETE\n3,,2024-01-01 10:00:00,,,0.1,6,FAIL\n");
        Assert.Equal("- 3 -: 1=0.75\n- 5 -: 1=0.875", Logs.Short(optuna));
        Assert.Equal(["its state is 'PRUNED'", "its state is 'FAIL'"], optuna.LeftOut.Select(one => one.Why));
    }

    [Fact]
    public void What_only_its_program_can_read_is_refused_with_what_to_export_instead()
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, byte[] head, string said) in ((string, byte[], string)[])[
            ("run-1.wandb", [.. ":W&B"u8, 1, 2, 3], "export the chart"), ("runs.xlsx", [.. "PK\x03\x04"u8, 1, 2, 3], "save the sheet"),
            ("history.pkl", [0x80, 4, 0x95, 1, 2], "write the curves out"), ("cut.parquet", [.. "PAR1"u8, 1, 2, 3], "or as CSV")])
        {
            string file = Logs.Write(folder, name, head);
            Assert.Contains(said, Logs.Error(() => LogReader.Read([file], new ImportOptions())), StringComparison.Ordinal);
        }
        Assert.Contains("holds no log that can be read; ",
            Logs.Error(() => LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken)),
            StringComparison.Ordinal);
        Logs.Write(folder, "log.csv", "epoch,acc\n1,50\n");
        Assert.Single(LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken).Runs);
    }

    [Fact]
    public void A_table_in_parquet_is_what_it_would_be_in_csv()
    {
        ImportResult result = LogReader.Read([Reference.File("imports", "runs.parquet")],
            new ImportOptions { Metric = "val_acc", Group = "recipe" }, TestContext.Current.CancellationToken);
        Assert.Equal(("Parquet", 8), (result.Format, result.Runs.Count));
        Assert.Equal("a, plain 0 -: 2=0.8200000000000001 3=0.8300000000000001", Logs.Short(result.Runs[0]));
        Assert.Equal("b 3 -: 1=0.8330000000000001 2=0.8430000000000001 3=0.8530000000000001", Logs.Short(result.Runs[7]));
        // A byte of its end that is another is a line, and no crash.
        using var folder = new TemporaryFolder();
        byte[] bytes = File.ReadAllBytes(Reference.File("imports", "runs.parquet"));
        bytes[^600] ^= 0x55;
        string damaged = Logs.Write(folder, "runs.parquet", bytes);
        Assert.Contains("runs.parquet: ", Logs.Error(() => LogReader.Read([damaged], new ImportOptions { Metric = "val_acc" },
            TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        // The package alone would read on behind the end of this one for ever.
        bytes = File.ReadAllBytes(Reference.File("imports", "runs.parquet"));
        bytes.AsSpan(3299, 4).Fill(0xf1);
        Logs.Write(folder, "runs.parquet", bytes);
        Assert.Contains("is damaged (its footer does not end)", Logs.Error(() => LogReader.Read([damaged], new ImportOptions())),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Links_count_once_and_what_is_no_file_is_named()
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new TemporaryFolder();
        foreach (int run in new[] { 1, 2, 3 })
            Logs.Write(folder, $"latest/run{run}/log.csv", FormattableString.Invariant($"epoch,val_acc\n1,0.{run + 4}\n2,0.{run + 4}\n"));
        Directory.CreateSymbolicLink(folder["latest/latest-run"], "run3");
        Directory.CreateSymbolicLink(folder["latest/x"], ".");
        Directory.CreateSymbolicLink(folder["latest/y"], ".");
        File.CreateSymbolicLink(folder["latest/dead"], "nowhere");
        ImportResult result = LogReader.Read([folder["latest"]], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal([0.5, 0.6, 0.7], result.Runs.Select(run => run.Values[0]).Order());
        Assert.Equal(4, result.LeftOut.Count);
        Assert.Contains(result.LeftOut, one => one.Why.Contains("leads nowhere", StringComparison.Ordinal));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => LogReader.Read([folder["latest"]], new ImportOptions(), cancelled.Token));
        if (File.Exists("/dev/zero"))
            Assert.Contains("/dev/zero: is not an ordinary file", Logs.Error(() => LogReader.Read(["/dev/zero"], new ImportOptions())),
                StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("val_mape sMAPE NRMSE RMSLE ECE Brier NLL WER CER EER DER TER FID KID LPIPS EPE AbsRel MPJPE ADE FDE Chamfer Hausdorff KL "
        + "deviance bits_per_byte bits/dim regret cost "
        + "latency train_time test_error val_loss valMape eval/rmse mean_squared_error neg_log_likelihood", true)]
    [InlineData("neg_mean_squared_error neg_log_loss neg_brier_score val_acc test_f1 reward bleu psnr tokens_per_second mAP AUC R2 top1",
        false)]
    [InlineData("x q17 chamferish width", null)]
    public void Names_decide_which_way_is_better(string names, bool? lower)
    {
        foreach (string name in names.Split(' '))
        {
            ImportResult result = Logs.ReadText("log.csv", $"epoch,{name}\n1,0.5\n2,0.25\n");
            Assert.True(lower == true == result.LowerIsBetter, name);
            Assert.Equal(lower is not null, result.IsDirectionKnown);
            Assert.True(Logs.ReadText("log.csv", $"epoch,{name}\n1,0.5\n", new ImportOptions { LowerIsBetter = true }).LowerIsBetter);
            Assert.False(Logs.ReadText("log.csv", $"epoch,{name}\n1,0.5\n", new ImportOptions { LowerIsBetter = false }).LowerIsBetter);
        }
    }
}
