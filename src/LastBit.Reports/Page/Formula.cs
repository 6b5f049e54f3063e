using System.Text;

namespace LastBit.Reports.Page;

/// <summary>
/// Formulas in running text: what stands between dollar signs, in Unicode (α_min ≤ 2/Δt, |K₁ − K₂|², 10⁻⁸), becomes MathML, which browsers
/// typeset and screen readers speak.
/// </summary>
internal static class Formula
{
    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ⁿ", Raised = "0123456789−n", Subscripts = "₀₁₂₃₄₅₆₇₈₉", Lowered = "0123456789";

    /// <summary>A text as HTML, its formulas as MathML.</summary>
    /// <param name="text">The text; everything outside of formulas is escaped.</param>
    /// <returns>The HTML.</returns>
    internal static Markup Text(string text) =>
        new(string.Concat(text.Split('$').Select((part, i) => i % 2 == 0 ? Markup.Escape(part) : MathML(part))));

    private static string MathML(string formula)
    {
        var html = new StringBuilder("<math>");
        for (int at = 0; at < formula.Length;)
        {
            if (formula[at] == ' ')
            {
                at++;
                continue;
            }
            string atom = Atom(formula, ref at);
            string lower = Script(formula, ref at, Subscripts, Lowered), upper = Script(formula, ref at, Superscripts, Raised);
            if (lower.Length == 0 && at < formula.Length && formula[at] == '_')
            {
                int end = ++at;
                while (end < formula.Length && char.IsLetterOrDigit(formula[end]))
                    end++;
                lower = char.IsDigit(formula[at]) ? $"<mn>{formula[at..end]}</mn>" : $"<mi>{formula[at..end]}</mi>";
                at = end;
                upper = Script(formula, ref at, Superscripts, Raised);
            }
            html.Append((lower.Length, upper.Length) switch
            {
                (0, 0) => atom,
                (_, 0) => $"<msub>{atom}{lower}</msub>",
                (0, _) => $"<msup>{atom}{upper}</msup>",
                _ => $"<msubsup>{atom}{lower}{upper}</msubsup>",
            });
        }
        return html.Append("</math>").ToString();
    }

    /// <summary>One number, name or operator.</summary>
    private static string Atom(string formula, ref int at)
    {
        int begin = at++;
        char first = formula[begin];
        if (char.IsAsciiDigit(first))
        {
            while (at < formula.Length
                && (char.IsAsciiDigit(formula[at])
                    || (formula[at] is '.' or ',' && at + 1 < formula.Length && char.IsAsciiDigit(formula[at + 1]))))
                at++;
            return $"<mn>{formula[begin..at]}</mn>";
        }
        if (char.IsAsciiLetter(first))
        {
            // A name of several letters is a function or a word and upright; dK and dt are a d and a K.
            while (at < formula.Length && char.IsAsciiLetter(formula[at]))
                at++;
            return first == 'd' && at == begin + 2
                ? $"<mrow><mi>d</mi><mi>{formula[begin + 1]}</mi></mrow>" : $"<mi>{formula[begin..at]}</mi>";
        }
        // Fences in running text keep their size.
        return char.IsLetter(first) ? $"<mi>{first}</mi>"
            : first is '(' or ')' or '|' or '/' ? $"<mo stretchy=\"false\">{first}</mo>" : $"<mo>{Markup.Escape($"{first}")}</mo>";
    }

    private static string Script(string formula, ref int at, string signs, string meanings)
    {
        int begin = at;
        while (at < formula.Length && signs.Contains(formula[at], StringComparison.Ordinal))
            at++;
        if (at == begin)
            return "";
        string text = string.Concat(formula[begin..at].Select(sign => meanings[signs.IndexOf(sign, StringComparison.Ordinal)]));
        string digits = text.TrimStart('−').TrimEnd('n');
        return "<mrow>" + (text.StartsWith('−') ? "<mo>−</mo>" : "") + (digits.Length > 0 ? $"<mn>{digits}</mn>" : "")
            + (text.EndsWith('n') ? "<mi>n</mi>" : "") + "</mrow>";
    }
}
