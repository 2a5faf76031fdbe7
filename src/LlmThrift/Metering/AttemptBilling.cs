using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Metering;

/// <summary>Makes the bill of one request to a provider, from what it reported or, where it did not, from what was sent and delivered.</summary>
internal sealed class AttemptBilling(PriceBook prices, RequestTokenCounter counter, TimeProvider clock)
{
    /// <summary>Counting costs time on the call's path: each model is compared on its first calls, then on one call in this many.</summary>
    private const int LearnEvery = 64;
    private const int LearnFirst = 8;

    private int _learned;

    public CallAttempt Bill(
        string stage,
        string? provider,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        AttemptResult result,
        string? defaultModel
    )
    {
        var requested = options.ModelId ?? defaultModel;
        var model = result.ModelId ?? requested;
        var usage = TokenUsage.Empty;
        var isEstimated = false;
        if (result.Outcome != CallOutcome.Failed || result.HasDelivered || result.Reported is not null)
        {
            (usage, isEstimated) = Usage(provider, messages, options, result, model);
        }

        var at = clock.GetUtcNow();
        var price = Find(result.ModelId, requested, provider, at);
        return new CallAttempt
        {
            Stage = stage,
            Provider = provider,
            Model = model,
            Usage = usage,
            Cost = usage == TokenUsage.Empty ? 0m : price?.CostOf(usage)?.Total,
            IsEstimated = isEstimated,
            Outcome = result.Outcome,
            Duration = result.Duration,
            Price = price,
            IsHelper = stage != CostStages.Provider,
        };
    }

    /// <summary>The price of the model that answered; of the model asked for when the answer's name is unknown (a deployment, a revision).</summary>
    private ModelPrice? Find(string? answered, string? requested, string? provider, DateTimeOffset at) =>
        prices.FindOrNull(answered, provider, at) ?? (requested == answered ? null : prices.FindOrNull(requested, provider, at));

    private (TokenUsage Usage, bool IsEstimated) Usage(
        string? provider,
        IReadOnlyList<ChatMessage> messages,
        ChatOptions options,
        AttemptResult result,
        string? model
    )
    {
        var reported = result.Reported;
        var isWhole = result.Outcome == CallOutcome.Completed;
        if (isWhole && reported is { InputTokenCount: { } input, OutputTokenCount: not null })
        {
            Learn(model, messages, options, input);
            return (TokenUsage.FromUsageDetails(reported, provider), false);
        }

        // A broken stream reports what it had counted so far, or nothing: never less than what was delivered.
        var settled = new UsageDetails();
        if (reported is not null)
        {
            UsageMerger.RaiseTo(settled, reported);
        }

        settled.InputTokenCount ??= counter.CountRequest(messages, options, model).Tokens;
        var delivered = counter.CountContents(Joined(result.Delivered), model).Tokens;
        settled.OutputTokenCount = Math.Max(settled.OutputTokenCount ?? 0, delivered);
        return (TokenUsage.FromUsageDetails(settled, provider), true);
    }

    private void Learn(string? model, IReadOnlyList<ChatMessage> messages, ChatOptions options, long reported)
    {
        if (model is null || ModelEncodings.Find(model).IsPublic)
        {
            return;
        }

        var turn = Interlocked.Increment(ref _learned);
        if (turn <= LearnFirst || turn % LearnEvery == 0)
        {
            counter.Learn(model, counter.CountRequest(messages, options, model), reported);
        }
    }

    /// <summary>The texts of a stream as one text of each kind: a token may span two updates.</summary>
    private static IEnumerable<AIContent> Joined(IReadOnlyList<AIContent> contents)
    {
        if (contents.Count <= 1)
        {
            return contents;
        }

        var text = string.Concat(contents.OfType<TextContent>().Select(content => content.Text));
        var reasoning = string.Concat(contents.OfType<TextReasoningContent>().Select(content => content.Text));
        return contents
            .Where(content => content is not TextContent and not TextReasoningContent)
            .Append(new TextContent(text))
            .Append(new TextReasoningContent(reasoning));
    }
}
