namespace LlmThrift.SemanticCache;

/// <summary>The log-odds that an answer would be wrong, as a weighted sum of <see cref="ServingFeatures"/>.</summary>
/// <remarks>
/// The weights are fitted by the verb <c>fit-serving</c> of tests/LlmThrift.Evaluation on streams of questions with known intents, some of which
/// have no right answer in the cache. They are where every cache begins; <see cref="ErrorCalibrator"/> corrects them by its own traffic.
/// </remarks>
internal sealed class ServingModel(float intercept, float[] weights)
{
    public static ServingModel Default { get; } =
        new(
            13.0284f,
            [
                -3.5345f,
                0.3678f,
                1.7426f,
                2.9356f,
                -9.8188f,
                0.0947f,
                1.5001f,
                -0.1937f,
                -2.7765f,
                0.9992f,
                -18.0680f,
                3.7672f,
                -2.1556f,
                0.4895f,
                -0.2125f,
                0.2312f,
                0.6128f,
            ]
        );

    public float LogOddsOfError(ReadOnlySpan<float> features)
    {
        var sum = intercept;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += weights[i] * features[i];
        }

        return sum;
    }
}
