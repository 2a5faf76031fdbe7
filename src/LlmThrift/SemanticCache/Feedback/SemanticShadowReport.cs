namespace LlmThrift.SemanticCache;

/// <summary>What a semantic cache in shadow mode would have done so far. Immutable.</summary>
public sealed record SemanticShadowReport
{
    /// <summary>Calls that it would have served.</summary>
    public required long WouldBeHits { get; init; }

    /// <summary>Of these, the ones whose answer was compared with the model's: whole, stored, and the comparer could tell.</summary>
    public required long Compared { get; init; }

    /// <summary>Of these, the ones that would have been wrong.</summary>
    public required long Wrong { get; init; }

    /// <summary><see cref="Wrong"/> of <see cref="Compared"/>, from 0 to 1; null when nothing was compared.</summary>
    public required double? ErrorRate { get; init; }

    /// <summary>The lower end of the 95 % confidence interval of <see cref="ErrorRate"/> (Clopper and Pearson, 1934: exact, never too narrow).</summary>
    public required double LowerBound { get; init; }

    /// <summary>The upper end of the same interval; 1 when nothing was compared.</summary>
    public required double UpperBound { get; init; }
}
