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
            13.0161f,
            [
                -3.4915f,
                0.4737f,
                2.5297f,
                3.5451f,
                -8.0401f,
                0.1151f,
                1.4040f,
                -0.1058f,
                -2.6213f,
                0.7515f,
                -18.8230f,
                3.7934f,
                -1.9818f,
                0.1632f,
                -0.2798f,
                0.2008f,
                0.7086f,
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
