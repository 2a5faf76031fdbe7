using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.Tokens;

namespace LlmThrift.Evaluation.Routing;

/// <summary>Scores the prompts of a file by the router's scorer, with or without an audit of some of them, and measures how well the scores choose between two models.</summary>
internal static class RoutingEvaluation
{
    public const double Promised = 0.98;

    private const int Bootstraps = 200;
    private const int RandomOrders = 20;

    /// <summary>Answers of half a page; the recorded qualities come without them.</summary>
    private const int ExpectedOutput = 250;

    public static RoutingResult Run(
        string file,
        IReadOnlyList<RoutingRow> rows,
        IReadOnlyList<GainExample> examples,
        string weak,
        string strong,
        double[] priors,
        int audit,
        int seeds
    )
    {
        var lengths = rows.Select(row => (double)row.Prompt.Length).ToArray();
        var measures = new Measure[audit > 0 ? seeds : 1];
        Parallel.For(
            0,
            measures.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Min(2, Environment.ProcessorCount) },
            seed => measures[seed] = audit > 0 ? Audited(examples, priors, lengths, audit, seed) : Whole(examples, priors, lengths)
        );
        var weakQuality = examples.Average(example => example.Weak);
        var strongQuality = examples.Average(example => example.Strong);
        var spread = measures.SelectMany(measure => measure.Bootstrapped).Order().ToArray();
        return new RoutingResult
        {
            File = file,
            Weak = weak,
            Strong = strong,
            Prompts = rows.Count,
            WeakQuality = weakQuality,
            StrongQuality = strongQuality,
            Ours = Mean(measures, measure => measure.Ours),
            ApgrLow = spread[(int)(0.025 * (spread.Length - 1))],
            ApgrHigh = spread[(int)Math.Ceiling(0.975 * (spread.Length - 1))],
            Random = Mean(measures, measure => measure.Random),
            LongestFirst = Mean(measures, measure => measure.Longest),
            Regret = measures.Average(measure => measure.Regret),
            CostPer1000 = Cost(rows, weak, strong, measures),
            Kept =
                audit > 0
                    ? new RoutingResult.Promise(
                        Promised,
                        measures.Average(measure => measure.IsKept ? 1.0 : 0),
                        seeds,
                        measures.Average(measure => measure.StrongShare)
                    )
                    : null,
        };
    }

    private static Measure Whole(IReadOnlyList<GainExample> examples, double[] priors, double[] lengths)
    {
        int[] all = [.. Enumerable.Range(0, examples.Count)];
        return Of(examples, all, priors, lengths, new Random(0));
    }

    private static Measure Audited(IReadOnlyList<GainExample> examples, double[] priors, double[] lengths, int audit, int seed)
    {
        var random = new Random(seed);
        int[] order = [.. Enumerable.Range(0, examples.Count)];
        random.Shuffle(order);
        var (known, rest) = (order[..audit], order[audit..]);
        var fit = GainFitter.To([.. known.Select(i => examples[i])], [.. known.Select(i => priors[i])]);
        double[] scores = [.. rest.Select(i => fit.Model.Score(examples[i].Vector, examples[i].Features, priors[i]))];
        var measure = Of(examples, rest, scores, [.. rest.Select(i => lengths[i])], random);
        var threshold = PromisedThreshold.Find(
            fit.LeftOut,
            [.. known.Select(i => examples[i].Weak)],
            [.. known.Select(i => examples[i].Strong)],
            Promised
        );
        double quality = 0;
        double strong = 0;
        var calls = 0;
        for (var k = 0; k < rest.Length; k++)
        {
            var isStrong = scores[k] >= threshold;
            calls += isStrong ? 1 : 0;
            quality += isStrong ? examples[rest[k]].Strong : examples[rest[k]].Weak;
            strong += examples[rest[k]].Strong;
        }

        return measure with
        {
            IsKept = quality >= (Promised * strong) - 1e-9,
            StrongShare = (double)calls / rest.Length,
        };
    }

    private static Measure Of(IReadOnlyList<GainExample> examples, int[] rows, double[] scores, double[] lengths, Random random)
    {
        double[] weak = [.. rows.Select(i => examples[i].Weak)];
        double[] strong = [.. rows.Select(i => examples[i].Strong)];
        var curve = new RoutingCurve(scores, weak, strong);
        var oracle = new RoutingCurve([.. rows.Select(i => examples[i].Gain)], weak, strong);
        var byChance = Enumerable
            .Range(0, RandomOrders)
            .Select(_ => FiguresOf(new RoutingCurve([.. rows.Select(_ => random.NextDouble())], weak, strong)))
            .ToList();
        var bootstrapped = new double[Bootstraps];
        var (s, w, g) = (new double[rows.Length], new double[rows.Length], new double[rows.Length]);
        for (var b = 0; b < Bootstraps; b++)
        {
            for (var k = 0; k < rows.Length; k++)
            {
                var drawn = random.Next(rows.Length);
                (s[k], w[k], g[k]) = (scores[drawn], weak[drawn], strong[drawn]);
            }

            bootstrapped[b] = new RoutingCurve(s, w, g).Apgr;
        }

        return new Measure(
            FiguresOf(curve),
            new(byChance.Average(f => f.Apgr), byChance.Average(f => f.Cpt50), byChance.Average(f => f.Cpt80)),
            FiguresOf(new RoutingCurve(lengths, weak, strong)),
            oracle.Apgr - curve.Apgr,
            bootstrapped,
            (curve.CallsForQuality(0.95), curve.CallsForQuality(0.98), curve.CallsForQuality(1))
        );
    }

    private static RoutingResult.Figures FiguresOf(RoutingCurve curve) => new(curve.Apgr, curve.CallsFor(0.5), curve.CallsFor(0.8));

    private static RoutingResult.Figures Mean(Measure[] measures, Func<Measure, RoutingResult.Figures> of) =>
        new(
            measures.Average(measure => of(measure).Apgr),
            measures.Average(measure => of(measure).Cpt50),
            measures.Average(measure => of(measure).Cpt80)
        );

    private static (double, double, double, double, double)? Cost(
        IReadOnlyList<RoutingRow> rows,
        string weak,
        string strong,
        Measure[] measures
    )
    {
        if (CostOf(rows, weak) is not { } weakCost || CostOf(rows, strong) is not { } strongCost)
        {
            return null;
        }

        double At(Func<Measure, double> share) => weakCost + ((strongCost - weakCost) * measures.Average(share));
        return (weakCost, strongCost, At(m => m.Calls.At95), At(m => m.Calls.At98), At(m => m.Calls.At100));
    }

    /// <summary>USD per 1,000 calls.</summary>
    private static double? CostOf(IReadOnlyList<RoutingRow> rows, string model)
    {
        if (PriceBook.Embedded.Find(model, provider: null, TimeProvider.System.GetUtcNow()) is not { Input: { } input, Output: { } output })
        {
            return null;
        }

        var tokens = rows.Average(row => RequestTokenCounter.Default.CountText(row.Prompt, model).Tokens);
        return ((tokens * (double)input) + (ExpectedOutput * (double)output)) / 1_000;
    }

    private sealed record Measure(
        RoutingResult.Figures Ours,
        RoutingResult.Figures Random,
        RoutingResult.Figures Longest,
        double Regret,
        double[] Bootstrapped,
        (double At95, double At98, double At100) Calls
    )
    {
        public bool IsKept { get; init; }

        public double StrongShare { get; init; } = 1;
    }
}
