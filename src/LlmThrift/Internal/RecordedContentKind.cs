namespace LlmThrift.Internal;

/// <summary>Part of the stored payload: never renumber.</summary>
internal enum RecordedContentKind
{
    None = 0,
    Text = 1,
    Reasoning = 2,
    Json = 3,
}
