using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.Reference;

/// <summary>Makes engines that compute every layer by its definition, in binary64 and slowly: the yardstick of the others.</summary>
public sealed class ReferenceEngineFactory : IEngineFactory
{
    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public int? ArithmeticVersion => null;

    /// <inheritdoc/>
    public string? WhyNot(Model model, bool hessian = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        return hessian ? $"{model.Name}: the reference engine has no products with the Hessian; take the engine cpu" : null;
    }

    /// <inheritdoc/>
    public bool Has(UpdateRule rule) => ReferenceReplica.Has(rule);

    /// <inheritdoc/>
    public IEngine CreateEngine(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct) =>
        new ReferenceEngine(model, capacity);

    /// <inheritdoc/>
    public IHessian CreateHessian(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct) =>
        throw new InputException(WhyNot(model, hessian: true)!);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>
/// Every layer in binary64 by its definition alone, one plain loop each way, with weights, statistics and momentum in binary64 too. It
/// shares the model with the CPU engine and no kernel, so that each is a check of the other; central differences of <see cref="Loss"/> are
/// a check of both. Its bits are outside the contract, though no platform function is in them.
/// </summary>
internal sealed class ReferenceEngine(Model model, int capacity) : IEngine, IOutputReader
{
    private readonly double[][] _values = new double[model.Nodes.Count][];
    private readonly double[][] _gradients = new double[model.Nodes.Count][];
    private readonly double[] _parameterGradients = new double[model.Layout.ParameterCount];
    private double[] _sum = [];
    private double[] _parameters = [];
    private ReferenceReplica? _replica;
    private float[] _images = [];
    private int[] _labels = [];
    private int[] _places = [];
    private PassSettings _pass;
    private bool _training;

    /// <inheritdoc/>
    public Model Model => model;

    /// <inheritdoc/>
    public int Capacity => capacity;

    /// <inheritdoc/>
    public ConvolutionAlgorithm Convolution => ConvolutionAlgorithm.Direct;

    /// <summary>The gradients before they are rounded.</summary>
    public ReadOnlySpan<double> ExactGradients => _parameterGradients;

    /// <inheritdoc/>
    public IReplica CreateReplica(UpdateRule rule) => new ReferenceReplica(model.Layout, rule);

    /// <inheritdoc/>
    public IBatch CreateBatch(int capacity) => new HostBatch(model, capacity);

    /// <inheritdoc/>
    public void Forward(IReplica replica, IBatch batch, int from, int count, in PassSettings pass)
    {
        _replica = (ReferenceReplica)replica;
        var given = (HostBatch)batch;
        _images = given.Images.Slice(from * model.ImageFloats, count * model.ImageFloats).ToArray();
        _labels = given.Labels.Slice(from, count).ToArray();
        _places = [.. Enumerable.Range(from, count).Select(given.PlaceOf)];
        (_pass, _training) = (pass, pass.IsTraining);
        _parameters = _replica.Parameters;
        Compute(_parameters, moveStatistics: _training);
        int correct = 0;
        double loss = 0;
        for (int n = 0; n < _labels.Length; n++)
        {
            double[] outputs = [.. Image(model.Nodes[^1], n).ToArray()];
            loss += LossOf(outputs, _labels[n]);
            correct += Array.IndexOf(outputs, outputs.Max()) == _labels[n] && !outputs.Any(double.IsNaN) ? 1 : 0;
        }
        _replica.Add(new BatchResult(loss, correct, count));
    }

    /// <inheritdoc/>
    public void Backward(double share = 1)
    {
        if (!_training)
            throw new InvalidOperationException("Gradients need a forward pass in training mode.");
        ComputeGradients();
        if (share == 1)
            return;
        if (_sum.Length == 0)
            _sum = new double[_parameterGradients.Length];
        for (int i = 0; i < _sum.Length; i++)
            _parameterGradients[i] = _sum[i] += share * _parameterGradients[i];
    }

