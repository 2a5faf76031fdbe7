using LlmThrift.Evaluation.Pairs;
using Xunit;

namespace LlmThrift.Embeddings.Tests.Pairs;

public sealed class RankingMetricsTests
{
    [Fact]
    public void Perfect_order_gives_ones()
    {
        var metrics = RankingMetrics.Of([0.9f, 0.8f, 0.2f, 0.1f], [true, true, false, false]);

        Assert.Equal(new RankingMetrics(1, 1, 1, 1), metrics);
    }

    /// <summary>By hand: precision 1 at recall 1/3, then 2/3 at 2/3, then 3/4 at 1.</summary>
    [Fact]
    public void Mixed_order_gives_what_the_definitions_say()
    {
        var metrics = RankingMetrics.Of([0.9f, 0.8f, 0.7f, 0.6f, 0.5f], [true, false, true, true, false]);

        Assert.Equal((1.0 + (2.0 / 3) + (3.0 / 4)) / 3, metrics.AveragePrecision, 12);
        Assert.Equal(4.0 / 6, metrics.Auc, 12);
        Assert.Equal(1.0 / 3, metrics.RecallAtPrecision95, 12);
        Assert.Equal(1.0 / 3, metrics.RecallAtPrecision99, 12);
    }

    [Fact]
    public void Equal_scores_are_one_threshold()
    {
        var metrics = RankingMetrics.Of([0.5f, 0.5f, 0.5f, 0.5f], [true, false, false, false]);

        Assert.Equal(new RankingMetrics(0.25, 0.5, 0, 0), metrics);
    }

    /// <summary>One wrong at the top, then twenty right: precision comes back above 0.95 only at the end.</summary>
    [Fact]
    public void Recall_is_the_greatest_at_any_threshold_that_is_precise_enough()
    {
        var scores = Enumerable.Range(0, 22).Select(i => 1f - (i / 100f)).ToArray();
        var labels = scores.Select((_, i) => i is not 0 and not 21).ToArray();

        var metrics = RankingMetrics.Of(scores, labels);

        Assert.Equal(1, metrics.RecallAtPrecision95);
        Assert.Equal(0, metrics.RecallAtPrecision99);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_kind_of_label_is_refused(bool label) =>
        Assert.Throws<ArgumentException>(() => RankingMetrics.Of([0.1f, 0.2f], [label, label]));
}
