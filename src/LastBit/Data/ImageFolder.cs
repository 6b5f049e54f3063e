using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// PNG and JPEG images in one folder per class: DIR/train/CLASS and DIR/test/CLASS (or DIR/val/CLASS), or DIR/CLASS, where every fifth
/// image of a class is a test image. All have one size; they are not scaled. Classes and images are taken in the order of their names.
/// Whatever is no class with images is refused by name or passed over with a word, so that nothing that was meant as data is missing in
/// silence.
/// </summary>
internal sealed class ImageFolder
{
    /// <summary>Every such image of a class is a test image where there are no folders train and test.</summary>
    public const int TestEvery = 5;

    public const int MostClasses = 256;

    private const string Layout = "make it DIR/train/CLASS/*.png and DIR/test/CLASS/*.png (or DIR/val), or DIR/CLASS/*.png";

    private static readonly string[] s_images = [".png", ".jpg", ".jpeg", ".jpe", ".jfif"];

    private static readonly string[] s_otherImages =
        [".gif", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm", ".pnm", ".pam", ".heic", ".heif", ".avif", ".jp2", ".jxl",
            ".ico", ".tga", ".dcm", ".svg"];

    // What systems leave in folders, beside names that begin with a full stop (.DS_Store, ._000.png, .git).
    private static readonly string[] s_leftBySystems = ["__MACOSX", "Thumbs.db", "desktop.ini", "lost+found"];

    private static readonly string[] s_testFolders = ["test", "val", "valid", "validation"];

    private readonly string _folder;
    private readonly FolderWalk _walk = new();
    private readonly List<string> _passedOver = [];
    private readonly List<string> _notes = [];
    private readonly Lazy<JpegDecoder>? _decoder;
    private readonly Func<string> _cache;

    private ImageFolder(string folder, Lazy<JpegDecoder>? decoder, Func<string> cache) =>
        (_folder, _decoder, _cache) = (folder, decoder, cache);

    /// <summary>Reads all images.</summary>
    /// <param name="folder">The folder.</param>
    /// <returns>Images in one channel if all are grey, else in three; the names of the classes; what a reader of the results should
    /// know.</returns>
    /// <exception cref="InputException">
    /// A folder or an image is not what it should be, there are too few images, they differ in size, or one cannot be read or has
    /// transparent pixels.
    /// </exception>
    public static RawData Load(string folder) => Load(folder, JpegDecoder.Current, () => DataCache.Root);

    /// <summary>Reads all images.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="decoder">What decodes JPEG images; null where nothing does.</param>
    /// <param name="cache">The data cache, asked for where pixels are decoded.</param>
    internal static RawData Load(string folder, Lazy<JpegDecoder>? decoder, Func<string> cache)
    {
        var reader = new ImageFolder(folder, decoder, cache);
        try
        {
            return reader.Load();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{folder}: cannot be read ({InputFile.Reason(error)}); name a folder with images in one folder per class", error);
        }
    }

    private RawData Load()
    {
        FolderEntry[] entries = [.. Useful(_folder)];
        string? train = FolderNamed(entries, "train"), test =
            s_testFolders.Select(name => FolderNamed(entries, name)).FirstOrDefault(path => path is not null);
        Class[] classes = train is not null && test is not null ? Split(entries, train, test) : Whole(entries, train);
        var trainFiles = new List<ImageFile>();
        var testFiles = new List<ImageFile>();
        for (int label = 0; label < classes.Length; label++)
        {
            trainFiles.AddRange(classes[label].Train.Select(path => new ImageFile(path, (byte)label)));
            testFiles.AddRange(classes[label].Test.Select(path => new ImageFile(path, (byte)label)));
        }
        if (_passedOver.Count > 0)
        {
            const int Shown = 5;
            string more = _passedOver.Count > Shown ? $", and {NumberText.Count(_passedOver.Count - Shown)} more" : "";
            _notes.Add($"Passed over in {_folder}: {string.Join(", ", _passedOver.Take(Shown))}{more}.");
        }
        return Read(trainFiles, testFiles, [.. classes.Select(one => one.Name)]);
    }

