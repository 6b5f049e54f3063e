namespace LastBit.Experiments;

/// <summary>Checks that the settings of several experiments share.</summary>
internal static class SettingCheck
{
    /// <summary>Refuses a count below 1.</summary>
    /// <exception cref="InputException">It is; the message names the setting.</exception>
    public static void AtLeastOne(string setting, int count)
    {
        if (count < 1)
            throw InputException.Of(setting, "give at least 1");
    }

    /// <summary>Refuses a list of runs that is empty, or names one twice or one that is not possible.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="values">What is asked for, a run each.</param>
    /// <param name="right">What would be right: "whole numbers of at least 1, as 2,8,32".</param>
    /// <param name="isPossible">Whether a value can be; null where all can.</param>
    /// <exception cref="InputException">It is so; the message names the setting.</exception>
    public static void Different<T>(string setting, T[] values, string right, Func<T, bool>? isPossible = null)
    {
        if (values.Length == 0 || values.Distinct().Count() < values.Length || (isPossible is not null && !values.All(isPossible)))
            throw InputException.Of(setting, $"give different {right}");
    }
}
