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

    private static string Describe(string argument) => $"{argument} {Environment.GetEnvironmentVariable("LASTBIT_TEST")}".TrimEnd();
}
