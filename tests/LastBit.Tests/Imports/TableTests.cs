using System.Globalization;
using System.Text;
using LastBit.Imports;
using LastBit.Imports.Formats;
using LastBit.Statistics;

namespace LastBit.Tests.Imports;

/// <summary>CSV, TSV and JSON Lines, in long and in wide form; the layouts are written out here as the programs write them.</summary>
public sealed class TableTests
{
    [Fact]
    public void Long_csv_with_seeds_and_k_is_a_run_for_each_pair()
    {
        ImportResult result = Logs.ReadText("log.csv",
            "seed,k,epoch,test_acc,loss\n1,1,1,0.5,2\n1,1,2,0.6,1\n1,3,1,0.5,2\n1,3,2,0.61,1\n2,1,1,0.4,2\n2,1,2,0.7,1\n");
        Assert.Equal("- 1 1: 1=0.5 2=0.6\n- 1 3: 1=0.5 2=0.61\n- 2 1: 1=0.4 2=0.7", Logs.Short(result));
        Assert.Equal("test_acc", result.Metric);
        Assert.Equal(MeasureUnit.Fraction, result.Unit);
        Assert.False(result.LowerIsBetter);
        Assert.Empty(result.LeftOut);
        Assert.Equal("CSV: 3 runs, metric 'test_acc' as a fraction, seeds 1, 2, k 1, 3, last step 2.", result.Recognised);
    }

    [Fact]
    public void Wide_csv_has_a_column_a_run()
    {
        ImportResult result = Logs.ReadText("val_acc.csv", "epoch,seed1,seed2 k3\n1,50,51\n2,90,91.5\n");
        Assert.Equal("- 1 -: 1=50 2=90\n- 2 3: 1=51 2=91.5", Logs.Short(result));
        Assert.Equal(("val_acc", MeasureUnit.Percent), (result.Metric, result.Unit));
        ImportResult named = Logs.ReadText("runs.csv", "epoch,seed1,seed2\n1,50,51\n2,90,91.5\n", new ImportOptions { Metric = "val_acc" });
        Assert.Equal(("val_acc", 2), (named.Metric, named.Runs.Count));
        // The name of a column is that column.
        ImportResult one = Logs.ReadText("runs.csv", "epoch,seed1,seed2\n1,50,51\n2,90,91.5\n", new ImportOptions { Metric = "seed2" });
        Assert.Equal("- - -: 1=51 2=91.5", Logs.Short(one));
    }

    [Fact]
    public void Columns_of_any_name_are_runs_where_that_is_said()
    {
        ImportResult result =
            Logs.ReadText("acc.csv", "epoch,base_7,wide_9\n1,50,51\n2,90,91\n", new ImportOptions { Runs = "columns:{group}_{seed}" });
        Assert.Equal("base 7 -: 1=50 2=90\nwide 9 -: 1=51 2=91", Logs.Short(result));
    }

    [Fact]
    public void A_name_and_a_value_in_each_row_are_read_by_name()
    {
        ImportResult result = Logs.ReadText("log.csv",
            "run,step,metric,value\na,1,loss,3\na,1,val_acc,0.5\nb,1,val_acc,0.6\na,2,val_acc,0.7\nb,2,val_acc,0.8\n");
        Assert.Equal("val_acc", result.Metric);
        Assert.Equal(["a", "b"], result.Runs.Select(run => run.Name));
        Assert.Equal("- - -: 1=0.5 2=0.7\n- - -: 1=0.6 2=0.8", Logs.Short(result));
    }

    [Fact]
    public void A_split_is_part_of_the_name()
    {
        ImportResult result = Logs.ReadText("log.csv", "epoch,split,acc\n1,train,0.9\n1,test,0.5\n2,train,0.95\n2,test,0.6\n");
        Assert.Equal("test/acc", result.Metric);
        Assert.Equal("- - -: 1=0.5 2=0.6", Logs.Short(result));
    }

    [Fact]
    public void Tabs_byte_order_mark_and_carriage_returns_change_nothing()
    {
        ImportResult result = Logs.ReadText("log.tsv", "\uFEFFseed\tepoch\tacc\r\n1\t1\t50\r\n1\t2\t60\r\n\r\n");
        Assert.Equal("- 1 -: 1=50 2=60", Logs.Short(result));
        Assert.Equal("TSV", result.Format);
    }

