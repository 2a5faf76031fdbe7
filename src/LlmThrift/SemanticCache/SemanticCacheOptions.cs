using System.Globalization;
using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.SemanticCache;

/// <summary>Options of the semantic cache. Every one but the embedding generator has a default that works.</summary>
public sealed class SemanticCacheOptions
{
    /// <summary>
    /// Turns questions into vectors. Default: the one registered as a service. It must be safe for concurrent use, and is not disposed.
    /// </summary>
    public IEmbeddingGenerator<string, Embedding<float>>? EmbeddingGenerator { get; set; }

    /// <summary>What to do with calls that do not say otherwise. Default: serve. <see cref="SemanticCacheMode.Shadow"/> to try it out.</summary>
    public SemanticCacheMode Mode { get; set; }

    /// <summary>The highest share of wrong answers among those served that is to be allowed. Default: 0.01. Between 0 and 1, both excluded.</summary>
    public double MaxErrorRate { get; set; } = 0.01;

    /// <summary>How long an answer may be served. Default: 24 hours. More than zero.</summary>
    public TimeSpan Expiration { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How many questions are kept. Default: 100,000.</summary>
    public int MaxEntries { get; set; } = 100_000;

    /// <summary>How many bytes questions, vectors and answers may hold, roughly. Default: 512 MiB.</summary>
    public long MaxBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>The longest question that is looked for, in UTF-16 units. Default: 1,000. Longer ones differ in too much.</summary>
    public int MaxQuestionLength { get; set; } = 1_000;

    /// <summary>What becomes of requests with earlier turns. Default: they are passed by.</summary>
    public EarlierTurns EarlierTurns { get; set; }

    /// <summary>
    /// How long a call waits for its question's vector before it goes on without. Default: 50 milliseconds. More than zero. A generator that is an
    /// <see cref="IQuickEmbeddingGenerator"/> is waited for when the question is short.
    /// </summary>
    public TimeSpan EmbeddingTimeout { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long an operation of <see cref="Store"/> may take. Default: 1 second. More than zero.</summary>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Scores pairs of questions. Default: the embedding generator's own (<c>GetService</c>), else one of this package.</summary>
    public IQuestionPairScorer? PairScorer { get; set; }

    /// <summary>Tells whether two answers say the same. Default: <see cref="AnswerComparers.ByEmbedding"/>.</summary>
    public IAnswerComparer AnswerComparer { get; set; } = AnswerComparers.ByEmbedding();

    /// <summary>
    /// Where questions and answers outlive the process. Default: the app's <see cref="ISemanticCacheStore"/> where it has registered one, such as by
    /// <c>AddSqliteStores</c>, else nowhere. It is not disposed.
    /// </summary>
    public ISemanticCacheStore? Store { get; set; }

    /// <summary>
    /// The highest temperature that may be cached. Default (null): the exact cache's within <c>UseCostControls()</c>, else 1. A request with a seed
    /// is cached at any temperature.
    /// </summary>
    public float? MaxTemperature { get; set; }

    /// <summary>
    /// Which callers may share answers: those with an equal partition, and nobody else. Default (null): the exact cache's within
    /// <c>UseCostControls()</c>, else the tenant.
    /// </summary>
    public Func<CallTags, string?>? Partition { get; set; }

    /// <summary>
    /// Names of additional properties that cannot change the answer, such as a trace id. Default: none, and within <c>UseCostControls()</c> those of
    /// the exact cache too.
    /// </summary>
    public ISet<string> IgnoredProperties { get; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Seeds the choice of the calls on which the cache checks itself. Default: 1.</summary>
    public int Seed { get; set; } = 1;

    /// <summary>Decides in the place of the package's own policy, in tests of what surrounds it; null for that.</summary>
    internal IServingPolicy? Policy { get; set; }

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(
            !Enum.IsDefined(Mode) || Mode is SemanticCacheMode.Refresh,
            $"SemanticCache.Mode is {Mode}: it must be Default, Shadow, ReadOnly or Bypass; Refresh is for single calls."
        );
        problems.AddIf(
            !(MaxErrorRate is > 0 and < 1),
            string.Create(
                CultureInfo.InvariantCulture,
                $"SemanticCache.MaxErrorRate is {MaxErrorRate}: it must be between 0 and 1, such as 0.01 for one wrong answer in a hundred."
            )
        );
        problems.AddIf(
            Expiration <= TimeSpan.Zero,
            $"SemanticCache.Expiration is {Expiration}: it must be more than zero, such as 01:00:00."
        );
        problems.AddIf(MaxEntries < 1, $"SemanticCache.MaxEntries is {MaxEntries}: it must be at least 1.");
        problems.AddIf(MaxBytes < 1, $"SemanticCache.MaxBytes is {MaxBytes}: it must be at least 1.");
        problems.AddIf(MaxQuestionLength < 1, $"SemanticCache.MaxQuestionLength is {MaxQuestionLength}: it must be at least 1.");
        problems.AddIf(!Enum.IsDefined(EarlierTurns), $"SemanticCache.EarlierTurns is {EarlierTurns}: it must be PassBy or MustBeEqual.");
        problems.AddIf(
            EmbeddingTimeout <= TimeSpan.Zero,
            $"SemanticCache.EmbeddingTimeout is {EmbeddingTimeout}: it must be more than zero, such as 00:00:00.050."
        );
        problems.AddIf(
            StoreTimeout <= TimeSpan.Zero,
            $"SemanticCache.StoreTimeout is {StoreTimeout}: it must be more than zero, such as 00:00:01."
        );
        problems.AddIf(AnswerComparer is null, "SemanticCache.AnswerComparer is null: leave it at AnswerComparers.ByEmbedding().");
        problems.AddIf(
            MaxTemperature is { } temperature && !(temperature >= 0),
            string.Create(
                CultureInfo.InvariantCulture,
                $"SemanticCache.MaxTemperature is {MaxTemperature}: it must be 0 or more; the default is 1."
            )
        );
    }
}
