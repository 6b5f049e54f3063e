using System.Reflection;
using LastBit.Reports;

namespace LastBit.Tests.Reports;

/// <summary>The rooms of the reports: which one may know of which.</summary>
public class RoomsTests
{
    private const string Root = "LastBit.Reports";

    [Fact]
    public void Claims_and_results_know_nothing_of_figures_and_pages()
    {
        Dictionary<string, HashSet<string>> uses = Uses();
        Assert.Empty(uses[$"{Root}.Claims"]);
        Assert.Empty(uses[$"{Root}.Results"]);
        Assert.DoesNotContain(uses[$"{Root}.Page"], room => room != $"{Root}.Claims");
    }

    [Fact]
    public void No_two_rooms_know_of_each_other()
    {
        Dictionary<string, HashSet<string>> uses = Uses();
        // Rooms that know of no room that is left are taken away, until none is left: what stays would be a circle.
        while (uses.Keys.FirstOrDefault(room => !uses[room].Any(uses.ContainsKey)) is { } free)
            uses.Remove(free);
        Assert.Empty(uses.Select(pair => $"{pair.Key} -> {string.Join(", ", pair.Value)}"));
    }

    /// <summary>For each namespace of the reports, the others whose types its members, parameters and local variables have.</summary>
    private static Dictionary<string, HashSet<string>> Uses()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var uses = new Dictionary<string, HashSet<string>>();
        foreach (Type type in typeof(Report).Assembly.GetTypes().Where(type => type.Namespace?.StartsWith(Root, StringComparison.Ordinal) == true))
        {
            if (!uses.TryGetValue(type.Namespace!, out HashSet<string>? others))
                uses.Add(type.Namespace!, others = []);
            foreach (Type used in type.GetMembers(All).SelectMany(TypesOf).SelectMany(Parts))
            {
                bool isForeign = used.Namespace is { } name && name != type.Namespace
                    && (name.StartsWith(Root, StringComparison.Ordinal) || name.StartsWith("ScottPlot", StringComparison.Ordinal)
                        || name.StartsWith("SkiaSharp", StringComparison.Ordinal));
                if (isForeign)
                    others.Add(used.Namespace!);
            }
        }
        Assert.True(uses.Count >= 7, string.Join(", ", uses.Keys));
        return uses;
    }

    private static IEnumerable<Type> Parts(Type type) =>
        type.HasElementType ? Parts(type.GetElementType()!) : type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type) : [type];

    private static IEnumerable<Type> TypesOf(MemberInfo member) => member switch
    {
        FieldInfo field => [field.FieldType],
        PropertyInfo property => [property.PropertyType],
        MethodBase method => [.. method is MethodInfo { ReturnType: var result } ? [result] : Type.EmptyTypes,
            .. method.GetParameters().Select(parameter => parameter.ParameterType),
            .. method.GetMethodBody()?.LocalVariables.Select(local => local.LocalType) ?? []],
        _ => [],
    };
}
