using LastBit.Benchmarks;

// One mode a line; every mode prints what it measured together with the machine's peak of the same minute.

switch (args.FirstOrDefault())
{
    case "peak":
        int threads = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : Environment.ProcessorCount;
        Console.WriteLine(MachinePeak.Measure(threads));
        return 0;
    case "pde":
        return PdeBenchmark.Run(args.AsSpan(1));
    case "step":
        return StepBenchmark.Run(args[1..]);
    case "hessian":
        return HessianBenchmark.Run(args[1..]);
    case "errors":
        return GradientError.Run(args.AsSpan(1));
    case "hot":
        return HotStepBenchmark.Run(args[1..]);
    case "kernels":
        return KernelBenchmark.Run();
    case "scaling":
        return ScalingBenchmark.Run(args[1..]);
    case "verdict":
        return VerdictRule.Run(args.AsSpan(1));
    case "gpu":
        return GpuBenchmark.Run(args[1..]);
    case "gpu-model":
        return GpuModel.Run(args[1..]);
    case "replicas":
        return StepBenchmark.Replicas(args[1..]);
    default:
        Console.Error.WriteLine("usage: LastBit.Benchmarks peak [THREADS] | pde [IMAGE-SIZE] [KERNEL-SIZE]"
            + " | step [NETWORK] [BATCH] [THREADS] [ROUNDS] [--convolution LIST] [--pytorch] [--layers] [--swish] | hot [NETWORK] [BATCH] "
            + "[THREADS] [ROUNDS] [--mse] | scaling [NETWORK] [BATCH] [ROUNDS] [--convolution NAME] | kernels | verdict [EXPERIMENTS] | "
            + "errors NETWORK ACTIVATION FILE.npz ... | hessian [NETWORK] [BATCH] [THREADS] [ROUNDS] [--swish] | replicas [NETWORK] "
            + "[ROUNDS] [--convolution NAME] | gpu [NETWORK] [BATCH] [STEPS] [--device N] | gpu-model [NETWORK] [BATCH]");
        return 2;
}
