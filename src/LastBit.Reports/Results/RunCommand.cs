using System.Text;
using System.Text.Json.Nodes;
using LastBit.Experiments.Reproduction;
using LastBit.Runs;

namespace LastBit.Reports.Results;

/// <summary>The command line that makes a run again, from its run.json.</summary>
public static class RunCommand
{
    /// <summary>The command with every setting that was recorded, as its settings record calls it.</summary>
    /// <param name="run">run.json, or null.</param>
    /// <returns>"lastbit linear --alpha 1.1e7,2e8 --iterations 1000"; just "lastbit" when nothing is known.</returns>
    public static string Of(JsonObject? run)
    {
        var command = new StringBuilder("lastbit");
        if (run?["command"] is not JsonValue name)
            return command.ToString();
        command.Append(' ').Append(ShellWord.Quote(name.ToString()));
        if (AllExperiments.Of(name.ToString()) is not { } kind)
            return command.ToString();

        IReadOnlyList<Setting> all = Setting.Of(kind.Settings);
        object fresh = kind.NewSettings(), old = kind.OldSettings();
        var said = new HashSet<Setting>();
        // Cells are the runs of one folder that were added to it bit by bit: seeds, k, divisors.
        foreach ((string member, JsonNode? value) in (run["settings"] as JsonObject ?? []).Concat(run["cells"] as JsonObject ?? []))
        {
            Setting[] ways = [.. all.Where(one => one.DocumentName == member || one.Name == member)];
            said.UnionWith(ways);
            if (ways.Length > 0 && value is not null)
                Append(command, ways, value, fresh);
        }
        // What a document lacks was computed before there was the setting, and a new run may have it otherwise.
        foreach (Setting setting in all.Except(said))
        {
            JsonNode? before = Node(setting, old);
            if (before is not null && !JsonNode.DeepEquals(before, Node(setting, fresh)))
                Append(command, [setting], before, fresh);
        }
        return command.ToString();
    }

    private static void Append(StringBuilder command, Setting[] ways, JsonNode value, object fresh)
    {
        Setting setting = ways[0];
        // A value that cannot be set is said otherwise: the activation of fc-tanh by the network's name.
        if (setting.Said.Choices is { } choices
            && !choices.Any(choice => JsonNode.DeepEquals(JsonNode.Parse(ResultJson.Serialize(choice)), value)))
            return;
        // A default that is not a value, as that of the checkpoint's run.
        if (setting.Said.Default is not null && JsonNode.DeepEquals(Node(setting, fresh), value))
            return;
        switch (value)
        {
            case JsonObject image when ways.Length > 1:
                bool drawn = image["name"]?.ToString() == Pde.GreyImage.Checkerboard().Name;
                Add(ways.First(way => way.Said.Value is null == drawn).Name, (drawn ? image["height"] : image["name"])?.ToString() ?? "");
                break;
            case JsonObject:
                break;
            case JsonArray list:
                Add(setting.Name,
                    string.Join(',',
                        list.Select(one =>
                            (setting.Name == "perturbation" && one?.GetValueKind() == System.Text.Json.JsonValueKind.Number ? "k=" : "")
                                + one)));
                break;
            default:
                if (value.GetValueKind() == System.Text.Json.JsonValueKind.True)
                    command.Append(" --").Append(setting.Name);
                else if (value.GetValueKind() != System.Text.Json.JsonValueKind.False)
                    Add(setting.Name, value.ToString());
                break;
        }

        void Add(string option, string text) => command.Append(" --").Append(option).Append(' ').Append(ShellWord.Quote(text));
    }

    private static JsonNode? Node(Setting setting, object settings) =>
        JsonNode.Parse(ResultJson.Serialize(setting.Property.GetValue(settings)));
}
