namespace LlmThrift.SemanticCache;

/// <summary>What a decision was made on, for learning from what comes of it.</summary>
/// <param name="Similarity">Of the entry.</param>
/// <param name="Score">Of the entry; NaN when it was not scored.</param>
/// <param name="LogOdds">The model's log-odds that the answer would be wrong; NaN when the model was not asked.</param>
/// <param name="Weight">How many like it the outcome stands for, when the model is called all the same.</param>
/// <param name="Nearest">The nearest entry, if any.</param>
internal readonly record struct DecisionTrace(float Similarity, float Score, float LogOdds, float Weight, SemanticEntry? Nearest);
