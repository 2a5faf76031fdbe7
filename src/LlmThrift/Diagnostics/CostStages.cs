namespace LlmThrift.Diagnostics;

/// <summary>Names of the stages to which costs and savings are attributed, as they appear in records, metrics and logs.</summary>
public static class CostStages
{
    /// <summary>The provider itself: what an attempt costs with no stage to blame or to thank.</summary>
    public const string Provider = "provider";

    /// <summary>The provider's own discount on a repeated prefix (cached input), less what writing that cache cost.</summary>
    public const string ProviderCache = "provider_cache";

    /// <summary>Answers served from the exact cache, or shared with an identical call under way.</summary>
    public const string ExactCache = "exact_cache";

    /// <summary>Answers to questions that mean the same, served from the semantic cache, less what its helpers cost.</summary>
    public const string SemanticCache = "semantic_cache";

    /// <summary>Parts of a conversation that are not sent, as the question does not need them.</summary>
    public const string ContextTrimming = "context_trimming";

    /// <summary>Limits on the length of answers: what requests to be brief, to answer again and to go on cost.</summary>
    public const string OutputLimits = "output_limits";

    /// <summary>Budgets: no saving of their own; what they refuse is no call, and what they send to a cheaper model is <see cref="Routing"/>'s.</summary>
    public const string Budgets = "budgets";

    /// <summary>The choice of another model than the app asked for, less what attempts at cheaper ones and checks of their answers cost.</summary>
    public const string Routing = "routing";

    /// <summary>Attempts that did not become the answer: repeated, given up, or slower than another one beside them.</summary>
    public const string Resilience = "resilience";
}
