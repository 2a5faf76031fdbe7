namespace LlmThrift.SemanticCache;

/// <summary>What a question asks for; <see cref="Other"/> goes with all.</summary>
internal enum QuestionType : byte
{
    Other,
    How,
    Why,
    When,
    Where,
    Who,
    HowMuch,
    HowLong,
}
