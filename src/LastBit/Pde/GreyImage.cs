using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using LastBit.Files;

namespace LastBit.Pde;

/// <summary>The image I of the one-layer experiments: grey values in [-1, 1], binary64, row by row.</summary>
public sealed class GreyImage
{
    /// <summary>Wraps grey values.</summary>
    /// <param name="name">How reports call the image ("checkerboard", a file name).</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="pixels">height x width values, row by row; all finite.</param>
    /// <exception cref="InputException">The sizes do not fit the values, or a value is not finite.</exception>
    public GreyImage(string name, int height, int width, double[] pixels)
    {
        if (height < 1 || width < 1 || (long)height * width != pixels.Length)
            throw new InputException(
                $"{name}: {pixels.Length} grey values do not make {height} rows of {width}; an image has at least one row and one column");
        for (int i = 0; i < pixels.Length; i++)
        {
            if (!double.IsFinite(pixels[i]))
                throw new InputException(
                    $"{name}: the grey value in row {i / width}, column {i % width} is not finite; grey values lie between -1 and 1");
        }
        Name = name;
        Height = height;
        Width = width;
        Pixels = pixels;
    }

    /// <summary>How reports call the image.</summary>
    public string Name { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Height x Width grey values, row by row. Left out of JSON: <see cref="Digest"/> stands for it.</summary>
    [JsonIgnore]
    public double[] Pixels { get; }

    /// <summary>What is odd about the file that it was read from, without harm to the image; null where nothing is.</summary>
    [JsonIgnore]
    public string? Warning { get; private init; }

    /// <summary>
    /// SHA-256 of the grey values (little-endian binary64), in hexadecimal: two images with one digest are the same image.
    /// </summary>
    public string Digest
    {
        get
        {
            byte[] bytes = new byte[Pixels.Length * sizeof(double)];
            for (int i = 0; i < Pixels.Length; i++)
                BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), Pixels[i]);
            return Convert.ToHexStringLower(SHA256.HashData(bytes));
        }
    }

    /// <summary>The paper's image: -1 where row + column is even, +1 elsewhere.</summary>
    /// <param name="size">Rows and columns, at least 1.</param>
    /// <exception cref="InputException">The size is below 1 or above 16384.</exception>
    public static GreyImage Checkerboard(int size = 256)
    {
        if (size is < 1 or > 16384)
            throw InputException.Of("imageSize", $"{size} is not a possible size; it lies between 1 and 16384");
        double[] pixels = new double[size * size];
        for (int row = 0; row < size; row++)
        {
            for (int column = 0; column < size; column++)
                pixels[row * size + column] = (row + column) % 2 == 0 ? -1 : 1;
        }
        return new GreyImage("checkerboard", size, size, pixels);
    }

    /// <summary>
    /// Reads a PNG image. Samples from 0 to 1 become grey values from -1 to 1 (2 s - 1); of a coloured image the luma 0.299 R + 0.587 G +
    /// 0.114 B is taken, and transparency is ignored.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is not there, or not such an image.</exception>
    public static GreyImage Load(string path)
    {
        PngImage png = PngImage.Read(path);
        double[] pixels = new double[png.Width * png.Height];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i % png.Width, y = i / png.Width;
            double grey = png.Sample(x, y, 0);
            if (png.Channels >= 3)
                grey = Math.FusedMultiplyAdd(0.114, png.Sample(x, y, 2), Math.FusedMultiplyAdd(0.587, png.Sample(x, y, 1), 0.299 * grey));
            pixels[i] = Math.Clamp(Math.FusedMultiplyAdd(2, grey, -1), -1, 1);
        }
        return new GreyImage(Path.GetFileName(path), png.Height, png.Width, pixels)
        { Warning = png.Warning is { } warning ? $"{path}: {warning}." : null };
    }
}