    // DIR/train/CLASS with DIR/test/CLASS.
    private Class[] Split(FolderEntry[] entries, string train, string test)
    {
        foreach (FolderEntry other in entries.Where(entry => entry.Path != train && entry.Path != test))
            PassOver(other,
                other.Kind == EntryKind.Folder && s_testFolders.Contains(other.Name) ? $"{Path.GetFileName(test)} is the test data" : null);
        Dictionary<string, string[]> trainClasses = Classes(train, Useful(train)), testClasses = Classes(test, Useful(test));
        foreach ((string one, Dictionary<string, string[]> there, string other, Dictionary<string, string[]> here) in
            new[] { (test, testClasses, train, trainClasses), (train, trainClasses, test, testClasses) })
        {
            if (there.Keys.Except(here.Keys).FirstOrDefault() is { } unknown)
                throw new InputException(
                    $"{one}: has the class {ForeignText.Cut(unknown)}, which {other} lacks; both need the same classes");
        }
        return [.. trainClasses.Select(one => new Class(one.Key, one.Value, testClasses[one.Key]))];
    }

    // DIR/CLASS: every fifth image of a class is a test image.
    private Class[] Whole(FolderEntry[] entries, string? train)
    {
        // A class may be called train; a folder of classes may not stand alone.
        if (train is not null && Directory.EnumerateDirectories(train).Any())
            throw new InputException(
                $"{_folder}: has the folder train and no folder {string.Join(" or ", s_testFolders)} beside it; {Layout}");
        Dictionary<string, string[]> classes = Classes(_folder, entries);
        if (classes.FirstOrDefault(one => one.Value.Length < TestEvery) is { Key: { } few, Value: { } images })
        {
            throw new InputException(
                $"{Path.Combine(_folder, few)}: has {NumberText.Count(images.Length, "image")}; without folders train and test a class "
                    + "needs "
                + $"at least {TestEvery}, for every fifth is a test image");
        }
        return [.. classes.Select(one => new Class(one.Key,
            [.. one.Value.Where((_, i) => i % TestEvery != TestEvery - 1)],
            [.. one.Value.Where((_, i) => i % TestEvery == TestEvery - 1)]))];
    }

    private Dictionary<string, string[]> Classes(string folder, IEnumerable<FolderEntry> entries)
    {
        var classes = new Dictionary<string, string[]>();
        FolderEntry? stray = null;
        foreach (FolderEntry entry in entries)
        {
            if (entry.Kind == EntryKind.Folder)
                classes.Add(entry.Name, ImagesOf(entry.Path));
            else if (IsImage(entry.Name, s_images) || IsImage(entry.Name, s_otherImages))
                stray ??= entry;
            else
                PassOver(entry, null);
        }
        if (stray is { } image)
            throw new InputException($"{image.Path}: lies in no folder of a class; {Layout}");
        return classes.Count is > 1 and <= MostClasses ? classes
            : throw new InputException(
                $"{folder}: has {NumberText.Count(classes.Count, "folder")}; 2 to {MostClasses} are needed, one per class, with PNG or "
                    + "JPEG images in them");
    }

    private string[] ImagesOf(string folder)
    {
        var images = new List<string>();
        foreach (FolderEntry entry in Useful(folder))
        {
            if (entry.Kind == EntryKind.Folder)
                throw new InputException(
                    $"{entry.Path}: is a folder within the folder of a class; put its images into {folder} itself, or remove it");
            if (IsImage(entry.Name, s_otherImages))
                throw new InputException($"{entry.Path}: is not a PNG or JPEG image; convert it to PNG");
            if (IsImage(entry.Name, s_images))
                images.Add(entry.Path);
            else
                PassOver(entry, null);
        }
        return images.Count > 0
            ? [.. images]
            : throw new InputException(
                $"{folder}: has no PNG or JPEG image; put some into it, or remove it, for every folder here is a class");
    }

