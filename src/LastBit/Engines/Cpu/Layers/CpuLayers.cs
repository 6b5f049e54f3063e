using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>The layers that the CPU engine computes.</summary>
internal static class CpuLayers
{
    // A further layer is a further line.
    private static readonly Entry[] s_all =
    [
        new(typeof(Convolution), place => place.Plan.TakesAllImages ? new Im2ColLayer(place) : new ConvolutionLayer(place),
            WhyNotConvolution),
        new(typeof(Addition), place => new AddLayer(place)),
        new(typeof(GroupNormalization), place => new GroupNormLayer(place), GroupNormLayer.WhyNot),
        new(typeof(Dropout), place => new DropoutLayer(place)),
        new(typeof(Pool), place => new PoolLayer(place)),
        new(typeof(GlobalAverage), place => new GlobalAverageLayer(place), WhyNotAverage),
        new(typeof(Linear), place => place.Plan.TakesAllImages ? new ConnectedLayer(place) : new LinearLayer(place)),
        new(typeof(CustomLayer), place => new CpuCustomLayer(place)),
    ];

    private static readonly Dictionary<Loss, Func<LayerPlace, LossLayer>> s_losses = new()
    {
        [Loss.CrossEntropy] = place => new CrossEntropyLayer(place),
        [Loss.SquaredError] = place => new SquaredErrorLayer(place),
    };

    /// <summary>Makes a layer.</summary>
    /// <param name="place">Its place in the order of work.</param>
    /// <param name="loss">What the outputs are measured by.</param>
    public static CpuLayer Make(LayerPlace place, Loss loss) =>
        place.Plan.Node is { } node ? Find(node.Layer)!.Make(place) : s_losses[loss](place);

    /// <summary>The order of work of a model, where the kernels can carry it out.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tangents">Whether every number is accompanied by its derivative in a direction.</param>
    /// <exception cref="InputException">They cannot; the message names the layer and what they can.</exception>
    public static WorkPlan Plan(Model model, bool tangents)
    {
        WorkPlan plan = WorkPlan.Of(model, tangents);
        foreach (LayerPlan layer in plan.Layers)
        {
            if (layer.Node is not { } node)
                continue;
            Entry entry = Find(node.Layer)
                ?? throw plan.Refused(node, "the engine has no such layer; custom layers derive from CustomLayer");
            if (entry.WhyNot?.Invoke(layer) is { } reason)
                throw plan.Refused(node, reason);
            if (tangents && node.Layer is CustomLayer { HasTangent: false })
                throw plan.Refused(node, "products with the Hessian need tangents, and this layer gives none (CustomLayer.HasTangent)");
            if (layer.Output.Normalization is { } norm && norm.Shape.Positions % 4 != 0)
                throw plan.Refused(norm, $"{norm.Shape.Positions} positions; the kernels take multiples of 4");
        }
        return s_losses.ContainsKey(model.Loss) ? plan : throw plan.Refused(model.Nodes[^1], $"the engine has no loss {model.Loss}");
    }

    private static Entry? Find(Layer layer) => Array.Find(s_all, entry => entry.Description.IsInstanceOfType(layer));

    private static string? WhyNotConvolution(LayerPlan plan)
    {
        var layer = (Convolution)plan.Node!.Layer;
        TensorShape from = plan.InputShapes[0];
        return layer.Channels % 16 != 0 ? $"{layer.Channels} output channels; the kernels take multiples of 16"
            : from.Width % layer.Stride != 0 || from.Height % layer.Stride != 0
                ? $"{from.Height}x{from.Width} pixels with stride {layer.Stride}; the kernels take multiples of the stride" : null;
    }

    private static string? WhyNotAverage(LayerPlan plan) => plan.Inputs[0].Tensor.Producer is null || plan.InputShapes[0].Positions % 4 != 0
        ? $"the average of {plan.Inputs[0].Tensor.Name} over {plan.InputShapes[0].Positions} positions; "
            + "the kernels take a layer's output and multiples of 4" : null;

    /// <summary>A layer of the list.</summary>
    /// <param name="Description">Its record among the models'.</param>
    /// <param name="Make">Makes what computes it.</param>
    /// <param name="WhyNot">What the kernels cannot compute of it, if anything.</param>
    private sealed record Entry(Type Description, Func<LayerPlace, CpuLayer> Make, Func<LayerPlan, string?>? WhyNot = null);
}
