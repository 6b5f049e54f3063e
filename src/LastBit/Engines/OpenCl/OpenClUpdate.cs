using LastBit.Engines.Cpu;
using LastBit.Random;

namespace LastBit.Engines.OpenCl;

/// <summary>Queues the update of a replica by its rule.</summary>
internal static class OpenClUpdate
{
    /// <summary>Whether there are kernels of a rule.</summary>
    public static bool Has(UpdateRule rule) => rule is Sgd or AdamW;

    /// <summary>One step of SGD or AdamW, perturbed as it says.</summary>
    /// <param name="program">Where.</param>
    /// <param name="replica">The replica.</param>
    /// <param name="gradients">The gradients of several replicas.</param>
    /// <param name="first">Where those of this one begin.</param>
    /// <param name="step">Learning rate and perturbation.</param>
    /// <exception cref="InputException">Weights are to be rounded at random, and the device has no binary64.</exception>
    public static void Run(OpenClProgram program, OpenClReplica replica, OpenClBuffer gradients, int first, in UpdateStep step)
    {
        int count = replica.Layout.ParameterCount;
        if (step.RoundsStochastically && !program.Device.HasDoubles)
        {
            throw new InputException(
                $"perturbation: stochastic rounding needs binary64, which {program.Device.Name} does not have; take the engine cpu");
        }
        Argument atRandom = step.RoundsStochastically ? 1 : 0, low = (int)(uint)step.Seed, high = (int)(uint)(step.Seed >> 32);
        Argument purpose = (int)RandomPurpose.Rounding, number = (int)(uint)step.Step;
        switch (replica.Rule)
        {
            case Sgd sgd:
                SgdNumbers s = SgdNumbers.Of(sgd, step);
                program.Run("sgd", [count], replica.Parameters, gradients, first, count, s.LearningRateTimesK, s.K, atRandom, low, high,
                    purpose, number, replica.Vectors[0], s.Momentum, s.WeightDecay, s.Nesterov ? 1 : 0);
                break;
            case AdamW adam:
                AdamWNumbers n = AdamWNumbers.Of(adam, step);
                program.Run("adamw", [count], replica.Parameters, gradients, first, count, n.LearningRateTimesK, n.K, atRandom, low, high,
                    purpose, number, replica.Vectors[0], replica.Vectors[1], n.Kept, n.Beta1, n.NotBeta1, n.Beta2, n.NotBeta2, n.Correction,
                    n.Epsilon);
                break;
            default:
                throw new ArgumentException($"The engine opencl has no kernel of {replica.Rule}.", nameof(replica));
        }
    }
}
