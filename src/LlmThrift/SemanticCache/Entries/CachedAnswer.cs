using LlmThrift.Internal;

namespace LlmThrift.SemanticCache;

/// <summary>A recorded answer, how long it may be served, and its text for comparing.</summary>
internal sealed class CachedAnswer(RecordedResponse response, DateTimeOffset expiresAt)
{
    public RecordedResponse Response { get; } = response;

    public DateTimeOffset ExpiresAt { get; } = expiresAt;

    /// <summary>The text of the answer without its reasoning.</summary>
    public string Text { get; } = TextOf(response);

    public int Size => Response.Size + 100;

    private static string TextOf(RecordedResponse response)
    {
        var texts = response
            .Messages.SelectMany(m => m.Contents)
            .Where(c => c.Kind == RecordedContentKind.Text)
            .Select(c => c.Text)
            .ToArray();
        return texts.Length == 1 ? texts[0] : string.Concat(texts);
    }
}
