using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LastBit.Pde;

/// <summary>Rows and columns of a kernel. A document holds one number where they are equal, else words as "16x32".</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
[JsonConverter(typeof(Converter))]
public readonly record struct KernelSize(int Height, int Width)
{
    /// <summary>How many numbers the kernel has.</summary>
    public int Count => Height * Width;

    /// <summary>A square kernel.</summary>
    public static implicit operator KernelSize(int side) => new(side, side);

    /// <summary>Reads "32" or "16x32"; null where the text is neither.</summary>
    public static KernelSize? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] sides = text.Split('x');
        return sides.Length <= 2
            && int.TryParse(sides[0], NumberStyles.None, CultureInfo.InvariantCulture, out int height)
            && int.TryParse(sides[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int width) ? new(height, width) : null;
    }

    /// <summary>"32" or "16x32", as it is typed.</summary>
    public override string ToString() =>
        Height == Width ? Height.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Height}x{Width}");

    private sealed class Converter : JsonConverter<KernelSize>
    {
        public override KernelSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number ? reader.GetInt32()
            : TryParse(reader.GetString() ?? "") ?? throw new JsonException("not the size of a kernel, as 32 or \"16x32\"");

        public override void Write(Utf8JsonWriter writer, KernelSize value, JsonSerializerOptions options)
        {
            if (value.Height == value.Width)
                writer.WriteNumberValue(value.Height);
            else
                writer.WriteStringValue(value.ToString());
        }
    }
}
