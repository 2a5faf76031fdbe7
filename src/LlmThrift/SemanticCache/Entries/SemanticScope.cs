using System.Collections.Concurrent;

namespace LlmThrift.SemanticCache;

/// <summary>The questions among which similarity may be asked: equal in partition, model, system prompt, tools, options and earlier turns.</summary>
internal sealed class SemanticScope(string key, int dimensions)
{
    /// <summary>Of each vector.</summary>
    public int Dimensions { get; } = dimensions;

    /// <summary>SHA-256 of all that is equal.</summary>
    public string Key { get; } = key;

    public VectorIndex Index { get; } = new(dimensions);

    public ConcurrentDictionary<int, SemanticEntry> Entries { get; } = new();

    public ConcurrentDictionary<string, SemanticEntry> ByQuestion { get; } = new(StringComparer.Ordinal);

    /// <summary>A group for each text of an answer. Under the lock of <see cref="SemanticEntries"/>.</summary>
    public Dictionary<string, AnswerGroup> ByAnswer { get; } = new(StringComparer.Ordinal);
}
