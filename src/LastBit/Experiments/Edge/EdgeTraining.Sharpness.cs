using LastBit.Experiments.Sharpness;

namespace LastBit.Experiments.Edge;

/// <content>What is done between two steps: the sharpness where it is due, and where it comes to its threshold.</content>
internal sealed partial class EdgeTraining
{
    /// <inheritdoc/>
    public bool Between(Action save)
    {
        int step = (int)trainer.StepsDone;
        bool hasLearnt = IsLearnt(Recorded);
        bool isDue = (hasLearnt || step % settings.Every == 0)
            && (Recorded.Sharpness.Count == 0 || Recorded.Sharpness[^1].Iteration < step);
        if (isDue && _diverged is null)
        {
            if (!hasLearnt && settings.IsLast(step) && settings.SearchesAt(step))
                figure.KeepFurther(key, trainer, Recorded = WithStart());
            double? verify = hasLearnt ? settings.Verify ?? LossHessian.DefaultVerify : settings.VerifyAt(step);
            if (sharpness.At(step, Plain, _start.Value, verify, hasLearnt, Journal) is var (point, start))
            {
                SeeCrossing(point, save);
                Recorded.Sharpness.Add(point);
                _start.Value = start;
                Show(Recorded.Sharpness.Count - 1);
            }
            else
            {
                _diverged = step;
            }
        }
        return _diverged is null && !hasLearnt && step < settings.Iterations;
    }

    private bool IsLearnt(EdgeRecorded recorded) => settings.UntilAccuracy is { } goal && recorded.Accuracy.Count >= figure.StepsPerEpoch
        && recorded.Accuracy.TakeLast(figure.StepsPerEpoch).Average() >= goal;

    private void SeeCrossing(EdgePoint point, Action save)
    {
        if (Recorded.Crossing is not null)
            return;
        bool isBelow = point.Judged < Threshold;
        if (Recorded.Sharpness is [.., { Judged: var before, Iteration: var below }] && before < Threshold
            && (isBelow ? Rise(below) : new EdgeCrossing(point.Iteration, point.Judged)) is { } above)
        {
            save();
            Recorded = Recorded with
            {
                Crossing = crossing.Find(below, above, Threshold, () => sharpness.Judge(Plain, _start.Value, Journal),
                    figure.CheckpointOf(key)),
            };
        }
        if (isBelow && Recorded.Crossing is null)
            crossing.Keep();
    }

    // Plain descent with all images goes down where no curvature along the step exceeds the threshold. So where the loss rises, the
    // sharpness may have been above it, although it is below again.
    private EdgeCrossing? Rise(int below)
    {
        if (!settings.IsFullBatch || settings.Momentum > 0)
            return null;
        for (int i = below + 1; i + 1 < Recorded.Loss.Count; i++)
        {
            if (Recorded.Loss[i + 1] > Recorded.Loss[i] * (1 + 1e-6))
                return new EdgeCrossing(i, null);
        }
        return null;
    }

    private EdgeRecorded WithStart() =>
        Recorded.Sharpness.Count == 0 ? Recorded : Recorded with { Start = _start.Write(Recorded.Sharpness[^1].Iteration) };
}
