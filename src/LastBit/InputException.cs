
namespace LastBit;

/// <summary>
/// Bad input: a file, a setting or a folder that LastBit cannot work with. The message is one line that names the
/// file or setting, says what is wrong and what would be right; the command line prints it and exits with code 2.
/// Whatever of a file it quotes is made printable (<see cref="ForeignText"/>); who quotes cuts.
/// </summary>
public sealed class InputException : Exception
{
    /// <summary>Creates the exception with the line that the user will read.</summary>
    /// <param name="message">What is wrong, where, and what would be right, in one line.</param>
    public InputException(string message)
        : base(ForeignText.Printable(message))
    {
    }

    /// <summary>Creates the exception with the line that the user will read and its cause.</summary>
    /// <param name="message">What is wrong, where, and what would be right, in one line.</param>
    /// <param name="innerException">The failure that revealed it.</param>
    public InputException(string message, Exception innerException)
        : base(ForeignText.Printable(message), innerException)
    {
    }

    private InputException(string setting, string problem, Exception? innerException)
        : base(ForeignText.Printable($"{setting}{problem}"), innerException) =>
            (Setting, Problem) = (setting, ForeignText.Printable(problem));

    /// <summary>The setting that is not possible, called as in its settings record ("batchSize"); null where it is no setting.</summary>
    public string? Setting { get; }

    /// <summary>
    /// What follows the setting's name in the message, from the colon (or the setting's value) on; null where it is no setting.
    /// </summary>
    public string? Problem { get; }

    /// <summary>A setting that is not possible. Its message may call the setting by the name that users know.</summary>
    /// <param name="setting">The setting's name, a property of its settings record.</param>
    /// <param name="problem">What is wrong with it and what would be right.</param>
    public static InputException Of(string setting, string problem) =>
        new(LastBit.Setting.InCamelCase(setting), $": {problem}", null);

    /// <summary>A folder or file that a setting names and that cannot be used.</summary>
    /// <param name="setting">The setting's name.</param>
    /// <param name="path">The folder or file.</param>
    /// <param name="problem">What is wrong with it and what would be right.</param>
    /// <param name="cause">The failure that revealed it, if any.</param>
    public static InputException OfPath(string setting, string path, string problem, Exception? cause = null) =>
        new(LastBit.Setting.InCamelCase(setting), $" {path}: {problem}", cause);
}
