namespace LlmThrift.SemanticCache;

/// <summary>In what two questions differ that usually changes the answer, however alike their vectors are.</summary>
[Flags]
internal enum QuestionDifference
{
    None = 0,
    Number = 1,
    Unit = 2,
    Date = 4,
    Negation = 8,
    Opposite = 16,
    Direction = 32,
    Name = 64,
    QuestionType = 128,
    Language = 256,

    /// <summary>All but one or two words are the same, and those are new to the questions that have the answer.</summary>
    Word = 512,
}
