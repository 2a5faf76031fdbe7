using System.Globalization;
using LlmThrift.Auditing;
using LlmThrift.Embeddings;
using LlmThrift.Metering;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace Audit;

/// <summary>The whole loop, offline: audit, sign off, route, and see whether the promise is kept on requests that the audit has not seen.</summary>
internal static class Demo
{
    private const string Weak = "gpt-4o-mini";
    private const string Strong = "gpt-4o";
    private const double Promise = 0.98;
    private const int Fresh = 1_500;

    public static async Task<int> RunAsync(string folder, int prompts, CancellationToken cancellationToken)
    {
        var log = Traffic.Make(5_000, seed: 1);
        var fresh = Traffic.Make(Fresh, seed: 2);
        using var generator = new MiniLmEmbeddingGenerator();
        using var weak = new SimulatedModel(Weak, log, trap => trap);
        using var strong = new SimulatedModel(Strong, log, trap => trap / 30);
        AnsiConsole.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"A support desk asks {log.Requests.Count:N0} questions of {Strong}. Would {Weak} do? Both are simulated; prices are real."
        );

        var audit = new RoutingAudit(
            new RoutingAuditOptions
            {
                Folder = folder,
                Weak = new AuditTier("small", weak, Weak),
                Strong = new AuditTier("large", strong, Strong),
                Judge = AnswerJudges.From(answers =>
                {
                    // The demo knows the right answers; a real app asks people or a model.
                    var right = log.Find(answers.Question)!.Answer;
                    return new AnswerJudgement(answers.WeakAnswer == right ? 1 : 0, answers.StrongAnswer == right ? 1 : 0);
                }),
                EmbeddingGenerator = generator,
                Prompts = prompts,
                MaxCost = 5m,
                CallsPerMonth = 1_000_000,
                Target = RoutingTarget.Quality(Promise),
            }
        );
        var result = await AuditProgressBar.RunAsync(progress => audit.RunAsync(log.ToLog(), progress, cancellationToken));
        if (result.Policy is null)
        {
            Console.Error.WriteLine(
                $"{result.Prompts.Count} judged requests are too few for a policy: use at least {RoutingPolicy.MinPrompts}."
            );
            return 1;
        }

        var policy = result.Policy.SignedOff("demo", RoutingTarget.Quality(Promise), TimeProvider.System.GetUtcNow());
        var path = Path.Combine(folder, "policy.json");
        policy.Save(path);
        var expected = policy.Expect(policy.SignOff!.Target);
        AnsiConsole.MarkupLineInterpolated(
            CultureInfo.InvariantCulture,
            $"Acceptable at {Weak}: {result.Prompts.Count(prompt => prompt.IsAcceptable) * 100.0 / result.Prompts.Count:0.0} % of {result.Prompts.Count}. By the policy, {expected.StrongShare * 100:0.0} % go to {Strong}."
        );

