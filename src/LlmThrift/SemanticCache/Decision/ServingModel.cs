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
            20.1145f,
            [
                -4.2517f,
                0.5635f,
                6.9783f,
                2.6480f,
                -7.6264f,
                0.0000f,
                1.9753f,
                0.1335f,
                -2.8518f,
                1.2761f,
                -25.7174f,
                0.5972f,
                -1.8638f,
                -0.7178f,
                -0.2433f,
                0.2073f,
                0.6830f,
            ]
        );

    /// <summary>The lowest that the log-odds could come to when the features that are not known yet are known as well.</summary>
    /// <param name="features">All of them; what stands in the place of unknown ones does not matter.</param>
    /// <param name="unknown">Those not known yet.</param>
    public float LeastLogOddsOfError(ReadOnlySpan<float> features, LateFeatures unknown) =>
        ExtremeLogOdds(features, unknown, isGreatest: false);

    /// <summary>The highest that they could come to.</summary>
    /// <param name="features">All of them; what stands in the place of unknown ones does not matter.</param>
    /// <param name="unknown">Those not known yet.</param>
    public float GreatestLogOddsOfError(ReadOnlySpan<float> features, LateFeatures unknown) =>
        ExtremeLogOdds(features, unknown, isGreatest: true);

    public float LogOddsOfError(ReadOnlySpan<float> features)
    {
        var sum = intercept;
        for (var i = 0; i < weights.Length; i++)
        {
            sum += weights[i] * features[i];
        }

        return sum;
    }

    private float ExtremeLogOdds(ReadOnlySpan<float> features, LateFeatures unknown, bool isGreatest)
    {
        Span<float> extreme = stackalloc float[ServingFeatures.Count];
        features.CopyTo(extreme);
        for (var index = ServingFeatures.OwnScore; index < ServingFeatures.Count; index++)
        {
            if ((unknown & (LateFeatures)(1 << (index - ServingFeatures.OwnScore))) != LateFeatures.None)
            {
                var (least, greatest) = ServingFeatures.RangeOf(index);
                extreme[index] = weights[index] > 0 == isGreatest ? greatest : least;
            }
        }

        return LogOddsOfError(extreme);
    }
}
