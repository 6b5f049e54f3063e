using LastBit.Tests.Engines.Cpu;
using LastBit.Tests.Experiments;
using LastBit.Tests.Training;

namespace LastBit.Tests;

/// <summary>
/// The arithmetic contract where vectors are narrower than this processor's: the digests are those that it computes here, which are written
/// down where they are tested. Whole commands without vectors, and on another processor, are LastBit.SystemTests'.
/// </summary>
public class VectorWidthTests
{
    /// <summary>How many bits of a vector each of the runtime's switches leaves, on a processor that has more; 64 is none at all.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 256)]
    [InlineData("DOTNET_EnableAVX2", 128)]
    [InlineData("DOTNET_EnableHWIntrinsic", 64)]
    public void The_digests_do_not_depend_on_the_width_of_vectors(string narrower, int widest)
    {
        // Without AVX2 there is no fused multiply-add either, and each is computed in software: one small network will do.
        string which = widest == 256 ? "all" : "small";
        (string there, int bits) = ChildProcess.Call(Digests, which, (narrower, "0"));
        Assert.True(bits == Math.Min(widest, ChildProcess.VectorBits),
            $"{narrower}=0 left vectors of {bits} bits; this runtime does not honour it");
        Assert.Equal(Digests(which), there);
    }

    private static string Digests(string which)
    {
        // A layer of every kind, forward, backward and their derivative; and the one-layer experiments in binary64.
        string[] digests = [HessianProductTests.DigestOfProduct("mixed 2"), OneLayerDigestTests.Digest("2")];
        if (which == "all")
        {
            digests =
            [
                .. digests, HessianProductTests.DigestOfProduct("winograd 2"), HessianProductTests.DigestOfProduct("connected 2"),
                ContractTests.Train("relu 2 1"), ContractTests.Train("swish 2 1"), ContractTests.Train("relu 2 1 winograd"),
                NetworkDigestTests.TrainAll(),
                PerturbationTests.Train("2"),
            ];
        }
        return string.Join(' ', digests);
    }
}
