namespace LastBit.Traces;

/// <summary>
/// Walks through two traces side by side, step by step, and finds where they part. Memory is for one step of each, and for what is kept
/// of all steps: a number a module and step, and the digests of samples.
/// </summary>
public sealed class TraceComparison
{
    private const int MostSamples = 1 << 20, MostNames = 20_000;

    // What wrappers put before the names of a network's modules.
    private static readonly string[] s_wrappers = ["module.", "_orig_mod."];

    private readonly TraceDifference _result;
    private readonly TraceProducts _products = new();
    private readonly GradientHistory _gradients = new();
    private readonly Dictionary<string, string> _namesOfB = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _samplesOfA = [], _samplesOfB = [];
    private readonly HashSet<string> _unequal = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (UInt128?, UInt128?)> _states = new(StringComparer.Ordinal);
    private readonly HashSet<string> _drawn = new(StringComparer.Ordinal);
    private readonly List<long> _growthSteps = [];
    private readonly List<double> _growth = [];
    private readonly bool _areOfOneProgram;
    private bool _batchesAreAlike = true;

    // Of the record at which they part no kept value shows by how much.
    private bool _isUnsure;
    private TraceRecord? _partedA, _partedB, _before;

    private TraceComparison(TraceReader a, TraceReader b)
    {
        _areOfOneProgram = a.Program.Split(' ')[0] == b.Program.Split(' ')[0];
        _result = new TraceDifference
        {
            Files = (a.Path, b.Path),
            Programs = (a.Program, b.Program),
            HasGpu = a.Settings.GetValueOrDefault("multiprocessors") is not null
                && b.Settings.GetValueOrDefault("multiprocessors") is not null,
            Settings = SettingDifference.Differences(a.Settings, b.Settings, _areOfOneProgram),
        };
    }

    /// <summary>Compares two traces.</summary>
    /// <param name="a">The reference.</param>
    /// <param name="b">The other one.</param>
    /// <param name="rounding">A trace of A's training with other rounding, as perturb(k=3) makes; null where there is none.</param>
    /// <param name="cancellation">Gives up between two steps.</param>
    /// <exception cref="InputException">A file cannot be read or is no trace, or there is no step that both have.</exception>
    public static TraceDifference Of(string a, string b, string? rounding = null, CancellationToken cancellation = default)
    {
        TraceDifference result = Of(a, b, cancellation);
        if (rounding is null)
            return result;
        TraceDifference beside = Of(a, rounding, cancellation);
        if (beside.Growth.First is null)
        {
            throw new InputException($"{rounding}: its weights are those of {a} to the last bit in every step; give a trace of the same "
                + "training with other rounding, as perturb(optimizer, 3) makes it, that records the weights");
        }
        if (beside.Parted?.Key.Kind is TraceKind.Weights or TraceKind.Batch || beside.Parted?.Measured.Size == DifferenceSize.Structure)
        {
            throw new InputException($"{rounding}: is another training than {a}, for they part in "
                + $"{TraceWords.What(beside.Parted.Key)}; give a trace of the same training with other rounding, from the same weights and "
                + "on the same batches, as perturb(optimizer, 3) makes it");
        }
        result.RoundingGrowth = beside.Growth;
        return result;
    }

    /// <summary>Compares two traces that are open, and closes them.</summary>
    internal static TraceDifference Of(TraceReader a, TraceReader b, CancellationToken cancellation = default)
    {
        using (a)
        using (b)
            return new TraceComparison(a, b).Run(a, b, cancellation);
    }

    private static TraceDifference Of(string a, string b, CancellationToken cancellation)
    {
        using TraceReader first = TraceReader.Open(a);
        return Of(first, TraceReader.Open(b), cancellation);
    }

