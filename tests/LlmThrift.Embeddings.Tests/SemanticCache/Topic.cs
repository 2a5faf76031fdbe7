namespace LlmThrift.Embeddings.Tests.SemanticCache;

/// <summary>Questions that have one answer, and questions that look like them but have another.</summary>
/// <param name="Name">The answer.</param>
/// <param name="Seeds">Asked first.</param>
/// <param name="Paraphrases">Asked later; the answer is the same.</param>
/// <param name="HardNegatives">Asked later; each has an answer of its own.</param>
internal sealed record Topic(string Name, List<string> Seeds, List<string> Paraphrases, List<HardNegative> HardNegatives)
{
    /// <summary>The table, in the order of the file.</summary>
    public static IReadOnlyList<Topic> All { get; } = [.. Read()];

    private static List<Topic> Read()
    {
        using var stream = typeof(Topic).Assembly.GetManifestResourceStream("questions.txt")!;
        using var reader = new StreamReader(stream);
        var topics = new List<Topic>();
        while (reader.ReadLine() is { } line)
        {
            var text = line[2..];
            switch (line[0])
            {
                case '#':
                    topics.Add(new Topic(text, [], [], []));
                    break;
                case '=':
                    topics[^1].Seeds.Add(text);
                    break;
                case '~':
                    topics[^1].Paraphrases.Add(text);
                    break;
                case '!':
                    var colon = text.IndexOf(':', StringComparison.Ordinal);
                    topics[^1].HardNegatives.Add(new HardNegative(text[..colon], text[(colon + 2)..]));
                    break;
                default:
                    throw new FormatException($"A line begins with #, =, ~ or !: {line}");
            }
        }

        return topics;
    }
}
