using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing;

/// <summary>Options of an audit.</summary>
public sealed class RoutingAuditOptions
{
    /// <summary>
    /// The folder of the audit: its sample, journal, ratings, policy and report. Made when it is not there; an audit that is there goes on. It holds prompts and answers in plain text.
    /// </summary>
    public string Folder { get; set; } = "";

    /// <summary>The cheaper tier.</summary>
    public AuditTier? Weak { get; set; }

    /// <summary>The dearer tier, by which quality is measured.</summary>
    public AuditTier? Strong { get; set; }

    /// <summary>Judges the answers. Default: null, people do: <see cref="RoutingAudit.WriteReview"/>. See <see cref="AnswerJudges"/>.</summary>
    public IAnswerJudge? Judge { get; set; }

    /// <summary>Makes the embeddings of the policy: the generator that the app routes with. Default: null; then there is a report and no policy. It is not disposed.</summary>
    public IEmbeddingGenerator<string, Embedding<float>>? EmbeddingGenerator { get; set; }

    /// <summary>How many requests are drawn. Default: 500. At least 1.</summary>
    public int Prompts { get; set; } = 500;

    /// <summary>
    /// What all runs together may cost, in USD, judges included. Default: null, no limit. Before each request its most is set aside: its tokens as counted and a quarter more, and
    /// <see cref="MaxOutputTokens"/>; what does not fit is not asked. Needs known prices.
    /// </summary>
    public decimal? MaxCost { get; set; }

    /// <summary>How many requests are tried at once. Default: 4. At least 1.</summary>
    public int MaxParallel { get; set; } = 4;

    /// <summary>The most requests to models in a minute. Default: null, as many as there can be. More than 0.</summary>
    public double? MaxCallsPerMinute { get; set; }

    /// <summary>The most tokens of an answer. Default: 1,024. At least 1.</summary>
    public int MaxOutputTokens { get; set; } = 1_024;

    /// <summary>How long one request may take. Default: 2 minutes. More than zero.</summary>
    public TimeSpan CallTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>What routing is to hold to, for the report. Default: 98 % of the dearer tier's quality.</summary>
    public RoutingTarget Target { get; set; } = RoutingTarget.Quality(0.98);

    /// <summary>How many calls the app makes in a month, for the saving in the report. Default: null.</summary>
    public long? CallsPerMonth { get; set; }

    /// <summary>Prices. Default: the embedded ones.</summary>
    public PriceBook Prices { get; set; } = PriceBook.Embedded;

    /// <summary>Counts tokens. Default: exact for OpenAI's public encodings, estimated for others.</summary>
    public RequestTokenCounter TokenCounter { get; set; } = RequestTokenCounter.Default;

    /// <summary>The clock. Default: the system's.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    /// <summary>Where the drawing begins. Default: 0.</summary>
    public int Seed { get; set; }

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(string.IsNullOrWhiteSpace(Folder), "Folder is empty: name a folder for the audit, such as \"audit\".");
        problems.AddIf(Weak is null, "Weak is null: set the cheaper tier, such as new AuditTier(\"small\", client, \"gpt-4o-mini\").");
        problems.AddIf(Strong is null, "Strong is null: set the dearer tier, such as new AuditTier(\"large\", client, \"gpt-4o\").");
        problems.AddIf(
            Weak is not null && string.Equals(Weak.Name, Strong?.Name, StringComparison.OrdinalIgnoreCase),
            $"Both tiers are named \"{Weak?.Name}\": give each a name of its own."
        );
        problems.AddIf(Prompts < 1, $"Prompts is {Prompts}: it must be at least 1, such as 500.");
        problems.AddIf(MaxCost <= 0, $"MaxCost is {MaxCost}: it must be more than 0 USD, or null for no limit.");
        problems.AddIf(MaxParallel < 1, $"MaxParallel is {MaxParallel}: it must be at least 1.");
        problems.AddIf(MaxCallsPerMinute is not null and not > 0, $"MaxCallsPerMinute is {MaxCallsPerMinute}: it must be more than 0.");
        problems.AddIf(MaxOutputTokens < 1, $"MaxOutputTokens is {MaxOutputTokens}: it must be at least 1, such as 1024.");
        problems.AddIf(CallTimeout <= TimeSpan.Zero, $"CallTimeout is {CallTimeout}: it must be more than zero, such as 00:02:00.");
        foreach (var tier in new[] { Weak, Strong }.OfType<AuditTier>())
        {
            problems.AddIf(
                MaxCost is not null && Prices.FindOrNull(tier.Model, tier.Metadata?.ProviderName, Clock.GetUtcNow()) is null,
                $"MaxCost is set, and the price of \"{tier.Model}\", the model of the tier \"{tier.Name}\", is not known: add it by Prices.With(…), or ModelPrice.Free for a local one."
            );
        }
    }
}
