using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;

namespace MiniLmConverter;

/// <summary>The package that the weights come from, checked against its published hash.</summary>
internal sealed record SourcePackage(byte[] Weights, byte[] Tokenizer)
{
    private const string Integrity = "lEKi+i+FmrwkehRCAGrEoJWPvj3bEWrRaXzQGI7EbdW6V/OadCyNRtQyta9Fu/sb/JgQXGXddhEDd9y63nTOig==";

    public static SourcePackage Read(string path)
    {
        var archive = File.ReadAllBytes(path);
        if (Convert.ToBase64String(SHA512.HashData(archive)) is var hash && hash != Integrity)
        {
            throw new InvalidDataException($"{path} has SHA-512 {hash}, expected {Integrity}: take version 0.1.0 of the package.");
        }

        using var reader = new TarReader(new GZipStream(new MemoryStream(archive), CompressionMode.Decompress));
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.DataStream is { } content)
            {
                using var copy = new MemoryStream();
                content.CopyTo(copy);
                files[entry.Name] = copy.ToArray();
            }
        }

        return new SourcePackage(Get("package/model/model.fp16.safetensors"), Get("package/model/tokenizer.json"));

        byte[] Get(string name) => files.TryGetValue(name, out var file) ? file : throw new InvalidDataException($"{path} lacks {name}.");
    }
}