    private TraceDifference Run(TraceReader a, TraceReader b, CancellationToken cancellation)
    {
        TraceStep? mine = a.NextStep(), theirs = b.NextStep();
        (long? firstOfA, long? firstOfB) = (mine?.Number, theirs?.Number);
        long onlyA = 0, onlyB = 0;
        while (mine is not null || theirs is not null)
        {
            cancellation.ThrowIfCancellationRequested();
            if (mine is not null && theirs is not null && mine.Number == theirs.Number)
            {
                Compare(mine, theirs);
                (mine, theirs) = (a.NextStep(), b.NextStep());
            }
            else if (theirs is null || (mine is not null && mine.Number < theirs.Number))
            {
                onlyA++;
                mine = a.NextStep();
            }
            else
            {
                onlyB++;
                theirs = b.NextStep();
            }
        }
        foreach (TraceReader reader in (ReadOnlySpan<TraceReader>)[a, b])
        {
            if (reader.Cut is { } cut)
                _result.Cut.Add($"{reader.Path}: {cut}; every whole line before it counts");
        }
        if (_result.Steps.Count == 0 || _result.Compared == 0)
        {
            throw new InputException(firstOfA is null || firstOfB is null
                ? $"{(firstOfA is null ? a.Path : b.Path)}: holds no step; record at least one"
                : _result.Steps.Count == 0
                    ? $"{b.Path}: begins with step {firstOfB} and has no step in common with {a.Path}, which begins with {firstOfA}; "
                        + "record the same steps of both"
                    : $"{b.Path}: has no record in common with {a.Path}; give traces of the same network");
        }
        _result.OnlySteps = (onlyA, onlyB);
        _result.Idle = _result.Steps.Count < 2 ? [] : [.. _result.Random.Keys.Where(name => !_drawn.Contains(name))];
        _result.Growth = new TraceGrowth(_growthSteps, _growth);
        if (_result.Batches is { } batches && _batchesAreAlike && _samplesOfA.Count > 0 && _samplesOfA.SetEquals(_samplesOfB))
            _result.Batches = (batches.Step, $"{batches.What}; over all steps the same samples, in another order");
        return _result;
    }

    private void Compare(TraceStep mine, TraceStep theirs)
    {
        int column = _result.Steps.Count;
        if (column == 0)
            Align(mine, theirs);
        _result.Steps.Add(mine.Number);
        var others = new Dictionary<TraceKey, TraceRecord>(theirs.Records.Count);
        foreach (TraceRecord record in theirs.Records)
            others.TryAdd(record.Key with { Name = _namesOfB.GetValueOrDefault(record.Key.Name, record.Key.Name) }, record);
        _products.Begin(mine);
        Count(mine.Records, others);
        CompareBatches(mine, others);
        double apart = 0, numbers = 0;
        TraceRecord? before = null;
        // The order of questions; within each of them, of time.
        foreach (TraceRecord a in mine.Records.OrderBy(record => record.Key.Rank))
        {
            if (!others.Remove(a.Key, out TraceRecord? b))
                continue;
            _result.Compared++;
            bool equal = a.IsEqualTo(b);
            Tally(a, b, equal);
            if (a.Tensor is { } tensor && b.Tensor is { } other)
            {
                if (_result.Strides is null && !(tensor.Stride ?? []).SequenceEqual(other.Stride ?? []))
                    _result.Strides = (a.Step, a.Key.Name);
                double relative = equal ? 0 : Relative(a, b);
                if (a.Key.Kind == TraceKind.Update && !double.IsNaN(relative))
                    (apart, numbers) = (apart + (relative * tensor.Count), numbers + tensor.Count);
                if (a.Key.Kind == TraceKind.Output && a.Key.Phase == TraceKey.Forward)
                    Mark(a.Key.Name, column, relative);
            }
            if (!equal && _isUnsure)
                MakeSure(a, b);
            if (!equal && a.Key.Kind != TraceKind.Random && _result.Parted is null)
                Part(a, b, before);
            if (!equal)
                _unequal.Add(a.Key.Name);
            before = a;
        }
        _products.End(mine);
        if (_result.Parted is null)
        {
            _gradients.Remember(mine, theirs.Records.Where(record => record is { Key.Kind: TraceKind.Gradient, Key.Index: 0 })
                .DistinctBy(record => record.Key.Name).Where(record => record.Tensor is not null).ToDictionary(
                    record => _namesOfB.GetValueOrDefault(record.Key.Name, record.Key.Name), record => record.Tensor!));
        }
        if (numbers > 0)
        {
            _growthSteps.Add(mine.Number);
            _growth.Add(apart / numbers);
        }
        var kinds = mine.Records.Select(record => record.Key.Kind).ToHashSet();
        foreach (TraceKey key in others.Keys.Where(key => key.Kind != TraceKind.Random && kinds.Contains(key.Kind)))
            AddName(_result.Extra, key.Name);
    }

