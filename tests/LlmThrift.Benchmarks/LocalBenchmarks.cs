using System.Globalization;
using BenchmarkDotNet.Attributes;
using LlmThrift.Local;
using LlmThrift.TestKit.Gguf;
using Microsoft.Extensions.AI;

namespace LlmThrift.Benchmarks;

/// <summary>
/// A random model of 27 million parameters in 16 bits: prompts and answers, alone and among 16 conversations whose prompts begin with the same 256 tokens. What is measured of
/// answers is a token: its time, and the managed memory that it takes.
/// </summary>
/// <remarks>For real models, use the sample LocalBackend's verb <c>measure</c>.</remarks>
[MemoryDiagnoser]
public class LocalBenchmarks : IDisposable
{
    private const int Answer = 64;
    private const int Conversations = 16;
    private const int ShortAnswer = 16;

    private static readonly ChatOptions OneToken = new() { Temperature = 0, MaxOutputTokens = 1 };
    private static readonly ChatOptions Greedy = new() { Temperature = 0, MaxOutputTokens = Answer };
    private static readonly ChatOptions GreedyAndShort = new() { Temperature = 0, MaxOutputTokens = ShortAnswer };

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"llmthrift-benchmark-{Guid.NewGuid():N}.gguf");
    private LocalChatClient _client = null!;
    private string _text = "";
    private int _number;

    [GlobalSetup]
    public async Task Load()
    {
        RandomLlamaModel.Write(_path, RandomLlamaOptions.Medium);
        _client = new LocalChatClient(
            new LocalChatOptions
            {
                ModelPath = _path,
                ContextLength = 512,
                MaxConcurrency = Conversations,
            }
        );

        // Text is added until the prompt has its tokens.
        while ((await _client.GetResponseAsync(Beginning(), OneToken)).Usage!.InputTokenCount < 256)
        {
            _text += "the ";
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _client.Dispose();
        File.Delete(_path);
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public async Task<string> Prompt_of_256_tokens() => (await _client.GetResponseAsync(Beginning(), OneToken)).Text;

    [Benchmark(OperationsPerInvoke = Answer)]
    public async Task Token_of_an_answer() => Check(await _client.GetResponseAsync("Go on", Greedy), Answer);

    [Benchmark(OperationsPerInvoke = Answer)]
    public async Task Token_of_a_stream()
    {
        UsageContent? usage = null;
        await foreach (var update in _client.GetStreamingResponseAsync("Go on", Greedy))
        {
            usage = update.Contents[0] as UsageContent ?? usage;
        }

        Check(usage?.Details, Answer);
    }

    /// <summary>The prompts count too: the 256 tokens that all begin with once, the end of each for itself.</summary>
    [Benchmark(OperationsPerInvoke = Conversations * ShortAnswer)]
    public async Task Token_of_16_conversations()
    {
        var system = new ChatMessage(ChatRole.System, Beginning());
        var responses = await Task.WhenAll(
            Enumerable
                .Range(0, Conversations)
                .Select(i => _client.GetResponseAsync([system, new ChatMessage(ChatRole.User, $"Question {i}?")], GreedyAndShort))
        );
        foreach (var response in responses)
        {
            Check(response, ShortAnswer);
        }
    }

    /// <summary>A text that no prompt has begun with before.</summary>
    private string Beginning() => string.Create(CultureInfo.InvariantCulture, $"{++_number:D8} {_text}");

    private static void Check(ChatResponse response, int tokens) => Check(response.Usage, tokens);

    private static void Check(UsageDetails? usage, int tokens)
    {
        if (usage?.OutputTokenCount != tokens)
        {
            throw new InvalidOperationException(
                $"The answer has {usage?.OutputTokenCount} tokens rather than {tokens}: figures for a token would be wrong."
            );
        }
    }
}
