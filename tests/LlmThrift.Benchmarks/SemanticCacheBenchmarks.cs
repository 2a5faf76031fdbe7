using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using LlmThrift.SemanticCache;
using Microsoft.Extensions.AI;

namespace LlmThrift.Benchmarks;

/// <summary>
/// What a call costs in time and memory on its way through <c>UseCostControls()</c> with the semantic cache on and 100,000 questions in its scope,
/// with an encoder and a provider that take no time: whole, and its parts.
/// </summary>
[MemoryDiagnoser]
public class SemanticCacheBenchmarks
{
    private const int Entries = 100_000;
    private const int Asked = 512;

    private static readonly FreeProvider Bare = new();
    private static readonly PreparedVectors Vectors = new();
    private static readonly ChatOptions Options = new() { ModelId = "gpt-4o", Temperature = 0.2f };

    private readonly (string Text, string Intent, float[] Vector)[] _asked = new (string, string, float[])[Asked];
    private IChatClient _client = null!;
    private SemanticCacheState _state = null!;
    private string _scope = "";
    private int _number;

    [GlobalSetup(Targets = [nameof(ProviderAlone), nameof(MissOfTheExactCache)])]
    public void SetUpWithoutSemanticCache() => _client = Bare.WithCostControls(o => o.ExactCache.MaxEntries = 2_000);

    [GlobalSetup(Targets = [nameof(MissOfAnotherSubject), nameof(PartSearchFarOff)])]
    public Task SetUpOtherSubjects() => FillAsync(Asking.OfAnotherSubject, SemanticCacheMode.ReadOnly);

    [GlobalSetup(Targets = [nameof(MissOfANewIntent), nameof(PartSearch)])]
    public Task SetUpNewIntents() => FillAsync(Asking.ForANewIntent, SemanticCacheMode.ReadOnly);

    [GlobalSetup(Target = nameof(MissKeptAndLearntFrom))]
    public Task SetUpLearning() => FillAsync(Asking.ForANewIntent, SemanticCacheMode.Default);

    [GlobalSetup(Targets = [nameof(MissInDoubt), nameof(PartSearchAndDecide)])]
    public Task SetUpDoubts() => FillAsync(Asking.AgainInOtherWords, SemanticCacheMode.ReadOnly, new DoubtfulPolicy());

