using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits.Answering;

/// <summary>How to ask once more after reasoning has spent the whole limit.</summary>
internal static class EmptyAnswerRetry
{
    /// <summary>
    /// Less reasoning where the call says how much; a learned cap is taken off, since nobody asked for it; else a cap of the options is doubled.
    /// A limit of the caller's own is never exceeded: there, a model that was seen to reason is asked to reason less. Null when nothing can be done.
    /// </summary>
    public static CallOptions? OptionsFor(LimitedCall call, bool isReasoning)
    {
        var effort = call.Options.Reasoning?.Effort;
        var less = effort switch
        {
            ReasoningEffort.ExtraHigh or ReasoningEffort.High or ReasoningEffort.Medium => ReasoningEffort.Low,
            ReasoningEffort.Low => ReasoningEffort.None,
            null when isReasoning && !call.IsCappedByUs => ReasoningEffort.Low,
            _ => (ReasoningEffort?)null,
        };
        var most = call.Options.MaxOutputTokens;
        if (call.IsCappedByLearning)
        {
            most = LimitedCall.Lower(call.Asked, call.FixedCap);
        }
        else if (call.IsCappedByUs && less is null)
        {
            most = LimitedCall.Lower(call.Asked, (int)Math.Min(int.MaxValue, 2L * call.FixedCap!.Value));
        }

        if (less is null && most == call.Options.MaxOutputTokens)
        {
            return null;
        }

        var options = call.Options.With(call.Options.Context);
        options.MaxOutputTokens = most;
        if (less is { } lower)
        {
            LimitedCall.SetEffort(options, lower);
        }

        return options;
    }
}