    /// <summary>Which names of B stand for which of A: those behind a wrapper's, and those of the same tensors in the same order.</summary>
    private void Align(TraceStep mine, TraceStep theirs)
    {
        Dictionary<string, string> a = Signatures(mine), b = Signatures(theirs);
        string[] onlyA = [.. a.Keys.Where(name => !b.ContainsKey(name))], onlyB = [.. b.Keys.Where(name => !a.ContainsKey(name))];
        if (onlyA.Length == 0 || onlyB.Length == 0)
            return;
        var plain = onlyA.GroupBy(Unwrapped).Where(group => group.Count() == 1).ToDictionary(group => group.Key, group => group.Single());
        foreach (string name in onlyB)
        {
            if (plain.Remove(Unwrapped(name), out string? known))
                _namesOfB[name] = known;
        }
        ILookup<string, string> left = onlyA.Except(_namesOfB.Values).ToLookup(name => a[name]);
        foreach (var alike in onlyB.Where(name => !_namesOfB.ContainsKey(name)).GroupBy(name => b[name]))
        {
            string[] candidates = [.. left[alike.Key]];
            if (candidates.Length != alike.Count())
                continue;
            foreach ((string name, string known) in alike.Zip(candidates))
                _namesOfB[name] = known;
        }
        _result.Renamed = [.. _namesOfB.Select(pair => (pair.Value, pair.Key))];

        static string Unwrapped(string name)
        {
            while (s_wrappers.FirstOrDefault(wrapper => name.StartsWith(wrapper, StringComparison.Ordinal)) is { } wrapper)
                name = name[wrapper.Length..];
            return s_wrappers.Any(wrapper => name + "." == wrapper) ? "" : name;
        }

        // What is recorded of a name, with shapes; in the order of first appearance.
        static Dictionary<string, string> Signatures(TraceStep step) => step.Records
            .Where(record => record.Key.Kind is not (TraceKind.Batch or TraceKind.Random or TraceKind.Loss or TraceKind.Scale))
            .GroupBy(record => record.Key.Name).ToDictionary(group => group.Key, group => string.Join('|', group.Select(record =>
                $"{record.Key.Word} {record.Key.Phase} {record.Key.Call} {record.Key.Index} "
                    + string.Join(',', record.Tensor?.Shape ?? []))));
    }

    private void Tally(TraceRecord record, TraceRecord other, bool equal)
    {
        if (record.Key.Kind == TraceKind.Weights)
            _result.Weights = (_result.Weights.Compared + 1, _result.Weights.Differ + (equal ? 0 : 1));
        if (record.Key.Kind != TraceKind.Random)
            return;
        _result.RandomCompared++;
        if (!equal)
            _result.Random.TryAdd(record.Key.Name, record.Step);
        if (!_states.TryAdd(record.Key.Name, (record.State, other.State)) && _states[record.Key.Name] != (record.State, other.State))
            _drawn.Add(record.Key.Name);
    }

    /// <summary>Names that one has records of a kind of and the other, which has records of that kind, does not.</summary>
    private void Count(IReadOnlyList<TraceRecord> mine, Dictionary<TraceKey, TraceRecord> others)
    {
        var kinds = others.Keys.Select(key => key.Kind).ToHashSet();
        foreach (TraceKey key in mine.Select(record => record.Key).Where(key => key.Kind != TraceKind.Random && kinds.Contains(key.Kind)))
        {
            if (!others.ContainsKey(key))
                AddName(_result.Missing, key.Name);
        }
    }

    private void AddName(SortedSet<string> names, string name)
    {
        // PyTorch counts batches where no bit depends on it; another program need not.
        bool isCounter = name.EndsWith(".num_batches_tracked", StringComparison.Ordinal);
        if (names.Count < MostNames && (_areOfOneProgram || !isCounter))
            names.Add(name);
    }

    private void Mark(string name, int column, double relative)
    {
        if (!_result.Map.TryGetValue(name, out float[]? row))
        {
            if (_result.Map.Count >= MostNames)
                return;
            _result.Outputs.Add(name);
            row = [];
        }
        int length = row.Length;
        if (length <= column)
        {
            Array.Resize(ref row, Math.Max(column + 1, Math.Min(2 * length, column + 4096)));
            row.AsSpan(length).Fill(float.NaN);
            _result.Map[name] = row;
        }
        // Several calls of a module in one step: the farthest.
        row[column] = float.IsNaN(row[column]) ? (float)relative : Math.Max(row[column], (float)relative);
    }