    [GlobalSetup(Target = nameof(Hit))]
    public async Task SetUpHits()
    {
        await FillAsync(Asking.AgainInOtherWords, SemanticCacheMode.ReadOnly, new ServingPolicy(maxErrorRate: 0.9, seed: 1));
        for (var i = 0; i < Asked; i++)
        {
            await Hit();
        }

        if (_state.GetStatistics().Hits < 0.9 * Asked)
        {
            throw new InvalidOperationException($"Only {_state.GetStatistics().Hits} of {Asked} questions are served.");
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _client.Dispose();

    [Benchmark(Baseline = true)]
    public Task<ChatResponse> ProviderAlone() => Bare.GetResponseAsync(Next(), Options);

    [Benchmark]
    public Task<ChatResponse> MissOfTheExactCache() => _client.GetResponseAsync(Next(), Options);

    /// <summary>Nothing in the cache has anything to do with the question.</summary>
    [Benchmark]
    public Task<ChatResponse> MissOfAnotherSubject() => _client.GetResponseAsync(Next(), Options);

    /// <summary>The questions in the cache are about the same kind of things, and none has its answer.</summary>
    [Benchmark]
    public Task<ChatResponse> MissOfANewIntent() => _client.GetResponseAsync(Next(), Options);

    /// <summary>Everything is weighed before the model is called after all: a miss can cost no more.</summary>
    [Benchmark]
    public Task<ChatResponse> MissInDoubt() => _client.GetResponseAsync(Next(), Options);

    /// <summary>The same with the answer kept, another entry evicted, and what is learnt from it, beside the next call.</summary>
    [Benchmark]
    public Task<ChatResponse> MissKeptAndLearntFrom() => _client.GetResponseAsync(Next(), Options);

    [Benchmark]
    public Task<ChatResponse> Hit() => _client.GetResponseAsync(Next(), Options);

    [Benchmark]
    public int PartSearch() => Search().Length;

    [Benchmark]
    public int PartSearchFarOff() => Search().Length;

    [Benchmark]
    public string PartSearchAndDecide()
    {
        ref readonly var asked = ref _asked[NextNumber() % Asked];
        return _state.Decide(_state.FindCandidates(_scope, asked.Vector), asked.Text, asked.Vector).Reason;
    }

    private Candidate[] Search() => _state.FindCandidates(_scope, _asked[NextNumber() % Asked].Vector);

    /// <summary>A question that was not asked before, by an ending in letters, and its vector.</summary>
    private ChatMessage[] Next()
    {
        var number = NextNumber();
        ref readonly var asked = ref _asked[number % Asked];
        Vectors.Next = asked.Vector;
        Span<char> ending = stackalloc char[8];
        for (var i = 0; i < ending.Length; i++, number /= 10)
        {
            ending[i] = (char)('a' + (number % 10));
        }

        return [new(ChatRole.User, $"{asked.Text} {ending}")];
    }

    private int NextNumber() => _number = (_number + 1) % 100_000_000;

    /// <summary>Fills a cache: all entries have the answer of their intent.</summary>
    private async Task FillAsync(Asking asking, SemanticCacheMode mode, IServingPolicy? policy = null)
    {
        var questions = new Questions();
        for (var i = 0; i < Asked; i++)
        {
            _asked[i] = asking switch
            {
                Asking.ForANewIntent => questions.OfNewIntents[i % questions.OfNewIntents.Count],
                Asking.OfAnotherSubject => questions.OfOtherSubjects[i % questions.OfOtherSubjects.Count],
                _ => questions.Near((i * 197) + Entries),
            };
        }

        var intents = questions.OfEachIntent.ToDictionary(question => question.Text, question => question.Intent, StringComparer.Ordinal);
        _client = new FreeProvider(question => intents.GetValueOrDefault(question, "I do not know.")).WithCostControls(o =>
        {
            o.ExactCache.MaxEntries = 2_000;
            o.UseSemanticCache = true;
            o.SemanticCache.Mode = mode;
            o.SemanticCache.Policy = policy;
            o.SemanticCache.EmbeddingGenerator = Vectors;
            o.SemanticCache.EmbeddingTimeout = TimeSpan.FromSeconds(10);
            o.SemanticCache.AnswerComparer = AnswerComparers.Exact;
        });
        var manager = _client.GetService<SemanticCacheManager>()!;
        var options = Options.Clone().WithSemanticCache(SemanticCacheMode.Refresh);
        foreach (var (text, _, vector) in questions.OfEachIntent)
        {
            Vectors.Next = vector;
            await _client.GetResponseAsync(text, options);
            await manager.WhenIdleAsync();
        }

        _state = StateOf(manager);
        var scope = ScopesOf(_state.Entries).Values.Single();
        _scope = scope.Key;
        var groups = scope.Entries.Values.ToDictionary(entry => intents[entry.Question], entry => entry.Group, StringComparer.Ordinal);
        for (var number = 0; _state.Entries.Count < Entries; number++)
        {
            var (text, intent, vector) = questions.Near(number);
            var answer = groups[intent].Answer;
            _state.Entries.Add(_scope, text, vector, groups[intent], answer.Response.RequestedAt, answer.ExpiresAt, []);
        }
    }

    private enum Asking
    {
        AgainInOtherWords,
        ForANewIntent,
        OfAnotherSubject,
    }

    /// <summary>Weighs everything, and serves nothing.</summary>
    private sealed class DoubtfulPolicy : IServingPolicy
    {
        private readonly ServingPolicy _policy = new(maxErrorRate: 1e-9, seed: 1);

        public float LeastSimilarity => _policy.LeastSimilarity;

        public bool TryDismiss(ReadOnlySpan<Candidate> candidates, out ServingDecision decision)
        {
            _policy.TryDismiss(candidates, out decision);
            return false;
        }

        public ServingDecision Decide(Span<Candidate> candidates, in AskedQuestion asked) => _policy.Decide(candidates, asked);

        public void Learn(
            in DecisionTrace trace,
            ServingChoice wouldHave,
            bool? wasRight,
            ReadOnlySpan<GroupVerdict> verdicts,
            SemanticEntry kept
        ) => _policy.Learn(trace, wouldHave, wasRight, verdicts, kept);

        public void ReportWrong(in DecisionTrace trace) => _policy.ReportWrong(trace);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_state")]
    private static extern ref SemanticCacheState StateOf(SemanticCacheManager manager);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_scopes")]
    private static extern ref ConcurrentDictionary<string, SemanticScope> ScopesOf(SemanticEntries entries);
}
