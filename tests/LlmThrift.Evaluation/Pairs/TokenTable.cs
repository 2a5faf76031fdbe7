using LlmThrift.Embeddings.Model;
using LlmThrift.Embeddings.Pairs;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>
/// The encoder's word embeddings on their principal components, from which the pair scorer's table is fitted: with fewer values a token,
/// 40,000 pairs are enough, and words that no pair has are placed as well.
/// </summary>
internal sealed class TokenTable
{
    public const int Components = 64;

    /// <summary>Rows have about this length, so that their values are as large as other inputs.</summary>
    private const float Length = 4;

    private const int Iterations = 12;
    private const int Dimensions = ModelLayout.Dimensions;

    private readonly float[] _rows = new float[ModelLayout.VocabularySize * Components];

    private TokenTable() { }

    public ReadOnlySpan<float> this[int id] => _rows.AsSpan(id * Components, Components);

    /// <summary>Finds the principal components of the words, each weighted by the root of how often it occurs, and puts all words on them.</summary>
    /// <param name="counts">How often each token occurs.</param>
    public static TokenTable Create(int[] counts)
    {
        var words = Words(counts, out var weights);
        var covariance = new float[Dimensions * Dimensions];
        for (var id = ModelLayout.FirstWordId; id < words.Length; id++)
        {
            for (var i = 0; i < Dimensions; i++)
            {
                PairMath.AddScaled(words[id], weights[id] * words[id][i], covariance.AsSpan(i * Dimensions, Dimensions));
            }
        }

        var components = PrincipalComponents(covariance);
        var table = new TokenTable();
        for (var id = ModelLayout.FirstWordId; id < words.Length; id++)
        {
            var row = table._rows.AsSpan(id * Components, Components);
            PairMath.AddProduct(words[id], components, row);
            var factor = Length / MathF.Sqrt(PairMath.Dot(row, row) + 1e-12f);
            foreach (ref var value in row)
            {
                value *= factor;
            }
        }

        return table;
    }

    /// <summary>The words' embeddings, scaled to length one, less their mean.</summary>
    private static float[][] Words(int[] counts, out float[] weights)
    {
        var words = new float[ModelLayout.VocabularySize][];
        weights = new float[words.Length];
        var mean = new float[Dimensions];
        var total = 0f;
        for (var id = ModelLayout.FirstWordId; id < words.Length; id++)
        {
            words[id] = new float[Dimensions];
            MiniLmModel.Shared.ReadWordEmbedding(id, words[id]);
            var factor = 1 / MathF.Sqrt(PairMath.Dot(words[id], words[id]));
            words[id] = [.. words[id].Select(value => value * factor)];
            weights[id] = MathF.Sqrt(counts[id] + 1);
            total += weights[id];
            PairMath.AddScaled(words[id], weights[id], mean);
        }

        for (var id = ModelLayout.FirstWordId; id < words.Length; id++)
        {
            PairMath.AddScaled(mean, -1 / total, words[id]);
            weights[id] /= total;
        }

        return words;
    }

    /// <summary>By orthogonal iteration.</summary>
    private static float[] PrincipalComponents(float[] covariance)
    {
        var random = new Random(1);
        var basis = new float[Dimensions * Components];
        foreach (ref var value in basis.AsSpan())
        {
            value = random.NextSingle() - 0.5f;
        }

        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            var next = new float[basis.Length];
            for (var i = 0; i < Dimensions; i++)
            {
                PairMath.AddProduct(covariance.AsSpan(i * Dimensions, Dimensions), basis, next.AsSpan(i * Components, Components));
            }

            Orthonormalise(next);
            basis = next;
        }

        return basis;
    }

    private static void Orthonormalise(float[] basis)
    {
        for (var column = 0; column < Components; column++)
        {
            for (var earlier = 0; earlier < column; earlier++)
            {
                AddColumn(basis, earlier, column, -ColumnProduct(basis, earlier, column));
            }

            var factor = 1 / Math.Sqrt(ColumnProduct(basis, column, column));
            AddColumn(basis, column, column, factor - 1);
        }
    }

    private static double ColumnProduct(float[] basis, int left, int right)
    {
        double sum = 0;
        for (var row = 0; row < basis.Length; row += Components)
        {
            sum += (double)basis[row + left] * basis[row + right];
        }

        return sum;
    }

    private static void AddColumn(float[] basis, int from, int to, double factor)
    {
        for (var row = 0; row < basis.Length; row += Components)
        {
            basis[row + to] += (float)(factor * basis[row + from]);
        }
    }
}