    private void CompareBatches(TraceStep mine, Dictionary<TraceKey, TraceRecord> others)
    {
        var pairs = mine.Records.Where(record => record.Key.Kind == TraceKind.Batch && others.ContainsKey(record.Key))
            .Select(record => (A: record, B: others[record.Key])).ToArray();
        if (pairs.Length == 0)
            return;
        _result.BatchSteps++;
        (TraceRecord a, TraceRecord b) = pairs[0];
        foreach ((HashSet<ulong> all, TraceRecord record) in ((HashSet<ulong>, TraceRecord)[])[(_samplesOfA, a), (_samplesOfB, b)])
        {
            _batchesAreAlike &= all.Count + (record.Samples?.Count ?? 0) < MostSamples;
            if (_batchesAreAlike)
                all.UnionWith(record.Samples ?? []);
        }
        if (_result.Batches is null && Array.Exists(pairs, pair => !pair.A.IsEqualTo(pair.B)))
            _result.Batches = (mine.Number, TraceWords.OfBatches(pairs));
    }

    private static double Relative(TraceRecord a, TraceRecord b) =>
        RoundingRule.Judge(a.Tensor!, b.Tensor!, 1, 0, ofProducts: false).Relative ?? double.NaN;

    private void Part(TraceRecord a, TraceRecord b, TraceRecord? before)
    {
        MeasuredDifference measured;
        if (a.Tensor is not null && b.Tensor is not null)
        {
            measured = Judge(a, b);
        }
        else if (a.Tensor is null && b.Tensor is null && a.Value is { } one && b.Value is { } other)
        {
            // A loss is a mean of binary32 over a batch.
            TraceTensor first = TraceTensor.Of<float>([(float)one]), second = TraceTensor.Of<float>([(float)other]);
            // Logarithms of sums of exponentials are of the size of 1, however small their difference is.
            measured = RoundingRule.Judge(first, second, TraceProducts.OfReduction, 1, ofProducts: a.Key.Kind == TraceKind.Loss);
        }
        else
        {
            measured = new MeasuredDifference(DifferenceSize.Structure, null, null, null, 0, 0, 0, 1);
        }
        string? generator = _result.Random.Keys.FirstOrDefault(name => name is not ("python" or "numpy"));
        if (generator is not null && a.Key.Rank > (int)TraceKind.Random && measured.Size == DifferenceSize.Larger)
        {
            // Layers draw of it; what is computed of equal numbers would be equal.
            _result.Parted = new TracePart(_result.Random[generator], new TraceKey(TraceKind.Random, generator), true, measured, null,
                $"it shows first in {TraceWords.What(a.Key)} in step {a.Step}");
            return;
        }
        bool inputs = a.Key.Kind != TraceKind.Input;
        _result.ModeMatters = a.Key.Kind == TraceKind.Output && _products.IsOfMode(a.Key.Name);
        (string, string)? types = a.Tensor is { } mine && b.Tensor is { } theirs ? (mine.Dtype, theirs.Dtype) : null;
        _isUnsure = measured is { Values: 0, Size: DifferenceSize.Rounding } && a.Tensor is not null && a.Key.Rank > (int)TraceKind.Random;
        bool isGradient = (a.Key.Kind is TraceKind.Gradient or TraceKind.OutputGradient)
            && measured.Size != DifferenceSize.Rounding;
        _result.Parted = new TracePart(a.Step, a.Key, inputs, measured, types, (isGradient ? _gradients.Why(a, b) : null)
            ?? TraceWords.Why(a, b, before, _products.HasInputs(a.Key) && !_unequal.Contains(a.Key.Name)));
        (_partedA, _partedB, _before) = (a, b, before);
    }

    /// <summary>
    /// Where none of the kept values shows the difference, what comes of it does: rounding cannot grow in one operation beyond what
    /// rounding to 8 bits makes.
    /// </summary>
    private void MakeSure(TraceRecord a, TraceRecord b)
    {
        if (a.Tensor is null || b.Tensor is null || Judge(a, b) is not { Values: > 0 } seen)
            return;
        _isUnsure = false;
        if (seen.Size != DifferenceSize.Larger || _result.Parted is not { } parted)
            return;
        _result.Parted = parted with
        {
            Measured = parted.Measured with { Size = DifferenceSize.Larger, Share = null },
            Why = TraceWords.Reordered(_partedA!, _partedB!, _before) ?? $"{parted.Why}; the kept values do not show it, but "
                + $"{TraceWords.What(a.Key)}, which comes of it, does",
        };
    }

    private MeasuredDifference Judge(TraceRecord a, TraceRecord b)
    {
        (double products, double scale) = _products.Of(a.Key);
        return RoundingRule.Judge(a.Tensor!, b.Tensor!, products, scale, a.Key.Kind is TraceKind.Output or TraceKind.Op or TraceKind.Input
            or TraceKind.OutputGradient or TraceKind.Gradient);
    }
}
