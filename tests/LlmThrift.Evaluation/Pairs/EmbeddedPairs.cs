using System.Diagnostics;
using LlmThrift.Embeddings;
using LlmThrift.SemanticCache;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>Pairs with the embeddings of their questions; each distinct text is embedded once.</summary>
internal sealed class EmbeddedPairs
{
    private const int BatchTexts = 2048;

    private readonly Dictionary<string, float[]> _vectors;

    private EmbeddedPairs(List<LabelledPair> pairs, Dictionary<string, float[]> vectors)
    {
        _vectors = vectors;
        Pairs = pairs;
        Labels = [.. pairs.Select(pair => pair.IsSame)];
        Cosines = [.. pairs.Select(pair => Cosine(vectors[pair.First], vectors[pair.Second]))];
    }

    public IReadOnlyList<LabelledPair> Pairs { get; }

    public bool[] Labels { get; }

    public float[] Cosines { get; }

    public static async Task<EmbeddedPairs> CreateAsync(
        List<LabelledPair> pairs,
        MiniLmEmbeddingGenerator generator,
        CancellationToken cancellation
    )
    {
        var texts = pairs.SelectMany(pair => (string[])[pair.First, pair.Second]).Distinct(StringComparer.Ordinal).ToList();
        var vectors = new Dictionary<string, float[]>(texts.Count, StringComparer.Ordinal);
        var watch = Stopwatch.GetTimestamp();
        foreach (var batch in texts.Chunk(BatchTexts))
        {
            var embeddings = await generator.GenerateAsync(batch, cancellationToken: cancellation);
            for (var i = 0; i < batch.Length; i++)
            {
                vectors[batch[i]] = embeddings[i].Vector.ToArray();
            }

            if (texts.Count > BatchTexts)
            {
                var seconds = Stopwatch.GetElapsedTime(watch).TotalSeconds;
                await Console.Error.WriteLineAsync($"  {vectors.Count:N0} of {texts.Count:N0} texts embedded, {seconds:N0} s");
            }
        }

        return new EmbeddedPairs(pairs, vectors);
    }

    public float Score(IQuestionPairScorer scorer, int index) => scorer.Score(PairAt(index));

    public float Verify(IQuestionPairScorer scorer, int index) => scorer.Verify(PairAt(index));

    private QuestionPair PairAt(int index)
    {
        var pair = Pairs[index];
        return new QuestionPair(pair.First, pair.Second, _vectors[pair.First], _vectors[pair.Second], Cosines[index]);
    }

    private static float Cosine(float[] left, float[] right)
    {
        var sum = 0f;
        for (var i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }
}
