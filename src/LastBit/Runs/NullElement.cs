using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LastBit.Runs;

/// <summary>
/// Finds a null in a list or a table of a document whose elements must not be null: the serializer looks at members only, and what is
/// inside a list would be found where it is used.
/// </summary>
internal static class NullElement
{
    /// <summary>What is null, as a problem ("runs[2] is null"); null when nothing is.</summary>
    /// <param name="document">A record as it was read.</param>
    public static string? In<T>(T document) => document is null || IsPlain(document.GetType()) ? null
        : document is Array list ? list.Cast<object?>().Select((one, i) => one is null ? $"[{i}] is null" : Members(one, $"[{i}]."))
            .FirstOrDefault(problem => problem is not null)
        : Members(document, "");

    private static string? Members(object record, string place)
    {
        foreach (PropertyInfo member in record.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (member.GetIndexParameters().Length > 0
                || member.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always }
                || IsPlain(member.PropertyType))
                continue;
            string name = place
                + (member.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(member.Name));
            // The context is no thread's but its maker's.
            if (member.GetValue(record) is { } value && Value(value, new NullabilityInfoContext().Create(member), name) is { } problem)
                return problem;
        }
        return null;
    }

    private static string? Value(object value, NullabilityInfo type, string place)
    {
        if (value is IDictionary table)
        {
            NullabilityInfo element = type.GenericTypeArguments[1];
            if (IsPlain(element.Type) && element.Type.IsValueType)
                return null;
            for (IDictionaryEnumerator entry = table.GetEnumerator(); entry.MoveNext();)
            {
                if (Element(entry.Value, element, $"{place}.{entry.Key}") is { } problem)
                    return problem;
            }
            return null;
        }
        if (value is IEnumerable list and not string)
        {
            if ((type.ElementType ?? type.GenericTypeArguments.FirstOrDefault()) is not { } element
                || (IsPlain(element.Type) && element.Type.IsValueType))
                return null;
            return list.Cast<object?>().Select((one, i) => Element(one, element, $"{place}[{i}]"))
                .FirstOrDefault(problem => problem is not null);
        }
        return value.GetType().Namespace?.StartsWith("LastBit", StringComparison.Ordinal) == true && !value.GetType().IsEnum
            ? Members(value, place + ".") : null;
    }

    private static string? Element(object? one, NullabilityInfo type, string place) =>
        one is not null ? Value(one, type, place) : type.ReadState == NullabilityState.NotNull ? $"{place} is null" : null;

    private static bool IsPlain(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || Nullable.GetUnderlyingType(type) is not null;
}
