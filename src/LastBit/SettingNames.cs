using System.Reflection;

namespace LastBit;

/// <summary>Gives a setting a name for people that is not the one of its property.</summary>
/// <param name="name">The name, in lower case with hyphens.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SettingNameAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;
}

/// <summary>
/// What people call a setting: its property's name in lower case with hyphens, unless the property says otherwise. Documents call it by its property's
/// name in camelCase; both are declared in the settings record and nowhere else.
/// </summary>
public static class SettingNames
{
    private static readonly Lazy<Dictionary<string, string>> Exceptions = new(() => typeof(SettingNames).Assembly.GetTypes()
        .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Select(property => (property.Name, Called: property.GetCustomAttribute<SettingNameAttribute>()?.Name))
        .Where(one => one.Called is not null)
        .DistinctBy(one => one.Name)
        .ToDictionary(one => InCamelCase(one.Name), one => one.Called!, StringComparer.Ordinal));

    /// <summary>The name for people of a setting.</summary>
    /// <param name="setting">The name of its property, in camelCase or as it is ("batchSize").</param>
    /// <returns>"batch-size".</returns>
    public static string Of(string setting)
    {
        ArgumentNullException.ThrowIfNull(setting);
        return Exceptions.Value.TryGetValue(InCamelCase(setting), out string? name) ? name
            : string.Concat(InCamelCase(setting).Select(letter => char.IsAsciiLetterUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"));
    }

    internal static string InCamelCase(string name) => name.Length == 0 ? name : char.ToLowerInvariant(name[0]) + name[1..];
}
