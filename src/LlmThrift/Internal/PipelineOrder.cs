using LlmThrift.Diagnostics;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Internal;

/// <summary>Looks, while a pipeline is built, at what lies further in, and says what is in the wrong place.</summary>
internal static partial class PipelineOrder
{
    /// <exception cref="InvalidOperationException">Cost controls are there already.</exception>
    public static void CheckBeforeCostControls(IChatClient inner, ILogger logger)
    {
        if (
            PipelineStage.IsIn(inner, PipelineStage.Meter)
            || PipelineStage.IsIn(inner, CostStages.ExactCache)
            || PipelineStage.IsIn(inner, CostStages.SemanticCache)
        )
        {
            throw new InvalidOperationException(
                "UseCostControls() is called on a pipeline that has cost controls already, further in. Every call would be counted and cached twice: "
                    + "call UseCostControls() once, or compose the single stages (UseCostMeter(), UseExactCache(), UseSemanticCache(), UseOutputLimits()) without it."
            );
        }

        WarnAboutFunctionInvocation(inner, "UseCostControls()", logger);
    }

    public static void CheckBeforeMeter(IChatClient inner, ILogger logger) => WarnAboutFunctionInvocation(inner, "UseCostMeter()", logger);

    public static void CheckBeforeExactCache(IChatClient inner, ILogger logger) =>
        WarnAboutFunctionInvocation(inner, "UseExactCache()", logger);

    public static void CheckBeforeSemanticCache(IChatClient inner, ILogger logger)
    {
        WarnAboutFunctionInvocation(inner, "UseSemanticCache()", logger);
        if (PipelineStage.IsIn(inner, CostStages.ExactCache))
        {
            LogWrongOrder(
                logger,
                "UseExactCache()",
                "UseSemanticCache()",
                "a question that is repeated word for word costs an embedding",
                "UseExactCache()",
                "UseSemanticCache()"
            );
        }
    }

    /// <summary>
    /// A meter further in is right when there is one further out too, which is built later: whether there is shows at the first call.
    /// </summary>
    public static void WarnAboutUnmeteredHits(ILogger logger) =>
        LogWrongOrder(logger, "UseCostMeter()", "UseExactCache()", "hits are not metered", "UseCostMeter()", "UseExactCache()");

    public static void CheckBeforeContextTrimming(IChatClient inner, ILogger logger) =>
        WarnAboutCachesInside(
            inner,
            "UseContextTrimming()",
            "answers are found by what is left of a conversation, not by what was asked",
            logger
        );

    public static void CheckBeforeOutputLimits(IChatClient inner, ILogger logger) =>
        WarnAboutCachesInside(inner, "UseOutputLimits()", "changing a limit empties the cache", logger);

    public static void CheckBeforePrefixCaching(IChatClient inner, ILogger logger) =>
        WarnAboutCachesInside(inner, "UsePrefixCaching()", "marks and keys become part of what is cached", logger);

    public static void CheckBeforeBudgets(IChatClient inner, ILogger logger) =>
        WarnAboutCachesInside(inner, "UseBudgets()", "answers from the cache are refused too when a budget is spent", logger);

    public static void CheckBeforeResilience(IChatClient inner, ILogger logger) =>
        WarnAboutCachesInside(
            inner,
            "UseResilience()",
            "answers from the cache are turned away too while a circuit breaker is open",
            logger
        );

    private static void WarnAboutCachesInside(IChatClient inner, string outer, string consequence, ILogger logger)
    {
        foreach (
            var (stage, call) in new[] { (CostStages.ExactCache, "UseExactCache()"), (CostStages.SemanticCache, "UseSemanticCache()") }
        )
        {
            if (PipelineStage.IsIn(inner, stage))
            {
                LogWrongOrder(logger, call, outer, consequence, call, outer);
            }
        }
    }

    /// <summary>A model without a price is the one part that is missing most often, and shows only in an empty report.</summary>
    public static void WarnAboutMissingPrice(IChatClient inner, PriceBook prices, TimeProvider clock, ILogger logger)
    {
        var metadata = inner.GetService<ChatClientMetadata>();
        if (metadata?.DefaultModelId is { } model && prices.Find(model, metadata.ProviderName, clock.GetUtcNow()) is null)
        {
            LogMissingPrice(logger, model, metadata.ProviderName);
        }
    }

    private static void WarnAboutFunctionInvocation(IChatClient inner, string stage, ILogger logger)
    {
        // The type lives in the implementation package, of which only a part may be there.
        var type = Type.GetType("Microsoft.Extensions.AI.FunctionInvokingChatClient, Microsoft.Extensions.AI");
        if (type is not null && inner.GetService(type) is not null)
        {
            LogWrongOrder(
                logger,
                "UseFunctionInvocation()",
                stage,
                "a turn with tool calls is metered and cached as one call, though it is several",
                "UseFunctionInvocation()",
                stage
            );
        }
    }

    [LoggerMessage(
        10,
        LogLevel.Warning,
        "{Inner} is called after {Outer} and so lies inside of it: {Consequence}. Call {First} before {Then}."
    )]
    private static partial void LogWrongOrder(ILogger logger, string inner, string outer, string consequence, string first, string then);

    [LoggerMessage(
        11,
        LogLevel.Warning,
        "No price is known for the default model {Model} of provider {Provider}: its calls are reported as unpriced. "
            + "Add one, such as o.Metering.Prices = PriceBook.Embedded.With(\"{Model}\", new ModelPrice {{ Input = 1m, Output = 4m }})."
    )]
    private static partial void LogMissingPrice(ILogger logger, string model, string? provider);
}
