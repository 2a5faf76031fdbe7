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
            13.9372f,
            [
                -3.3941f,
                0.2825f,
                0.6089f,
                3.3190f,
                -12.8809f,
                0.0926f,
                1.5102f,
                -0.0374f,
                -2.7649f,
                1.0382f,
                -18.3836f,
                3.5523f,
                -2.1515f,
                0.4517f,
                0.0000f,
                -0.0104f,
                0.6200f,
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
