using ConsoleReplay.Recorded;
using LlmThrift.Diagnostics;
using LlmThrift.Embeddings;
using LlmThrift.Metering;
using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Semantic;

/// <summary>The semantic cache in the app under replay, and what is measured around it. Safe for concurrent use.</summary>
internal sealed class SemanticReplay : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TimedEmbeddings _embeddings;
    private readonly HitCheck _check;
    private readonly Dictionary<string, long> _decisions = new(StringComparer.Ordinal);
    private double _maxErrorRate;
    private decimal _auditCost;

    /// <param name="truth">What the provider would answer.</param>
    /// <param name="time">The clock to measure the encoder by.</param>
    public SemanticReplay(IAnswerSource truth, TimeProvider time)
    {
        _check = new HitCheck(truth);
        _embeddings = new TimedEmbeddings(new MiniLmEmbeddingGenerator(), time);
    }

    /// <summary>Sets the cache up as an app would. Nothing of it knows the questions' intents.</summary>
    public void Configure(SemanticCacheOptions options)
    {
        options.EmbeddingGenerator = _embeddings;
        // The provider answers from a fixed set; a model's words vary, and need the default comparer.
        options.AnswerComparer = AnswerComparers.Exact;
        // The replay runs faster than the clock, the encoder does not: calls come more densely than the default is made for.
        options.EmbeddingTimeout = TimeSpan.FromSeconds(2);
        _maxErrorRate = options.MaxErrorRate;
    }

    /// <summary>Puts the check of the answers around the app's client, and disposes that with it.</summary>
    public IChatClient Watch(IChatClient client) => new HitCheckingChatClient(client, _check);

    /// <summary>Told of each call.</summary>
    public void Observe(CallRecord record)
    {
        lock (_gate)
        {
            foreach (var note in record.Notes)
            {
                if (note.Stage != CostStages.SemanticCache)
                    continue;
                _decisions[note.Reason] = _decisions.GetValueOrDefault(note.Reason) + 1;
                if (note.Reason == "audit")
                    _auditCost += record.ActualCost ?? 0;
            }
        }
    }

    public SemanticFigures GetFigures()
    {
        var times = _embeddings.GetTimes();
        times.Sort();
        lock (_gate)
        {
            return new SemanticFigures
            {
                MaxErrorRate = _maxErrorRate,
                Calls = _check.OfCalls,
                Questions = _check.OfQuestions,
                EncodedTexts = times.Count,
                EncoderMedian = times.Count == 0 ? TimeSpan.Zero : times[(times.Count - 1) / 2],
                EncoderTotal = times.Aggregate(TimeSpan.Zero, (sum, time) => sum + time),
                Audits = _decisions.GetValueOrDefault("audit"),
                AuditCost = _auditCost,
                Decisions = new Dictionary<string, long>(_decisions, StringComparer.Ordinal),
            };
        }
    }

    public void Dispose() => _embeddings.Dispose();
}
