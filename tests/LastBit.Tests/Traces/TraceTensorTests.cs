using LastBit.Traces;

namespace LastBit.Tests.Traces;

/// <summary>A digest is the same in both languages: small tensors of PyTorch's traces are kept as they are and taken up again.</summary>
public class TraceTensorTests
{
    [Fact]
    public void A_digest_is_that_of_the_same_tensor_in_PyTorch()
    {
        var seen = new HashSet<(string Dtype, double Count)>();
        foreach (string name in new[] { "plain", "bfloat16" })
        {
            using TraceReader reader = TraceReader.Open(TracePairTests.Of($"{name}.trace"));
            while (reader.NextStep() is { } step)
            {
                foreach (TraceTensor tensor in step.Records.Select(record => record.Tensor).OfType<TraceTensor>())
                {
                    if (tensor.Count > TraceTensor.MostValues || tensor.Sample.Count != (int)tensor.Count)
                        continue;
                    TraceTensor? here = tensor.Dtype switch
                    {
                        "float32" => TraceTensor.Of<float>(
                            [.. tensor.Sample.Select(bits => BitConverter.UInt32BitsToSingle((uint)bits))], tensor.Shape),
                        "int64" => TraceTensor.Of<long>([.. tensor.Sample.Select(bits => (long)bits)], tensor.Shape),
                        _ => null,
                    };
                    if (here is null)
                        continue;
                    seen.Add((tensor.Dtype, tensor.Count));
                    Assert.Equal(tensor.Digest, here.Digest);
                    Assert.Equal(tensor.Max, here.Max, 1e-8 * tensor.Max);
                    Assert.Equal(tensor.Blocks, here.Blocks);
                    Assert.Equal(tensor.Sample, here.Sample);
                }
            }
        }
        var wanted = new HashSet<(string, double)> { ("float32", 8), ("float32", 16), ("float32", 10), ("int64", 1), ("int64", 16) };
        Assert.Superset(wanted, seen);
    }
}
