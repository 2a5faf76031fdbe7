namespace LlmThrift.SemanticCache;

/// <summary>What a word of a question can decide.</summary>
[Flags]
internal enum WordKinds : ushort
{
    None = 0,

    /// <summary>Carries little meaning of its own: articles, pronouns, auxiliaries.</summary>
    Stop = 1,

    /// <summary>A number in digits or letters, an ordinal, a version, a word with digits in it.</summary>
    Number = 2,

    /// <summary>Written with a capital letter where the sentence does not ask for one.</summary>
    Name = 4,

    Negation = 8,

    /// <summary>A currency, a unit of measure.</summary>
    Unit = 16,

    /// <summary>A month, a weekday, a day relative to today.</summary>
    Date = 32,

    /// <summary>Tells the roles of what stands before and after it: from, to, into, than, before.</summary>
    Direction = 64,

    /// <summary>One of a pair of opposites: enable, disable.</summary>
    Opposite = 128,
}
