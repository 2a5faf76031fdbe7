namespace LlmThrift.Evaluation.Pairs;

/// <summary>The factor and the shift that make log-odds those of a probability, by logistic regression (Platt 1999).</summary>
internal static class Calibration
{
    private const int Iterations = 30;

    public static (float Factor, float Shift) Fit(float[] logOdds, bool[] labels)
    {
        // Newton's method on scores whose mean is 0 and whose spread is 1: there it needs no damping.
        double mean = logOdds.Average();
        var spread = Math.Sqrt(logOdds.Average(value => Math.Pow(value - mean, 2))) + 1e-9;
        double factor = 1,
            shift = 0;
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            double g0 = 0,
                g1 = 1e-3 * factor,
                h00 = 1e-9,
                h01 = 0,
                h11 = 1e-3;
            for (var i = 0; i < logOdds.Length; i++)
            {
                var x = (logOdds[i] - mean) / spread;
                var probability = 1 / (1 + Math.Exp(-(factor * x) - shift));
                var weight = probability * (1 - probability);
                var error = probability - (labels[i] ? 1 : 0);
                g0 += error;
                g1 += error * x;
                h00 += weight;
                h01 += weight * x;
                h11 += weight * x * x;
            }

            var determinant = (h00 * h11) - (h01 * h01);
            shift -= ((h11 * g0) - (h01 * g1)) / determinant;
            factor -= ((h00 * g1) - (h01 * g0)) / determinant;
        }

        return ((float)(factor / spread), (float)(shift - (factor * mean / spread)));
    }
}
