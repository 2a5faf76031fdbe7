namespace LlmThrift.Local.Generation;

/// <summary>A sequence of the context: the tokens that were evaluated in it, and the answer that is being made. Used by the scheduler's thread.</summary>
internal sealed class Slot(int id)
{
    /// <summary>The sequence's number in llama.cpp.</summary>
    public int Id { get; } = id;

    /// <summary>The tokens in the memory of the context, the prompt and what was generated. They stay after an answer: another may begin alike.</summary>
    public List<int> Tokens { get; } = [];

    public GenerationRequest? Request { get; set; }

    public TokenSampler? Sampler { get; set; }

    /// <summary>How many tokens of the prompt were there before.</summary>
    public int Cached { get; set; }

    /// <summary>A token that was chosen and not yet evaluated.</summary>
    public int? Next { get; set; }

    /// <summary>How many of its tokens are evaluated in the next step: of the prompt, the one that was chosen, or one of padding.</summary>
    public int Planned { get; set; }

    /// <summary>The place of this slot's output in the batch that is being evaluated; below zero for none.</summary>
    public int Output { get; set; } = -1;

    /// <summary>When it was used last, as a count of uses.</summary>
    public long LastUse { get; set; }

    public bool IsFree => Request is null;

    /// <summary>The tokens of the prompt that are still to be evaluated.</summary>
    public ReadOnlySpan<int> PromptLeft =>
        Request is { } request && Next is null ? request.Prompt.AsSpan(Math.Min(Tokens.Count, request.Prompt.Length)) : [];

    /// <summary>How many tokens another prompt has in common with what is evaluated here, from the beginning.</summary>
    public int EvaluatedInCommon(ReadOnlySpan<int> prompt) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Tokens).CommonPrefixLength(prompt);

    /// <summary>How many it will have in common once this slot's prompt is evaluated.</summary>
    public int PlannedInCommon(ReadOnlySpan<int> prompt) =>
        Request is { } request && Tokens.Count < request.Prompt.Length
            ? ((ReadOnlySpan<int>)request.Prompt).CommonPrefixLength(prompt)
            : EvaluatedInCommon(prompt);
}