    /// <inheritdoc/>
    public void Update(in UpdateStep step)
    {
        _replica!.Update(_parameterGradients, step);
        _sum = [];
    }

    /// <inheritdoc/>
    public void ReadGradients(Span<float> gradients)
    {
        for (int i = 0; i < gradients.Length; i++)
            gradients[i] = (float)_parameterGradients[i];
    }

    /// <inheritdoc/>
    public IOutputReader Outputs => this;

    /// <inheritdoc/>
    public bool KeepsGradients { get => true; set => _ = value; }

    /// <inheritdoc/>
    public int Count => _labels.Length;

    /// <inheritdoc/>
    public bool Read(Node node, Span<float> values) => ReadPlanes(_values, node, values);

    /// <inheritdoc/>
    public bool ReadGradient(Node node, Span<float> values) => ReadPlanes(_gradients, node, values);

    private bool ReadPlanes(double[][] source, Node node, Span<float> values)
    {
        (int count, int channels, int positions) = (node.Shape.Count, node.Shape.Channels, node.Shape.Positions);
        for (int i = 0; i < Count * count; i++)
            values[i] = (float)source[node.Number][(i / count * count) + (i % positions * channels) + (i % count / positions)];
        return true;
    }

    /// <inheritdoc/>
    public void ReadOutputs(Span<float> outputs)
    {
        for (int i = 0; i < outputs.Length; i++)
            outputs[i] = (float)_values[model.Nodes.Count - 1][i];
    }

    /// <summary>The mean loss of the last batch, in training mode, for other parameters.</summary>
    public double Loss(double[] parameters)
    {
        Compute(parameters, moveStatistics: false);
        return Enumerable.Range(0, _labels.Length).Sum(n => LossOf(Image(model.Nodes[^1], n).ToArray(), _labels[n])) / _labels.Length;
    }

