using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LastBit.Training;

/// <summary>The ways in which two runs of one training can be made to differ by rounding.</summary>
public enum PerturbationKind
{
    /// <summary>The step is (lr k) (d / k), the same in exact arithmetic for every k.</summary>
    K,

    /// <summary>
    /// One weight, drawn from the seed among those that are not zero, begins one unit in the last place away from where it would.
    /// </summary>
    Ulp,

    /// <summary>
    /// The new weights of every step are rounded up or down at random, so that they are right on average (stochastic rounding).
    /// </summary>
    Stochastic,

    /// <summary>The images of every batch stand in reverse order, so that every sum over them is taken in another order.</summary>
    Order,

    /// <summary>
    /// One pixel of one image of the first batch, drawn from the seed, is one unit in the last place away from where it would be, whenever
    /// it is seen.
    /// </summary>
    Input,

    /// <summary>
    /// Convolutions are computed by the other algorithm: by Winograd's where they would be direct, and the other way round.
    /// </summary>
    Convolution,
}

/// <summary>
/// What sets a run apart from the plain one without changing it in exact arithmetic (or by one unit in the last place of one number). It is
/// the one thing that settings, results, names of files and statistics call a run by beside its seed. In documents a k is a number, as it
/// always was; the others are words.
/// </summary>
[JsonConverter(typeof(PerturbationConverter))]
#pragma warning disable CA1036 // The order is one of lists; no perturbation is less than another.
public sealed record Perturbation : IComparable<Perturbation>
#pragma warning restore CA1036
{
    /// <summary>What the kinds are, as a sentence of help has it.</summary>
    internal const string Kinds = "k=3: the step is (3 lr)(d/3). ulp: one weight begins one unit in the last place away. "
        + "stochastic: new weights are rounded up or down at random. order: sums over a batch are taken in reverse. "
        + "input: one pixel of one image of the first batch by one unit in the last place. "
        + "convolution: the other {convolution}.";

    private Perturbation(PerturbationKind kind, double value) => (Kind, Value) = (kind, value);

    /// <summary>Plain gradient descent: k = 1.</summary>
    public static Perturbation None { get; } = OfK(1);

    /// <summary>The kind.</summary>
    public PerturbationKind Kind { get; }

    /// <summary>Its size: k. The other kinds have none, and 1 here.</summary>
    public double Value { get; }

    /// <summary>What a reader calls it: "k = 3", "ulp".</summary>
    public string Name => IsK ? string.Create(CultureInfo.InvariantCulture, $"k = {Value}") : WordOf(Kind);

    /// <summary>What files are called by it: "k3", "ulp".</summary>
    public string FileName => IsK ? string.Create(CultureInfo.InvariantCulture, $"k{Value}") : WordOf(Kind);

    /// <summary>What documents and people who type call it in a list: "3", "ulp".</summary>
    public string Word => IsK ? Value.ToString(CultureInfo.InvariantCulture) : WordOf(Kind);

    /// <summary>Whether it is one of the paper's kind.</summary>
    public bool IsK => Kind == PerturbationKind.K;

    /// <summary>The k of the update; 1 for the other kinds.</summary>
    public double K => Value;

    /// <summary>The words for the kinds that have no size: "ulp", "stochastic", ...</summary>
    public static IReadOnlyList<string> Words { get; } =
        [.. Enum.GetValues<PerturbationKind>().Where(kind => kind != PerturbationKind.K).Select(WordOf)];

    /// <summary>A number is a k.</summary>
    /// <param name="k">k.</param>
    public static implicit operator Perturbation(double k) => OfK(k);

    /// <summary>A perturbation of the kind k.</summary>
    /// <param name="k">k; 1 perturbs nothing, and neither does a power of two.</param>
    public static Perturbation OfK(double k) => new(PerturbationKind.K, k);

    /// <summary>A perturbation of a kind that has no size.</summary>
    /// <param name="kind">Any kind but k.</param>
    /// <exception cref="ArgumentException">It is k.</exception>
    public static Perturbation Of(PerturbationKind kind) => kind == PerturbationKind.K || !Enum.IsDefined(kind)
        ? throw new ArgumentException("a k has a size", nameof(kind)) : new(kind, 1);

    /// <summary>Perturbations of the kind k.</summary>
    /// <param name="k">Each k.</param>
    public static Perturbation[] EachOfK(params int[] k) => [.. k.Select(one => OfK(one))];

    /// <summary>Several of them as a reader lists them: "k = 1, 3, ulp".</summary>
    /// <param name="perturbations">At least one.</param>
    public static string Names(IEnumerable<Perturbation> perturbations)
    {
        Perturbation[] all = [.. perturbations];
        string words = string.Join(", ", all.Where(one => one.IsK).Concat(all.Where(one => !one.IsK)).Select(one => one.Word));
        return all.Any(one => one.IsK) ? "k = " + words : words;
    }

    /// <summary>Reads what a person writes: "k=3", "ulp".</summary>
    /// <param name="text">One perturbation.</param>
    /// <exception cref="InputException">There is no such perturbation.</exception>
    public static Perturbation Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.StartsWith("k=", StringComparison.Ordinal)
            && double.TryParse(text.AsSpan(2), NumberStyles.Float, CultureInfo.InvariantCulture, out double k)
            && OfK(k) is { } one && one.Problem() is null)
        {
            return one;
        }
        return FromWord(text) ?? throw InputException.Of(nameof(Perturbation),
            $"there is no perturbation '{ForeignText.Cut(text)}'; "
            + $"give k=3 (or another number), {string.Join(", ", Words.SkipLast(1))} or {Words[^1]}");
    }

    /// <summary>The perturbation whose <see cref="FileName"/> this is, or null.</summary>
    /// <param name="name">"k3", "ulp".</param>
    public static Perturbation? FromFileName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith('k') && double.TryParse(name.AsSpan(1), NumberStyles.Float, CultureInfo.InvariantCulture, out double k)
            && OfK(k) is { } one && one.Problem() is null && one.FileName == name ? one : FromWord(name);
    }

    /// <summary>What a file of several is called by: "k1-3-ulp"; only the first has its letter.</summary>
    /// <param name="perturbations">At least one.</param>
    public static string FileNameOf(IEnumerable<Perturbation> perturbations) =>
        string.Join('-', perturbations.Select((one, i) => i == 0 ? one.FileName : one.Word));

    /// <summary>The perturbations whose <see cref="FileNameOf"/> this is, or null.</summary>
    /// <param name="name">"k1-3-ulp".</param>
    public static Perturbation[]? EachFromFileName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Perturbation[] all = [.. name.Split('-').Select(part => FromFileName(part) ?? FromFileName("k" + part)).OfType<Perturbation>()];
        return all.Length > 0 && FileNameOf(all) == name ? all : null;
    }

    /// <summary>What is wrong with it, and what would be right; null when nothing is.</summary>
    public string? Problem() =>
        Value is >= 1e-6 and <= 1e6 ? null
            : string.Create(CultureInfo.InvariantCulture, $"{Value}; give positive numbers from 1e-6 to 1e6, as 1,3,5");

    /// <summary>Makes sure that it is possible.</summary>
    /// <exception cref="InputException">It is not.</exception>
    public void Validate()
    {
        if (Problem() is { } problem)
            throw InputException.Of("k", problem);
    }

    /// <summary>Every k in ascending order, then the other kinds.</summary>
    /// <param name="other">Another one.</param>
    public int CompareTo(Perturbation? other) => other is null ? 1 : Kind != other.Kind ? Kind.CompareTo(other.Kind)
        : Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static string WordOf(PerturbationKind kind) => kind.ToString().ToLowerInvariant();

    private static Perturbation? FromWord(string word) =>
        Enum.GetValues<PerturbationKind>().Where(kind => kind != PerturbationKind.K && WordOf(kind) == word).Select(Of).FirstOrDefault();

    private sealed class PerturbationConverter : JsonConverter<Perturbation>
    {
        /// <summary>A null in a list comes here too, and is refused as whatever else is no perturbation.</summary>
        public override bool HandleNull => true;

        public override Perturbation Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.Number => Checked(OfK(reader.GetDouble())),
                JsonTokenType.String => FromWord(reader.GetString()!) ?? throw new JsonException(),
                _ => throw new JsonException(),
            };

        public override void Write(Utf8JsonWriter writer, Perturbation value, JsonSerializerOptions options)
        {
            if (value.IsK)
                writer.WriteNumberValue(value.Value);
            else
                writer.WriteStringValue(value.Word);
        }

        public override Perturbation ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            string name = reader.GetString()!;
            return double.TryParse(name, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double k) && OfK(k).Word == name
                ? OfK(k)
                : FromWord(name) ?? throw new JsonException();
        }

        public override void WriteAsPropertyName(Utf8JsonWriter writer, Perturbation value, JsonSerializerOptions options) =>
            writer.WritePropertyName(value.Word);

        private static Perturbation Checked(Perturbation one) => one.Problem() is { } problem ? throw new JsonException($"k is {problem}")
            : one;
    }
}
