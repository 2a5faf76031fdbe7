namespace LlmThrift.SemanticCache;

/// <summary>A word of a question, without its letters.</summary>
/// <param name="Hash">Of the word in lower case; one for all words of a meaning among numbers, units and dates.</param>
/// <param name="Stem">Of the word without its ending: equal for "card" and "cards".</param>
/// <param name="Reversed">Of the rest after a prefix that turns the meaning round, as in "unblock"; 0 for none.</param>
/// <param name="Role">Of the word of direction closely before it, as in "from Paris"; 0 for none.</param>
/// <param name="Kinds">What it can decide.</param>
internal readonly record struct QuestionWord(uint Hash, uint Stem, uint Reversed, uint Role, WordKinds Kinds)
{
    public bool Is(WordKinds kind) => (Kinds & kind) != WordKinds.None;

    /// <summary>Says what the question is about.</summary>
    public bool IsContent => (Kinds & (WordKinds.Stop | WordKinds.Direction)) == WordKinds.None;
}
