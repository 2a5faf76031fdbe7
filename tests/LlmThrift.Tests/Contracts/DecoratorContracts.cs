using LlmThrift.Budgets;
using LlmThrift.Internal;
using LlmThrift.Resilience;
using LlmThrift.Routing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;

namespace LlmThrift.Tests.Contracts;

public sealed class CostMeterContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.AsBuilder().UseCostMeter().Build();
}

public sealed class NestedCostMeterContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.AsBuilder().UseCostMeter().UseCostMeter().Build();
}

public sealed class ExactCacheContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.AsBuilder().UseExactCache().Build();
}

public sealed class OutputLimitContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.AsBuilder().UseOutputLimits(o => o.MaxOutputTokens = 50).Build();
}

public sealed class ContextTrimmingContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner.AsBuilder().UseContextTrimming(o => (o.MaxTokens, o.EmbeddingGenerator) = (1, new FakeEmbeddingGenerator())).Build();
}

public sealed class AuditLogContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner.AsBuilder().UseAuditLog(Path.Combine(Directory.CreateTempSubdirectory().FullName, "requests.jsonl")).Build();
}

public sealed class BudgetContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner.AsBuilder().UseBudgets(o => o.Add("day", 1_000_000m, BudgetWindow.Day)).Build();
}

public sealed class ModelRoutingContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner
            .AsBuilder()
            .UseModelRouting(o =>
            {
                o.AddTier("small");
                o.AddTier("large");
                o.DefaultTier = "small";
                o.FallsBackOn = null;
                o.Cascade.MaxBufferedCharacters = 0;
                o.Cascade.Checks.Add(AnswerChecks.Complete);
            })
            .Build();
}

public sealed class ResilienceContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.AsBuilder().UseResilience().Build();
}

/// <summary>As it is while there is time left before a second attempt.</summary>
public sealed class ResilienceWithHedgingContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner)
    {
        var options = new ResilienceOptions { HedgeAfterPercentile = 0.5 };
        var state = new ResilienceState(options, new PipelineServices(services: null));
        foreach (var model in new[] { "gpt-4o", "gpt-4o-mini" })
        {
            var health = state.HealthOf("", "openai", model);
            for (var sample = 0; sample < LatencyWindow.MinSamples; sample++)
            {
                health.Latencies(isStreaming: false).Add(TimeSpan.FromHours(1));
                health.Latencies(isStreaming: true).Add(TimeSpan.FromHours(1));
            }
        }

        return new ResilienceChatClient(inner, state);
    }
}

public sealed class CostControlsWithResilienceContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.WithCostControls(o => o.UseResilience = true);
}

public sealed class PrefixCachingContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner
            .AsBuilder()
            .UsePrefixCaching(o =>
            {
                o.MinPrefixTokens = 0;
                o.PromptCacheKey = tags => tags.Feature;
                o.MarkBreakpoint = content =>
                {
                    (content.AdditionalProperties ??= [])["mark"] = true;
                    return content;
                };
            })
            .Build();
}

/// <summary>All that the limits can do is on, and each answer must go by as if nothing were.</summary>
public sealed class OutputLimitWithEverythingOnContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner
            .AsBuilder()
            .UseOutputLimits(o =>
            {
                o.MaxOutputTokens = 50;
                o.LearnCaps = true;
                o.LearnedCaps.MinSamples = 1;
                o.ContinueCutAnswers = true;
                o.ReasoningEffort = ReasoningEffort.Low;
                o.StopSequences.Add("###");
            })
            .Build();
}

public sealed class CostControlsContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.WithCostControls();
}

/// <summary>A store that answers late exercises the paths on which nothing completes synchronously.</summary>
public sealed class CostControlsOverDistributedCacheContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner
            .AsBuilder()
            .UseCostControls()
            .Build(new FewServices().With<Microsoft.Extensions.Caching.Distributed.IDistributedCache>(new MemoryDistributedStore()));
}

/// <summary>A store that is down must not be noticed.</summary>
public sealed class CostControlsOverFailingCacheContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner
            .AsBuilder()
            .UseCostControls()
            .Build(
                new FewServices().With<Microsoft.Extensions.Caching.Distributed.IDistributedCache>(
                    new MemoryDistributedStore { Failure = new TimeoutException("the store is down") }
                )
            );
}

public sealed class SemanticCacheContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) => inner.AsBuilder().UseSemanticCache(new FakeEmbeddingGenerator()).Build();
}

public sealed class CostControlsWithSemanticCacheContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner.WithCostControls(o =>
        {
            o.UseSemanticCache = true;
            o.SemanticCache.EmbeddingGenerator = new FakeEmbeddingGenerator();
        });
}

/// <summary>An embedder that is down must not be noticed.</summary>
public sealed class CostControlsOverFailingEmbedderContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner) =>
        inner.WithCostControls(o =>
        {
            o.UseSemanticCache = true;
            o.SemanticCache.EmbeddingGenerator = new FakeEmbeddingGenerator { Failure = new TimeoutException("the embedder is down") };
        });
}
