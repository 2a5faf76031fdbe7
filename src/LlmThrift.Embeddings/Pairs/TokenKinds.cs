namespace LlmThrift.Embeddings.Pairs;

/// <summary>What a token is, for the pair scorer.</summary>
[Flags]
internal enum TokenKinds : byte
{
    None = 0,

    /// <summary>Has a letter or a digit.</summary>
    Word = 1,

    /// <summary>Has a digit.</summary>
    Number = 2,

    Negation = 4,

    Apostrophe = 8,

    /// <summary>The letter t alone, which after an apostrophe is a negation: "don't".</summary>
    LetterT = 16,

    /// <summary>Says what is asked: "how", "why", "can".</summary>
    Asking = 32,

    /// <summary>One of the words that questions about anything have: "the", "is", "you".</summary>
    Filler = 64,
}
