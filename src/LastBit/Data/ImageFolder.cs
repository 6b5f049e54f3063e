using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// PNG images in one folder per class: DIR/train/CLASS/*.png and DIR/test/CLASS/*.png, or DIR/CLASS/*.png, where every fifth image of a class
/// is a test image. All have one size; they are not scaled. Classes and images are taken in the order of their names.
/// </summary>
internal static class ImageFolder
{
    /// <summary>Every such image of a class is a test image where there are no folders train and test.</summary>
    public const int TestEvery = 5;

    public const int MostClasses = 256;

    private static readonly string[] s_otherKinds = [".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"];

    /// <summary>Reads all images.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Images in one channel if all are grey, else in three; the number of classes.</returns>
    /// <exception cref="InputException">There are no images, they differ in size, or one cannot be read or has transparent pixels.</exception>
    public static (RawImages Train, RawImages Test, int Classes) Load(string folder)
    {
        try
        {
            string trainFolder = Path.Combine(folder, "train"), testFolder = Path.Combine(folder, "test");
            bool split = Directory.Exists(trainFolder) && Directory.Exists(testFolder);
            string[] classes = ClassesOf(split ? trainFolder : folder);
            if (split && ClassesOf(testFolder).Except(classes).FirstOrDefault() is string unknown)
                throw new InputException($"{testFolder}: has the class {ForeignText.Cut(unknown)}, which {trainFolder} lacks; both need the same classes");
            var train = new List<(string Path, byte Label)>();
            var test = new List<(string Path, byte Label)>();
            for (int label = 0; label < classes.Length; label++)
            {
                string[] files = FilesOf(Path.Combine(split ? trainFolder : folder, classes[label]));
                for (int i = 0; i < files.Length; i++)
                    (!split && i % TestEvery == TestEvery - 1 ? test : train).Add((files[i], (byte)label));
                if (split && Directory.Exists(Path.Combine(testFolder, classes[label])))
                    test.AddRange(FilesOf(Path.Combine(testFolder, classes[label])).Select(file => (file, (byte)label)));
            }
            if (train.Count == 0 || test.Count == 0)
            {
                throw new InputException($"{folder}: has {train.Count} training and {test.Count} test images; "
                    + (split ? "both folders need PNG images" : $"a class needs at least {TestEvery} PNG images, or make folders train and test"));
            }
            return Read(train, test, classes.Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{folder}: cannot be read ({InputFile.Reason(error)}); name a folder with PNG images in one folder per class", error);
        }
    }

    private static (RawImages Train, RawImages Test, int Classes) Read(List<(string Path, byte Label)> train, List<(string Path, byte Label)> test, int classes)
    {
        PngImage first = PngImage.Read(train[0].Path);
        if ((long)first.Width * first.Height > 1 << 20)
            throw new InputException($"{train[0].Path}: is {first.Width} x {first.Height} pixels large; networks take at most {1 << 20} pixels");
        // Three channels to begin with: whether all images are grey is known only at the end.
        if ((long)(train.Count + test.Count) * 3 * first.Width * first.Height > Array.MaxLength)
            throw new InputException($"{train[0].Path}: {train.Count + test.Count} images of {first.Width} x {first.Height} pixels are too many; at most {Array.MaxLength} bytes can be held");
        bool grey = true;
        byte[] trainImages = Pixels(train), testImages = Pixels(test);
        int channels = grey ? 1 : 3;
        return (Pack(train, trainImages), Pack(test, testImages), classes);

        byte[] Pixels(List<(string Path, byte Label)> files)
        {
            int plane = first.Width * first.Height;
            byte[] images = new byte[files.Count * 3 * plane];
            for (int i = 0; i < files.Count; i++)
            {
                PngImage image = PngImage.Read(files[i].Path);
                if ((image.Width, image.Height) != (first.Width, first.Height))
                {
                    throw new InputException($"{files[i].Path}: is {image.Width} x {image.Height} pixels large where {train[0].Path} is "
                        + $"{first.Width} x {first.Height}; all images need one size");
                }
                grey &= image.Channels <= 2;
                Fill(image, files[i].Path, images.AsSpan(i * 3 * plane, 3 * plane));
            }
            return images;
        }

        RawImages Pack(List<(string Path, byte Label)> files, byte[] images)
        {
            int plane = first.Width * first.Height;
            byte[] packed = images;
            if (channels == 1)
            {
                packed = new byte[files.Count * plane];
                for (int i = 0; i < files.Count; i++)
                    images.AsSpan(i * 3 * plane, plane).CopyTo(packed.AsSpan(i * plane));
            }
            return new RawImages(channels, first.Height, first.Width, packed, [.. files.Select(file => file.Label)]);
        }
    }

    // Three planes; samples of 16 bits are rounded to 8.
    private static void Fill(PngImage image, string path, Span<byte> target)
    {
        int plane = image.Width * image.Height, colours = image.Channels >= 3 ? 3 : 1;
        for (int pixel = 0; pixel < plane; pixel++)
        {
            if (image.Channels is 2 or 4 && Byte(image, pixel * image.Channels + colours) != 255)
                throw new InputException($"{path}: has transparent pixels; put the image on a background (no alpha channel)");
            for (int c = 0; c < 3; c++)
                target[c * plane + pixel] = Byte(image, pixel * image.Channels + (colours == 3 ? c : 0));
        }

        static byte Byte(PngImage image, int sample) =>
            image.BitDepth == 8 ? image.Samples[sample] : (byte)(((image.Samples[2 * sample] << 8 | image.Samples[2 * sample + 1]) + 128) / 257);
    }

    private static string[] ClassesOf(string folder)
    {
        string[] classes = [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith('.'))
            .Order(StringComparer.Ordinal)];
        return classes.Length is > 1 and <= MostClasses ? classes
            : throw new InputException($"{folder}: has {classes.Length} folders; 2 to {MostClasses} are needed, one per class, with PNG images in them");
    }

    private static string[] FilesOf(string folder)
    {
        string[] files = [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal)];
        if (files.FirstOrDefault(file => s_otherKinds.Contains(Path.GetExtension(file).ToLowerInvariant())) is string other)
            throw new InputException($"{other}: is not a PNG image; convert it to PNG");
        return [.. files.Where(file => Path.GetExtension(file).Equals(".png", StringComparison.OrdinalIgnoreCase) && !Path.GetFileName(file).StartsWith('.'))];
    }
}
