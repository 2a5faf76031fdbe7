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
            13.6957f,
            [
                -3.4907f,
                0.4299f,
                2.8325f,
                2.2823f,
                -8.5259f,
                0.0785f,
                1.4406f,
                -0.0758f,
                -2.8347f,
                1.0504f,
                -18.3949f,
                3.5856f,
                -2.0300f,
                0.1028f,
                -0.2005f,
                0.1956f,
                0.6909f,
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
