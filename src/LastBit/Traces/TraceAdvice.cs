namespace LastBit.Traces;

/// <summary>
/// A cause that is known, how it shows, and what makes two trainings equal again. docs/diff.md has the table; a test compares the two.
/// </summary>
/// <param name="Cause">The cause.</param>
/// <param name="Sign">How it shows.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Source">Where that is known from.</param>
/// <param name="IsTried">Whether it was tried here, on Debian's PyTorch.</param>
/// <param name="Applies">Whether the signs are there.</param>
public sealed record TraceAdvice(
    string Cause, string Sign, string Remedy, string Source, bool IsTried, Func<TraceDifference, bool> Applies)
{
    private const string Randomness = "https://pytorch.org/docs/stable/notes/randomness.html",
        Accuracy = "https://pytorch.org/docs/stable/notes/numerical_accuracy.html",
        OneDnn = "https://uxlfoundation.github.io/oneDNN/dev_guide_cpu_dispatcher_control.html";

    /// <summary>What is known, the first that applies first.</summary>
    public static IReadOnlyList<TraceAdvice> All { get; } =
    [
        new("another batch size", "x of a batch has another number of samples",
            "the same batch_size on both, and drop_last=True",
            Randomness, true, result => PartedAt(result, TraceKind.Batch) && PartedIn(result, DifferenceSize.Structure)),
        new("other samples or another order", "the batches differ in their samples",
            "seed the loader's generator alike on both: DataLoader(generator=torch.Generator().manual_seed(0)); the same number of workers",
            Randomness, true, result => PartedAt(result, TraceKind.Batch)
                && PartedIn(result, DifferenceSize.Larger) && !IsSameSamples(result)),
        new("another augmentation", "x of a batch differs, y is equal",
            "seed every generator that a worker draws from, in worker_init_fn: random, numpy.random and torch, of torch.initial_seed()",
            Randomness, true, result => PartedAt(result, TraceKind.Batch) && IsSameSamples(result)),
        new("other initial weights", "the weights differ at the start, by more than rounding",
            "seed before the network is made, torch.manual_seed(0) on both, or load one state_dict into both",
            Randomness, true, result => PartedAt(result, TraceKind.Weights) && result.Size == DifferenceSize.Larger),
        new("other random numbers", "a generator's state differs, and what parts is larger than rounding",
            "seed it alike on both; numbers drawn on a GPU depend on its number of multiprocessors, so draw them on the CPU",
            Randomness, false, result => PartedAt(result, TraceKind.Random)),
        new("instruction sets of the processor", "rounding, and processor, ATEN_CPU_CAPABILITY or ONEDNN_MAX_CPU_ISA differ",
            "ATEN_CPU_CAPABILITY=avx2 and ONEDNN_MAX_CPU_ISA=AVX2 on both",
            OneDnn, true, result => IsRounding(result)
                && Differs(result, "processor", "instructionSets", "instructionsInUse", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")),
        new("MKL's choice by processor", "rounding, processor or MKL_CBWR differ",
            "with a PyTorch that has MKL, MKL_CBWR=COMPATIBLE on both",
            "https://www.intel.com/content/www/us/en/docs/onemkl/developer-guide-linux/2023-0/"
                + "obtaining-numerically-reproducible-results.html",
            false, result => IsRounding(result) && Differs(result, "processor", "instructionSets", "MKL_CBWR")),
        new("number of threads", "rounding, and threads or OMP_NUM_THREADS differ",
            "torch.set_num_threads to the same number on both",
            Accuracy, true, result => IsRounding(result) && Differs(result, "threads", "OMP_NUM_THREADS")),
        new("memory format", "rounding, and strides differ: channels_last beside contiguous",
            "the same memory_format for model and batches on both",
            Accuracy, true, result => IsRounding(result) && result.Strides is not null),
        new("TF32", "as TF32 on GPUs, or one of its switches differs",
            "torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False on both, or NVIDIA_TF32_OVERRIDE=0",
            "https://pytorch.org/docs/stable/notes/cuda.html", false, result => PartedIn(result, DifferenceSize.Tf32)
                && result.HasGpu && !HasOtherTypes(result)
                || Differs(result, "allowTf32Matmul", "allowTf32Cudnn", "NVIDIA_TF32_OVERRIDE") && result.Parted is not null),
        new("autocast", "the types of a tensor differ: float32 beside bfloat16 or float16",
            "torch.autocast on both or on neither",
            Accuracy, true, result => HasOtherTypes(result)),
        new("cuDNN's choice of algorithm", "rounding on a GPU, and cudnnBenchmark, cudnnDeterministic or cudnn differ",
            "torch.backends.cudnn.benchmark = False and deterministic = True on both, with the same cuDNN",
            Randomness, false, result => IsRounding(result) && Differs(result, "cudnnBenchmark", "cudnnDeterministic", "cudnn")),
        new("order of atomic additions", "rounding on one and the same GPU, and no setting differs",
            "torch.use_deterministic_algorithms(True) with CUBLAS_WORKSPACE_CONFIG=:4096:8",
            Randomness, false, result => IsRounding(result) && result.Settings.Count == 0 && result.HasGpu),
        new("order of an all-reduce", "rounding, first in a gradient, and world differs",
            "the same number of processes with the same share of the batch",
            Accuracy, false, result => IsRounding(result) && Differs(result, "world")),
        new("gradients that are not reset", "from the second step on, a gradient is the sum of this step's and the one before",
            "optimizer.zero_grad() before every backward pass on both",
            "https://pytorch.org/docs/stable/optim.html", true, result => Says(result, GradientHistory.NotReset)),
        new("a factor of the gradients", "a gradient is so many times the other in every kept value",
            "the same reduction of the loss, division by accumulated passes, unscaling and clipping on both",
            "https://pytorch.org/docs/stable/notes/amp_examples.html", true, result => Says(result, GradientHistory.Multiple)),
        new("options of the optimizer", "an update differs, its gradient is equal, and optimizer or optimizerOptions differ",
            "the same optimizer with the same options for every group of parameters",
            "https://pytorch.org/docs/stable/optim.html", true, result => (PartedAt(result, TraceKind.Update)
                || PartedAt(result, TraceKind.Scale)) && !IsRounding(result) && Differs(result, "optimizer", "optimizerOptions")),
        new("perturb", "an update differs by rounding, and k differs",
            "nothing: this is other rounding on purpose",
            "https://arxiv.org/abs/2206.02001v4", true, result => PartedAt(result, TraceKind.Update) && IsRounding(result)
                && Differs(result, "k")),
        new("training and evaluation mode", "the output of a normalisation or a dropout is larger than rounding apart, of equal inputs",
            "model.train() or model.eval() on both, module by module: module.training tells",
            "https://pytorch.org/docs/stable/generated/torch.nn.Module.html", true, result => PartedAt(result, TraceKind.Output)
                && result.Size == DifferenceSize.Larger && result.ModeMatters),
        new("NaN on one side", "numbers of a tensor are NaN in one trace and not in the other",
            "zoom into the module; torch.autograd.set_detect_anomaly(True) names what makes NaN going back",
            "https://pytorch.org/docs/stable/autograd.html", false, result => Says(result, TraceWords.NanInA)),
        new("another arrangement of the same numbers", "a tensor has the same numbers in another order",
            "compare the transposes, reshapes and flattenings between the two modules",
            "https://pytorch.org/docs/stable/tensor_view.html", true, result => Says(result, TraceWords.SameNumbers)),
        new("other versions", "rounding, and torch, cuda or cudnn differ",
            "the same versions on both; between versions no bit is promised",
            Randomness, false, result => IsRounding(result) && Differs(result, "torch", "cuda", "cudnn")),
    ];

    /// <summary>Those that apply.</summary>
    public static IReadOnlyList<TraceAdvice> Of(TraceDifference result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return [.. result.Parted is null ? [] : All.Where(one => one.Applies(result))];
    }

    /// <summary>What to do next where nothing of the table applies.</summary>
    public static string? Next(TraceDifference result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.Parted is not { Key.Kind: not (TraceKind.Batch or TraceKind.Random or TraceKind.Weights) } parted ? null
            : IsRounding(result) ? "record A twice: if A parts from itself, the operation is not deterministic"
            : parted.Key.Kind is TraceKind.Update or TraceKind.Buffer or TraceKind.Scale or TraceKind.Loss or TraceKind.Input ? null
            : $"record both again with zoom=\"{ForeignText.Cut(Module(parted.Key), 100)}\", steps=[{parted.Step}]: every operation inside "
                + "it";
    }

    private static string Module(TraceKey key) => key.Kind is TraceKind.Gradient or TraceKind.Update or TraceKind.Buffer
        && key.Name.LastIndexOf('.') is > 0 and var dot ? key.Name[..dot] : key.Name.Split('/')[0];

    private static bool IsRounding(TraceDifference result) => PartedIn(result, DifferenceSize.Rounding);

    private static bool PartedIn(TraceDifference result, DifferenceSize size) => result.Size == size;

    private static bool PartedAt(TraceDifference result, TraceKind kind) => result.Parted?.Key.Kind == kind;

    private static bool Says(TraceDifference result, string words) =>
        result.Parted is { } parted && parted.Why.Contains(words, StringComparison.Ordinal);

    private static bool HasOtherTypes(TraceDifference result) => result.Parted?.Types is var (a, b) && a != b;

    private static bool IsSameSamples(TraceDifference result) =>
        result.Batches is { } batches && batches.What.Contains("the same samples, augmented", StringComparison.Ordinal);

    private static bool Differs(TraceDifference result, params ReadOnlySpan<string> names)
    {
        // Between two programs no setting makes bits equal.
        if (result.Programs.A.Split(' ')[0] != result.Programs.B.Split(' ')[0])
            return false;
        foreach (SettingDifference setting in result.Settings)
        {
            if (names.Contains(setting.Name))
                return true;
        }
        return false;
    }
}
