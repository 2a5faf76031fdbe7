namespace LlmThrift.SemanticCache;

/// <summary>An entry found by a search.</summary>
/// <param name="Id">The id that the entry was added under.</param>
/// <param name="Similarity">Its cosine similarity to the query, from -1 to 1, within 0.0005.</param>
internal readonly record struct Neighbor(int Id, float Similarity);
