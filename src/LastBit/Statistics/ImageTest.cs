namespace LastBit.Statistics;

/// <summary>The runs of one training with what each has right of one set of test images.</summary>
/// <param name="Name">The training.</param>
/// <param name="Runs">Its runs, one a row of <paramref name="Correct"/>.</param>
/// <param name="Correct">Which run has which image right.</param>
public sealed record ImagesOfRuns(string Name, IReadOnlyList<MeasuredRun> Runs, CorrectnessMatrix Correct);

/// <summary>McNemar's test of one run of each of two trainings on the same images; it knows nothing of other seeds.</summary>
/// <param name="A">The one training.</param>
/// <param name="B">The other.</param>
/// <param name="RunA">Its run.</param>
/// <param name="RunB">The other's run.</param>
/// <param name="OnlyA">How many images the run of A alone has right.</param>
/// <param name="OnlyB">How many that of B alone.</param>
/// <param name="P">The exact p.</param>
/// <param name="PAdjusted">The same after Holm's correction for all tests.</param>
public sealed record ImageTest(string A, string B, string RunA, string RunB, int OnlyA, int OnlyB, double P, double PAdjusted)
{
    /// <summary>
    /// The test for every two trainings on the same images: of each seed that both have the first runs, and where seeds are not known the
    /// runs in order. Holm's
    /// correction is over all of them.
    /// </summary>
    /// <param name="trainings">The trainings whose images are known; those with another number of images are not compared.</param>
    public static IReadOnlyList<ImageTest> OfAll(IReadOnlyList<ImagesOfRuns> trainings)
    {
        ArgumentNullException.ThrowIfNull(trainings);
        List<ImageTest> tests = [];
        for (int a = 0; a < trainings.Count; a++)
        {
            for (int b = a + 1; b < trainings.Count; b++)
            {
                if (trainings[a].Correct.Images != trainings[b].Correct.Images)
                    continue;
                foreach ((int i, int j) in Partners(trainings[a].Runs, trainings[b].Runs))
                {
                    (int only, int otherOnly) = trainings[a].Correct.Disputed(i, trainings[b].Correct, j);
                    tests.Add(new ImageTest(trainings[a].Name, trainings[b].Name, trainings[a].Runs[i].Name, trainings[b].Runs[j].Name,
                        only, otherOnly, Proportions.McNemar(only, otherOnly), 0));
                }
            }
        }
        double[] adjusted = Holm.Adjust([.. tests.Select(test => test.P)]);
        return [.. tests.Select((test, i) => test with { PAdjusted = adjusted[i] })];
    }

    private static IEnumerable<(int A, int B)> Partners(IReadOnlyList<MeasuredRun> a, IReadOnlyList<MeasuredRun> b)
    {
        if (a.Concat(b).Any(run => run.Seed is null))
            return Enumerable.Range(0, Math.Min(a.Count, b.Count)).Select(i => (i, i));
        MeasuredRun[] second = [.. b];
        return a.Select((run, i) => (run.Seed, A: i)).DistinctBy(one => one.Seed)
            .Select(one => (one.A, Array.FindIndex(second, run => run.Seed == one.Seed))).Where(pair => pair.Item2 >= 0);
    }
}
