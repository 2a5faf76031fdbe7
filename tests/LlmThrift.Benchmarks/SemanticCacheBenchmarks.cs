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
    private readonly Candidate[][] _candidates = new Candidate[Asked][];
    private readonly (SemanticEntry Entry, float Similarity)[] _found = new (SemanticEntry, float)[SemanticCacheState.MaxCandidates];
    private IChatClient _client = null!;
    private SemanticCacheState _state = null!;
    private string _scope = "";
    private int _number;

    [GlobalSetup(Targets = [nameof(ProviderAlone), nameof(MissOfTheExactCache)])]
    public void SetUpWithoutSemanticCache() => _client = Bare.WithCostControls(o => o.ExactCache.MaxEntries = 2_000);

    /// <summary>Nothing has so small a limit of its error that it is served.</summary>
    [GlobalSetup(Targets = [nameof(Miss), nameof(PartSearch), nameof(PartSearchAndScore), nameof(PartDecide)])]
    public Task SetUpMisses() => FillAsync(SemanticCacheMode.ReadOnly, maxErrorRate: 1e-9);

    [GlobalSetup(Target = nameof(MissKeptAndLearntFrom))]
    public Task SetUpLearning() => FillAsync(SemanticCacheMode.Default, maxErrorRate: 1e-9);

    [GlobalSetup(Target = nameof(Hit))]
    public async Task SetUpHits()
    {
        await FillAsync(SemanticCacheMode.ReadOnly, maxErrorRate: 0.9);
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

    /// <summary>The question is looked for, not found good enough, and answered by the provider.</summary>
    [Benchmark]
    public Task<ChatResponse> Miss() => _client.GetResponseAsync(Next(), Options);

    /// <summary>The same with the answer kept, another entry evicted, and what is learnt from it, beside the next call.</summary>
    [Benchmark]
    public Task<ChatResponse> MissKeptAndLearntFrom() => _client.GetResponseAsync(Next(), Options);

    [Benchmark]
    public Task<ChatResponse> Hit() => _client.GetResponseAsync(Next(), Options);

    [Benchmark]
    public int PartSearch() => _state.Entries.FindNearest(_scope, _asked[NextNumber() % Asked].Vector, _found);

    [Benchmark]
    public int PartSearchAndScore()
    {
        ref readonly var asked = ref _asked[NextNumber() % Asked];
        return _state.FindCandidates(_scope, asked.Text, asked.Vector).Length;
    }

    [Benchmark]
    public string PartDecide()
    {
        var number = NextNumber() % Asked;
        return _state.Decide(_candidates[number], _asked[number].Text).Reason;
    }

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
    private async Task FillAsync(SemanticCacheMode mode, double maxErrorRate)
    {
        var questions = new Questions();
        for (var i = 0; i < Asked; i++)
        {
            _asked[i] = questions.Near((i * 197) + Entries);
        }

        var intents = questions.OfEachIntent.ToDictionary(question => question.Text, question => question.Intent, StringComparer.Ordinal);
        _client = new FreeProvider(question => intents.GetValueOrDefault(question, "I do not know.")).WithCostControls(o =>
        {
            o.ExactCache.MaxEntries = 2_000;
            o.UseSemanticCache = true;
            o.SemanticCache.Mode = mode;
            o.SemanticCache.MaxErrorRate = maxErrorRate;
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

        for (var i = 0; i < Asked; i++)
        {
            _candidates[i] = _state.FindCandidates(_scope, _asked[i].Text, _asked[i].Vector);
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_state")]
    private static extern ref SemanticCacheState StateOf(SemanticCacheManager manager);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_scopes")]
    private static extern ref ConcurrentDictionary<string, SemanticScope> ScopesOf(SemanticEntries entries);
}
