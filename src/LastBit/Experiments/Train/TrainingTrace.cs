using System.Globalization;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Files;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Traces;
using LastBit.Training;

namespace LastBit.Experiments.Train;

/// <summary>
/// Records the steps of a training as `Trace` in lastbit_torch does of PyTorch's: batches, what modules are given and give, the gradients
/// of that, gradients, weights and running statistics.
/// </summary>
internal sealed class TrainingTrace : IStepWatcher, IDisposable
{
    private readonly TraceSettings _settings;
    private readonly Trainer _trainer;
    private readonly TraceWriter? _trace;
    private readonly long _from;
    private readonly TracedModules _modules;
    private float[] _images = [];
    private int _pass;

    public TrainingTrace(TraceSettings settings, Trainer trainer, TrainingRunSettings run, int threads)
    {
        (_settings, _trainer, _from) = (settings, trainer, trainer.StepsDone);
        _modules = new TracedModules(trainer.Model, threads);
        if (settings.File is not { } file)
            return;
        if (_from > 0 && System.IO.File.Exists(file))
            throw InputException.OfPath("trace", file, "is the trace of the steps before; name another file for those that follow");
        MachineInfo machine = MachineInfo.Current;
        UpdateRule rule = trainer.Settings.Rule;
        _trace = new TraceWriter(file, $"lastbit {machine.Version}",
        [
            new("processor", machine.Processor), new("instructionsInUse", machine.VectorText), new("threads", Text(threads)),
            new("engine", $"{run.Engine}"), new("arithmetic", $"{trainer.Arithmetic}"), new("network", run.Network),
            new("convolution", $"{run.Convolution}"), new("optimizer", rule.GetType().Name),
            new("optimizerOptions", OptionsOf(rule, run.LearningRate)), new("k", run.Perturbation.Word),
            new("batchSize", Text(run.BatchSize)), new("seed", Text(run.Seed)), new("rank", "0"), new("world", "1"),
        ]);
        using NetworkState state = StateOf();
        foreach (Parameter tensor in trainer.Model.Layout.All)
            Write(new TraceKey(TraceKind.Weights, tensor.Name), state.Get(tensor), tensor.Shape);
    }

    /// <summary>As the module for PyTorch writes them: "lr=0.1, momentum=0.9".</summary>
    private static string OptionsOf(UpdateRule rule, double learningRate) => string.Join(", ", ResultJson.ToObject<object>(rule)
        .Where(option => option.Key != "vectors").Select(option => $"{option.Key}={option.Value}").Prepend($"lr={Text(learningRate)}"));

    private bool IsOn => _trainer.StepsDone - _from < _settings.Steps;

    /// <inheritdoc/>
    public void Begun(Batch batch)
    {
        if (!IsOn)
            return;
        long step = _trainer.StepsDone;
        TensorShape shape = _trainer.Model.Images;
        _pass = 0;
        _images = batch.Planes(shape);
        long[] labels = [.. batch.Labels.ToArray().Select(label => (long)label)];
        int[] extents = [batch.Count, shape.Channels, shape.Height, shape.Width];
        if (_settings.Batches is { } folder)
        {
            Npy.Write(Path.Combine(folder, $"x-{step:000000}.npy"), _images, extents);
            Npy.Write(Path.Combine(folder, $"y-{step:000000}.npy"), [.. labels.Select(label => (byte)label)], batch.Count);
        }
        if (_trace is null)
            return;
        TraceTensor x = TraceTensor.Of<float>(_images, extents);
        _trace.Write(new TraceRecord(step, new TraceKey(TraceKind.Batch, "x"))
        {
            Tensor = x,
            Samples = [.. _images.Chunk(shape.Count).Select(image => TraceTensor.SampleDigest<float>(image))],
        });
        _trace.Write(new TraceRecord(step, new TraceKey(TraceKind.Batch, "y"))
        {
            Tensor = TraceTensor.Of<long>(labels, batch.Count),
            Samples = [.. labels.Select(label => TraceTensor.SampleDigest<long>([label]))],
        });
    }

    /// <inheritdoc/>
    public void Forward(IEngine engine)
    {
        if (_trace is null || !IsOn || engine.Outputs is not { } outputs)
            return;
        outputs.KeepsGradients = true;
        int images = _trainer.Model.Images.Count;
        // A replica that sees its batches otherwise is given other images than those.
        ReadOnlySpan<float> given = _trainer.HasView(0) ? [] : _images.AsSpan(_pass * _trainer.PassSize * images, outputs.Count * images);
        WriteAll(_modules.Forward(outputs, given));
    }

    /// <inheritdoc/>
    public void Backward(IEngine engine, bool isLast)
    {
        if (_trace is null || !IsOn)
            return;
        if (engine.Outputs is { } outputs)
        {
            WriteAll(_modules.Backward(outputs));
            outputs.KeepsGradients = !isLast || _trainer.StepsDone + 1 - _from < _settings.Steps;
        }
        _pass++;
        if (!isLast)
            return;
        float[] gradients = new float[_trainer.Model.Layout.ParameterCount];
        engine.ReadGradients(gradients);
        foreach (Parameter tensor in _trainer.Model.Layout.All.Where(tensor => tensor.IsTrainable))
            Write(new TraceKey(TraceKind.Gradient, tensor.Name), gradients.AsSpan(tensor.Offset, tensor.Count), tensor.Shape);
    }

    /// <inheritdoc/>
    public void Updated()
    {
        if (_trace is null || !IsOn)
            return;
        using NetworkState state = StateOf();
        foreach (Parameter tensor in _trainer.Model.Layout.All.OrderByDescending(tensor => tensor.IsTrainable))
            Write(new TraceKey(tensor.IsTrainable ? TraceKind.Update : TraceKind.Buffer, tensor.Name), state.Get(tensor), tensor.Shape);
        _trace.EndStep();
    }

    /// <inheritdoc/>
    public void Dispose() => _trace?.Dispose();

    private void Write(TraceKey key, ReadOnlySpan<float> values, IReadOnlyList<int> shape) =>
        _trace!.Write(new TraceRecord(_trainer.StepsDone, key) { Tensor = TraceTensor.Of(values, shape) });

    private void WriteAll(IEnumerable<(TraceKey Key, TraceTensor Tensor)> records)
    {
        foreach ((TraceKey key, TraceTensor tensor) in records)
            _trace!.Write(new TraceRecord(_trainer.StepsDone, key with { Call = _pass }) { Tensor = tensor });
    }

    private NetworkState StateOf()
    {
        var state = new NetworkState(_trainer.Model.Layout);
        _trainer.Replicas[0].State.Read(state);
        return state;
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
