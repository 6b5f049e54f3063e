using LastBit.Arithmetic;
namespace LastBit.Tests.Arithmetic;

public class MachineInfoTests
{
    [Theory]
    [InlineData(8, null, null, 8)]
    [InlineData(8, "3", null, 3)]
    [InlineData(8, null, "2", 2)]
    [InlineData(8, "3", "4", 3)]
    [InlineData(2, "16", null, 2)]
    [InlineData(8, "", "0", 8)]
    public void A_task_of_Slurm_uses_what_it_was_given(int processors, string? perTask, string? onNode, int usable) =>
        Assert.Equal(usable, MachineInfo.UsableProcessors(processors, name => name == "SLURM_CPUS_PER_TASK" ? perTask : onNode));
}