    /// <summary>The gradient of the mean loss of the last batch, in training mode, for other parameters.</summary>
    public double[] Gradient(double[] parameters)
    {
        double[] before = _parameters;
        _parameters = parameters;
        Compute(parameters, moveStatistics: false);
        ComputeGradients();
        _parameters = before;
        return [.. _parameterGradients];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private void ComputeGradients()
    {
        Array.Clear(_parameterGradients);
        foreach (var node in model.Nodes)
            _gradients[node.Number] = new double[_values[node.Number].Length];
        int last = model.Nodes.Count - 1, classes = model.Classes;
        for (int n = 0; n < _labels.Length; n++)
        {
            double[] outputs = Image(model.Nodes[last], n).ToArray();
            double sum = outputs.Sum(z => Swish.ExpOfNegative(z - outputs.Max()));
            for (int k = 0; k < classes; k++)
            {
                double value = model.Loss == Models.Loss.CrossEntropy ? Swish.ExpOfNegative(outputs[k] - outputs.Max()) / sum : outputs[k];
                _gradients[last][(n * classes) + k] = (value - (k == _labels[n] ? 1 : 0)) / _labels.Length;
            }
        }
        for (int i = last; i > 0; i--)
            Return(model.Nodes[i]);
    }

    private double LossOf(double[] outputs, int label) => model.Loss == Models.Loss.CrossEntropy
        ? Logarithm.Log(outputs.Sum(z => Swish.ExpOfNegative(z - outputs.Max()))) + outputs.Max() - outputs[label]
        : outputs.Select((z, k) => (z - (k == label ? 1 : 0)) * (z - (k == label ? 1 : 0)) / 2).Sum();

    private Span<double> Image(Node node, int n) => _values[node.Number].AsSpan(n * node.Shape.Count, node.Shape.Count);

    private Span<double> Gradient(Node node, int n) => _gradients[node.Number].AsSpan(n * node.Shape.Count, node.Shape.Count);

    private void Compute(double[] parameters, bool moveStatistics)
    {
        foreach (var node in model.Nodes)
        {
            double[] output = _values[node.Number] = new double[_labels.Length * node.Shape.Count];
            Node[] inputs = [.. node.Inputs.Select(number => model.Nodes[number])];
            switch (node.Layer)
            {
                case Images:
                    for (int i = 0; i < output.Length; i++)
                        output[i] = _images[(i / node.Shape.Channels * node.Shape.BatchChannels) + (i % node.Shape.Channels)];
                    break;
                case Convolution convolution:
                    for (int i = 0; convolution.Bias && i < output.Length; i++)
                        output[i] = parameters[node.Parameters[1].Offset + (i % node.Shape.Channels)];
                    Taps(convolution, node, inputs[0], (x, y, w) => output[y] += _values[inputs[0].Number][x] * parameters[w]);
                    break;
                case BatchNormalization:
                    Normalize(node, _values[inputs[0].Number], output, parameters, moveStatistics);
                    break;
                case GroupNormalization group:
                    foreach (int[] places in Groups(group, node))
                    {
                        var (mean, inverse) = Moments(_values[inputs[0].Number], places);
                        foreach (int i in places)
                        {
                            int channel = i % node.Shape.Channels;
                            output[i] = ((_values[inputs[0].Number][i] - mean) * inverse * parameters[node.Parameters[0].Offset + channel])
                                + parameters[node.Parameters[1].Offset + channel];
                        }
                    }
                    break;
                case Dropout dropout:
                    float[] factors = Mask(dropout, node);
                    for (int i = 0; i < output.Length; i++)
                        output[i] = _values[inputs[0].Number][i] * factors[i];
                    break;
                case Activate activate:
                    for (int i = 0; i < output.Length; i++)
                        output[i] = Value(activate.Function, _values[inputs[0].Number][i]);
                    break;
                case Addition:
                    for (int i = 0; i < output.Length; i++)
                        output[i] = _values[inputs[0].Number][i] + _values[inputs[1].Number][i];
                    break;
                case Pool pool:
                    for (int i = 0; i < output.Length; i++)
                        output[i] = pool.Kind == PoolKind.Max ? Window(node, inputs[0], i).Max(x => _values[inputs[0].Number][x])
                            : Window(node, inputs[0], i).Sum(x => _values[inputs[0].Number][x]) / 4;
                    break;
                case GlobalAverage:
                    for (int i = 0; i < _values[inputs[0].Number].Length; i++)
                        output[Averaged(inputs[0], i)] += _values[inputs[0].Number][i] / inputs[0].Shape.Positions;
                    break;
                case Linear:
                    for (int i = 0; i < output.Length; i++)
                        output[i] = parameters[node.Parameters[1].Offset + (i % node.Shape.Count)];
                    Weights(node, inputs[0], (x, y, w) => output[y] += _values[inputs[0].Number][x] * parameters[w]);
                    break;
                case CustomLayer custom:
                    for (int n = 0; n < _labels.Length; n++)
                        custom.Forward<double>(inputs[0].Shape, Image(inputs[0], n), Own(node, parameters), Image(node, n));
                    break;
                default:
                    throw new NotSupportedException(node.Layer.ToString());
            }
        }
    }

    private void Return(Node node)
    {
        double[] gradient = _gradients[node.Number];
        Node[] inputs = [.. node.Inputs.Select(number => model.Nodes[number])];
        double[] values = _values[inputs[0].Number], back = _gradients[inputs[0].Number];
        switch (node.Layer)
        {
            case Convolution convolution:
                for (int i = 0; convolution.Bias && i < gradient.Length; i++)
                    _parameterGradients[node.Parameters[1].Offset + (i % node.Shape.Channels)] += gradient[i];
                Taps(convolution, node, inputs[0], (x, y, w) =>
                {
                    _parameterGradients[w] += values[x] * gradient[y];
                    back[x] += _parameters[w] * gradient[y];
                });
                break;
            case BatchNormalization:
                NormalizeBack(node, values, gradient, back);
                break;
            case GroupNormalization group:
                NormalizeGroupsBack(group, node, values, gradient, back);
                break;
            case Dropout dropout:
                float[] factors = Mask(dropout, node);
                for (int i = 0; i < gradient.Length; i++)
                    back[i] += gradient[i] * factors[i];
                break;
            case Activate activate:
                for (int i = 0; i < gradient.Length; i++)
                    back[i] += gradient[i] * Slope(activate.Function, values[i]);
                break;
            case Addition:
                foreach (var input in inputs)
                {
                    for (int i = 0; i < gradient.Length; i++)
                        _gradients[input.Number][i] += gradient[i];
                }
                break;
            case Pool pool:
                for (int i = 0; i < gradient.Length; i++)
                {
                    int[] window = Window(node, inputs[0], i);
                    if (pool.Kind == PoolKind.Max)
                        back[window.MaxBy(x => values[x])] += gradient[i];
                    else
                        Array.ForEach(window, x => back[x] += gradient[i] / 4);
                }
                break;
            case GlobalAverage:
                for (int i = 0; i < back.Length; i++)
                    back[i] += gradient[Averaged(inputs[0], i)] / inputs[0].Shape.Positions;
                break;
            case Linear:
                for (int i = 0; i < gradient.Length; i++)
                    _parameterGradients[node.Parameters[1].Offset + (i % node.Shape.Count)] += gradient[i];
                Weights(node, inputs[0], (x, y, w) =>
                {
                    _parameterGradients[w] += values[x] * gradient[y];
                    back[x] += _parameters[w] * gradient[y];
                });
                break;
            case CustomLayer custom:
                double[] one = new double[inputs[0].Shape.Count];
                for (int n = 0; n < _labels.Length; n++)
                {
                    custom.Backward<double>(
                        inputs[0].Shape, Image(inputs[0], n), Own(node, _parameters), Gradient(node, n), one,
                        Own(node, _parameterGradients));
                    for (int i = 0; i < one.Length; i++)
                        back[(n * one.Length) + i] += one[i];
                }
                break;
            default:
                throw new NotSupportedException(node.Layer.ToString());
        }
    }

    private static Span<double> Own(Node node, double[] parameters) =>
        node.Parameters.Count == 0 ? [] : parameters.AsSpan(node.Parameters[0].Offset, node.Parameters.Sum(parameter => parameter.Count));

    private static int Averaged(Node input, int i) => (i / input.Shape.Count * input.Shape.Channels) + (i % input.Shape.Channels);

    /// <summary>The places of the 2x2 pixels that one number of a pooling is made of, in the order of rows.</summary>
    private static int[] Window(Node node, Node input, int i)
    {
        int c = i % node.Shape.Channels, x = i / node.Shape.Channels % node.Shape.Width, row = i / node.Shape.Channels / node.Shape.Width;
        int first = (((((2 * row) * input.Shape.Width) + (2 * x)) * input.Shape.Channels)) + c,
            next = input.Shape.Width * input.Shape.Channels;
        return [first, first + input.Shape.Channels, first + next, first + next + input.Shape.Channels];
    }

    /// <summary>Every product of a convolution: (place in the input, place in the output, place of the weight).</summary>
    private void Taps(Convolution layer, Node node, Node input, Action<int, int, int> product)
    {
        int size = layer.Size, pad = size / 2;
        var (from, to) = (input.Shape, node.Shape);
        for (int n = 0; n < _labels.Length; n++)
        {
            for (int y = 0; y < to.Height; y++)
            {
                for (int x = 0; x < to.Width; x++)
                {
                    int target = ((((n * to.Height) + y) * to.Width) + x) * to.Channels;
                    for (int tap = 0; tap < size * size; tap++)
                    {
                        int sy = (y * layer.Stride) + (tap / size) - pad, sx = (x * layer.Stride) + (tap % size) - pad;
                        if (sy < 0 || sy >= from.Height || sx < 0 || sx >= from.Width)
                            continue;
                        int source = ((((n * from.Height) + sy) * from.Width) + sx) * from.Channels;
                        for (int o = 0; o < to.Channels; o++)
                        {
                            for (int i = 0; i < from.Channels; i++)
                                product(source + i, target + o,
                                    node.Parameters[0].Offset + (((o * from.Channels) + i) * size * size) + tap);
                        }
                    }
                }
            }
        }
    }

    /// <summary>
    /// Every product of a linear layer, which reads channel by channel: (place in the input, place in the output, place of the weight).
    /// </summary>
    private void Weights(Node node, Node input, Action<int, int, int> product)
    {
        var from = input.Shape;
        for (int n = 0; n < _labels.Length; n++)
        {
            for (int k = 0; k < node.Shape.Count; k++)
            {
                for (int i = 0; i < from.Count; i++)
                {
                    int flat = (i % from.Channels * from.Positions) + (i / from.Channels);
                    product((n * from.Count) + i, (n * node.Shape.Count) + k, node.Parameters[0].Offset + (k * from.Count) + flat);
                }
            }
        }
    }

    private void Normalize(Node node, double[] x, double[] z, double[] parameters, bool moveStatistics)
    {
        int channels = node.Shape.Channels, rows = x.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            var (mean, variance) = Moments(node, x, c);
            double scale = parameters[node.Parameters[0].Offset + c] / Math.Sqrt(variance + 1e-5);
            for (int i = c; i < x.Length; i += channels)
                z[i] = ((x[i] - mean) * scale) + parameters[node.Parameters[1].Offset + c];
            if (moveStatistics)
            {
                Move(node.Parameters[2], c, mean);
                Move(node.Parameters[3], c, variance * rows / (rows - 1));
            }
        }

        void Move(Parameter statistic, int c, double value)
        {
            ref double running = ref _replica!.Statistics[statistic.Offset + c];
            running = (0.9 * running) + (0.1 * value);
        }
    }

