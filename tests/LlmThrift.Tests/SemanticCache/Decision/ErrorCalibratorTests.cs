using LlmThrift.SemanticCache;
using Xunit;

namespace LlmThrift.Tests.SemanticCache.Decision;

public sealed class ErrorCalibratorTests
{
    private const double GreatestError = 0.3;

    [Theory]
    [InlineData(-1)]
    [InlineData(-3)]
    [InlineData(-6)]
    public void Without_evidence_the_model_is_believed(double logOdds) =>
        Assert.Equal(ErrorCalibrator.Sigmoid(logOdds), new ErrorCalibrator(GreatestError).Upper(logOdds, 0), 6);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1.5)]
    [InlineData(0.8, -1)]
    public void Estimates_come_to_the_true_error_with_evidence(double slope, double intercept)
    {
        var calibrator = Fed(slope, intercept, 4_000);
        foreach (var logOdds in new[] { -1.5, -3.0, -4.5 })
        {
            var truth = (slope * logOdds) + intercept;
            Assert.InRange(calibrator.Upper(logOdds, 0), ErrorCalibrator.Sigmoid(truth - 0.5), ErrorCalibrator.Sigmoid(truth + 0.5));
        }
    }

    [Fact]
    public void Upper_limit_comes_down_to_the_estimate_with_evidence()
    {
        var few = Fed(1, 0, 40);
        var many = Fed(1, 0, 4_000);

        Assert.True(Excess(many) < Excess(few));
        Assert.True(Excess(few) < Excess(new ErrorCalibrator(GreatestError)));

        static double Excess(ErrorCalibrator calibrator) => calibrator.Upper(-3, 2) / calibrator.Upper(-3, 0);
    }

    [Theory]
    [InlineData(0.06, -1.6f, true)]
    [InlineData(0.06, -1.4f, false)]
    [InlineData(0.3, -1.4f, true)]
    [InlineData(0.3, 0.5f, false)]
    public void Outcomes_count_that_are_near_what_may_be_served(double greatestError, float logOdds, bool counts) =>
        Assert.Equal(counts, new ErrorCalibrator(greatestError).LearnsFrom(logOdds));

    [Fact]
    public void Hopeless_and_undecided_outcomes_are_not_counted()
    {
        var calibrator = new ErrorCalibrator(GreatestError);

        calibrator.Add(2, 1, isError: true);
        calibrator.Add(float.NaN, 1, isError: true);

        Assert.Equal(0, calibrator.Count);
    }

    private static ErrorCalibrator Fed(double slope, double intercept, int outcomes)
    {
        var random = new Random(1);
        var calibrator = new ErrorCalibrator(GreatestError);
        for (var i = 0; i < outcomes; i++)
        {
            var logOdds = (float)(-1 - (5 * random.NextDouble()));
            calibrator.Add(logOdds, 1, random.NextDouble() < ErrorCalibrator.Sigmoid((slope * logOdds) + intercept));
        }

        return calibrator;
    }
}
