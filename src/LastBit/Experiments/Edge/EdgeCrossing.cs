using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>Where the sharpness came to its threshold from below for the first time, to one step.</summary>
/// <param name="Iteration">How many steps had been done; one step before, it lay below.</param>
/// <param name="Judged">The value there, as <see cref="EdgePoint.Judged"/>; null where it was no longer finite.</param>
public sealed record EdgeCrossing(int Iteration, double? Judged);

/// <summary>
/// Finds a crossing between two values of the sharpness. The state at a value below the threshold is kept in a file; when the next value
/// has reached the threshold, the training goes back there and halves the steps between. Nothing else depends on what is done here.
/// </summary>
/// <param name="folder">The folder of the files.</param>
/// <param name="trainer">The training.</param>
/// <param name="data">A digest of its images.</param>
/// <param name="anew">Makes the training at its beginning.</param>
/// <param name="cancellation">Stops between two steps.</param>
internal sealed class CrossingSearch(string folder, Trainer trainer, string data, Func<Trainer> anew, CancellationToken cancellation)
{
    /// <summary>The names of its files.</summary>
    public static IEnumerable<string> Files => ["before.bin", "middle.bin"];

    private string Before => Path.Combine(folder, Files.First());

    private string Middle => Path.Combine(folder, Files.Last());

    /// <summary>Keeps the state that the training is at, which lies below the threshold.</summary>
    public void Keep() => Checkpoint.Save(Before, trainer, data, "");

    /// <summary>Finds the crossing; the training is where it was when this returns or throws.</summary>
    /// <param name="below">The iteration of the last value, which lay below.</param>
    /// <param name="above">That of one that has reached the threshold, and its value; null for one that is yet to be judged.</param>
    /// <param name="threshold">The threshold.</param>
    /// <param name="judge">Judges the state that the training is at; null where it is not finite.</param>
    /// <param name="checkpoint">A checkpoint of the training as it is now.</param>
    /// <returns>The crossing; null where what was yet to be judged lies below.</returns>
    public EdgeCrossing? Find(int below, EdgeCrossing above, double threshold, Func<double?> judge, string checkpoint)
    {
        string from = Before;
        try
        {
            if (above.Judged is null)
            {
                GoBack(from, below);
                StepTo(trainer, above.Iteration);
                above = above with { Judged = judge() };
                if (above.Judged < threshold)
                    return null;
            }
            while (above.Iteration - below > 1)
            {
                int middle = below + ((above.Iteration - below) / 2);
                if (trainer.StepsDone != below)
                    GoBack(from, below);
                StepTo(trainer, middle);
                double? value = judge();
                if (value < threshold)
                {
                    (below, from) = (middle, Middle);
                    Checkpoint.Save(from, trainer, data, "");
                }
                else
                {
                    above = new EdgeCrossing(middle, value);
                }
            }
            return above;
        }
        finally
        {
            Checkpoint.Load(checkpoint, trainer, data);
            File.Delete(Middle);
        }
    }

    private void GoBack(string file, int iteration)
    {
        try
        {
            Checkpoint.Load(file, trainer, data);
            if (trainer.StepsDone == iteration)
                return;
        }
        catch (InputException)
        {
            // Damaged, or begun by an older version, which kept none: made again from the beginning.
        }
        using Trainer again = anew();
        StepTo(again, iteration);
        Checkpoint.Save(file, again, data, "");
        Checkpoint.Load(file, trainer, data);
    }

    private void StepTo(Trainer moved, int iteration)
    {
        while (moved.StepsDone < iteration)
        {
            cancellation.ThrowIfCancellationRequested();
            moved.Step();
        }
    }
}
