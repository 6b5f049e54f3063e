using System.Globalization;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Benchmarks;

/// <summary>
/// How far gradients are from binary64's, beside PyTorch's in binary32: the largest error of each tensor, as a ratio to PyTorch's, for each
/// algorithm.
/// The states are those of tests/LastBit.Tests/Reference/make-pytorch.py, with seeds that the tests do not use.
/// </summary>
internal static class GradientError
{
    /// <summary>errors NETWORK ACTIVATION FILE.npz ...</summary>
    public static int Run(ReadOnlySpan<string> args)
    {
        var network = NetworkSettings.Parse(args[0], Enum.Parse<Activation>(args[1], ignoreCase: true));
        foreach (string file in args[2..])
        {
            foreach (ConvolutionAlgorithm algorithm in Enum.GetValues<ConvolutionAlgorithm>())
            {
                var ratios = Ratios(network, file, algorithm).OrderByDescending(tensor => tensor.Ratio).ToArray();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{network.Name} {args[1]} {Path.GetFileName(file)} {algorithm}: {ratios.Length} tensors, median "
                        + $"{ratios[ratios.Length / 2].Ratio:F2}, ")
                    + string.Create(CultureInfo.InvariantCulture, $"above 2: {ratios.Count(tensor => tensor.Ratio > 2)}; largest ")
                    + string.Join(", ",
                        ratios.Take(3)
                            .Select(tensor => string.Create(CultureInfo.InvariantCulture, $"{tensor.Ratio:F2} ({tensor.Name})"))));
            }
        }
        return 0;
    }

    private static IEnumerable<(string Name, double Ratio)> Ratios(NetworkSettings network, string file, ConvolutionAlgorithm algorithm)
    {
        var reference = Npz.Read(file);
        using var team = new WorkerTeam(Environment.ProcessorCount);
        float[] planes = reference["x"].Get<float>();
        int count = reference["x"].Shape[0];
        using var engine = new CpuEngine(network.Build(), count, team, algorithm);
        using var state = new NetworkState(engine.Model.Layout);
        foreach (var parameter in engine.Model.Layout.All)
            reference[$"w0/{parameter.Name}"].Get<float>().CopyTo(state.Get(parameter));
        using IReplica replica = engine.CreateReplica(new Sgd());
        using IBatch batch = engine.CreateBatch(count);
        replica.Write(state);
        // Channels last, with a fourth that is zero.
        float[] images = new float[count * 1024 * 4];
        for (int i = 0; i < planes.Length; i++)
            images[(((i / 3072 * 1024) + (i % 1024)) * 4) + (i / 1024 % 3)] = planes[i];
        batch.Write(images, reference["y"].Get<int>());
        engine.Forward(replica, batch, 0, count, new PassSettings(IsTraining: true));
        engine.Backward();
        float[] gradients = new float[engine.Model.Layout.ParameterCount];
        engine.ReadGradients(gradients);
        foreach (var parameter in engine.Model.Layout.All.Where(parameter => parameter.IsTrainable))
        {
            double[] exact = reference[$"grad64/{parameter.Name}"].Get<double>();
            float[] theirs = reference[$"grad/{parameter.Name}"].Get<float>();
            float[] ours = gradients[parameter.Offset..(parameter.Offset + parameter.Count)];
            double our = exact.Select((value, i) => Math.Abs(ours[i] - value)).Max(), their =
                exact.Select((value, i) => Math.Abs(theirs[i] - value)).Max();
            yield return (parameter.Name, our / their);
        }
    }
}
