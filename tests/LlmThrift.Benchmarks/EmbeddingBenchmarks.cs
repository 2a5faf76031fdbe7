using BenchmarkDotNet.Attributes;
using LlmThrift.Embeddings;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Benchmarks;

/// <summary>A question and a long text through the sentence encoder, a batch, and the tokenizer alone.</summary>
/// <remarks>For quality, and the time to load, use the evaluation program's <c>embeddings</c> verb.</remarks>
[MemoryDiagnoser]
public class EmbeddingBenchmarks
{
    private const string Question = "How do I change the PIN of my card?";

    private static readonly string Long = string.Concat(Enumerable.Repeat("The customer asks why the card has not arrived. ", 30));

    private static readonly MiniLmEmbeddingGenerator Generator = new();
    private readonly float[] _vector = new float[MiniLmEmbeddingGenerator.Dimensions];
    private readonly int[] _ids = new int[MiniLmEmbeddingGenerator.MaxTokens];
    private readonly string[] _batch = [.. Enumerable.Range(0, 200).Select(i => $"{Question} {i}")];

    [Benchmark]
    public int Question_12_tokens() => Generator.Embed(Question, _vector, out _);

    [Benchmark]
    public int Text_256_tokens() => Generator.Embed(Long, _vector, out _);

    [Benchmark]
    public async Task<int> Batch_200_questions() => (await Generator.GenerateAsync(_batch)).Count;

    [Benchmark]
    public int Tokenize_256_tokens() => MiniLmModel.Shared.Tokenizer.Encode(Long, _ids, out _);
}
