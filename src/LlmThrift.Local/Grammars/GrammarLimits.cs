namespace LlmThrift.Local.Grammars;

/// <summary>Bounds on what a grammar lets a model write where the schema sets none, so that generation ends. A schema that asks for more gets more.</summary>
internal sealed record GrammarLimits
{
    /// <summary>The defaults.</summary>
    public static GrammarLimits Default { get; } = new();

    /// <summary>Characters of a string whose schema has no <c>maxLength</c>; 500 by default.</summary>
    public int Characters { get; init; } = 500;

    /// <summary>Characters of a string at the most, whatever its <c>maxLength</c>; 10,000 by default.</summary>
    public int MostCharacters { get; init; } = 10_000;

    /// <summary>Items of an array, and free properties of an object, whose schema has no <c>maxItems</c>; 50 by default.</summary>
    public int Items { get; init; } = 50;

    /// <summary>Items of an array at the most, whatever its <c>maxItems</c>; 1,000 by default.</summary>
    public int MostItems { get; init; } = 1_000;

    /// <summary>Levels of arrays and objects within a value that may be any JSON; 6 by default.</summary>
    public int Depth { get; init; } = 6;

    /// <summary>Values of an enumeration; 1,000 by default.</summary>
    public int Values { get; init; } = 1_000;

    /// <summary>Ways in which <c>anyOf</c>, <c>oneOf</c> and <c>allOf</c> may combine at one place; 200 by default.</summary>
    public int Alternatives { get; init; } = 200;

    /// <summary>Rules of a grammar, those included that llama.cpp makes of repetitions; 40,000 by default.</summary>
    public int Rules { get; init; } = 40_000;

    /// <summary>Characters of a grammar's text; 500,000 by default.</summary>
    public int GrammarLength { get; init; } = 500_000;
}
