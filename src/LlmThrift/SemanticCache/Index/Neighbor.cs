namespace LlmThrift.SemanticCache;

/// <summary>A vector found near another one.</summary>
/// <param name="Id">The id under which it was added.</param>
/// <param name="Similarity">Cosine similarity, from -1 to 1.</param>
internal readonly record struct Neighbor(int Id, float Similarity);