    private (double Mean, double Variance) Moments(Node node, double[] x, int c)
    {
        if (!_training)
            return (_replica!.Statistics[node.Parameters[2].Offset + c], _replica.Statistics[node.Parameters[3].Offset + c]);
        int channels = node.Shape.Channels, rows = x.Length / channels;
        double mean = 0, variance = 0;
        for (int i = c; i < x.Length; i += channels)
            mean += x[i] / rows;
        for (int i = c; i < x.Length; i += channels)
            variance += (x[i] - mean) * (x[i] - mean) / rows;
        return (mean, variance);
    }

    private void NormalizeBack(Node node, double[] x, double[] gradient, double[] back)
    {
        int channels = node.Shape.Channels, rows = x.Length / channels;
        for (int c = 0; c < channels; c++)
        {
            var (mean, variance) = Moments(node, x, c);
            double inverse = 1 / Math.Sqrt(variance + 1e-5), sum = 0, product = 0;
            for (int i = c; i < x.Length; i += channels)
            {
                sum += gradient[i];
                product += gradient[i] * (x[i] - mean) * inverse;
            }
            _parameterGradients[node.Parameters[0].Offset + c] += product;
            _parameterGradients[node.Parameters[1].Offset + c] += sum;
            double weight = _parameters[node.Parameters[0].Offset + c];
            for (int i = c; i < x.Length; i += channels)
                back[i] += weight * inverse * (gradient[i] - (sum / rows) - ((x[i] - mean) * inverse * product / rows));
        }
    }

