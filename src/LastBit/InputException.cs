using LastBit.Files;

namespace LastBit;

/// <summary>
/// Bad input: a file, an option or a folder that LastBit cannot work with. The message is one line that names the
/// file or option, says what is wrong and what would be right; the command line prints it and exits with code 2.
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
}
