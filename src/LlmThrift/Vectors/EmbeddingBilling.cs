using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Vectors;

/// <summary>Bills embeddings. A generator whose model has no known price is free: it runs in the app's own process.</summary>
internal sealed class EmbeddingBilling
{
    private readonly string _stage;
    private readonly TimeProvider _clock;
    private readonly RequestTokenCounter _counter;
    private readonly string? _provider;

    /// <param name="generator">What makes the embeddings, and tells whose model it is.</param>
    /// <param name="stage">The stage to which they are charged.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="counter">Counts what the generator does not report.</param>
    public EmbeddingBilling(
        IEmbeddingGenerator<string, Embedding<float>> generator,
        string stage,
        TimeProvider clock,
        RequestTokenCounter counter
    )
    {
        (_stage, _clock, _counter) = (stage, clock, counter);
        var metadata = generator.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata;
        _provider = metadata?.ProviderName;
        Model = metadata?.DefaultModelId;
    }

    /// <summary>The model's name; null where the generator does not tell.</summary>
    public string? Model { get; }

    /// <summary>Adds what one request cost to the call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="texts">What was embedded.</param>
    /// <param name="reportedTokens">What the generator says it was billed for; null when it does not say.</param>
    /// <param name="duration">How long it took.</param>
    public void Bill(CallContext call, IEnumerable<string> texts, long? reportedTokens, TimeSpan duration)
    {
        if (call.Meter?.Prices.FindOrNull(Model, _provider, _clock.GetUtcNow()) is not { } price)
        {
            return;
        }

        var usage = new TokenUsage { InputTokens = reportedTokens ?? texts.Sum(text => _counter.CountText(text, Model).Tokens) };
        call.Add(
            new CallAttempt
            {
                Stage = _stage,
                Provider = _provider,
                Model = Model,
                Usage = usage,
                Cost = price.CostOf(usage)?.Total,
                IsEstimated = reportedTokens is null,
                Outcome = CallOutcome.Completed,
                Duration = duration,
                Price = price,
                IsHelper = true,
            }
        );
    }
}
