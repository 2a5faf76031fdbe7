namespace LlmThrift.Internal;

/// <summary>What a stage found out about a text, for others of the same call.</summary>
/// <param name="Source">The embedding generator; another one's vectors have nothing to do with it.</param>
/// <param name="Text">The text.</param>
/// <param name="Vector">Of length one; not to be changed.</param>
internal sealed record SharedEmbedding(object Source, string Text, float[] Vector);
