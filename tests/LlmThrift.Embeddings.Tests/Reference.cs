using System.Text.Json;

namespace LlmThrift.Embeddings.Tests;

/// <summary>Texts with the tokens and the vectors of an independent implementation that calculates in 32-bit floats.</summary>
internal sealed record Reference(string Text, int[] Ids, float[] Embedding)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<Reference> All { get; } = Read();

    private static List<Reference> Read()
    {
        using var stream = typeof(Reference).Assembly.GetManifestResourceStream("reference.jsonl")!;
        using var reader = new StreamReader(stream);
        var all = new List<Reference>();
        while (reader.ReadLine() is { } line)
        {
            all.Add(JsonSerializer.Deserialize<Reference>(line, Json)!);
        }

        return all;
    }
}
