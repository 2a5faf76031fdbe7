using LlmThrift.Embeddings.Model;
using LlmThrift.Embeddings.Pairs;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class CrossEncoderTests
{
    /// <summary>Made by <c>build/tools/PairTrainer/reference.py</c>, which calculates in 32-bit floats; here the weights have 8 bits.</summary>
    [Fact]
    public void Log_odds_are_those_of_an_independent_implementation()
    {
        var differences = Read().Select(pair => MathF.Abs(LogOdds(pair.First, pair.Second) - pair.LogOdds)).ToArray();

        Assert.Equal(20, differences.Length);
        Assert.InRange(differences.Average(), 0, 0.03);
        Assert.InRange(differences.Max(), 0, 0.2);
    }

    [Fact]
    public void Log_odds_of_the_network_count_as_well()
    {
        var (first, second, _) = Read()[0];

        var rise = LogOdds(first, second, networkLogOdds: 1) - LogOdds(first, second);

        Assert.InRange(rise, 0.2, 1);
        Assert.Equal(2 * rise, LogOdds(first, second, networkLogOdds: 2) - LogOdds(first, second), 0.0001f);
    }

    [Fact]
    public void Similarity_counts_as_well()
    {
        var (first, second, _) = Read()[0];

        var rise = LogOdds(first, second, cosine: 1) - LogOdds(first, second);

        Assert.InRange(rise, 0.5, 5);
        Assert.Equal(rise / 2, LogOdds(first, second, cosine: 0.5f) - LogOdds(first, second), 0.0001f);
    }

    [Fact]
    public void Weights_that_are_cut_short_are_refused()
    {
        var file = new byte[CrossEncoderLayout.Bytes - 1];
        BitConverter.TryWriteBytes(file, CrossEncoderLayout.Magic);

        Assert.Throws<InvalidDataException>(() => new CrossEncoder(MiniLmModel.Shared, file));
        Assert.Throws<InvalidDataException>(() => new CrossEncoder(MiniLmModel.Shared, new byte[CrossEncoderLayout.Bytes]));
    }

    /// <summary>With the features that the reference has.</summary>
    private static float LogOdds(string first, string second, float cosine = 0, float networkLogOdds = 0)
    {
        float[] features = [.. Enumerable.Range(0, PairFeatures.Count).Select(i => ((i % 5) - 2) / 2f)];
        var left = new PairQuestion();
        var right = new PairQuestion();
        left.Read(PairVocabulary.Shared, first);
        right.Read(PairVocabulary.Shared, second);
        return CrossEncoder.Shared.LogOdds(left.Tokens, right.Tokens, features, cosine, networkLogOdds);
    }

    private static List<(string First, string Second, float LogOdds)> Read()
    {
        using var stream = typeof(CrossEncoderTests).Assembly.GetManifestResourceStream("cross-encoder.jsonl")!;
        using var reader = new StreamReader(stream);
        var pairs = new List<(string, string, float)>();
        while (reader.ReadLine() is { } line)
        {
            using var document = System.Text.Json.JsonDocument.Parse(line);
            var root = document.RootElement;
            pairs.Add((root.GetProperty("a").GetString()!, root.GetProperty("b").GetString()!, root.GetProperty("logOdds").GetSingle()));
        }

        return pairs;
    }
}
