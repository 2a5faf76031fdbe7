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
            12.8551f,
            [
                -3.5289f,
                0.4669f,
                3.2963f,
                2.7238f,
                -8.0966f,
                0.1122f,
                1.4308f,
                -0.1279f,
                -2.8495f,
                0.8599f,
                -18.0672f,
                3.7337f,
                -1.9811f,
                0.0586f,
                -0.2682f,
                0.1788f,
                0.7051f,
            ]
        );

    /// <summary>The lowest that the log-odds could come to when the features that are not known yet are known as well.</summary>
    /// <param name="features">All of them; what stands in the place of unknown ones does not matter.</param>
    /// <param name="unknown">Those not known yet.</param>
    public float LeastLogOddsOfError(ReadOnlySpan<float> features, LateFeatures unknown)
    {
        Span<float> likeliest = stackalloc float[ServingFeatures.Count];
        features.CopyTo(likeliest);
        for (var index = ServingFeatures.OwnScore; index < ServingFeatures.Count; index++)
        {
            if ((unknown & (LateFeatures)(1 << (index - ServingFeatures.OwnScore))) != LateFeatures.None)
            {
                var (least, greatest) = ServingFeatures.RangeOf(index);
                likeliest[index] = weights[index] > 0 ? least : greatest;
            }
        }

        return LogOddsOfError(likeliest);
    }

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
