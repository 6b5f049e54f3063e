using System.Globalization;

namespace LastBit.Tests;

public class ChildProcessTests
{
    [Fact]
    public void A_child_sees_its_argument_and_its_environment()
    {
        (string result, int bits) = ChildProcess.Call(Describe, "a b", ("LASTBIT_TEST", "c"));
        Assert.Equal("a b c", result);
        Assert.Equal(ChildProcess.VectorBits, bits);
    }

    [Fact]
    public void The_switches_for_narrower_vectors_take_effect() =>
        Assert.Equal("0.1", ChildProcess.SameForEveryVectorWidth(Describe, "0.1"));

    [Fact]
    public void A_result_that_depends_on_the_vector_width_is_found()
    {
        if (ChildProcess.VectorBits == 64)
            Assert.Skip("This processor has no vectors.");
        Assert.ThrowsAny<Exception>(() => ChildProcess.SameForEveryVectorWidth(Width, ""));
    }

    private static string Describe(string argument) => $"{argument} {Environment.GetEnvironmentVariable("LASTBIT_TEST")}".TrimEnd();

    private static string Width(string argument) => argument + ChildProcess.VectorBits.ToString(CultureInfo.InvariantCulture);
}
