using System.Runtime.InteropServices;
using LlmThrift.Embeddings.Model;
using LlmThrift.Embeddings.Pairs;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>Fits the weights of the pair scorer to labelled pairs. The same pairs and the same seed give the same weights on the same kind of processor.</summary>
internal sealed class PairFitter
{
    private const int Epochs = 6;
    private const int BatchPairs = 128;
    private const float LearningRate = 2e-3f;

    /// <summary>One part in so many is not fitted on: the calibration is made there.</summary>
    private const int CalibrationFolds = 20;

    /// <summary>
    /// The weight that the similarity keeps beside the network. It costs a little on pairs like those of the fit; in other domains it keeps the order
    /// that the encoder gives, which knows more of them.
    /// </summary>
    private const float CosineWeight = 8;

    private readonly List<LabelledPair> _pairs;
    private readonly int[][] _left;
    private readonly int[][] _right;
    private readonly float[][] _features;
    private readonly float[] _cosines;
    private readonly TokenTable _table;

    public PairFitter(EmbeddedPairs pairs)
    {
        _pairs = [.. pairs.Pairs];
        _cosines = pairs.Cosines;
        _left = new int[_pairs.Count][];
        _right = new int[_pairs.Count][];
        _features = new float[_pairs.Count][];
        var counts = new int[ModelLayout.VocabularySize];
        var first = new PairQuestion();
        var second = new PairQuestion();
        for (var i = 0; i < _pairs.Count; i++)
        {
            first.Read(PairVocabulary.Shared, _pairs[i].First);
            second.Read(PairVocabulary.Shared, _pairs[i].Second);
            _left[i] = first.Tokens.ToArray();
            _right[i] = second.Tokens.ToArray();
            _features[i] = new float[PairFeatures.Count];
            PairFeatures.Compute(PairVocabulary.Shared, first, second, _cosines[i], _features[i]);
            foreach (var id in (IEnumerable<int>)[.. _left[i], .. _right[i]])
            {
                counts[id]++;
            }
        }

        _table = TokenTable.Create(counts);
    }

    /// <param name="chosen">The pairs to fit to.</param>
    /// <param name="seed">Of the initial weights, the order and the dropout.</param>
    /// <param name="progress">Told of each epoch.</param>
    /// <returns>The weights in the form of the embedded file.</returns>
    public byte[] Fit(IReadOnlyList<int> chosen, int seed, Action<string> progress)
    {
        var folds = PairFolds.Deal([.. chosen.Select(i => _pairs[i])], CalibrationFolds, seed);
        var fitted = chosen.Where((_, place) => folds[place] != 0).ToArray();
        var (means, factors) = Scaling(fitted);
        var parameters = FitParameters.Initial(seed);
        var gradient = new PairGradient(parameters, _table, seed + 1);
        var optimiser = new AdamW(parameters);
        var random = new Random(seed);
        var steps = Epochs * (fitted.Length / BatchPairs);
        var step = 0;
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            random.Shuffle(fitted);
            double loss = 0;
            for (var start = 0; start + BatchPairs <= fitted.Length; start += BatchPairs)
            {
                gradient.Gradients.AsSpan().Clear();
                foreach (var i in fitted.AsSpan(start, BatchPairs))
                {
                    loss += gradient.Add(_left[i], _right[i], Scaled(i, means, factors), _pairs[i].IsSame);
                }

                optimiser.Step(gradient.Gradients, 1f / BatchPairs, LearningRate * Schedule((float)step++ / steps));
            }

            progress($"epoch {epoch + 1} of {Epochs}, loss {loss / (fitted.Length / BatchPairs * BatchPairs):F4}");
        }

        var held = chosen.Where((_, place) => folds[place] == 0).ToArray();
        var logOdds = Array.ConvertAll(
            held,
            i => gradient.LogOdds(_left[i], _right[i], Scaled(i, means, factors)) + (CosineWeight * _cosines[i])
        );

