using System.Globalization;
using LastBit.Engines;
using LastBit.Models;
using LastBit.Traces;

namespace LastBit.Experiments.Train;

/// <summary>
/// The modules that PyTorch's network of the same layers has, told from the names: a layer, or what holds several ("layer1.0", "layer1",
/// and "" for the network). Activation functions, averages and dropouts are functions there; what they give is seen as the input of the
/// next module. The end of a residual block is the output of the block; in a sequence, the number behind a layer's is its activation
/// function.
/// </summary>
/// <param name="model">The network.</param>
/// <param name="threads">How many tensors are taken up at once.</param>
internal sealed class TracedModules(Model model, int threads)
{
    private readonly Module[] _modules = ModulesOf(model);

    private delegate bool Reading(Node node, Span<float> values);

    /// <summary>What the modules are given and give in a forward pass, in the order of time.</summary>
    /// <param name="outputs">Reads it.</param>
    /// <param name="images">The images as planes; empty where they are not known.</param>
    public IEnumerable<(TraceKey Key, TraceTensor Tensor)> Forward(IOutputReader outputs, ReadOnlySpan<float> images)
    {
        Dictionary<Node, TraceTensor> tensors = TensorsOf(_modules.SelectMany(module => (Node[])[module.Given, module.Gives]),
            outputs.Count, outputs.Read);
        if (images.IsEmpty)
            tensors.Remove(model.Nodes[0]);
        else
            tensors[model.Nodes[0]] = TraceTensor.Of(images);
        return model.Nodes.SelectMany(node => (IEnumerable<(TraceKind, Module)>)
        [
            .. _modules.Where(module => module.First == node.Number).Select(module => (TraceKind.Input, module)),
            .. _modules.Where(module => module.Gives == node).Reverse().Select(module => (TraceKind.Output, module)),
        ]).SelectMany(one => Record(tensors, outputs.Count, one.Item2, new TraceKey(one.Item1, one.Item2.Name)));
    }

    /// <summary>The gradients of what the modules give, in the order of time.</summary>
    /// <param name="outputs">Reads them.</param>
    public IEnumerable<(TraceKey Key, TraceTensor Tensor)> Backward(IOutputReader outputs)
    {
        Dictionary<Node, TraceTensor> tensors = TensorsOf(_modules.Select(module => module.Gives), outputs.Count, outputs.ReadGradient);
        return _modules.OrderByDescending(module => module.Gives.Number).SelectMany(module =>
            Record(tensors, outputs.Count, module, new TraceKey(TraceKind.OutputGradient, module.Name, 0, TraceKey.Backward)));
    }

    /// <summary>The tensors of some nodes, as far as the engine has them.</summary>
    private Dictionary<Node, TraceTensor> TensorsOf(IEnumerable<Node> nodes, int count, Reading read) =>
        nodes.Distinct().AsParallel().WithDegreeOfParallelism(Math.Clamp(threads, 1, 512)).Select(node =>
        {
            float[] values = new float[count * node.Shape.Count];
            return (Node: node, Tensor: read(node, values) ? TraceTensor.Of<float>(values) : null);
        }).Where(one => one.Tensor is not null).ToDictionary(one => one.Node, one => one.Tensor!);

    private IEnumerable<(TraceKey, TraceTensor)> Record(Dictionary<Node, TraceTensor> tensors, int count, Module module, TraceKey key)
    {
        bool isInput = key.Kind == TraceKind.Input;
        Node node = isInput ? module.Given : module.Gives, from = node;
        if (!tensors.TryGetValue(node, out TraceTensor? tensor))
            yield break;
        while (from.Layer is Activate or Dropout)
            from = model.Nodes[from.Inputs[0]];
        // A linear layer takes and gives rows, all others planes.
        bool rows = from.Layer is Models.Linear or GlobalAverage
            || (isInput && module.Gives.Layer is Models.Linear && module.First == module.Gives.Number);
        yield return (key, tensor with
        {
            Shape = rows ? [count, node.Shape.Count] : [count, node.Shape.Channels, node.Shape.Height, node.Shape.Width],
        });
    }

    /// <summary>The modules, the outermost first.</summary>
    private static Module[] ModulesOf(Model model)
    {
        (string? Name, Node Node)[] layers = [.. model.Nodes.Skip(1).Select(node => (NameOf(model, node), node))];
        return
        [
            .. layers.Select(layer => layer.Name).OfType<string>().SelectMany(Around).Distinct().OrderBy(name => name.Length).Select(name =>
            {
                Node[] own = [.. layers.Where(layer => layer.Name is { } its && (name.Length == 0 || its == name
                    || its.StartsWith(name + ".", StringComparison.Ordinal))).Select(layer => layer.Node)];
                return new Module(name, own[0].Number, model.Nodes[own[0].Inputs[0]], own[^1]);
            }),
        ];
    }

    private static string? NameOf(Model model, Node node)
    {
        Layer layer = node.Layer, before = model.Nodes[node.Inputs[0]].Layer;
        // In a block whose activation functions come first, the sum is its end.
        bool endsInSums = model.Name.StartsWith("pre", StringComparison.Ordinal);
        return layer switch
        {
            GlobalAverage or Dropout => null,
            Addition => endsInSums ? layer.Name : null,
            Activate => before is not Addition ? NextInSequence(model, before.Name) : endsInSums ? null : before.Name,
            _ => layer.Name,
        };
    }

    private static string? NextInSequence(Model model, string name)
    {
        int dot = name.LastIndexOf('.');
        if (dot < 0 || !int.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return null;
        string next = string.Create(CultureInfo.InvariantCulture, $"{name[..dot]}.{number + 1}");
        return model.Nodes.Any(node => node.Layer.Name == next) ? null : next;
    }

    private static IEnumerable<string> Around(string name)
    {
        yield return name;
        for (int dot = name.LastIndexOf('.'); dot > 0; dot = name.LastIndexOf('.', dot - 1))
            yield return name[..dot];
        yield return "";
    }

    /// <summary>A module.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="First">The number of the first of its nodes.</param>
    /// <param name="Given">What it is given.</param>
    /// <param name="Gives">What it gives: the last of its nodes.</param>
    private sealed record Module(string Name, int First, Node Given, Node Gives);
}
