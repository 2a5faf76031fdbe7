using BenchmarkDotNet.Attributes;
using LlmThrift.ContextTrimming;
using LlmThrift.Embeddings;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.Benchmarks;

/// <summary>What it takes to trim a conversation of 8,000 tokens for a question that was not asked before.</summary>
[MemoryDiagnoser]
public class ContextTrimmingBenchmarks
{
    private const string Model = "gpt-4o";
    private const int Tokens = 8_000;

    private static readonly MiniLmEmbeddingGenerator Generator = new();

    private readonly ContextTrimmer _words = Trimmer(null);
    private readonly List<ChatMessage> _messages = [];
    private (string Text, string Intent, float[] Vector)[] _questions = [];
    private ContextTrimmer _meanings = null!;
    private int _asked;

    [GlobalSetup]
    public async Task SetUp()
    {
        var questions = new Questions();
        _questions = [.. questions.OfNewIntents];
        _meanings = Trimmer(Generator);
        var tokens = 0;
        for (var number = 0; tokens < Tokens; number++)
        {
            ChatMessage message = new(number % 2 == 0 ? ChatRole.User : ChatRole.Assistant, questions.Near(number * 31).Text);
            _messages.Add(message);
            tokens += RequestTokenCounter.Default.CountRequest([message], null, Model).Tokens - 3;
        }

        await TrimForWords();
        await TrimForMeanings();
    }

    /// <summary>Chosen by words.</summary>
    [Benchmark(Baseline = true)]
    public async Task<TrimmedContext> TrimForWords() => await _words.TrimAsync(Next(), modelId: Model, maxTokens: Tokens / 4);

    /// <summary>Chosen by words and embeddings; the question is embedded, the messages were.</summary>
    [Benchmark]
    public async Task<TrimmedContext> TrimForMeanings() => await _meanings.TrimAsync(Next(), modelId: Model, maxTokens: Tokens / 4);

    /// <summary>Within the budget: nothing to do but to count what is new.</summary>
    [Benchmark]
    public async Task<TrimmedContext> WithinBudget() => await _words.TrimAsync(Next(), modelId: Model, maxTokens: Tokens * 2);

    private List<ChatMessage> Next() => [.. _messages, new(ChatRole.User, $"{_questions[_asked++ % _questions.Length].Text} {_asked}")];

    private static ContextTrimmer Trimmer(MiniLmEmbeddingGenerator? generator) =>
        new(
            new ContextTrimmingOptions
            {
                EmbeddingGenerator = generator,
                EmbeddingTimeout = TimeSpan.FromMinutes(1),
                IsPrefixAware = false,
            }
        );
}
