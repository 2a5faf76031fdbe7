using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.ContextTrimming;

/// <summary>Options of context trimming.</summary>
public sealed class ContextTrimmingOptions
{
    /// <summary>The most input tokens that a request may have: messages, instructions and tools. Default: 8,000. At least 1.</summary>
    public int MaxTokens { get; set; } = 8_000;

    /// <summary>
    /// The largest share of the model's context window, as the price book has it, that a request may fill; the smaller of this and
    /// <see cref="MaxTokens"/> counts. Default: 0.8, which leaves room for the answer. More than 0, at most 1.
    /// </summary>
    public double MaxContextShare { get; set; } = 0.8;

    /// <summary>
    /// What a trim cuts down to, as a share of the budget. Default: 0.7: the messages of the next calls fit in without another trim, and what is sent
    /// stays the same at its beginning, which providers give a discount on. More than 0, at most 1.
    /// </summary>
    public double TargetShare { get; set; } = 0.7;

    /// <summary>
    /// How many messages before the question are kept first, whatever they say, as long as they take no more than a quarter of the budget. Default: 2.
    /// At least 0.
    /// </summary>
    public int RecentMessages { get; set; } = 2;

    /// <summary>
    /// Results of tools, and JSON and code in older messages, of more than this many tokens are shortened where they do not fit whole. Default: 400.
    /// At least 50.
    /// </summary>
    public int ShortenAbove { get; set; } = 400;

    /// <summary>
    /// Whether the provider's discount on a repeated beginning is weighed against what a trim saves. Default: true. Set to false where the provider has
    /// no prefix cache, or to choose anew for each question.
    /// </summary>
    public bool IsPrefixAware { get; set; } = true;

    /// <summary>
    /// How many more calls of a conversation are expected, over which a trim may pay off. Default (null): as many as there were so far, from 2 to 30.
    /// At least 0.
    /// </summary>
    public int? ExpectedFurtherCalls { get; set; }

    /// <summary>How long the provider remembers a beginning after its last use. Default: 5 minutes. More than zero.</summary>
    public TimeSpan PrefixLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Embeds messages and questions, so that what means the same is found as well as what says the same. Default: the one among the app's services, if
    /// any; without one, words decide. A message is embedded once.
    /// </summary>
    public IEmbeddingGenerator<string, Embedding<float>>? EmbeddingGenerator { get; set; }

    /// <summary>Whether an embedding generator among the app's services is used. Default: true.</summary>
    public bool UseEmbeddings { get; set; } = true;

    /// <summary>
    /// How long a call waits for embeddings before words alone decide; the embeddings are then there for the next call. Default: 250 milliseconds. More
    /// than zero.
    /// </summary>
    public TimeSpan EmbeddingTimeout { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>A summary of what is left out, made by a cheap model. Default: none, as there is no model for it.</summary>
    public RollingSummaryOptions Summary { get; set; } = new();

    /// <summary>How many messages are remembered with their token counts and embeddings, some 2 KB each. Default: 20,000. At least 100.</summary>
    public int MaxRememberedMessages { get; set; } = 20_000;

    /// <summary>Prices and context windows. Default: those of the cost meter within <c>UseCostControls()</c>, else the embedded ones.</summary>
    public PriceBook? Prices { get; set; }

    /// <summary>Counts tokens. Default: that of the cost meter within <c>UseCostControls()</c>, else the default one.</summary>
    public RequestTokenCounter? TokenCounter { get; set; }

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(MaxTokens < 1, $"ContextTrimming.MaxTokens is {MaxTokens}: it must be at least 1, such as 8000.");
        problems.AddIf(
            !(MaxContextShare is > 0 and <= 1),
            $"ContextTrimming.MaxContextShare is {MaxContextShare}: it must be more than 0 and at most 1, such as 0.8."
        );
        problems.AddIf(
            !(TargetShare is > 0 and <= 1),
            $"ContextTrimming.TargetShare is {TargetShare}: it must be more than 0 and at most 1, such as 0.7."
        );
        problems.AddIf(RecentMessages < 0, $"ContextTrimming.RecentMessages is {RecentMessages}: it must be at least 0.");
        problems.AddIf(ShortenAbove < 50, $"ContextTrimming.ShortenAbove is {ShortenAbove}: it must be at least 50 tokens.");
        problems.AddIf(
            ExpectedFurtherCalls < 0,
            $"ContextTrimming.ExpectedFurtherCalls is {ExpectedFurtherCalls}: it must be at least 0, or null to go by the calls so far."
        );
        problems.AddIf(
            PrefixLifetime <= TimeSpan.Zero,
            $"ContextTrimming.PrefixLifetime is {PrefixLifetime}: it must be more than zero, such as 00:05:00."
        );
        problems.AddIf(
            EmbeddingTimeout <= TimeSpan.Zero,
            $"ContextTrimming.EmbeddingTimeout is {EmbeddingTimeout}: it must be more than zero, such as 00:00:00.250."
        );
        problems.AddIf(
            MaxRememberedMessages < 100,
            $"ContextTrimming.MaxRememberedMessages is {MaxRememberedMessages}: it must be at least 100."
        );
        Summary.Validate(problems);
    }
}
