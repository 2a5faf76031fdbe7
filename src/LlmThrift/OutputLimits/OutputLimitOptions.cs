using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits;

/// <summary>Options of the output limits. By default nothing is limited: a cap that is too low cuts an answer that was paid for.</summary>
public sealed class OutputLimitOptions
{
    /// <summary>The most tokens that an answer may have. Default: null, no limit. At least 1.</summary>
    public int? MaxOutputTokens { get; set; }

    /// <summary>
    /// What holds for single features (<c>options.WithFeature("faq")</c>) in place of what holds for all; a whole number is a cap. Names without
    /// regard to case. Default: none.
    /// </summary>
    public IDictionary<string, FeatureOutputLimits> Features { get; } =
        new Dictionary<string, FeatureOutputLimits>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a cap is learned for each feature and model from the length of its finished answers. It only ever lowers a limit, and never cuts an
    /// answer in JSON or one that may be a tool call. Default: false.
    /// </summary>
    public bool LearnCaps { get; set; }

    /// <summary>How caps are learned, where <see cref="LearnCaps"/> says that they are.</summary>
    public LearnedCapOptions LearnedCaps { get; } = new();

    /// <summary>
    /// What the model is told about length, such as "Answer in at most three sentences.". Sent at the end of the last user message, where it leaves
    /// the provider's prompt cache of what comes before it valid; not sent with requests for JSON. Default: null, nothing.
    /// </summary>
    public string? BrevityInstruction { get; set; }

    /// <summary>How much the model is to reason, for calls that do not say so themselves. Default: null, nothing is asked.</summary>
    public ReasoningEffort? ReasoningEffort { get; set; }

    /// <summary>Texts at which the model stops, besides those of the call. Default: none.</summary>
    public IList<string> StopSequences { get; } = [];

    /// <summary>
    /// Whether an answer that reached its limit before it began, because the model spent the limit on reasoning, is asked for once more: with less
    /// reasoning, or with a higher cap where the cap was one of these options. Both requests are billed. Default: true.
    /// </summary>
    public bool RetryEmptyAnswers { get; set; } = true;

    /// <summary>
    /// Whether a text that reached its limit is continued, and handed over as one answer. Each continuation sends the request and the text so far
    /// again. Never for answers in JSON or with tool calls, and never beyond what the call itself asked for. Default: false.
    /// </summary>
    public bool ContinueCutAnswers { get; set; }

    /// <summary>The most continuations of one answer. Default: 1. From 1 to 3.</summary>
    public int MaxContinuations { get; set; } = 1;

    /// <summary>What the model is told to make it go on. Default: a sentence in English. Not empty.</summary>
    public string ContinueInstruction { get; set; } =
        "Go on exactly where your last message stopped, in the middle of the word if need be. Repeat nothing and add no introduction.";

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(
            MaxOutputTokens < 1,
            $"OutputLimits.MaxOutputTokens is {MaxOutputTokens}: it must be at least 1, or null for no limit."
        );
        problems.AddIf(
            MaxContinuations is < 1 or > 3,
            $"OutputLimits.MaxContinuations is {MaxContinuations}: it must be from 1 to 3. Set ContinueCutAnswers to false for none."
        );
        problems.AddIf(
            string.IsNullOrWhiteSpace(ContinueInstruction),
            "OutputLimits.ContinueInstruction is empty: it must tell the model to go on."
        );
        ValidateStopSequences(problems, StopSequences, "OutputLimits.StopSequences");
        LearnedCaps.Validate(problems);
        foreach (var (feature, limits) in Features)
        {
            if (limits is null)
            {
                problems.Add($"OutputLimits.Features[\"{feature}\"] is null: remove the entry for no limit.");
            }
            else
            {
                limits.Validate(problems, feature);
            }
        }
    }

    internal static void ValidateStopSequences(OptionsProblems problems, IList<string> sequences, string name) =>
        problems.AddIf(sequences.Any(string.IsNullOrEmpty), $"{name} holds an empty text: a model would stop at once. Remove it.");
}