    private void NormalizeGroupsBack(GroupNormalization layer, Node node, double[] x, double[] gradient, double[] back)
    {
        int weight = node.Parameters[0].Offset, bias = node.Parameters[1].Offset, channels = node.Shape.Channels;
        foreach (int[] places in Groups(layer, node))
        {
            var (mean, inverse) = Moments(x, places);
            double sum = 0, product = 0;
            foreach (int i in places)
            {
                double normalised = (x[i] - mean) * inverse, scaled = gradient[i] * _parameters[weight + (i % channels)];
                _parameterGradients[weight + (i % channels)] += gradient[i] * normalised;
                _parameterGradients[bias + (i % channels)] += gradient[i];
                sum += scaled / places.Length;
                product += scaled * normalised / places.Length;
            }
            foreach (int i in places)
                back[i] += inverse * ((gradient[i] * _parameters[weight + (i % channels)]) - sum - ((x[i] - mean) * inverse * product));
        }
    }

    /// <summary>The places of the numbers of each group of each image.</summary>
    private IEnumerable<int[]> Groups(GroupNormalization layer, Node node)
    {
        int channels = node.Shape.Channels, size = channels / layer.Groups, positions = node.Shape.Positions;
        return Enumerable.Range(0, _labels.Length).SelectMany(n => Enumerable.Range(0, layer.Groups).Select(g =>
            Enumerable.Range(0, positions * size).Select(i => (((n * positions) + (i / size)) * channels) + (g * size) + (i % size))
                .ToArray()));
    }

