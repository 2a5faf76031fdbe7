using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.OutputLimits.Learning;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits.Answering;

/// <summary>One call as it goes out, with the limits that were put on it, and why.</summary>
internal sealed class LimitedCall
{
    private LimitedCall(
        IReadOnlyList<ChatMessage> messages,
        CallOptions options,
        int? asked,
        int? fixedCap,
        bool isCappedByLearning,
        bool isCappedByUs,
        CapLearner? learner,
        bool isJson,
        bool isComplete,
        string? model
    )
    {
        (Messages, Options) = (messages, options);
        (Asked, FixedCap, IsCappedByLearning, IsCappedByUs) = (asked, fixedCap, isCappedByLearning, isCappedByUs);
        (Learner, IsJson, IsComplete, Model) = (learner, isJson, isComplete, model);
    }

    public IReadOnlyList<ChatMessage> Messages { get; }

    public CallOptions Options { get; }

    /// <summary>The most tokens that the caller asked for.</summary>
    public int? Asked { get; }

    /// <summary>The most tokens by the options, whether or not the caller asked for fewer.</summary>
    public int? FixedCap { get; }

    /// <summary>Whether a learned cap is the lowest limit.</summary>
    public bool IsCappedByLearning { get; }

    /// <summary>Whether the lowest limit, learned or fixed, is not the caller's own.</summary>
    public bool IsCappedByUs { get; }

    /// <summary>Learns from the answer; null when nothing is to be learned from it.</summary>
    public CapLearner? Learner { get; }

    public bool IsJson { get; }

    /// <summary>Whether the conversation is all in the request, so that it can be sent once more.</summary>
    public bool IsComplete { get; }

    public string? Model { get; }

    public static LimitedCall From(OutputLimitState state, IReadOnlyList<ChatMessage> messages, CallOptions call, string? defaultModel)
    {
        var context = call.Context;
        var limits = state.LimitsOf(context.Tags.Feature);
        var model = call.ModelId ?? defaultModel;
        var isJson = call.ResponseFormat is ChatResponseFormatJson;
        var learner =
            limits.LearnsCap && !isJson && call.ToolMode is not RequiredChatToolMode ? state.LearnerOf(context.Tags.Feature, model) : null;
        var asked = call.MaxOutputTokens;
        var mostWithoutLearning = Lower(asked, limits.MaxOutputTokens);
        var learned = call.Tools is { Count: > 0 } ? null : learner?.CapAt(state.Clock.GetUtcNow());
        var most = Lower(mostWithoutLearning, learned);

        var sent = call;
        if (most != asked)
        {
            Own(ref sent, call).MaxOutputTokens = most;
            context.Note(CostStages.OutputLimits, most == mostWithoutLearning ? "capped" : "learned_cap");
        }

        if (limits.Effort is { } effort && call.Reasoning?.Effort is null)
        {
            SetEffort(Own(ref sent, call), effort);
        }

        if (limits.StopSequences.Length > 0)
        {
            Own(ref sent, call).StopSequences = [.. (call.StopSequences ?? []).Union(limits.StopSequences, StringComparer.Ordinal)];
        }

        if (limits.Brevity is { } brevity && !isJson && BrevityInstructions.AddTo(messages, brevity) is { } told)
        {
            messages = told;

            // The app did not send these tokens: they are a cost of this stage.
            context.Add(new StageStep(CostStages.OutputLimits, -state.Counter.CountText("\n\n" + brevity, model).Tokens));
        }

        return new LimitedCall(
            messages,
            sent,
            asked,
            limits.MaxOutputTokens,
            most != mostWithoutLearning,
            most != asked,
            learner,
            isJson,
            call.ConversationId is null && call.ContinuationToken is null && call.AllowBackgroundResponses != true,
            model
        );
    }

    public static int? Lower(int? a, int? b) => a is { } left && b is { } right ? Math.Min(left, right) : a ?? b;

    public static void SetEffort(ChatOptions options, ReasoningEffort effort) =>
        options.Reasoning = new ReasoningOptions { Effort = effort, Output = options.Reasoning?.Output };

    /// <summary>A copy to write to: the caller's options, and those of a call that shares this one's state, stay as they are.</summary>
    private static CallOptions Own(ref CallOptions sent, CallOptions call) =>
        ReferenceEquals(sent, call) ? sent = call.With(call.Context) : sent;
}
