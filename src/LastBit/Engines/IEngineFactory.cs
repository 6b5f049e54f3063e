using LastBit.Models;

namespace LastBit.Engines;

/// <summary>
/// Where engines come from: one for each place that can compute. Whatever its engines make (replicas, batches) lies in one memory, so that
/// all its engines can work on them. It owns what they share (threads, a device's queue) and outlives them.
/// </summary>
public interface IEngineFactory : IDisposable
{
    /// <summary>What people call it: "cpu".</summary>
    string Name { get; }

    /// <summary>
    /// The version of the arithmetic contract (<see cref="Arithmetic.ArithmeticContract"/>) whose bits its engines compute; such an engine
    /// may resume what another of the same version has begun. Null for one whose bits are its own: it resumes only what was begun by its
    /// name.
    /// </summary>
    int? ArithmeticVersion { get; }

    /// <summary>
    /// Makes what computes some steps beside its engines, to compare bit by bit; null where nothing need be. A trainer asks for
    /// it: a device that computes right at first may not do so for days.
    /// </summary>
    IEngineFactory? CreateWitness() => null;

    /// <summary>
    /// How many steps lie between two that the witness computes; null: the first of every epoch is. The first of a process is one always.
    /// </summary>
    int? StepsBetweenWitnessed => null;

    /// <summary>Why its engines cannot compute a model; null where they can. Nothing is made to answer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="hessian">Whether products with the Hessian are asked for, rather than training and evaluation.</param>
    /// <returns>One line that names the layer and says what would be right.</returns>
    string? WhyNot(Model model, bool hessian = false);

    /// <summary>Whether its engines update weights by a rule.</summary>
    /// <param name="rule">The rule.</param>
    bool Has(UpdateRule rule);

    /// <summary>Makes an engine and takes its memory.</summary>
    /// <param name="model">What to compute.</param>
    /// <param name="capacity">Images in the largest pass, at least 1.</param>
    /// <param name="convolution">How convolutions are computed that can be computed in several ways.</param>
    /// <exception cref="InputException">It cannot compute the model, as <see cref="WhyNot"/> says.</exception>
    IEngine CreateEngine(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct);

    /// <summary>Makes what multiplies by the Hessian of a model's loss, and takes its memory.</summary>
    /// <param name="model">The network.</param>
    /// <param name="capacity">Images that are computed at once, at least 1; batch normalisation takes their statistics.</param>
    /// <param name="convolution">How convolutions are computed, as in the engine whose loss is meant.</param>
    /// <exception cref="InputException">It cannot, as <see cref="WhyNot"/> says.</exception>
    IHessian CreateHessian(Model model, int capacity, ConvolutionAlgorithm convolution = ConvolutionAlgorithm.Direct);
}
