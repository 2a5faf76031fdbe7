namespace LlmThrift.SemanticCache;

/// <summary>
/// Corrects the model's log-odds of an error by what came of the calls that were made after all: a logistic regression with a slope and an
/// intercept, by maximum a posteriori, on the last few thousand outcomes (Platt scaling with a prior that trusts the model). Its posterior
/// says how sure it is: with less evidence the upper limit is further above the estimate. Outcomes come from one thread at a time, which also fits; others read
/// the last fit meanwhile and never wait for the next.
/// </summary>
/// <param name="greatestError">The greatest probability of an error at which an answer may be served.</param>
internal sealed class ErrorCalibrator(double greatestError)
{
    private const int Capacity = 4096;
    private const int RefitEvery = 40;

    /// <summary>Outcomes whose log-odds are so much higher than any that may be served say nothing about those.</summary>
    private const double Reach = 1.25;

    /// <summary>
    /// Errors where the model is surer than this count as if it had been so sure. Far out, one error has more leverage on the slope than hundreds of
    /// right answers, and is as likely a slip of whoever compared.
    /// </summary>
    private const double LeastLogOddsOfError = -5;

    /// <summary>
    /// With so many outcomes, one may stand for one more than itself. Among the first, each is itself: what it stands for was not seen, and the prior
    /// knows more about that.
    /// </summary>
    private const double OutcomesForWeight = 400;

    private const int Steps = 8;
    private const double LongestSlopeStep = 0.15;
    private const double LongestInterceptStep = 0.75;

    // The model is right about how much likelier one error is than another: few outcomes come from where answers are served, and a slope fitted to the others
    // would reach far there.
    private const double SlopeDeviation = 0.05;
    private const double InterceptDeviation = 0.2;

    private readonly (float LogOdds, float Weight, bool IsError)[] _outcomes = new (float, float, bool)[Capacity];
    private readonly double _largestLogOdds = Math.Log(greatestError / (1 - greatestError)) + Reach;
    private long _count;
    private Posterior _posterior = new(1, 0, SlopeDeviation * SlopeDeviation, 0, InterceptDeviation * InterceptDeviation);

    public long Count => _count;

    /// <summary>Whether outcomes at these log-odds of an error count.</summary>
    public bool LearnsFrom(float logOdds) => logOdds <= _largestLogOdds;

    /// <summary>Takes an outcome.</summary>
    /// <param name="logOdds">The model's log-odds of an error.</param>
    /// <param name="weight">How many like it the outcome stands for.</param>
    /// <param name="isError">Whether the answer would have been wrong.</param>
    public void Add(float logOdds, float weight, bool isError)
    {
        if (!LearnsFrom(logOdds))
        {
            return;
        }

        _outcomes[_count++ % Capacity] = (logOdds, weight, isError);
        if (_count % RefitEvery == 0)
        {
            Fit();
        }
    }

    /// <summary>The probability of an error, so high that it is probably less.</summary>
    /// <param name="logOdds">The model's log-odds of an error.</param>
    /// <param name="deviations">How many standard deviations of the posterior above the estimate.</param>
    public double Upper(double logOdds, double deviations)
    {
        var fitted = Volatile.Read(ref _posterior);
        var variance = (logOdds * logOdds * fitted.VarianceOfSlope) + (2 * logOdds * fitted.Covariance) + fitted.VarianceOfIntercept;
        return Sigmoid((fitted.Slope * logOdds) + fitted.Intercept + (deviations * Math.Sqrt(Math.Max(0, variance))));
    }

    public static double Sigmoid(double logOdds) => 1 / (1 + Math.Exp(-logOdds));

    /// <summary>
    /// A few steps of Newton's method from where the last fit ended, none of them long: far in the tail the curvature is almost nothing, and a full step
    /// would go far beyond the optimum and back again.
    /// </summary>
    private void Fit()
    {
        var outcomes = _outcomes.AsSpan(0, (int)Math.Min(_count, Capacity));
        var posterior = _posterior;
        var (slope, intercept) = (posterior.Slope, posterior.Intercept);
        var largestWeight = 1 + (outcomes.Length / OutcomesForWeight);
        for (var step = 0; step < Steps; step++)
        {
            double gradientOfSlope = (slope - 1) / (SlopeDeviation * SlopeDeviation),
                gradientOfIntercept = intercept / (InterceptDeviation * InterceptDeviation),
                curvatureOfSlope = 1 / (SlopeDeviation * SlopeDeviation),
                curvature = 0,
                curvatureOfIntercept = 1 / (InterceptDeviation * InterceptDeviation);
            foreach (ref readonly var outcome in outcomes)
            {
                var logOdds = outcome.IsError ? Math.Max(LeastLogOddsOfError, outcome.LogOdds) : outcome.LogOdds;
                var weight = Math.Min(largestWeight, outcome.Weight);
                var probability = Sigmoid((slope * logOdds) + intercept);
                var error = weight * (probability - (outcome.IsError ? 1 : 0));
                var information = weight * probability * (1 - probability);
                gradientOfSlope += error * logOdds;
                gradientOfIntercept += error;
                curvatureOfSlope += information * logOdds * logOdds;
                curvature += information * logOdds;
                curvatureOfIntercept += information;
            }

            var determinant = (curvatureOfSlope * curvatureOfIntercept) - (curvature * curvature);
            var slopeStep = ((curvatureOfIntercept * gradientOfSlope) - (curvature * gradientOfIntercept)) / determinant;
            var interceptStep = ((curvatureOfSlope * gradientOfIntercept) - (curvature * gradientOfSlope)) / determinant;
            var length = Math.Max(Math.Abs(slopeStep) / LongestSlopeStep, Math.Abs(interceptStep) / LongestInterceptStep);
            slope -= slopeStep / Math.Max(1, length);
            intercept -= interceptStep / Math.Max(1, length);

            // A slope below this would rank by nothing but noise.
            slope = Math.Clamp(slope, 0.3, 3);
            posterior = new(slope, intercept, curvatureOfIntercept / determinant, -curvature / determinant, curvatureOfSlope / determinant);
        }

        Volatile.Write(ref _posterior, posterior);
    }

    /// <summary>What the outcomes so far make likely: the best fit, and the variances of a normal distribution around it.</summary>
    private sealed record Posterior(double Slope, double Intercept, double VarianceOfSlope, double Covariance, double VarianceOfIntercept);
}
