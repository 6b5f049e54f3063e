namespace LastBit.Traces;

/// <summary>
/// How many products the numbers of a record are made of, and how large a sum of so many is, from what a trace tells of inputs, weights and
/// gradients.
/// </summary>
internal sealed class TraceProducts
{
    /// <summary>Products that a reduction of unknown length counts as: the mean over a batch, running statistics.</summary>
    public const double OfReduction = 1 << 14;

    private readonly Dictionary<string, TraceTensor> _weights = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, int), TraceTensor> _inputs = [], _outputs = [], _gradients = [];
    private double _largest = 1;
    private TraceKey? _firstGradient;

    /// <summary>Takes a step of A up.</summary>
    public void Begin(TraceStep step)
    {
        _inputs.Clear();
        _outputs.Clear();
        _gradients.Clear();
        _firstGradient = null;
        foreach (TraceRecord record in step.Records)
        {
            if (record.Tensor is not { } tensor)
                continue;
            (string, int) place = (record.Key.Name, record.Key.Call);
            switch (record.Key.Kind)
            {
                case TraceKind.Weights:
                    Take(record.Key.Name, tensor);
                    break;
                case TraceKind.Input:
                    _inputs.TryAdd(place, tensor);
                    break;
                case TraceKind.Output:
                    _outputs.TryAdd(place, tensor);
                    break;
                case TraceKind.OutputGradient:
                    _gradients.TryAdd(place, tensor);
                    _firstGradient ??= record.Key;
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>The weights that the next step begins with.</summary>
    public void End(TraceStep step)
    {
        foreach (TraceRecord record in step.Records.Where(record => record is { Key.Kind: TraceKind.Update, Tensor: not null }))
            Take(record.Key.Name, record.Tensor!);
    }

    /// <summary>Whether the inputs of a module are recorded.</summary>
    public bool HasInputs(TraceKey key) => _inputs.ContainsKey((key.Name, key.Call));

    /// <summary>Whether a module has running statistics, or no tensors at all, as dropout.</summary>
    public bool IsOfMode(string module) => _weights.ContainsKey($"{module}.running_mean")
        || !_weights.Keys.Any(name => name.StartsWith(module + ".", StringComparison.Ordinal));

    /// <summary>K, and sqrt(K) times the root mean squares of both factors; 0 where these are not known.</summary>
    public (double Products, double Scale) Of(TraceKey key)
    {
        switch (key.Kind)
        {
            case TraceKind.Output:
            case TraceKind.Op when key.Phase != TraceKey.Backward:
                string module = key.Name.Split('/')[0];
                _inputs.TryGetValue((module, key.Kind == TraceKind.Op ? 0 : key.Call), out TraceTensor? input);
                _weights.TryGetValue(module.Length == 0 ? "weight" : $"{module}.weight", out TraceTensor? weight);
                if (weight is { Shape.Count: > 1 })
                {
                    double products = weight.Count / Math.Max(1, weight.Shape[0]);
                    return (products, Math.Sqrt(products) * weight.Rms * (input?.Rms ?? 0));
                }
                // A normalisation sums over all of a channel; of what else takes them, the numbers of a sample.
                return (input is null ? OfReduction : Math.Max(RoundingRule.Elementwise,
                    weight is null ? input.Count / First(input) : input.Count / Math.Max(1, weight.Count)), 0);
            case TraceKind.OutputGradient:
            case TraceKind.Op:
                _gradients.TryGetValue((key.Name, key.Call), out TraceTensor? gradient);
                // Of what reads it: a layer with any of the weights, or a normalisation over its channels.
                double positions = gradient is { Shape.Count: > 1 } ? gradient.Count / Math.Max(1, gradient.Shape[1]) : 1;
                // That of a loss is a small difference, of a probability and 1 say, over the samples of a batch.
                double ofLoss = key == _firstGradient && gradient is not null ? 1 / First(gradient) : 0;
                return (Math.Max(_largest, positions), ofLoss);
            case TraceKind.Gradient:
                string owner = key.Name.LastIndexOf('.') is >= 0 and var dot ? key.Name[..dot] : "";
                TraceTensor? back = _gradients.GetValueOrDefault((owner, 0)) ?? _outputs.GetValueOrDefault((owner, 0));
                if (back is null || !_weights.TryGetValue(key.Name, out TraceTensor? own) || own.Shape.Count == 0)
                    return (OfReduction, 0);
                double terms = Math.Max(1, back.Count / Math.Max(1, own.Shape[0]));
                bool known = _gradients.ContainsKey((owner, 0));
                double factor = own.Shape.Count == 1 ? 1 : _inputs.GetValueOrDefault((owner, 0))?.Rms ?? 0;
                return (terms, known ? Math.Sqrt(terms) * back.Rms * factor : 0);
            case TraceKind.Input:
            case TraceKind.Buffer:
                return (OfReduction, 0);
            default:
                return (RoundingRule.Elementwise, 0);
        }
    }

    private static double First(TraceTensor tensor) => tensor.Shape.Count > 0 ? Math.Max(1, tensor.Shape[0]) : 1;

    private void Take(string name, TraceTensor tensor)
    {
        _weights[name] = tensor;
        if (tensor.Shape.Count > 1)
            _largest = Math.Max(_largest, tensor.Count / Math.Max(1, Math.Min(tensor.Shape[0], tensor.Shape[1])));
    }
}
