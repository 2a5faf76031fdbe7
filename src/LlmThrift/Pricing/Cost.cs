namespace LlmThrift.Pricing;

/// <summary>What a usage costs, in USD, by side.</summary>
/// <param name="Input">Everything sent: fresh, cached and cache-written tokens of every modality.</param>
/// <param name="Output">Everything received: text, reasoning, audio, images, citations.</param>
/// <param name="Other">What is charged per request or per web search.</param>
public readonly record struct Cost(decimal Input, decimal Output, decimal Other)
{
    /// <summary>The sum of the three, in USD.</summary>
    public decimal Total => Input + Output + Other;

    /// <summary>Adds side by side.</summary>
    public static Cost operator +(Cost left, Cost right) => left.Add(right);

    /// <summary>Adds side by side.</summary>
    public Cost Add(Cost other) => new(Input + other.Input, Output + other.Output, Other + other.Other);
}