    [Fact]
    public void Semicolons_with_decimal_commas_are_numbers()
    {
        ImportResult result = Logs.ReadText("log.csv", "seed;epoch;acc\n1;1;50,25\n1;2;60,5\n");
        Assert.Equal("- 1 -: 1=50.25 2=60.5", Logs.Short(result));
    }

    [Fact]
    public void Utf16_with_a_mark_is_read_and_other_encodings_are_said()
    {
        using var folder = new TemporaryFolder();
        string wide =
            Logs.Write(folder, "utf16.csv", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("epoch,acc\n1,50\n2,60\n")]);
        Assert.Equal("- - -: 1=50 2=60", Logs.Short(LogReader.Read([wide], new ImportOptions(), TestContext.Current.CancellationToken)));
        string latin = Logs.Write(folder, "latin.csv", Encoding.Latin1.GetBytes("epoch,methode,acc\n1,größer,50\n2,größer,60\n"));
        ImportResult result = LogReader.Read([latin], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal("- - -: 1=50 2=60", Logs.Short(result));
        Assert.Equal("größer", result.Runs[0].Params["methode"]);
        Assert.Contains(result.Notes, note => note.Contains("Latin-1", StringComparison.Ordinal));
        string header = Logs.Write(folder, "header.csv", Encoding.Latin1.GetBytes("epoch,präzision\n1,50\n2,60\n"));
        Assert.Equal("präzision", LogReader.Read([header], new ImportOptions(), TestContext.Current.CancellationToken).Metric);
    }

    [Theory]
    [InlineData("epoch,acc\n1,0.7312\n2,0.7\n3,0.7", false)] // as short as another one
    [InlineData("epoch,acc\n1,0.7312\n2,0.7401\n3,0.7\n", false)] // a line that ends is whole
    [InlineData("epoch,acc\n1,0.7312\n2,0.7401\n3,0.7502", false)]
    [InlineData("epoch,acc\n1,0.7312\n2,0.7401\n3,0.7", true)]
    public void A_last_number_that_may_be_cut_is_warned_of(string text, bool warned)
    {
        ImportResult result = Logs.ReadText("log.csv", text);
        Assert.Equal(3, Assert.Single(result.Runs).Values.Length);
        Assert.Equal(warned,
            result.Notes.Any(note => note.Contains("log.csv:4: the last row has no line break", StringComparison.Ordinal)));
    }

    [Fact]
    public void Two_trainings_that_are_taken_for_one_are_warned_of()
    {
        using var folder = new TemporaryFolder();
        foreach (string recipe in new[] { "base", "warm" })
        {
            foreach (int seed in new[] { 1, 2 })
                Logs.Write(folder, $"{recipe}/seed{seed}.csv", FormattableString.Invariant($"epoch,acc\n1,{50 + seed}\n"));
        }
        Assert.Contains(LogReader.Read([folder.Path], new ImportOptions(), TestContext.Current.CancellationToken).Notes,
            note => note.StartsWith("Runs of seed 1 lie in ", StringComparison.Ordinal));
        Assert.DoesNotContain(LogReader.Read([folder["base"]], new ImportOptions(), TestContext.Current.CancellationToken).Notes,
            note => note.StartsWith("Runs of seed", StringComparison.Ordinal));
        Assert.DoesNotContain(
            LogReader.Read([folder.Path], new ImportOptions { Runs = "{group}/seed{seed}.csv" },
                TestContext.Current.CancellationToken).Notes,
            note => note.StartsWith("Runs of seed", StringComparison.Ordinal));
    }