        // Platt's calibration: the factor and the shift that make log-odds those of a probability.
        var calibration = LogisticRegression.Fit(
            [.. logOdds.Select(value => new[] { value })],
            Array.ConvertAll(held, i => _pairs[i].IsSame)
        );
        return Pack(parameters, means, factors, (float)calibration[1], (float)calibration[0]);
    }

    /// <summary>Up over the first three tenths, then down to nothing along a cosine.</summary>
    private static float Schedule(float done) =>
        done < 0.3f ? 0.04f + (0.96f * done / 0.3f) : 0.5f * (1 + MathF.Cos(MathF.PI * (done - 0.3f) / 0.7f));

    private (float[] Means, float[] Factors) Scaling(int[] chosen)
    {
        var means = new float[PairFeatures.Count];
        var factors = new float[PairFeatures.Count];
        for (var k = 0; k < means.Length; k++)
        {
            var mean = chosen.Average(i => (double)_features[i][k]);
            var variance = chosen.Average(i => Math.Pow(_features[i][k] - mean, 2));
            means[k] = (float)mean;
            factors[k] = (float)(1 / (Math.Sqrt(variance) + 1e-6));
        }

        return (means, factors);
    }

    private float[] Scaled(int pair, float[] means, float[] factors)
    {
        var scaled = new float[PairFeatures.Count];
        for (var k = 0; k < scaled.Length; k++)
        {
            scaled[k] = Math.Clamp((_features[pair][k] - means[k]) * factors[k], -PairLayout.FeatureBound, PairLayout.FeatureBound);
        }

        return scaled;
    }

    private byte[] Pack(float[] parameters, float[] means, float[] factors, float calibrationFactor, float calibrationShift)
    {
        var file = new byte[PairLayout.Bytes];
        MemoryMarshal.Write(file, PairLayout.Magic);
        var floats = MemoryMarshal.Cast<byte, float>(file.AsSpan(0, PairLayout.Floats * sizeof(float)));
        means.CopyTo(floats[PairLayout.FeatureMeans..]);
        factors.CopyTo(floats[PairLayout.FeatureFactors..]);
        floats[PairLayout.Sharpness] = MathF.Exp(parameters[FitParameters.LogSharpness]);

        // From here on both have the same order.
        parameters
            .AsSpan(FitParameters.CompareWeights, FitParameters.LogSharpness - FitParameters.CompareWeights)
            .CopyTo(floats[PairLayout.CompareWeights..]);
        floats[PairLayout.CosineWeight] = CosineWeight;
        floats[PairLayout.CalibrationFactor] = calibrationFactor;
        floats[PairLayout.CalibrationShift] = calibrationShift;
        var rows = file.AsSpan(PairLayout.Floats * sizeof(float));
        Span<float> key = stackalloc float[PairLayout.Key];
        Span<float> own = stackalloc float[PairLayout.Compared];
        for (var id = 0; id < ModelLayout.VocabularySize; id++)
        {
            key.Clear();
            PairMath.AddProduct(_table[id], parameters.AsSpan(FitParameters.KeyMap, TokenTable.Components * PairLayout.Key), key);
            parameters.AsSpan(FitParameters.OwnBiases, PairLayout.Compared).CopyTo(own);
            PairMath.AddProduct(_table[id], parameters.AsSpan(FitParameters.OwnMap, TokenTable.Components * PairLayout.Compared), own);
            var row = rows.Slice(id * PairLayout.RowBytes, PairLayout.RowBytes);
            var scales = MemoryMarshal.Cast<byte, float>(row[..8]);
            scales[0] = Round(key, row.Slice(8, PairLayout.Key));
            scales[1] = Round(own, row[(8 + PairLayout.Key)..]);
        }

        return file;
    }

    /// <summary>Rounds to 8 bits, and says what one step stands for.</summary>
    private static float Round(ReadOnlySpan<float> values, Span<byte> rounded)
    {
        var most = 1e-9f;
        foreach (var value in values)
        {
            most = Math.Max(most, MathF.Abs(value));
        }

        for (var i = 0; i < values.Length; i++)
        {
            rounded[i] = (byte)(sbyte)MathF.Round(127 * values[i] / most);
        }

        return most / 127;
    }
}
