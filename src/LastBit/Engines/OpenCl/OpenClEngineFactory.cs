using LastBit.Arithmetic;
using LastBit.Engines.Cpu;
using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// Makes engines that compute on a device by OpenCL, with the bits of the CPU. The device is opened, and tested, with the first of them.
/// </summary>
public sealed class OpenClEngineFactory : IEngineFactory
{
    private readonly Lazy<OpenClProgram> _program;
    private readonly int _threads;

    /// <summary>A factory for one of the devices that `lastbit info` lists.</summary>
    /// <param name="device">Its number, from 0.</param>
    /// <param name="cache">The folder in which it is remembered which devices have passed their test; null where nothing is.</param>
    /// <param name="threads">How many threads of the CPU may compute a step beside the device, to compare.</param>
    /// <param name="checkEvery">How many steps lie between two that are compared; null for one an epoch.</param>
    public OpenClEngineFactory(int device, string? cache, int threads, int? checkEvery = null)
        : this(() => DeviceTest.Open(OpenClDevice.Get(device), cache), threads, checkEvery)
    {
    }

    /// <summary>A factory for a device that somebody else opens.</summary>
    /// <param name="open">Opens it; the factory disposes of it.</param>
    /// <param name="threads">How many threads of the CPU may compute a step beside it; 0 where none is to be compared.</param>
    /// <param name="checkEvery">How many steps lie between two that are compared; null for one an epoch.</param>
    internal OpenClEngineFactory(Func<OpenClProgram> open, int threads = 1, int? checkEvery = null) =>
        (_program, _threads, StepsBetweenWitnessed) = (new Lazy<OpenClProgram>(open), threads, checkEvery);

    /// <summary>Makes sure that this machine has a device, without opening it.</summary>
    /// <param name="device">Its number, from 0.</param>
    /// <exception cref="InputException">There is none of that number, or no loader of OpenCL.</exception>
    public static void CheckDevice(int device) => OpenClDevice.Get(device);

    /// <inheritdoc/>
    public string Name => "opencl";

    /// <inheritdoc/>
    public int? ArithmeticVersion => ArithmeticContract.Version;

    /// <inheritdoc/>
    public IEngineFactory? CreateWitness() => _threads > 0 ? new CpuEngineFactory(_threads) : null;

    /// <inheritdoc/>
    public int? StepsBetweenWitnessed { get; }

    /// <inheritdoc/>
    public string? WhyNot(Model model, bool hessian = false)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (hessian)
            return $"{model.Name}: the engine opencl has no products with the Hessian; take the engine cpu";
        if (model.Nodes.FirstOrDefault(node => node.Layer is CustomLayer) is { } node)
            return $"{model.Name}: {node.Layer.Name}: the engine opencl has no custom layers; take the engine cpu";
        // What the contract's orders ask of a shape, they ask of every engine that keeps it.
        using var cpu = new CpuEngineFactory(1);
        return cpu.WhyNot(model);
    }

    /// <inheritdoc/>
    public bool Has(UpdateRule rule) => OpenClUpdate.Has(rule);

    /// <inheritdoc/>
    public IEngine CreateEngine(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct) =>
        WhyNot(model) is { } reason ? throw new InputException(reason) : new OpenClEngine(_program.Value, model, capacity, convolution);

    /// <inheritdoc/>
    public IHessian CreateHessian(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct) =>
        throw new InputException(WhyNot(model, hessian: true)!);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_program.IsValueCreated)
            _program.Value.Dispose();
    }
}