    [Fact]
    public void Broken_rows_and_words_are_counted_and_the_first_is_named()
    {
        string rows = string.Concat(Enumerable.Range(1, 30).Select(i => FormattableString.Invariant($"{i},{50 + i}\n")));
        ImportResult result = Logs.ReadText("log.csv", "epoch,acc\n" + rows + "31,oops\n32\n");
        Assert.Equal(30, result.Runs[0].Values.Length);
        Assert.Equal(2, result.LeftOut.Sum(left => left.Rows));
        Assert.Contains(result.LeftOut,
            left => left.Why.Contains("log.csv:32", StringComparison.Ordinal) && left.Why.Contains("word", StringComparison.Ordinal));
        Assert.Contains(result.LeftOut,
            left => left.Why.Contains("log.csv:33", StringComparison.Ordinal) && left.Why.Contains("2 fields", StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_of_broken_rows_is_refused()
    {
        string error = Logs.Error(() => Logs.ReadText("log.csv", "epoch,acc\n1,2\n1\n2\n3\n"));
        Assert.Contains("log.csv:3: 3 of 4 rows", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_diverges_is_left_out_and_an_early_nan_is_a_row()
    {
        string good = string.Concat(Enumerable.Range(1, 12).Select(i => FormattableString.Invariant($"1,{i},{50 + i}\n")));
        string early =
            string.Concat(Enumerable.Range(1, 12).Select(i => i == 1 ? "2,1,nan\n" : FormattableString.Invariant($"2,{i},{50 + i}.5\n")));
        string bad = string.Concat(Enumerable.Range(1, 12)
            .Select(i => i == 11 ? "3,11,inf\n" : FormattableString.Invariant($"3,{i},{40 + i}\n")));
        ImportResult result = Logs.ReadText("log.csv", "seed,epoch,acc\n" + good + early + bad);
        Assert.Equal([1, 2], result.Runs.Select(run => (int)run.Seed!.Value));
        Assert.Equal(11, result.Runs[1].Values.Length);
        LeftOut run = Assert.Single(result.LeftOut, left => left.IsRun);
        Assert.Contains("diverged: Infinity at step 11", run.Why, StringComparison.Ordinal);
        Assert.Contains("log.csv:36", run.Why, StringComparison.Ordinal);
        Assert.Contains(result.LeftOut, left => left.Rows == 1 && left.Why.Contains("log.csv:14", StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_that_stopped_early_is_left_out_where_the_others_agree()
    {
        ImportResult result = Logs.ReadText("log.csv", "seed,epoch,acc\n1,1,50\n1,2,60\n2,1,50\n2,2,61\n3,1,50\n");
        Assert.Equal(2, result.Runs.Count);
        Assert.Contains("stopped early, at step 1 of 2", Assert.Single(result.LeftOut).Why, StringComparison.Ordinal);
        ImportResult early = Logs.ReadText("log.csv", "seed,epoch,acc\n1,1,50\n1,2,60\n2,1,50\n2,2,61\n2,3,62\n3,1,50\n");
        Assert.Equal(3, early.Runs.Count);
        Assert.Contains(early.Notes, note => note.Contains("early stopping", StringComparison.Ordinal));
    }

    [Fact]
    public void Repeated_rows_count_once_and_contradictions_are_refused()
    {
        ImportResult result = Logs.ReadText("log.csv", "seed,epoch,acc\n1,1,50\n1,1,50\n1,2,60\n");
        Assert.Equal("- 1 -: 1=50 2=60", Logs.Short(result));
        Assert.Equal(1, Assert.Single(result.LeftOut).Rows);
        string error = Logs.Error(() => Logs.ReadText("log.csv", "epoch,acc\n1,50\n2,60\n1,51\n2,61\n"));
        Assert.Contains("log.csv:4: step 1 has the value 51 here and 50", error, StringComparison.Ordinal);
        Assert.Contains("--seed", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_a_step_are_a_curve_or_runs_as_is_said()
    {
        const string text = "acc\n5\n5\n8\n7\n8\n";
        string error = Logs.Error(() => Logs.ReadText("log.csv", text));
        Assert.Contains("--step row or --runs rows", error, StringComparison.Ordinal);
        Assert.Equal([5, 5, 7, 8, 8],
            Logs.ReadText("log.csv", text, new ImportOptions { Runs = "rows" }).Runs.Select(run => run.Values[0]).Order());
        Assert.Equal([5.0, 5, 8, 7, 8], Assert.Single(Logs.ReadText("log.csv", text, new ImportOptions { Step = "row" }).Runs).Values);
        Assert.Equal(2, Logs.ReadText("log.csv", "seed,acc\n1,5\n2,8\n").Runs.Count);
    }

    [Fact]
    public void Rows_of_a_seed_without_a_step_are_taken_for_steps_with_a_word()
    {
        const string Log = "seed,acc\n1,50\n1,51\n2,52\n2,53\n";
        Assert.Contains(Logs.ReadText("log.csv", Log).Notes, note => note.EndsWith(
            "no column counts steps, so the 2 rows of seed 1 are taken for the steps of one run; --runs rows makes each of them a run, and "
            + "--step row says that they are steps.", StringComparison.Ordinal));
        Assert.Empty(Logs.ReadText("log.csv", Log, new ImportOptions { Step = "row" }).Notes);
        Assert.Equal(4, Logs.ReadText("log.csv", Log, new ImportOptions { Runs = "rows" }).Runs.Count);
    }

    [Fact]
    public void Ambiguous_metrics_are_listed_and_can_be_named()
    {
        const string text = "epoch,test_acc,val_acc\n1,1,2\n2,3,4\n";
        string error = Logs.Error(() => Logs.ReadText("log.csv", text));
        Assert.EndsWith("name one with --metric: 'test_acc', 'val_acc'", error, StringComparison.Ordinal);
        Assert.Equal("- - -: 1=2 2=4", Logs.Short(Logs.ReadText("log.csv", text, new ImportOptions { Metric = "val_acc" })));
        Assert.Contains("it has 'test_acc', 'val_acc'",
            Logs.Error(() => Logs.ReadText("log.csv", text, new ImportOptions { Metric = "acc" })), StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_named_by_hand_are_what_they_are_said_to_be()
    {
        ImportResult result = Logs.ReadText("log.csv", "id,noise,kind,tick,score\n7,3,a,1,0.5\n7,3,a,2,0.6\n8,5,b,1,0.7\n8,5,b,2,0.8\n",
            new ImportOptions { Seed = "id", K = "noise", Group = "kind", Step = "tick", Metric = "score" });
        Assert.Equal("a 7 3: 1=0.5 2=0.6\nb 8 5: 1=0.7 2=0.8", Logs.Short(result));
        Assert.Contains("--seed-column: no run has",
            Logs.Error(() => Logs.ReadText("log.csv", "epoch,acc\n1,2\n", new ImportOptions { Seed = "nope" })), StringComparison.Ordinal);
    }

    [Fact]
    public void Huge_integers_stay_different_or_are_refused()
    {
        ImportResult result = Logs.ReadText("log.csv", "seed,epoch,acc\n18446744073709551615,1,50\n18446744073709551614,1,51\n");
        Assert.Equal("- 18446744073709551614 -: 1=51\n- 18446744073709551615 -: 1=50", Logs.Short(result));
        Assert.Contains("seeds 18446744073709551614, 18446744073709551615", result.Recognised, StringComparison.Ordinal);
        Assert.Contains("at most 64 bits", Logs.Error(() => Logs.ReadText("log.csv", "seed,epoch,acc\n184467440737095516150,1,50\n")),
            StringComparison.Ordinal);
        Assert.Contains("log.csv:2: the epoch 9.00719925474099E+18 is beyond 2^53",
            Logs.Error(() => Logs.ReadText("log.csv", "epoch,acc\n9007199254740990000,1\n")), StringComparison.Ordinal);
        Assert.Contains("diverged", Logs.Error(() => Logs.ReadText("log.csv", "epoch,loss\n1,1" + new string('0', 400) + "\n")),
            StringComparison.Ordinal);
        Assert.Contains("log.csv:3: the value 1E+308 is too large",
            Logs.Error(() => Logs.ReadText("log.csv", "epoch,loss\n1,2\n2,1e308\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Percent_beside_fractions_is_refused()
    {
        string error = Logs.Error(() => Logs.ReadText("log.csv", "seed,epoch,acc\n1,1,0.31\n1,2,0.93\n2,1,31\n2,2,93.5\n"));
        Assert.Contains("runs in fractions and runs in percent cannot be compared", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Stale_values_are_warned_of()
    {
        string rows = string.Concat(Enumerable.Range(0, 40).Select(i => FormattableString.Invariant($"{i},{50 + (i / 10)}\n")));
        Assert.Contains(Logs.ReadText("log.csv", "step,acc\n" + rows).Notes,
            note => note.Contains("repeats the value before on 36 of 40 rows", StringComparison.Ordinal));
    }

    [Fact]
    public void Json_lines_in_long_and_wide_form_are_read()
    {
        ImportResult rows = Logs.ReadText("log.jsonl",
            "{\"seed\": 1, \"k\": 3, \"epoch\": 1, \"test\": {\"acc\": 0.5}}\n{\"seed\": 1, \"k\": 3, \"epoch\": 2, \"lr\": 0.1, "
                + "\"test\": {\"acc\": 0.75}, \"loss\": NaN}\n{\"seed\": 1, \"k\"");
        Assert.Equal("test.acc", rows.Metric);
        Assert.Equal("- 1 3: 1=0.5 2=0.75", Logs.Short(rows));
        Assert.Contains("log.jsonl:3", Assert.Single(rows.LeftOut).Why, StringComparison.Ordinal);
        ImportResult curves = Logs.ReadText("log.jsonl", "{\"seed\":1,\"acc\":[0.5,0.6]}\n{\"seed\":2,\"acc\":[0.4,0.7]}\n");
        Assert.Equal("- 1 -: 1=0.5 2=0.6\n- 2 -: 1=0.4 2=0.7", Logs.Short(curves));
    }

    [Fact]
    public void Numbers_are_the_nearest_doubles_however_many_digits_they_have()
    {
        var random = new System.Random(1);
        string[] texts = ["-0", "0.1", ".5", "5.", "-.25", "999999999999999", "9007199254740993", "0.000000000000001", "123456789012345.",
            .. Enumerable.Range(0, 2000).Select(_ => Number())];
        ImportResult result = Logs.ReadText("log.csv",
            "step,loss\n" + string.Concat(texts.Select((text, i) => FormattableString.Invariant($"{i},{text}\n"))));
        Assert.Equal(texts.Select(text => BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture))),
            result.Runs[0].Values.Select(BitConverter.DoubleToInt64Bits));

        string Number()
        {
            int digits = random.Next(1, 19), point = random.Next(0, digits + 1);
            string all = string.Concat(Enumerable.Range(0, digits).Select(_ => (char)('0' + random.Next(10))));
            return (random.Next(2) == 0 ? "-" : "") + all[..point] + "." + all[point..]
                + (random.Next(4) == 0 ? $"e{random.Next(-40, 40)}" : "");
        }
    }

    [Fact]
    public void A_member_that_comes_late_is_found_whatever_stands_before()
    {
        // Lines like the first one are passed over by their quotes: other names, another order, texts with braces, quotes and backslashes
        // are not like it.
        string text = string.Concat(
        [
            "{\"step\":1,\"note\":\"a\",\"loss\":3}\n", "{\"step\":2,\"note\":\"b\",\"loss\":2}\n",
            "{\"step\": 3, \"note\": \"{\", \"loss\": 1}\n",
            "{\"step\":4,\"note\":\"\\\",\\\"x\\\":1,\\\"\",\"loss\":1}\n", "{\"loss\":1,\"step\":5,\"note\":\"c\"}\n",
            "{\"step\":6,\"note\":\"d\",\"loss\":1,\"val_acc\":0.5}\n",
            "{\"step\":7,\"note\":{\"val_f1\":0.25},\"loss\":1}\n",
        ]);
        Assert.Equal("- - -: 6=0.5", Logs.Short(Logs.ReadText("log.jsonl", text, new ImportOptions { Metric = "val_acc" })));
        Assert.Equal("- - -: 7=0.25", Logs.Short(Logs.ReadText("log.jsonl", text, new ImportOptions { Metric = "note.val_f1" })));
        Assert.Equal("- - -: 1=3 2=2 3=1 4=1 5=1 6=1 7=1",
            Logs.Short(Logs.ReadText("log.jsonl", text, new ImportOptions { Metric = "loss" })));
        string error = Logs.Error(() => Logs.ReadText("log.jsonl", text, new ImportOptions { Metric = "x" }));
        Assert.Contains("note.val_f1", error, StringComparison.Ordinal);
        Assert.Contains("val_acc", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Wide_json_lines_have_a_member_a_run()
    {
        const string Text = "{\"step\":1,\"run_1\":0.5,\"run_2\":0.6}\n{\"step\":2,\"run_1\":0.7,\"run_2\":null}\n{\"run_1\":0.7}\n"
            + "{\"step\":4,\"run_2\":\"soon\",\"run_3 seed5 "
            + "k3\":0.9,\"note\":\"resumed\"}\n{\"step\":8,\"run_1\":0.8,\"run_2\":0.9,\"run_3 seed5 k3\":0.95}\n";
        ImportResult result = Logs.ReadText("val_acc.jsonl", Text);
        Assert.Equal("- - -: 1=0.5 2=0.7 8=0.8\n- - -: 1=0.6 8=0.9\n- 5 3: 4=0.9 8=0.95", Logs.Short(result));
        Assert.Equal(("val_acc", MeasureUnit.Fraction), (result.Metric, result.Unit));
        Assert.Equal(["it has no step", "the value of 'run_2' is a word where a number should be"],
            result.LeftOut.Select(row => row.Why[..row.Why.IndexOf(" (", StringComparison.Ordinal)]));
    }

    [Fact]
    public void Members_of_any_name_are_runs_where_that_is_said()
    {
        var columns = new ImportOptions { Runs = "columns:{group}_{seed}" };
        const string Right = "base 7 -: 1=50 2=90\nwide 9 -: 1=51 2=91";
        Assert.Equal(Right,
            Logs.Short(Logs.ReadText("acc.jsonl", "{\"base_7\":50,\"wide_9\":51}\n{\"base_7\":90,\"wide_9\":91}\n", columns)));
        Assert.Equal(Right, Logs.Short(Logs.ReadText("acc.json", "{\"epoch\":[1,2],\"base_7\":[50,90],\"wide_9\":[51,91]}", columns)));
        string error = Logs.Error(() => Logs.ReadText("acc.jsonl", "{\"base\":50,\"wide\":51}\n{\"base\":50,\"wide\":51}\n", columns));
        Assert.Contains("no column matches", error, StringComparison.Ordinal);
        Assert.Equal("- - -: 1=0.5\n- - -: 1=0.6", Logs.Short(Logs.ReadText("acc.jsonl", "{\"step\":1,\"run_a\":0.5,\"run_b\":0.6}\n")));
        Assert.Equal("- - -: 1=0.5\n- - -: 1=0.6", Logs.Short(Logs.ReadText("acc.csv", "step,run_a,run_b\n1,0.5,0.6\n")));
        // A name that may be that of a metric is none of a run.
        Assert.Equal("run_acc", Logs.ReadText("acc.jsonl", "{\"step\":1,\"run_acc\":0.5,\"run_loss\":0.6}\n").Metric);
        Assert.Equal("- 1 -: 1=50 2=90\n- 2 -: 1=51 2=91", Logs.Short(Logs.ReadText("acc.json", "{\"seed1\":[50,90],\"seed2\":[51,91]}")));
        // A metric that is named is a metric and no run.
        Assert.Equal("- - -: 1=50 2=90",
            Logs.Short(Logs.ReadText("acc.jsonl", "{\"step\":1,\"r1\":50,\"r2\":51}\n{\"step\":2,\"r1\":90,\"r2\":91}\n",
                new ImportOptions { Metric = "r1" })));
    }

    [Fact]
    public void Passes_of_trials_are_rates()
    {
        ImportResult result = Logs.ReadText("evals.csv", "model,run,passed,trials\na,1,17,50\na,2,20,50\nb,1,25,50\n");
        Assert.Equal("passed/trials", result.Metric);
        Assert.Equal([17L, 20L, 25L], result.PassRates!.Select(rate => rate.Passed));
        Assert.Equal([0.34, 0.4, 0.5], result.Runs.Select(run => run.Values[0]));
        Assert.Equal(MeasureUnit.Fraction, result.Unit);
    }

    [Fact]
    public void Correctness_of_each_image_is_a_matrix()
    {
        ImportResult result =
            Logs.ReadText("correct.csv", "seed,k,0,1,2,3,4,5,6,7,8,9\n1,1,1,1,0,1,1,1,1,1,1,1\n2,1,1,1,0,1,1,1,1,0,0,1\n");
        Assert.Equal((2, 10), (result.Correctness!.Runs.Count, result.Correctness.Images));
        Assert.Equal("1101111001", string.Concat(result.Correctness.Correct[1]));
        Assert.Equal([90, 70], result.Runs.Select(run => run.Values[0]));
        Assert.DoesNotContain(result.Notes, note => note.Contains("turn it round", StringComparison.Ordinal));
        string tall = string.Join(',', Enumerable.Range(0, 10)) + "\n" + string.Concat(Enumerable.Repeat("1,0,1,1,1,1,1,1,1,1\n", 11));
        Assert.Contains(Logs.ReadText("correct.csv", tall).Notes,
            note => note.Contains("is read as 11 runs on 10 images", StringComparison.Ordinal));
    }

    [Fact]
    public void Foreign_text_is_quoted_so_that_it_can_be_printed()
    {
        string error = Logs.Error(() => Logs.ReadText("log.csv", "epoch,a\u001b[31m_acc,b_acc\n1,2,3\n"));
        Assert.DoesNotContain('\u001b', error);
        Assert.Contains("a\\x1B[31m_acc", error, StringComparison.Ordinal);
    }
}
