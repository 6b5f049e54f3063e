using System.Reflection;
using System.Text.Json.Serialization;

namespace LastBit;

/// <summary>
/// Says once what people know of a property of a settings record: what its help says and, where that is not the property's own, the name by
/// which they set it.
/// The default is that of the record. Two of them on one property are two ways to set it.
/// </summary>
/// <param name="help">What it is, in a sentence or two; "{train-size}" in it stands for another setting.</param>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class SettingAttribute(string help) : Attribute
{
    /// <summary>What it is.</summary>
    public string Help { get; } = help;

    /// <summary>The name by which it is set, in lower case with hyphens; null for its name in documents with hyphens.</summary>
    public string? Name { get; init; }

    /// <summary>Another name by which it is set, as the paper's letter; null for none.</summary>
    public string? Alias { get; init; }

    /// <summary>What stands for its value: "DIR"; null where its type says it.</summary>
    public string? Value { get; init; }

    /// <summary>The default in words, where its value does not say it.</summary>
    public string? Default { get; init; }

    /// <summary>The least of a whole number.</summary>
    public int Least { get; init; } = 1;

    /// <summary>Whether a k must be a whole number.</summary>
    public bool Whole { get; init; }

    /// <summary>Whether the runs of a folder can be given more of it later.</summary>
    public bool Grows { get; init; }

    /// <summary>The values that can be set; null for all of its type.</summary>
    public object[]? Choices { get; init; }
}

/// <summary>Says on a settings record what an inherited setting is there, in place of what its property says.</summary>
/// <param name="property">The property.</param>
/// <param name="help">As for <see cref="SettingAttribute"/>; null where the record does not let it be set.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class InheritedSettingAttribute(string property, string? help) : Attribute
{
    /// <summary>The property.</summary>
    public string Property { get; } = property;

    /// <summary>What it is there.</summary>
    public string? Help { get; } = help;

    /// <summary>As for <see cref="SettingAttribute"/>; null for that of the property.</summary>
    public string? Name { get; init; }

    /// <summary>As for <see cref="SettingAttribute"/>; null for that of the property.</summary>
    public string? Alias { get; init; }

    /// <summary>The default in words, where its value does not say it.</summary>
    public string? Default { get; init; }

    /// <summary>The least of a whole number.</summary>
    public int Least { get; init; } = 1;
}

/// <summary>A setting: a property of a settings record, and what the record says of it.</summary>
/// <param name="Property">The property.</param>
/// <param name="Said">What its record says.</param>
public sealed record Setting(PropertyInfo Property, SettingAttribute Said)
{
    private static readonly Lazy<Dictionary<string, string>> OtherNames = new(() => typeof(Setting).Assembly.GetTypes()
        .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Select(property => (property.Name, Called: property.GetCustomAttributes<SettingAttribute>().ToArray()))
        .Where(one => one.Called is [{ Name: not null }])
        .DistinctBy(one => one.Name)
        .ToDictionary(one => InCamelCase(one.Name), one => one.Called[0].Name!, StringComparer.Ordinal));

    /// <summary>The name by which people set it: "batch-size".</summary>
    public string Name => Said.Name ?? WithHyphens(DocumentName);

    /// <summary>The name of its member in documents: "batchSize".</summary>
    public string DocumentName => Property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? InCamelCase(Property.Name);

    /// <summary>Whether it can be given anew for a folder that is there: it says which of its runs to do and not what they are.</summary>
    public bool IsOfCells =>
        Said.Grows || Property.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always };

    /// <summary>The members of a record's documents of which the runs of a folder can be given more later.</summary>
    /// <param name="settings">The record's type.</param>
    public static IReadOnlyList<string> GrowingOf(Type settings) =>
        [.. Of(settings).Where(one => one.Said.Grows).Select(one => one.DocumentName)];

    /// <summary>The settings of a record, in the order in which its document has them.</summary>
    /// <param name="settings">The record's type.</param>
    public static IReadOnlyList<Setting> Of(Type settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var inherited = settings.GetCustomAttributes<InheritedSettingAttribute>().ToDictionary(one => one.Property);
        return [.. settings.GetProperties().OrderBy(property => property.GetCustomAttribute<JsonPropertyOrderAttribute>()?.Order ?? 0)
            .SelectMany(property => property.GetCustomAttributes<SettingAttribute>().Select(said => new Setting(property, said)))
            .Select(one => !inherited.TryGetValue(one.Property.Name, out var here) ? one : here.Help is null ? null
                : one with { Said =
                    new(here.Help)
                    {
                        Name = here.Name ?? one.Said.Name, Alias = here.Alias ?? one.Said.Alias, Value = one.Said.Value,
                        Default = here.Default, Least = here.Least, Choices = one.Said.Choices,
                    } })
            .OfType<Setting>()];
    }

    /// <summary>The name by which people set what a property holds.</summary>
    /// <param name="property">Its name, in camelCase or as it is ("batchSize").</param>
    /// <returns>"batch-size".</returns>
    public static string NameOf(string property)
    {
        ArgumentNullException.ThrowIfNull(property);
        string name = InCamelCase(property);
        return OtherNames.Value.TryGetValue(name, out string? other) ? other : WithHyphens(name);
    }

    internal static string InCamelCase(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];

    private static string WithHyphens(string name) =>
        string.Concat(name.Select(letter => char.IsAsciiLetterUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
