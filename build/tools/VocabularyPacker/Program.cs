using System.Globalization;
using System.Security.Cryptography;
using VocabularyPacker;

// The hashes that OpenAI's tiktoken names in tiktoken_ext/openai_public.py.
var vocabularies = new Dictionary<string, string>(StringComparer.Ordinal)
{
    ["cl100k_base"] = "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ["o200k_base"] = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
};

if (args.Length != 2)
{
    await Console.Error.WriteLineAsync("Usage: VocabularyPacker FOLDER-OF-TIKTOKEN-FILES OUTPUT-FOLDER");
    return 2;
}

foreach (var (name, expectedHash) in vocabularies)
{
    var source = await File.ReadAllBytesAsync(Path.Combine(args[0], name + ".tiktoken"));
    if (Convert.ToHexStringLower(SHA256.HashData(source)) is var hash && hash != expectedHash)
    {
        await Console.Error.WriteLineAsync($"{name}.tiktoken has SHA-256 {hash}, expected {expectedHash}.");
        return 1;
    }

    await WriteAsync(name + ".merges.bin", MergeList.Pack(MergeList.ReadTiktoken(source)));
}

await WriteAsync("unicode-classes.bin", UnicodeClasses.Pack());
return 0;

async Task WriteAsync(string file, byte[] content)
{
    await File.WriteAllBytesAsync(Path.Combine(args[1], file), content);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{file}: {content.Length:N0} bytes"));
}
