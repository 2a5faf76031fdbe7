using System.Security.Cryptography;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Metering;
using LlmThrift.Tokens;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.SemanticCache;

/// <summary>What all clients of one registration share: questions and answers, the policy, what goes on after calls.</summary>
internal sealed partial class SemanticCacheState : CacheState
{
    /// <summary>How many neighbours of a question are looked at.</summary>
    public const int MaxCandidates = 20;

    private const int MaxRememberedHits = 10_000;

    private readonly SemanticPersistence? _persistence;
    private readonly BackgroundWork _background;
    private readonly IQuestionPairScorer _scorer;
    private readonly IServingPolicy _policy;
    private readonly Learner _learner;
    private readonly HitLog _hits = new(MaxRememberedHits);
    private long _reportedWrong;

    public SemanticCacheState(SemanticCacheOptions options, PipelineServices services, RequestTokenCounter counter)
        : base(
            CostStages.SemanticCache,
            new CacheRules(options.MaxTemperature ?? 1f, options.Partition ?? (static tags => tags.Tenant), options.IgnoredProperties),
            services,
            counter
        )
    {
        var generator =
            options.EmbeddingGenerator
            ?? services.Find<IEmbeddingGenerator<string, Embedding<float>>>()
            ?? throw new InvalidOperationException(
                "The semantic cache has no embedding generator. Add the package LlmThrift.Embeddings and call services.AddMiniLmEmbeddings(), which "
                    + "computes in this process; or register any IEmbeddingGenerator<string, Embedding<float>> as a service; "
                    + "or set SemanticCacheOptions.EmbeddingGenerator."
            );
        Options = options;
        Embedder = new Embedder(generator, CostStages.SemanticCache, Clock, Failures, counter);
        _background = new BackgroundWork(Failures);
        _persistence = (options.Store ?? services.Find<ISemanticCacheStore>()) is { } store
            ? new SemanticPersistence(store, options.StoreTimeout, Clock, Failures)
            : null;
        Entries = new SemanticEntries(options.MaxEntries, options.MaxBytes, Clock, entry => _persistence?.Remove(entry));
        _scorer = options.PairScorer ?? generator.GetService(typeof(IQuestionPairScorer)) as IQuestionPairScorer ?? new LexicalPairScorer();
        _policy = options.Policy ?? new ServingPolicy(options.MaxErrorRate, options.Seed);
        _learner = new Learner(this, _policy, _persistence);
        Manager = new SemanticCacheManager(this);
    }

    public SemanticCacheOptions Options { get; }

    public Embedder Embedder { get; }

    public SemanticEntries Entries { get; }

    public ShadowCounts Shadow { get; } = new();

    public SemanticCacheManager Manager { get; }

    /// <summary>The questions nearest to one, by falling similarity, not scored; none when none is near enough to be served.</summary>
    public Candidate[] FindCandidates(string scopeKey, float[] vector)
    {
        // Now that there is a vector, it is known how long those of the store must be.
        _persistence?.LoadOnce(Entries, Embedder);
        var candidates = new Candidate[MaxCandidates];
        var found = Entries.FindNearest(scopeKey, vector, candidates, _policy.LeastSimilarity);
        return found == candidates.Length ? candidates : candidates[..found];
    }

    /// <summary>Scores those of the candidates that come into question, unless they are.</summary>
    public void Score(Candidate[] candidates, string question, float[] vector) =>
        new AskedQuestion(question, vector, _scorer).ScoreAll(candidates);

    /// <summary>Decides, and scores the candidates only where that can make a difference.</summary>
    public ServingDecision Decide(Candidate[] candidates, string question, float[] vector)
    {
        if (!_policy.TryDismiss(candidates, out var decision))
        {
            decision = _policy.Decide(candidates, new AskedQuestion(question, vector, _scorer));
        }

        LogDecision(Logger, decision.Reason, candidates.Length, decision.Trace.Similarity, decision.Trace.Score, decision.ErrorBound);
        return decision;
    }

