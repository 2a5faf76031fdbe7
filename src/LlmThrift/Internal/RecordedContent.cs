using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>
/// One content of a recorded answer. Text keeps the ends of the chunks that it arrived in; any other content is kept as JSON, so that no two
/// callers ever share an object that one of them could change.
/// </summary>
internal sealed class RecordedContent
{
    private RecordedContent(RecordedContentKind kind, string text, string? protectedData, int[]? chunkEnds, byte[]? json)
    {
        Kind = kind;
        Text = text;
        ProtectedData = protectedData;
        ChunkEnds = chunkEnds;
        Json = json;
    }

    public RecordedContentKind Kind { get; }

    public string Text { get; }

    public string? ProtectedData { get; }

    /// <summary>Where each chunk but the last ends, in UTF-16 units, ascending; null for one chunk.</summary>
    public int[]? ChunkEnds { get; }

    public byte[]? Json { get; }

    /// <summary>Bytes that the content holds in memory, roughly.</summary>
    public int Size => 80 + (2 * Text.Length) + (2 * (ProtectedData?.Length ?? 0)) + (4 * (ChunkEnds?.Length ?? 0)) + (Json?.Length ?? 0);

    public static RecordedContent OfText(string text, int[]? chunkEnds) => new(RecordedContentKind.Text, text, null, chunkEnds, null);

    public static RecordedContent OfReasoning(string text, string? protectedData, int[]? chunkEnds) =>
        new(RecordedContentKind.Reasoning, text, protectedData, chunkEnds, null);

    public static RecordedContent OfJson(byte[] json) => new(RecordedContentKind.Json, "", null, null, json);

    /// <summary>Records a content that is not plain text.</summary>
    /// <exception cref="NotSupportedException">The content has no JSON form.</exception>
    public static RecordedContent FromOther(AIContent content) =>
        OfJson(JsonSerializer.SerializeToUtf8Bytes(content, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(AIContent))));

    public AIContent ToContent() =>
        Kind switch
        {
            RecordedContentKind.Text => new TextContent(Text),
            RecordedContentKind.Reasoning => new TextReasoningContent(Text) { ProtectedData = ProtectedData },
            _ => FromJson(),
        };

    /// <summary>
    /// The content as a stream brings it: in the chunks that it arrived in; a text that came whole, in chunks of a few words, since an app that
    /// asks for a stream shows it growing.
    /// </summary>
    public IEnumerable<AIContent> ToChunks()
    {
        if (Kind == RecordedContentKind.Json)
        {
            yield return ToContent();
            yield break;
        }

        var start = 0;
        foreach (var end in ChunkEnds ?? WordGroups())
        {
            yield return Chunk(start, end, isLast: false);
            start = end;
        }

        yield return Chunk(start, Text.Length, isLast: true);
    }

    /// <summary>Ends of groups of words: behind a blank, once there are enough characters; without blanks, anywhere but within a surrogate pair.</summary>
    private IEnumerable<int> WordGroups()
    {
        const int enough = 16;
        const int most = 48;
        var start = 0;
        for (var end = 1; end < Text.Length; end++)
        {
            var length = end - start;
            if ((length >= enough && Text[end - 1] is (' ' or '\n')) || (length >= most && !char.IsLowSurrogate(Text[end])))
            {
                yield return end;
                start = end;
            }
        }
    }

    private AIContent Chunk(int start, int end, bool isLast) =>
        Kind == RecordedContentKind.Text
            ? new TextContent(Text[start..end])
            : new TextReasoningContent(Text[start..end]) { ProtectedData = isLast ? ProtectedData : null };

    private AIContent FromJson() =>
        (AIContent)JsonSerializer.Deserialize(Json, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(AIContent)))!;
}