    private static bool IsImage(string name, string[] endings) =>
        endings.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    private static string? FolderNamed(FolderEntry[] entries, string name) =>
        entries.Where(entry => entry.Kind == EntryKind.Folder && entry.Name == name).Select(entry => entry.Path).FirstOrDefault();

    // What may be a class or an image; the rest is passed over, with a word.
    private IEnumerable<FolderEntry> Useful(string folder)
    {
        foreach (FolderEntry entry in _walk.Entries(folder))
        {
            if (entry.Name.StartsWith('.') || s_leftBySystems.Contains(entry.Name, StringComparer.OrdinalIgnoreCase))
                PassOver(entry, null);
            else if (entry.Problem is { } problem)
                PassOver(entry, problem);
            else
                yield return entry;
        }
    }

    private void PassOver(FolderEntry entry, string? why) =>
        _passedOver.Add(ForeignText.Cut(Path.GetRelativePath(_folder, entry.Path)) + (why is null ? "" : $" ({why})"));

    private RawData Read(List<ImageFile> train, List<ImageFile> test, string[] classes)
    {
        (string files, bool anyJpeg) = DigestOf([.. train, .. test]);
        if (!anyJpeg)
        {
            (RawImages trainImages, RawImages testImages) = Decode(train, test);
            return Data(trainImages, testImages, null);
        }
        if (PixelCache.Read(_cache, files, train.Count, test.Count) is var (there, trainPixels, testPixels))
            return Data(Images(there, train, trainPixels), Images(there, test, testPixels), there);
        string decoder = _decoder?.Value.Name
            ?? throw new InputException($"{_folder}: holds JPEG images, which cannot be read here; convert them to PNG");
        (RawImages decodedTrain, RawImages decodedTest) = Decode(train, test);
        var header = new PixelHeader(decoder, decodedTrain.Channels, decodedTrain.Height, decodedTrain.Width,
            PixelCache.DigestOf(decodedTrain.Images, decodedTest.Images));
        if (PixelCache.Write(_cache, files, header, decodedTrain.Images, decodedTest.Images) is { } problem)
        {
            _notes.Add($"The decoded pixels are not kept: {problem}. They are decoded anew in every run, and a run resumed with another "
                + $"decoder than {decoder} is refused "
                + "where a pixel differs.");
        }
        return Data(decodedTrain, decodedTest, header);

        RawData Data(RawImages trainImages, RawImages testImages, PixelHeader? decoded) => new(trainImages, testImages, classes.Length)
        {
            ClassNames = classes,
            Origin = new DataOrigin { Files = files, Decoder = decoded?.Decoder, Pixels = decoded?.Pixels, Notes = [.. _notes] },
        };

        static RawImages Images(PixelHeader header, List<ImageFile> files, byte[] pixels) =>
            new(header.Channels, header.Height, header.Width, pixels, [.. files.Select(file => file.Label)]);
    }

