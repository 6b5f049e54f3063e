using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Layers;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Makes engines that compute on the processor's vectors; all of them share its threads, which start with the first engine.
/// </summary>
public sealed class CpuEngineFactory : IEngineFactory
{
    private readonly Lazy<WorkerTeam> _team;

    /// <summary>A factory with threads of its own.</summary>
    /// <param name="threads">How many, the calling one included; at least 1. No bit depends on it.</param>
    public CpuEngineFactory(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _team = new Lazy<WorkerTeam>(() => new WorkerTeam(threads));
    }

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public int? ArithmeticVersion => ArithmeticContract.Version;

    /// <summary>The threads.</summary>
    public WorkerTeam Team => _team.Value;

    /// <inheritdoc/>
    public string? WhyNot(Model model, bool hessian = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        try
        {
            CpuLayers.Plan(model, hessian);
            return null;
        }
        catch (InputException error)
        {
            return error.Message;
        }
    }

    /// <inheritdoc/>
    public bool Has(UpdateRule rule) => CpuUpdate.Has(rule);

    /// <inheritdoc/>
    public IEngine CreateEngine(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct) =>
        new CpuEngine(model, capacity, Team, convolution);

    /// <inheritdoc/>
    public IHessian CreateHessian(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct) =>
        new HessianProduct(model, capacity, Team, convolution);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_team.IsValueCreated)
            _team.Value.Dispose();
    }
}
