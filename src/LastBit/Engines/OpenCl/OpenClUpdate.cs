using LastBit.Engines.Cpu;
using LastBit.Random;

namespace LastBit.Engines.OpenCl;

/// <summary>Queues the update of a replica by its rule.</summary>
internal static class OpenClUpdate
{
    /// <summary>One step of SGD or AdamW, perturbed as it says.</summary>
    /// <exception cref="InputException">Weights are to be rounded at random, and the device has no binary64.</exception>
    public static void Run(OpenClProgram program, OpenClReplica replica, OpenClBuffer gradients, in UpdateStep step)
    {
        int count = replica.Layout.ParameterCount;
        if (step.RoundsStochastically && !program.Device.HasDoubles)
        {
            throw new InputException(
                $"perturbation: stochastic rounding needs binary64, which {program.Device.Name} does not have; take the engine cpu");
        }
        Argument low = (int)(uint)step.Seed, high = (int)(uint)(step.Seed >> 32), purpose = (int)RandomPurpose.Rounding;
        Argument number = (int)(uint)step.Step;
        switch (replica.Rule)
        {
            case Sgd sgd:
                SgdNumbers s = SgdNumbers.Of(sgd, step);
                Argument nesterov = s.Nesterov ? 1 : 0;
                if (step.RoundsStochastically)
                {
                    program.Run("sgd_stochastic", [count], replica.Parameters, gradients, replica.Vectors[0], count, s.LearningRateTimesK,
                        s.Momentum, s.WeightDecay, nesterov, low, high, purpose, number);
                    break;
                }
                program.Run("sgd", [count], replica.Parameters, gradients, replica.Vectors[0], count, -s.LearningRateTimesK, s.K,
                    s.Momentum, s.WeightDecay, nesterov);
                break;
            case AdamW adam:
                AdamWNumbers n = AdamWNumbers.Of(adam, step);
                if (step.RoundsStochastically)
                {
                    program.Run("adamw_stochastic", [count], replica.Parameters, gradients, replica.Vectors[0], replica.Vectors[1], count,
                        n.LearningRateTimesK, n.Kept, n.Beta1, n.NotBeta1, n.Beta2, n.NotBeta2, n.Correction, n.Epsilon, low, high, purpose,
                        number);
                    break;
                }
                program.Run("adamw", [count], replica.Parameters, gradients, replica.Vectors[0], replica.Vectors[1], count,
                    -n.LearningRateTimesK, n.K, n.Kept, n.Beta1, n.NotBeta1, n.Beta2, n.NotBeta2, n.Correction, n.Epsilon);
                break;
            default:
                throw new ArgumentException($"The engine opencl has no kernel of {replica.Rule}.", nameof(replica));
        }
    }
}
