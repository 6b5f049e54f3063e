using System.Diagnostics;
using System.Text.Json.Serialization;
using LastBit.Runs;

namespace LastBit.Training;

/// <summary>Where and why a training stopped being finite.</summary>
/// <param name="Step">The step, from 1, after which it showed; 0 where that is not known.</param>
/// <param name="Cause">
/// What was no longer finite, as the subject of a sentence: "the training loss"; a whole clause where the step is not known.
/// </param>
public sealed record DivergedTraining(long Step, string Cause) : ICheckedDocument
{
    /// <summary>"the training loss was no longer finite at step 3".</summary>
    [JsonIgnore]
    public string Sentence => Step == 0 ? Cause : $"{Cause} was {NumberText.NotFinite(Step, "step")}";

    /// <inheritdoc/>
    public string? Problem() => Step >= 0 && Cause.Length is > 0 and < 200 && ForeignText.Printable(Cause) == Cause ? null
        : "diverged names no step and cause";
}

/// <summary>What an experiment does around the steps of its training.</summary>
/// <typeparam name="T">What it records and wants back after a stop.</typeparam>
internal interface ITrainingRecorder<T>
{
    /// <summary>What was recorded so far; goes into the checkpoint.</summary>
    T Recorded { get; set; }

    /// <summary>What is wrong with what a checkpoint gave back, in words that follow "the file: "; null when nothing is.</summary>
    string? Problem(T recorded);

    /// <summary>Does what is due between two steps, an evaluation say.</summary>
    /// <param name="save">Writes a checkpoint now.</param>
    /// <returns>Whether another step is to be taken.</returns>
    bool Between(Action save);

    /// <summary>Looks at the training after a step.</summary>
    void AfterStep();

    /// <summary>How far the training is, for a progress bar.</summary>
    (long Units, string Note) Progress { get; }

    /// <summary>Writes what the checkpoint counts on; called just before one is written.</summary>
    void BeforeCheckpoint();
}

/// <summary>
/// The one loop that every training runs in: steps, progress, a checkpoint once a minute and when the run is stopped, resuming.
/// </summary>
/// <param name="trainer">The training.</param>
/// <param name="checkpoint">The checkpoint's file.</param>
/// <param name="data">A digest of training and test images.</param>
/// <param name="observer">Who watches.</param>
/// <param name="cancellation">Stops the training between two steps.</param>
internal sealed class TrainingLoop(Trainer trainer, string checkpoint, string data, IRunObserver observer, CancellationToken cancellation)
{
    /// <summary>Often enough that at most a minute is lost, with the time that a step and writing take.</summary>
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(50);

    /// <summary>Steps that this process took.</summary>
    public long Steps { get; private set; }

    /// <summary>The time they took.</summary>
    public TimeSpan StepTime { get; private set; }

    /// <summary>Whether the training was taken up from a checkpoint.</summary>
    public bool Resumed { get; private set; }

    /// <summary>Takes up the checkpoint if there is one; called once, before <see cref="Run"/>.</summary>
    /// <param name="recorder">What is done around the steps.</param>
    /// <param name="from">Another file to take it up from; null for the checkpoint.</param>
    /// <exception cref="InputException">The checkpoint is damaged or of another run; the training is as it was.</exception>
    public void Resume<T>(ITrainingRecorder<T> recorder, string? from = null)
    {
        string file = from ?? checkpoint;
        if (!File.Exists(file))
            return;
        recorder.Recorded = Checkpoint.Load(file, trainer, data, note =>
        {
            T recorded;
            try
            {
                recorded = ResultJson.Deserialize<T>(note);
            }
            catch (System.Text.Json.JsonException)
            {
                throw new InputException($"{file}: what it recorded of the run is damaged; delete it to compute the run again");
            }
            return recorder.Problem(recorded) is { } problem
                ? throw new InputException($"{file}: {problem}; delete it to compute the run again") : recorded;
        });
        Resumed = true;
    }

    /// <summary>Trains until the recorder says that it is over.</summary>
    /// <param name="recorder">What is done around the steps.</param>
    /// <param name="task">The task's name for the observer.</param>
    /// <param name="total">Its units.</param>
    /// <param name="unit">What they are.</param>
    /// <param name="tell">Is told after every step which share is done and how many seconds the rest will take.</param>
    /// <exception cref="OperationCanceledException">The training was stopped; its checkpoint is on disk.</exception>
    public void Run<T>(ITrainingRecorder<T> recorder, string task, long total, string unit, Action<double, double?>? tell = null)
    {
        using IDisposable uninterrupted = UninterruptedWork.Begin();
        observer.Begin(task, total, unit);
        long sinceCheckpoint = Stopwatch.GetTimestamp(), begun = sinceCheckpoint;
        long first = recorder.Progress.Units;
        try
        {
            while (recorder.Between(Save))
            {
                cancellation.ThrowIfCancellationRequested();
                long before = Stopwatch.GetTimestamp();
                trainer.Step();
                StepTime += Stopwatch.GetElapsedTime(before);
                Steps++;
                recorder.AfterStep();
                (long units, string note) = recorder.Progress;
                observer.Advance(task, units, note);
                double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
                tell?.Invoke((double)units / total, units > first ? (total - units) * seconds / (units - first) : null);
                if (Stopwatch.GetElapsedTime(sinceCheckpoint) > CheckpointInterval)
                    Save();
            }
        }
        catch (Exception error) when (error is OperationCanceledException or WitnessException)
        {
            // A step that was computed wrong is undone already.
            Save();
            throw;
        }

        void Save()
        {
            recorder.BeforeCheckpoint();
            Checkpoint.Save(checkpoint, trainer, data, ResultJson.Serialize(recorder.Recorded));
            sinceCheckpoint = Stopwatch.GetTimestamp();
        }
    }
}