    private static (double Mean, double InverseDeviation) Moments(double[] x, int[] places)
    {
        double mean = places.Sum(i => x[i]) / places.Length, variance = places.Sum(i => (x[i] - mean) * (x[i] - mean)) / places.Length;
        return (mean, 1 / Math.Sqrt(variance + GroupNormalization.Epsilon));
    }

    /// <summary>What a layer of dropout multiplies the numbers of all images by.</summary>
    private float[] Mask(Dropout layer, Node node)
    {
        float[] factors = new float[_labels.Length * node.Shape.Count];
        Array.Fill(factors, 1);
        for (int n = 0; n < _labels.Length && _training; n++)
            layer.Mask(_pass.Seed, _pass.Step, node.Number, _places[n], factors.AsSpan(n * node.Shape.Count, node.Shape.Count));
        return factors;
    }

    /// <summary>An activation function in binary64.</summary>
    internal static double Value(Activation function, double z) => function switch
    {
        Activation.None => z,
        Activation.Relu => Math.Max(0, z),
        Activation.Swish => z * Swish.Sigmoid(5 * z),
        Activation.Tanh => Tanh(z),
        Activation.Elu => z > 0 ? z : ExpM1OfNegative(z),
        Activation.Softplus => Swish.Softplus(z),
        _ => throw new NotSupportedException(function.ToString()),
    };

    /// <summary>Its derivative.</summary>
    internal static double Slope(Activation function, double z)
    {
        double s = Swish.Sigmoid(5 * z);
        return function switch
        {
            Activation.None => 1,
            Activation.Relu => z > 0 ? 1 : 0,
            Activation.Swish => s + (5 * z * s * (1 - s)),
            Activation.Tanh => 1 - (Tanh(z) * Tanh(z)),
            Activation.Elu => z > 0 ? 1 : Swish.ExpOfNegative(z),
            Activation.Softplus => Swish.Sigmoid(z),
            _ => throw new NotSupportedException(function.ToString()),
        };
    }

    private static double Tanh(double z)
    {
        double e = ExpM1OfNegative(-2 * Math.Abs(z));
        return Math.CopySign(e / (2 + e), z);
    }

    /// <summary>
    /// exp(x) - 1 for an x that is at most 0; by Taylor's series near 0, where the difference would lose the digits of x.
    /// </summary>
    private static double ExpM1OfNegative(double x)
    {
        if (!(x > -0.5))
            return Swish.ExpOfNegative(x) - 1;
        double sum = 1;
        for (int n = 17; n > 1; n--)
            sum = 1 + (x / n * sum);
        return x * sum;
    }
}
