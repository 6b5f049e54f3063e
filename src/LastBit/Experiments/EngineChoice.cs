using System.Text.Json.Serialization;
using LastBit.Engines;

namespace LastBit.Experiments;

/// <summary>The engines that a training can be asked for.</summary>
public enum EngineChoice
{
    /// <summary>The processor's vectors, by the arithmetic contract.</summary>
    Cpu,

    /// <summary>Every layer by its definition in binary64, slowly; its bits are its own.</summary>
    Reference,

    /// <summary>A GPU or another device of OpenCL, with the bits of the CPU.</summary>
    [JsonStringEnumMemberName("opencl")]
    OpenCl,
}

/// <summary>What settings have to know of an engine before it is made.</summary>
public static class EngineChoices
{
    /// <summary>Whether its bits are its own, so that documents of settings name it; the others keep the arithmetic contract.</summary>
    /// <param name="engine">The engine.</param>
    public static bool HasOwnBits(this EngineChoice engine) => engine == EngineChoice.Reference;

    /// <summary>Whether it computes on one of several devices.</summary>
    /// <param name="engine">The engine.</param>
    public static bool HasDevices(this EngineChoice engine) => engine == EngineChoice.OpenCl;

    /// <summary>That what is said about devices is said to an engine that has them.</summary>
    /// <param name="settings">Which engine, and what is said.</param>
    /// <exception cref="InputException">It has none.</exception>
    internal static void CheckDevices(NetworkTrainingSettings settings)
    {
        if ((settings.Device > 0 || settings.CheckEvery is not null) && !settings.Engine.HasDevices())
        {
            throw InputException.Of(settings.Device > 0 ? nameof(settings.Device) : nameof(settings.CheckEvery),
                "is of the engine opencl; choose that engine too, or leave it out");
        }
    }
}

/// <summary>Makes the engines of a choice; who calls an experiment hands it in, because experiments know no engine.</summary>
/// <param name="settings">Which engine, and what it has to know besides.</param>
/// <param name="threads">How many threads it may use.</param>
public delegate IEngineFactory EngineSource(NetworkTrainingSettings settings, int threads);
