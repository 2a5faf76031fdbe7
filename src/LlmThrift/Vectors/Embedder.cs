using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Vectors;

/// <summary>Turns texts into unit vectors by the app's embedding generator, and bills what has a price. Never throws what the generator throws.</summary>
internal sealed class Embedder
{
    /// <summary>A vector that is late for its call is waited for this long, to store the answer with it.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>How many texts may be in work or waiting.</summary>
    private const int MaxPending = 1_024;

    /// <summary>What a quick generator may be given on the caller's thread, in UTF-16 units: some 60 tokens, for which it has time.</summary>
    private const int MaxQuickLength = 256;

    private readonly IEmbeddingGenerator<string, Embedding<float>> _generator;
    private readonly TimeProvider _clock;
    private readonly HelperFailures _failures;
    private readonly EmbeddingBilling _billing;
    private readonly bool _isQuick;
    private int _dimensions;
    private int _pending;

    public Embedder(
        IEmbeddingGenerator<string, Embedding<float>> generator,
        string stage,
        TimeProvider clock,
        HelperFailures failures,
        RequestTokenCounter counter
    )
    {
        _generator = generator;
        _clock = clock;
        _failures = failures;
        _billing = new EmbeddingBilling(generator, stage, clock, counter);
        var metadata = generator.GetService(typeof(EmbeddingGeneratorMetadata)) as EmbeddingGeneratorMetadata;
        _dimensions = metadata?.DefaultModelDimensions ?? 0;
        _isQuick = generator.GetService(typeof(IQuickEmbeddingGenerator)) is IQuickEmbeddingGenerator;
    }

    /// <summary>The model's name; vectors of different models have nothing to do with each other.</summary>
    public string Model => _billing.Model ?? _generator.GetType().FullName!;

    /// <summary>Of each vector; 0 until it is known.</summary>
    public int Dimensions => Volatile.Read(ref _dimensions);

    /// <summary>
    /// Begins on another thread, as a generator that computes in this process may not give the caller's back before it is done; on the caller's
    /// where the generator says that it is quick and the text is short, as changing threads takes longer than all the rest of a miss.
    /// </summary>
    public Task<EmbeddedText> Begin(string text)
    {
        if (Interlocked.Increment(ref _pending) <= MaxPending)
        {
            return _isQuick && text.Length <= MaxQuickLength ? EmbedAsync(text) : Task.Run(() => EmbedAsync(text));
        }

        // More would wait for their turn longer than any call waits for them, and keep the app's threads busy meanwhile.
        Interlocked.Decrement(ref _pending);
        return Task.FromResult(new EmbeddedText(text, null, "embedder_busy", null, TimeSpan.Zero));
    }

    /// <summary>Adds what the vector cost to the call. A generator whose model has no known price is free: it runs in the app's own process.</summary>
    public void Bill(EmbeddedText embedded, CallContext call)
    {
        if (embedded.Problem is not ("embedder_failed" or "embedder_busy"))
        {
            _billing.Bill(call, [embedded.Text], embedded.ReportedTokens, embedded.Duration);
        }
    }

    /// <summary>The vector that another stage of the call has made of the same text by the same generator; null for none.</summary>
    public float[]? SharedBy(CallContext call, string text) =>
        call.Embedding is { } shared && shared.Source == _generator && string.Equals(shared.Text, text, StringComparison.Ordinal)
            ? shared.Vector
            : null;

    /// <summary>Lets other stages of the call have a vector.</summary>
    public void Share(CallContext call, EmbeddedText embedded)
    {
        if (embedded.Vector is { } vector)
        {
            call.Embedding = new SharedEmbedding(_generator, embedded.Text, vector);
        }
    }

    /// <summary>Bills, on a record of its own, what a call no longer waits for.</summary>
    public async Task BillLaterAsync(Task<EmbeddedText> embedding, CallContext call)
    {
        var startedAt = _clock.GetUtcNow();
        var ledger = call.ForUpkeep();
        Bill(await embedding.ConfigureAwait(false), ledger);
        ledger.Meter?.CloseUpkeep(ledger, startedAt);
    }

    private async Task<EmbeddedText> EmbedAsync(string text)
    {
        var started = _clock.GetTimestamp();
        try
        {
            using var cancellation = new CancellationTokenSource(Limit, _clock);
            var embeddings = await _generator
                .GenerateAsync([text], cancellationToken: cancellation.Token)
                .WaitAsync(cancellation.Token)
                .ConfigureAwait(false);
            var embedded = new EmbeddedText(text, null, null, embeddings.Usage?.InputTokenCount, _clock.GetElapsedTime(started));
            var vector = embeddings.Count == 1 ? embeddings[0].Vector : default;
            if (!IsOfRightLength(vector.Length) || !UnitVectors.TryNormalize(vector.Span, out var unit))
            {
                _failures.Report("embedding generator", new InvalidDataException("Not one vector of the right length and of numbers."));
                return embedded with { Problem = "embedder_invalid" };
            }

            // The first good vector says how long all must be, where the generator does not.
            Interlocked.CompareExchange(ref _dimensions, unit.Length, 0);
            return embedded with { Vector = unit };
        }
        catch (Exception exception)
        {
            _failures.Report("embedding generator", exception);
            return new EmbeddedText(text, null, "embedder_failed", null, _clock.GetElapsedTime(started));
        }
        finally
        {
            Interlocked.Decrement(ref _pending);
        }
    }

    public bool IsOfRightLength(int length) => length > 0 && (Dimensions == 0 || length == Dimensions);
}
