using LastBit.Data;

namespace LastBit.Tests.Data;

/// <summary>Made-up files in the format of CIFAR-10, six of a few records each, with their true SHA-256.</summary>
internal sealed class SmallCifar
{
    private readonly Dictionary<string, byte[]> _contents = [];

    public SmallCifar(int records = 7)
    {
        var random = new System.Random(1);
        foreach (string name in Cifar10.Files.Select(file => file.Name))
        {
            byte[] content = new byte[records * Cifar10.RecordBytes];
            random.NextBytes(content);
            for (int i = 0; i < records; i++)
                content[i * Cifar10.RecordBytes] = (byte)random.Next(10);
            _contents[name] = content;
        }
        Files = [.. _contents.Select(pair => new DataFile(pair.Key, records * Cifar10.RecordBytes, DataFile.Sha256(pair.Value)))];
    }

    public IReadOnlyList<DataFile> Files { get; }

    public byte[] this[string name] => _contents[name];

    public void WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach ((string name, byte[] content) in _contents)
            File.WriteAllBytes(Path.Combine(folder, name), content);
    }
}