        var with = await RouteAsync(fresh, RoutingPolicy.Load(path), target: null, generator, cancellationToken);
        var without = await RouteAsync(
            fresh,
            RoutingPolicy.WithoutAudit("small", "large"),
            RoutingTarget.StrongShare(expected.StrongShare),
            generator,
            cancellationToken
        );
        Print(with, without);
        AnsiConsole.MarkupLineInterpolated($"The report: {Path.GetFullPath(Path.Combine(folder, "report.html"))}");
        return with.Quality >= Promise * with.StrongQuality ? 0 : 1;
    }

    /// <summary>Asks all questions through routing by a policy.</summary>
    private static async Task<Routed> RouteAsync(
        Traffic traffic,
        RoutingPolicy policy,
        RoutingTarget? target,
        MiniLmEmbeddingGenerator generator,
        CancellationToken cancellationToken
    )
    {
        using var weak = new SimulatedModel(Weak, traffic, trap => trap);
        using var strong = new SimulatedModel(Strong, traffic, trap => trap / 30);
        using var client = strong
            .AsBuilder()
            .UseCostControls(o =>
            {
                // Every request is to be routed, also one that was there before.
                o.UseExactCache = false;
                o.Routing.AddTier("small", Weak, weak);
                o.Routing.AddTier("large", Strong);
                o.Routing.UsePolicy(policy, target);
                o.Routing.EmbeddingGenerator = generator;
                o.Routing.EmbeddingTimeout = TimeSpan.FromSeconds(10);
            })
            .Build();
        var calls = new List<Call>();
        foreach (var request in traffic.Requests)
        {
            CallRecord? record = null;
            var options = new ChatOptions().WithFeature(request.Feature).WithCallRecord(closed => record = closed);
            var response = await client.GetResponseAsync(request.Question, options, cancellationToken);
            calls.Add(
                new Call(
                    response.Text == request.Answer,
                    (
                        await weak.GetResponseAsync(
                            [new ChatMessage(ChatRole.User, request.Question)],
                            cancellationToken: cancellationToken
                        )
                    ).Text == request.Answer,
                    (
                        await strong.GetResponseAsync(
                            [new ChatMessage(ChatRole.User, request.Question)],
                            cancellationToken: cancellationToken
                        )
                    ).Text == request.Answer,
                    record!.Routing!.Tier == "large",
                    record.Routing.Score ?? double.PositiveInfinity,
                    record.ActualCost ?? 0,
                    record.BaselineCost ?? 0
                )
            );
        }

        return new Routed(calls);
    }

    private static void Print(Routed with, Routed without)
    {
        var culture = CultureInfo.InvariantCulture;
        var curve = new Table
        {
            Title = new TableTitle(
                $"Right answers to {with.Calls.Count.ToString("N0", culture)} new requests, by the share sent to {Strong}"
            ),
        };
        foreach (var name in new[] { "share", "by chance", "before the audit", "after it" })
        {
            curve.AddColumn(new TableColumn(name).RightAligned());
        }

        for (var share = 0; share <= 100; share += 10)
        {
            var chance = with.WeakQuality + (share / 100.0 * (with.StrongQuality - with.WeakQuality));
            curve.AddRow(
                $"{share} %",
                chance.ToString("0.0 %", culture),
                without.QualityAt(share / 100.0).ToString("0.0 %", culture),
                with.QualityAt(share / 100.0).ToString("0.0 %", culture)
            );
        }

        AnsiConsole.Write(curve);
        AnsiConsole.MarkupLineInterpolated(
            culture,
            $"Routed: {with.Quality:0.0 %} right ({with.Quality / with.StrongQuality:0.0 %} of {Strong}'s {with.StrongQuality:0.0 %}; promised {Promise:0.0 %}), {with.StrongShare:0.0 %} at {Strong}."
        );
        AnsiConsole.MarkupLineInterpolated(
            culture,
            $"The bill: {with.Cost * 1_000 / with.Calls.Count:0.00} USD per 1,000 calls instead of {with.Baseline * 1_000 / with.Calls.Count:0.00}, {1 - (with.Cost / with.Baseline):0.0 %} less."
        );
    }

    private sealed record Call(
        bool IsRight,
        bool IsWeakRight,
        bool IsStrongRight,
        bool IsStrong,
        double Score,
        decimal Cost,
        decimal Baseline
    );

    private sealed record Routed(List<Call> Calls)
    {
        public double Quality => Calls.Average(call => call.IsRight ? 1.0 : 0);

        public double WeakQuality => Calls.Average(call => call.IsWeakRight ? 1.0 : 0);

        public double StrongQuality => Calls.Average(call => call.IsStrongRight ? 1.0 : 0);

        public double StrongShare => Calls.Average(call => call.IsStrong ? 1.0 : 0);

        public decimal Cost => Calls.Sum(call => call.Cost);

        public decimal Baseline => Calls.Sum(call => call.Baseline);

        /// <summary>The quality when so many go to the stronger model, highest scores first.</summary>
        public double QualityAt(double share)
        {
            var strong = (int)Math.Round(share * Calls.Count);
            return Calls
                .OrderByDescending(call => call.Score)
                .Select((call, i) => (i < strong ? call.IsStrongRight : call.IsWeakRight) ? 1.0 : 0)
                .Average();
        }
    }
}
