using LastBit.Engines;

namespace LastBit.Tests.Engines;

/// <summary>An engine with one replica and one batch, for tests that look at single passes.</summary>
internal sealed class SingleReplica : IDisposable
{
    private readonly IBatch _batch;
    private readonly List<BatchResult> _results = [];

    public SingleReplica(IEngine engine, UpdateRule? rule = null)
    {
        (Engine, Replica) = (engine, engine.CreateReplica(rule ?? new Sgd()));
        _batch = engine.CreateBatch(engine.Capacity);
    }

    public IEngine Engine { get; }

    public IReplica Replica { get; }

    public NetworkState State
    {
        get
        {
            var state = new NetworkState(Engine.Model.Layout);
            Replica.Read(state);
            return state;
        }
    }

    public void Load(NetworkState state) => Replica.Write(state);

    public BatchResult Forward(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels, bool training)
    {
        _batch.Write(images, labels);
        Engine.Forward(Replica, _batch, 0, labels.Length, new PassSettings(training));
        Replica.TakeResults(_results);
        return Assert.Single(_results);
    }

    public float[] Gradients()
    {
        float[] gradients = new float[Engine.Model.Layout.ParameterCount];
        Engine.ReadGradients(gradients);
        return gradients;
    }

    /// <summary>The gradients of a batch.</summary>
    public float[] Gradients(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels)
    {
        Forward(images, labels, training: true);
        Engine.Backward();
        return Gradients();
    }

    public float[] Outputs(int count)
    {
        float[] outputs = new float[count * Engine.Model.Classes];
        Engine.ReadOutputs(outputs);
        return outputs;
    }

    public void Dispose()
    {
        _batch.Dispose();
        Replica.Dispose();
        Engine.Dispose();
    }
}
