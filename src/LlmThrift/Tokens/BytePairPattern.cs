namespace LlmThrift.Tokens;

/// <summary>Which of the published patterns cuts a text into the pieces that are encoded one by one.</summary>
internal enum BytePairPattern
{
    /// <summary>The pattern of o200k_base.</summary>
    O200k,

    /// <summary>The pattern of cl100k_base.</summary>
    Cl100k,
}
