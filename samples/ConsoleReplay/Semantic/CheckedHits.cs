namespace ConsoleReplay.Semantic;

/// <summary>How many were served, and how many of these wrongly.</summary>
internal readonly record struct CheckedHits(long Served, long Wrong)
{
    /// <summary>The share of wrong ones, 0 to 1; 0 of none.</summary>
    public double WrongShare => Served == 0 ? 0 : (double)Wrong / Served;

    /// <summary>
    /// The upper limit of the share, one-sided, with 95 % confidence: the share at which so few wrong ones, or fewer, come about in one sample of
    /// twenty (Clopper and Pearson, Biometrika 1934). It takes the hits to be independent of each other.
    /// </summary>
    public double WrongShareUpper95
    {
        get
        {
            if (Wrong == Served)
                return 1;

            // The probability of so few falls as the share grows.
            var (low, high) = (0.0, 1.0);
            while (high - low > 1e-9)
            {
                var middle = (low + high) / 2;
                if (ProbabilityOfSoFew(middle) > 0.05)
                    low = middle;
                else
                    high = middle;
            }

            return high;
        }
    }

    /// <summary>Of the binomial distribution, with each term made of the one before it, in logarithms against underflow.</summary>
    private double ProbabilityOfSoFew(double share)
    {
        var odds = Math.Log(share) - Math.Log(1 - share);
        var term = Served * Math.Log(1 - share);
        var sum = Math.Exp(term);
        for (var wrong = 1L; wrong <= Wrong; wrong++)
        {
            term += Math.Log(Served - wrong + 1) - Math.Log(wrong) + odds;
            sum += Math.Exp(term);
        }

        return sum;
    }
}
