using System.Net.Sockets;
using LastBit.Cli;
using LastBit.Data;
using LastBit.Tests.Files;
using SkiaSharp;

namespace LastBit.Tests.Data;

/// <summary>Folders of images as people have them: what is no class with images is refused by name or passed over with a word.</summary>
public sealed class ImageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _cache = new();
    private int _decoded;

    public void Dispose()
    {
        _folder.Dispose();
        _cache.Dispose();
    }

    [Theory]
    [InlineData("test")]
    [InlineData("val")]
    [InlineData("valid")]
    [InlineData("validation")]
    public void Test_images_lie_beside_the_training_images_under_any_of_their_usual_names(string test)
    {
        Put("train/cat", 4);
        Put("train/dog", 4);
        Put($"{test}/cat", 2);
        Put($"{test}/dog", 1);
        RawData data = Load();
        Assert.Equal(["cat", "dog"], data.ClassNames!);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], data.Train.Labels);
        Assert.Equal([0, 0, 1], data.Test.Labels);
        Assert.Empty(data.Origin.Notes);
    }

    [Fact]
    public void Of_two_folders_of_test_images_one_is_taken_with_a_word()
    {
        Put("train/cat", 1);
        Put("train/dog", 1);
        foreach (string part in (string[])["test/cat", "test/dog", "val/cat", "val/dog"])
            Put(part, 1);
        Assert.Equal([$"Passed over in {_folder.Path}: val (test is the test data)."], Load().Origin.Notes);
    }

    [Fact]
    public void Every_fifth_image_of_a_class_is_a_test_image_and_classes_come_in_the_order_of_their_names()
    {
        Put("b", 10);
        Put("a", 5);
        RawData data = Load();
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], data.Train.Labels);
        Assert.Equal([0, 1, 1], data.Test.Labels);
    }

    [Fact] // Case images-macosx.
    public void What_systems_leave_in_folders_is_passed_over_with_a_word()
    {
        Put("cat", 5);
        Put("dog", 5);
        Write(".DS_Store", [1]);
        Write("README", [1]);
        Write("cat/Thumbs.db", [1]);
        Write("cat/._000.png", [1]);
        Write("dog/notes.txt", [1]);
        Write("__MACOSX/cat/._000.png", [1]);
        Directory.CreateDirectory(_folder["dog/.ipynb_checkpoints"]);
        RawData data = Load();
        Assert.Equal(["cat", "dog"], data.ClassNames!);
        Assert.Equal($"Passed over in {_folder.Path}: .DS_Store, __MACOSX, README, cat/._000.png, cat/Thumbs.db, and 2 more.",
            Assert.Single(data.Origin.Notes).Replace('\\', '/'));
    }

    [Theory]
    [InlineData("train/cat=2 train/dog=2 train/elk=0 test/cat=1 test/dog=1 test/elk=0",
        "train/elk: has no PNG or JPEG image")] // Case images-emptyclass.
    [InlineData("train/cat=2 train/dog=2 test/cat=1 test/dog=0", "test/dog: has no PNG or JPEG image")]
    [InlineData("cat=5 dog=5 elk=3", "elk: has 3 images; without folders train and test a class needs at least 5")] // Case images-few.
    [InlineData("train=5 val=5",
        "train/000.png: lies in no folder of a class; make it DIR/train/CLASS/*.png and DIR/test/CLASS/*.png")] // Case images-flat.
    [InlineData("train/cat=2 train/dog=2 train=1 test/cat=1 test/dog=1", "train/000.png: lies in no folder of a class")]
    [InlineData("cat=5 dog=5 .=1", "000.png: lies in no folder of a class")]
    [InlineData("train/cat=2 train/elk/images=2 test/cat=1 test/elk=1",
        "train/elk/images: is a folder within the folder of a class")] // Case images-nested.
    [InlineData("cat=5 dog=5 dog/more=1", "dog/more: is a folder within the folder of a class")]
    [InlineData("train/cat=2 train/dog=2", ": has the folder train and no folder test or val or valid or validation beside it")]
    [InlineData("train/cat=2 train/dog=2 test/cat=1 test/dog=1 test/elk=1", "test: has the class elk, which ")]
    [InlineData("train/cat=2 train/dog=2 train/elk=1 test/cat=1 test/dog=1", "train: has the class elk, which ")]
    [InlineData("cat=5", ": has 1 folder; 2 to 256 are needed, one per class, with PNG or JPEG images in them")]
    public void A_folder_that_is_not_laid_out_as_it_must_be_is_refused_by_name(string folders, string reason)
    {
        foreach (string[] part in folders.Split(' ').Select(part => part.Split('=')))
            Put(part[0], int.Parse(part[1], System.Globalization.CultureInfo.InvariantCulture));
        string message = Refusal().Replace('\\', '/');
        Assert.StartsWith(_folder.Path, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("jp2")]
    [InlineData("GIF")]
    [InlineData("pgm")]
    [InlineData("webp")]
    public void Images_in_other_formats_are_refused_and_not_passed_over(string ending)
    {
        Put("cat", 5);
        Put("dog", 5);
        Write($"dog/x.{ending}", [1]);
        Assert.EndsWith($"x.{ending}: is not a PNG or JPEG image; convert it to PNG", Refusal(), StringComparison.Ordinal);
        File.Delete(_folder[$"dog/x.{ending}"]);
        Write($"x.{ending}", [1]);
        Assert.Contains($"x.{ending}: lies in no folder of a class", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Links_count_as_what_they_lead_to_and_each_image_once()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Put("cat", 5);
        Put("dog", 5);
        string[] pixels = [.. Enumerable.Range(0, 5).Select(i => $"elsewhere{i}.png")];
        using var other = new TemporaryFolder();
        foreach (string name in pixels)
            File.Copy(_folder["cat/000.png"], other[name]);
        Directory.CreateSymbolicLink(_folder["elk"], other.Path); // A class may lie elsewhere.
        Directory.CreateSymbolicLink(_folder["again"], "cat");
        Directory.CreateSymbolicLink(_folder["loop"], ".");
        Directory.CreateSymbolicLink(_folder["dog/parent"], "..");
        File.CreateSymbolicLink(_folder["dog/100.png"], "000.png");
        File.CreateSymbolicLink(_folder["dog/dead.png"], "nowhere.png");
        File.CreateSymbolicLink(_folder["dog/circle.png"], "circle.png");
        RawData data = Load();
        Assert.Equal(["cat", "dog", "elk"], data.ClassNames!);
        Assert.Equal((12, 3), (data.Train.Labels.Length, data.Test.Labels.Length));
        string note = Assert.Single(data.Origin.Notes);
        foreach (string part in (string[])["again (there already under another path)", "loop (there already", "dog/100.png (there already",
            "dog/circle.png (a link that leads nowhere or in a circle)", "dog/dead.png (a link", "and 1 more"])
            Assert.Contains(part, note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pipe_or_a_socket_is_never_opened()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pipes are no files on Windows.");
        Put("cat", 5);
        Put("dog", 5);
        using (var make = System.Diagnostics.Process.Start("mkfifo", [_folder["cat/pipe.png"]]))
            make.WaitForExit();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder["dog/socket.png"]));
        File.CreateSymbolicLink(_folder["dog/zero.png"], "/dev/zero");
        Assert.Equal(
            $"Passed over in {_folder.Path}: cat/pipe.png (not an ordinary file), dog/socket.png (not an ordinary file), dog/zero.png "
                + "(not an ordinary file).",
            Assert.Single(Load().Origin.Notes));
    }

    [Fact] // Case images-paltrns.
    public void A_palette_whose_colours_are_transparent_is_refused()
    {
        Put("cat", 5);
        Put("dog", 5);
        byte[][] chunks = [PngWriter.Chunk("IHDR", PngWriter.HeaderData(4, 4, 8, 3)), PngWriter.Chunk("PLTE", new byte[6]),
            PngWriter.Chunk("tRNS", [0, 0]),
            PngWriter.Chunk("IDAT", PngWriter.Compress(new byte[20])), PngWriter.Chunk("IEND", [])];
        Write("dog/002.png", [.. PngWriter.Signature, .. chunks.SelectMany(chunk => chunk)]);
        Assert.Contains("002.png: has transparent pixels; put the image on a background", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Images_whose_colours_are_all_grey_are_grey()
    {
        Put("cat", 5);
        Put("dog", 5);
        byte[] grey = Load().Train.Images;
        byte[] palette = [.. Enumerable.Range(0, 256).SelectMany(i => (byte[])[(byte)i, (byte)i, (byte)i])];
        byte[] samples = Grey(0);
        Write("cat/000.png", PngWriter.Encode(4, 4, 2, 8, [.. samples.SelectMany(value => (byte[])[value, value, value])], 0));
        samples = Grey(1);
        byte[] rows = [.. Enumerable.Range(0, 4).SelectMany(y => samples[(4 * y)..(4 * y + 4)].Prepend((byte)0))];
        byte[][] chunks = [PngWriter.Chunk("IHDR", PngWriter.HeaderData(4, 4, 8, 3)), PngWriter.Chunk("PLTE", palette),
            PngWriter.Chunk("IDAT", PngWriter.Compress(rows)), PngWriter.Chunk("IEND", [])];
        Write("cat/001.png", [.. PngWriter.Signature, .. chunks.SelectMany(chunk => chunk)]);
        RawData data = Load();
        Assert.Equal(1, data.Train.Channels);
        Assert.Equal(grey, data.Train.Images);
        Write("dog/000.png", PngWriter.Encode(4, 4, 2, 8, [.. Enumerable.Range(0, 48).Select(i => (byte)i)], 0));
        Assert.Equal(3, Load().Train.Channels);
    }

    [Fact]
    public void A_spare_byte_is_a_warning_that_names_the_file()
    {
        Put("cat", 5);
        Put("dog", 5);
        string path = _folder["dog/001.png"];
        File.WriteAllBytes(path, [.. File.ReadAllBytes(path), 0]);
        Assert.Equal([$"{path}: has 1 byte more than its image needs."], Load().Origin.Notes);
    }

    [Fact]
    public void An_image_in_a_folder_that_may_not_be_read_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.UserName == "root", "The superuser may read everything.");
        // For the compiler, which does not know that the test ends above.
        if (OperatingSystem.IsWindows())
            throw new InvalidOperationException();
        Put("cat", 5);
        Put("dog", 5);
        File.SetUnixFileMode(_folder["dog"], UnixFileMode.None);
        Assert.StartsWith($"{_folder["dog"]}: cannot be read (access is denied)", Refusal(), StringComparison.Ordinal);
        File.SetUnixFileMode(_folder["dog"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void JPEG_images_are_decoded_once_and_a_run_sees_the_pixels_that_were_kept()
    {
        PutJpegs();
        RawData first = Load(Counting("one"));
        Assert.Equal((3, 6, 4), (first.Train.Channels, first.Train.Width, first.Train.Height));
        Assert.Equal("one", first.Origin.Decoder);
        Assert.Equal(64, first.Origin.Files!.Length);
        Assert.Equal(PixelCache.DigestOf(first.Train.Images, first.Test.Images), first.Origin.Pixels);
        Assert.Empty(first.Origin.Notes);
        int decoded = _decoded;
        Assert.True(decoded >= 10);

        // Another decoder comes too late.
        RawData second = Load(Counting("two"));
        Assert.Equal(decoded, _decoded);
        Assert.Equal(("one", first.Origin.Pixels, first.Origin.Files), (second.Origin.Decoder, second.Origin.Pixels, second.Origin.Files));
        Assert.Equal(first.Train.Images, second.Train.Images);
        Assert.Equal(first.Test.Images, second.Test.Images);
        Assert.Equal(first.Train.Labels, second.Train.Labels);

        // What is kept is checked: one flipped bit, and it is decoded again.
        string kept = Assert.Single(Directory.GetFiles(_cache["images"]));
        Assert.Equal($"{first.Origin.Files}.pixels", Path.GetFileName(kept));
        byte[] content = File.ReadAllBytes(kept);
        content[^1] ^= 1;
        File.WriteAllBytes(kept, content);
        Assert.Equal("two", Load(Counting("two")).Origin.Decoder);
        File.WriteAllBytes(kept, File.ReadAllBytes(kept)[..^1]);
        Assert.Equal("three", Load(Counting("three")).Origin.Decoder);

        // Another name or another byte of a file is other data.
        File.Move(_folder["dog/000.jpg"], _folder["dog/0000.jpg"]);
        Assert.NotEqual(first.Origin.Files, Load(Counting("four")).Origin.Files);
    }

    [Fact]
    public void Where_pixels_cannot_be_kept_the_run_goes_on_and_says_so()
    {
        PutJpegs();
        byte[] kept = Load().Train.Images;
        File.WriteAllText(_cache["file"], "");
        RawData data = ImageFolder.Load(_folder.Path, SkiaJpeg.Decoder, () => _cache["file"]);
        Assert.Equal(kept, data.Train.Images);
        Assert.StartsWith($"The decoded pixels are not kept: {_cache["file"]}", Assert.Single(data.Origin.Notes), StringComparison.Ordinal);
        data = ImageFolder.Load(_folder.Path, SkiaJpeg.Decoder, () => throw new InputException("LASTBIT_CACHE: no place"));
        Assert.StartsWith("The decoded pixels are not kept: LASTBIT_CACHE: no place.", Assert.Single(data.Origin.Notes),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Grey_JPEG_is_one_channel_and_PNG_may_lie_beside_it()
    {
        PutJpegs(grey: true);
        Write("cat/000.png", PngWriter.Encode(6, 4, 0, 8, new byte[24], 0));
        Assert.Equal(1, Load().Train.Channels);
        Write("cat/000.png", Jpeg(0)); // By what it begins with, whatever its name says.
        Assert.Equal(3, Load().Train.Channels);
    }

    [Fact]
    public void JPEG_needs_a_decoder_and_a_kind_that_is_read()
    {
        PutJpegs();
        byte[] good = File.ReadAllBytes(_folder["dog/001.jpg"]);
        Assert.Equal($"{_folder.Path}: holds JPEG images, which cannot be read here; convert them to PNG",
            Assert.Throws<InputException>(() => ImageFolder.Load(_folder.Path, null, () => _cache.Path)).Message);
        int frame = good.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xff, 0xc0]);
        Refused("is a JPEG image of four colours (CMYK); convert it to RGB", Changed(frame + 9, 4));
        Refused("is a JPEG image of 3 components of 12 bits; grey or RGB of 8 bits can be read", Changed(frame + 4, 12));
        Refused("is a JPEG image of 2 components of 8 bits", Changed(frame + 9, 2));
        Refused("is damaged: it has no JPEG header", Changed(frame + 1, 0xda));
        Refused("is damaged: it has no JPEG header", good[..frame]);
        Refused("is damaged: it ends early", good[..^20]);
        byte[] huge = [.. good];
        (huge[frame + 5], huge[frame + 7]) = (0xff, 0xff);
        Refused("pixels large; at most 268435456 bytes of samples can be read", huge);

        void Refused(string reason, byte[] content)
        {
            Write("dog/001.jpg", content);
            string message = Refusal();
            Assert.StartsWith($"{_folder["dog/001.jpg"]}: is ", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
        }

        byte[] Changed(int at, byte value)
        {
            byte[] changed = [.. good];
            changed[at] = value;
            return changed;
        }
    }

    [Theory]
    [InlineData(1, "abcdef", 3)]
    [InlineData(2, "cbafed", 3)]
    [InlineData(3, "fedcba", 3)]
    [InlineData(4, "defabc", 3)]
    [InlineData(5, "adbecf", 2)]
    [InlineData(6, "daebfc", 2)]
    [InlineData(7, "fcebda", 2)]
    [InlineData(8, "cfbead", 2)]
    public void An_image_is_turned_as_its_orientation_says(int orientation, string seen, int width)
    {
        DecodedImage upright = new DecodedImage(3, 2, 1, "abcdef"u8.ToArray(), orientation).Upright();
        Assert.Equal((width, 6 / width), (upright.Width, upright.Height));
        Assert.Equal(seen, System.Text.Encoding.ASCII.GetString(upright.Samples));
    }

    [Fact]
    public void The_orientation_of_EXIF_is_applied()
    {
        PutJpegs();
        RawData plain = Load();
        foreach (string file in Directory.GetFiles(_folder.Path, "*.jpg", SearchOption.AllDirectories))
        {
            byte[] content = File.ReadAllBytes(file);
            // One entry in a little-endian TIFF: tag 0x112, a number of 16 bits, 6: turned by 90 degrees.
            byte[] exif = [.. "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"u8];
            File.WriteAllBytes(file, [.. content[..2], 0xff, 0xe1, 0, (byte)(exif.Length + 2), .. exif, .. content[2..]]);
        }
        RawData turned = Load();
        Assert.Equal((4, 6), (turned.Train.Width, turned.Train.Height));
        for (int y = 0; y < 6; y++)
            for (int x = 0; x < 4; x++)
                Assert.Equal(plain.Train.Images[(3 - x) * 6 + y], turned.Train.Images[y * 4 + x]);
    }

    private RawData Load(Lazy<JpegDecoder>? decoder = null) =>
        ImageFolder.Load(_folder.Path, decoder ?? SkiaJpeg.Decoder, () => _cache.Path);

    private string Refusal() => Assert.Throws<InputException>(() => Load()).Message;

    private Lazy<JpegDecoder> Counting(string name) => new(new JpegDecoder(name, file =>
    {
        _decoded++;
        return SkiaJpeg.Decoder.Value.Decode(file);
    }));

    private static byte[] Grey(int number) => [.. Enumerable.Range(0, 16).Select(i => (byte)(i * 7 + number))];

    private void Put(string folder, int count)
    {
        Directory.CreateDirectory(_folder[folder]);
        for (int i = 0; i < count; i++)
            Write(Path.Combine(folder, $"{i:000}.png"), PngWriter.Encode(4, 4, 0, 8, Grey(i), 0));
    }

    private void PutJpegs(bool grey = false)
    {
        for (int i = 0; i < 5; i++)
        {
            Write($"cat/{i:000}.jpg", Jpeg(i, grey));
            Write($"dog/{i:000}.jpg", Jpeg(i + 5, grey));
        }
    }

    private static byte[] Jpeg(int number, bool grey = false)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(6, 4, grey ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int i = 0; i < 24; i++)
            bitmap.SetPixel(i % 6, i / 6, new SKColor((byte)(10 * i), (byte)(number * 20), (byte)(255 - 10 * i)));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }

    private void Write(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        File.WriteAllBytes(_folder[name], content);
    }
}
