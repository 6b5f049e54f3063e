using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LastBit.Training;

/// <summary>The ways in which two runs of one training can be made to differ by rounding.</summary>
public enum PerturbationKind
{
    /// <summary>The step is (lr k) (d / k), the same in exact arithmetic for every k.</summary>
    K,
}

/// <summary>
/// What sets a run apart from the plain one without changing it in exact arithmetic. It is the one thing that settings, results, names of files and
/// statistics call a run by beside its seed. In documents a k is a number, as it always was.
/// </summary>
/// <param name="Kind">The kind.</param>
/// <param name="Value">Its size: k.</param>
[JsonConverter(typeof(PerturbationConverter))]
public sealed record Perturbation(PerturbationKind Kind, double Value)
{
    /// <summary>Plain gradient descent: k = 1.</summary>
    public static Perturbation None { get; } = OfK(1);

    /// <summary>What a reader calls it: "k = 3".</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"k = {Value}");

    /// <summary>What files are called by it: "k3".</summary>
    public string FileName => string.Create(CultureInfo.InvariantCulture, $"k{Value}");

    /// <summary>The k of the update.</summary>
    public double K => Value;

    /// <summary>A perturbation of the kind k.</summary>
    /// <param name="k">k; 1 perturbs nothing, and neither does a power of two.</param>
    public static Perturbation OfK(double k) => new(PerturbationKind.K, k);

    /// <summary>Perturbations of the kind k.</summary>
    /// <param name="k">Each k.</param>
    public static Perturbation[] EachOfK(params int[] k) => [.. k.Select(one => OfK(one))];

    /// <summary>Several of them as a reader lists them: "k = 1, 3".</summary>
    /// <param name="perturbations">At least one.</param>
    public static string Names(IEnumerable<Perturbation> perturbations) =>
        "k = " + string.Join(", ", perturbations.Select(one => one.Value.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The perturbation whose <see cref="FileName"/> this is, or null.</summary>
    /// <param name="name">"k3".</param>
    public static Perturbation? FromFileName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.StartsWith('k') && double.TryParse(name.AsSpan(1), NumberStyles.Float, CultureInfo.InvariantCulture, out double k)
            && OfK(k) is { } one && one.Problem() is null && one.FileName == name ? one : null;
    }

    /// <summary>What is wrong with it, and what would be right; null when nothing is.</summary>
    public string? Problem() =>
        Value is >= 1e-6 and <= 1e6 ? null : string.Create(CultureInfo.InvariantCulture, $"{Value}; give positive numbers from 1e-6 to 1e6, as 1,3,5");

    /// <summary>Makes sure that it is possible.</summary>
    /// <exception cref="InputException">It is not.</exception>
    public void Validate()
    {
        if (Problem() is { } problem)
            throw InputException.Of("k", problem);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private sealed class PerturbationConverter : JsonConverter<Perturbation>
    {
        public override Perturbation Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            Perturbation one = reader.TokenType == JsonTokenType.Number ? OfK(reader.GetDouble()) : throw new JsonException();
            return one.Problem() is { } problem ? throw new JsonException($"k is {problem}") : one;
        }

        public override void Write(Utf8JsonWriter writer, Perturbation value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