    // SHA-256 over path below the folder, length and content of every image, in order.
    private (string Digest, bool AnyJpeg) DigestOf(IEnumerable<ImageFile> images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] length = new byte[sizeof(long)];
        bool anyJpeg = false;
        foreach (ImageFile image in images)
        {
            byte[] file = ReadFile(image.Path);
            BinaryPrimitives.WriteInt64LittleEndian(length, file.Length);
            hash.AppendData(
                Encoding.UTF8.GetBytes(Path.GetRelativePath(_folder, image.Path).Replace(Path.DirectorySeparatorChar, '/') + "\n"));
            hash.AppendData(length);
            hash.AppendData(file);
            anyJpeg |= JpegDecoder.IsJpeg(file);
        }
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), anyJpeg);
    }

    private static byte[] ReadFile(string path) => InputFile.ReadAllBytes(path, PngImage.MaximumBytes, "name a PNG or JPEG image");

    private (RawImages Train, RawImages Test) Decode(List<ImageFile> train, List<ImageFile> test)
    {
        string first = train[0].Path;
        DecodedImage size = Decode(first);
        int plane = size.Width * size.Height;
        if (plane > 1 << 20)
            throw new InputException($"{first}: is {size.Width} x {size.Height} pixels large; networks take at most {1 << 20} pixels");
        // Three channels to begin with: whether all images are grey is known only at the end.
        if ((long)(train.Count + test.Count) * 3 * plane > Array.MaxLength)
        {
            throw new InputException($"{first}: {train.Count + test.Count} images of {size.Width} x {size.Height} pixels are too many; "
                + $"at most {Array.MaxLength} bytes can be held");
        }
        bool grey = true;
        var warned = new List<string>();
        byte[] trainPixels = Pixels(train), testPixels = Pixels(test);
        if (warned.Count > 0)
            _notes.Add(warned[0] + (warned.Count > 1 ? $" (and {NumberText.Count(warned.Count - 1)} more)." : "."));
        return (Pack(train, trainPixels), Pack(test, testPixels));

        byte[] Pixels(List<ImageFile> files)
        {
            byte[] pixels = new byte[files.Count * 3 * plane];
            for (int i = 0; i < files.Count; i++)
            {
                DecodedImage image = Decode(files[i].Path, warned);
                if ((image.Width, image.Height) != (size.Width, size.Height))
                {
                    throw new InputException($"{files[i].Path}: is {image.Width} x {image.Height} pixels large where {first} is "
                        + $"{size.Width} x {size.Height}; all images need one size");
                }
                grey &= Fill(image, pixels.AsSpan(i * 3 * plane, 3 * plane));
            }
            return pixels;
        }

        RawImages Pack(List<ImageFile> files, byte[] pixels)
        {
            byte[] packed = pixels;
            if (grey)
            {
                packed = new byte[files.Count * plane];
                for (int i = 0; i < files.Count; i++)
                    pixels.AsSpan(i * 3 * plane, plane).CopyTo(packed.AsSpan(i * plane));
            }
            return new RawImages(grey ? 1 : 3, size.Height, size.Width, packed, [.. files.Select(file => file.Label)]);
        }
    }

    // PNG or JPEG, by what it begins with: many a .png is a JPEG.
    private DecodedImage Decode(string path, List<string>? warned = null)
    {
        byte[] file = ReadFile(path);
        if (JpegDecoder.IsJpeg(file))
            return (_decoder
                ?? throw new InputException($"{path}: is a JPEG image, which cannot be read here; convert it to PNG")).Value.Read(file,
                path);
        PngImage png = PngImage.Decode(file, path);
        if (png.IsTransparent)
            throw new InputException(
                $"{path}: has transparent pixels; put the image on a background (no alpha channel, no transparent colour)");
        if (png.Warning is { } warning)
            warned?.Add($"{path}: {warning}");
        int pixels = png.Width * png.Height, colours = png.Channels >= 3 ? 3 : 1;
        byte[] samples = new byte[pixels * colours];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = Byte(i / colours * png.Channels + i % colours);
        return new DecodedImage(png.Width, png.Height, colours, samples);

        // Samples of 16 bits are rounded to 8.
        byte Byte(int sample) => png.BitDepth == 8 ? png.Samples[sample]
            : (byte)((BinaryPrimitives.ReadUInt16BigEndian(png.Samples.AsSpan(2 * sample)) + 128) / 257);
    }

    /// <summary>Writes three planes.</summary>
    /// <returns>Whether the image is grey: in one channel, or in three that are equal everywhere.</returns>
    private static bool Fill(DecodedImage image, Span<byte> target)
    {
        int plane = image.Width * image.Height;
        bool grey = true;
        for (int pixel = 0; pixel < plane; pixel++)
        {
            ReadOnlySpan<byte> samples = image.Samples.AsSpan(pixel * image.Channels, image.Channels);
            for (int c = 0; c < 3; c++)
                target[c * plane + pixel] = samples[image.Channels == 3 ? c : 0];
            grey &= image.Channels == 1 || (samples[0] == samples[1] && samples[1] == samples[2]);
        }
        return grey;
    }

    private sealed record Class(string Name, string[] Train, string[] Test);

    private readonly record struct ImageFile(string Path, byte Label);
}