    /// <summary>Writes a hit down, and says how it came about.</summary>
    public SemanticMatch Hit(SemanticEntry entry, CachedAnswer answer, in ServingDecision decision, Candidate[] candidates)
    {
        Entries.Touch(entry);
        var id = _hits.Add(entry, decision.Trace);
        var candidate = Array.Find(candidates, c => c.Entry == entry);
        var match = new SemanticMatch(() => ReportWrong(id))
        {
            HitId = id,
            Similarity = candidate.Similarity,
            Score = candidate.Score,
            ErrorBound = decision.ErrorBound,
            Age = Clock.GetUtcNow() - answer.Response.RequestedAt,
        };
        LogHit(Logger, id, entry.Id, match.Similarity, match.Score, match.ErrorBound, match.Age);
        return match;
    }

    public bool ReportWrong(long hitId)
    {
        if (!_hits.TryTake(hitId, out var entry, out var trace))
        {
            return false;
        }

        Interlocked.Increment(ref _reportedWrong);
        Entries.Remove(entry);
        _policy.ReportWrong(trace);
        LogWrong(Logger, hitId, entry.Id);
        return true;
    }

    /// <summary>Keeps an answer as that of its own question alone; null when it must not be, or not any more.</summary>
    public SemanticEntry? Keep(SemanticTrail trail, float[] vector, RecordedResponse recorded, CallContext call)
    {
        var expiresAt = Clock.GetUtcNow() + (CacheDirectives.ExpirationOf(call) ?? Options.Expiration);
        var group = new AnswerGroup(RandomNumberGenerator.GetHexString(32, lowercase: true), new CachedAnswer(recorded, expiresAt));
        return Entries.Add(trail.ScopeKey, trail.Question, vector, group, recorded.RequestedAt, expiresAt, recorded.Tags);
    }

    /// <summary>Has the answer compared and learnt from when the callers have it.</summary>
    public void LearnLater(SemanticTrail trail, RecordedResponse recorded, CallContext call) =>
        _background.Run("semantic cache learning", () => _learner.LearnAsync(trail, recorded, call));

    /// <summary>Bills a vector that came after its call's record was closed, in a record of its own.</summary>
    public void BillLater(Task<EmbeddedText> embedding, CallContext call) =>
        _background.Run("semantic cache learning", () => Embedder.BillLaterAsync(embedding, call));

    public async Task RemoveByTagAsync(string tag, CancellationToken cancellationToken)
    {
        Entries.RemoveByTag(tag);
        if (_persistence is not null)
        {
            await _persistence.WhenIdleAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task WhenIdleAsync()
    {
        // Learning saves; saving does not learn.
        await _background.WhenIdleAsync().ConfigureAwait(false);
        if (_persistence is not null)
        {
            await _persistence.WhenIdleAsync().ConfigureAwait(false);
        }
    }

    public SemanticCacheStatistics GetStatistics() =>
        new()
        {
            Entries = Entries.Count,
            Answers = Entries.Answers,
            Scopes = Entries.Scopes,
            Bytes = Entries.Bytes,
            Hits = _hits.Count,
            ReportedWrong = Interlocked.Read(ref _reportedWrong),
        };

    [LoggerMessage(
        30,
        LogLevel.Debug,
        "Semantic cache decided: {Reason}; {Candidates} candidates, similarity {Similarity:F3}, score {Score:F3}, error bound {ErrorBound:F4}"
    )]
    private static partial void LogDecision(ILogger logger, string reason, int candidates, float similarity, float score, float errorBound);

    [LoggerMessage(
        31,
        LogLevel.Debug,
        "Semantic cache hit {HitId} of entry {EntryId}: similarity {Similarity:F3}, score {Score:F3}, error bound {ErrorBound:F4}, age {Age}"
    )]
    private static partial void LogHit(
        ILogger logger,
        long hitId,
        int entryId,
        float similarity,
        float score,
        float errorBound,
        TimeSpan age
    );

    [LoggerMessage(32, LogLevel.Information, "Semantic cache hit {HitId} was reported as wrong; entry {EntryId} is removed")]
    private static partial void LogWrong(ILogger logger, long hitId, int entryId);
}
