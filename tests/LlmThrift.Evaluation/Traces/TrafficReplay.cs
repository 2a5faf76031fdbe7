using System.Diagnostics;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Traces;

/// <summary>Sends a trace's calls through a pipeline as they came, and measures what the pipeline adds to each.</summary>
internal sealed class TrafficReplay(IReadOnlyList<TrafficTrace> trace, double speed, double repeats, TimeSpan duration)
{
    private const int Remembered = 10_000;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);

    public sealed record Figures(
        int Calls,
        double CallsPerSecond,
        double OverheadP50,
        double OverheadP99,
        double OverheadP999,
        double OverheadMax,
        double HitP50,
        double BytesPerCall,
        double GcPauseShare,
        double GcPauseMaxMilliseconds,
        int GcCollections,
        IReadOnlyList<MemorySample> Memory,
        int Failures,
        int CallsWithWarmUp,
        long RecordsKept,
        decimal ActualCost
    );

    /// <summary>What is in use after a whole collection that runs beside the calls, and what the process holds.</summary>
    /// <param name="Seconds">Since the warm-up.</param>
    /// <param name="LiveMegabytes">The managed heap without its gaps.</param>
    /// <param name="WorkingSetMegabytes">What the process has in memory, native memory included.</param>
    public sealed record MemorySample(double Seconds, double LiveMegabytes, double WorkingSetMegabytes);

    /// <summary>The pipeline with all that can be on without a model of its own.</summary>
    public static IChatClient Pipeline(IChatClient provider, CostReport report) =>
        provider.WithCostControls(o =>
        {
            o.Metering.Report = report;
            o.OutputLimits.LearnCaps = true;
            o.OutputLimits.Features["chat"] = 4_000;
            o.OutputLimits.Features["faq"] = 1_000;
            o.UseResilience = true;
            o.Routing.AddTier("small", "gpt-4o-mini");
            o.Routing.AddTier("large", "gpt-4o");
            o.Routing.Rules.Add(new RoutingRule("small") { Feature = "faq" });
            o.Budgets.Add("all-month", 1_000_000m, BudgetWindow.Month);
            o.Budgets.Add("tenant-day", 100_000m, BudgetWindow.Day, BudgetScope.Tenant);
            o.Budgets.Add("feature-hour", 100_000m, BudgetWindow.Rolling(TimeSpan.FromHours(1)), BudgetScope.Tenant | BudgetScope.Feature);
        });

    public async Task<Figures> RunAsync(bool throughPipeline, Action<double> progress, CancellationToken cancellation)
    {
        var report = new CostReport();
        using var provider = new TrafficProvider(tokens => TimeSpan.FromMilliseconds(200 + (10 * Math.Min(tokens, 300))));
        using var client = throughPipeline ? Pipeline(provider, report) : provider;
        var text = new TrafficText(1);
        var random = new Random(2);
        // As large as they get, so that they do not count as growth; in long runs they do.
        var expected = (int)
            Math.Min(4_000_000, trace.Count / Math.Max(1e-3, trace[^1].After.TotalSeconds) * speed * duration.TotalSeconds * 1.2);
        var overheads = new List<double>(expected);
        var hits = new List<double>(expected);
        var gate = new Lock();
        var failures = 0;
        var pending = 0;
        var started = Stopwatch.StartNew();
        var isWarm = false;
        var (bytes, pause, collections, measured, sent) = (0L, TimeSpan.Zero, 0, 0, 0);
        Task<List<MemorySample>>? memory = null;
        var warmAt = TimeSpan.Zero;
        var longest = 0d;
        var asked = new TrafficCall?[Remembered];
        for (var index = 0; started.Elapsed < duration + WarmUp; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!isWarm && started.Elapsed >= WarmUp)
            {
                isWarm = true;
                memory = SampleMemoryAsync(duration, cancellation);
                (bytes, pause, collections) = (GC.GetTotalAllocatedBytes(), GC.GetTotalPauseDuration(), GC.CollectionCount(0));
                warmAt = started.Elapsed;
            }

            var round = index / trace.Count;
            var next = trace[index % trace.Count];
            var due = ((trace[^1].After * round) + next.After) / speed;
            while (started.Elapsed < due)
            {
                if (due - started.Elapsed > TimeSpan.FromMilliseconds(2))
                {
                    await Task.Delay(1, cancellation);
                }
                else
                {
                    // Shorter pauses than the timer's: another thread may work meanwhile.
                    Thread.Yield();
                }
            }

            var call =
                asked[random.Next(asked.Length)] is { } earlier && random.NextDouble() < repeats
                    ? new TrafficCall(earlier.Text, earlier.InputTokens, earlier.OutputTokens)
                    : new TrafficCall(text.Of(next.InputTokens, random), next.InputTokens, next.OutputTokens);
            asked[index % asked.Length] = call;
            measured += isWarm ? 1 : 0;
            sent++;
            Interlocked.Increment(ref pending);
            _ = Task.Run(() => AskAsync(call, $"tenant-{index % 50}", isWarm), cancellation);
            if (index % 500 == 0)
            {
                progress(started.Elapsed / (duration + WarmUp));
                longest = Math.Max(longest, GC.GetGCMemoryInfo(GCKind.Any).PauseDurations is [var last, ..] ? last.TotalMilliseconds : 0);
            }
        }

        var took = started.Elapsed - warmAt;
        while (Volatile.Read(ref pending) > 0)
        {
            await Task.Delay(10, cancellation);
        }

        var perCall = (GC.GetTotalAllocatedBytes() - bytes) / (double)Math.Max(1, measured);
        var pauses = GC.GetTotalPauseDuration() - pause;
        overheads.Sort();
        hits.Sort();
        var total = report.GetSummary().Total;
        return new Figures(
            measured,
            measured / took.TotalSeconds,
            At(overheads, 0.5),
            At(overheads, 0.99),
            At(overheads, 0.999),
            At(overheads, 1),
            At(hits, 0.5),
            perCall,
            pauses / took,
            longest,
            GC.CollectionCount(0) - collections,
            memory is null ? [] : await memory,
            failures,
            sent,
            total.Calls,
            total.ActualCost
        );

        async Task AskAsync(TrafficCall call, string tenant, bool counts)
        {
            try
            {
                var options = new ChatOptions { MaxOutputTokens = 2_000 }
                    .WithTenant(tenant)
                    .WithFeature(call.OutputTokens < 100 ? "faq" : "chat");
                var begin = Stopwatch.GetTimestamp();
                await client.GetResponseAsync([call], options, cancellation).ConfigureAwait(false);
                var end = Stopwatch.GetTimestamp();
                var isHit = call.Entered == 0;
                var ticks = isHit ? end - begin : call.Entered - begin + (end - call.Left);
                if (counts)
                {
                    lock (gate)
                    {
                        (isHit ? hits : overheads).Add(ticks * 1e6 / Stopwatch.Frequency);
                    }
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Interlocked.Increment(ref failures);
            }
            finally
            {
                Interlocked.Decrement(ref pending);
            }
        }
    }

    /// <summary>Eleven samples: at the start and after each tenth. The collections do not stop the calls, as ones asked for with a wait would.</summary>
    private static async Task<List<MemorySample>> SampleMemoryAsync(TimeSpan duration, CancellationToken cancellation)
    {
        var samples = new List<MemorySample>();
        var since = Stopwatch.StartNew();
        for (var tenth = 0; tenth <= 10; tenth++)
        {
            var wait = (duration * (tenth / 10.0)) - since.Elapsed;
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, cancellation).ConfigureAwait(false);
            var before = GC.GetGCMemoryInfo(GCKind.Background).Index;
            GC.Collect(2, GCCollectionMode.Forced, blocking: false);
            var patience = Stopwatch.StartNew();
            while (GC.GetGCMemoryInfo(GCKind.Background).Index == before && patience.Elapsed < TimeSpan.FromSeconds(5))
            {
                await Task.Delay(5, cancellation).ConfigureAwait(false);
            }

            var info = GC.GetGCMemoryInfo(GCKind.Background);
            samples.Add(
                new MemorySample(
                    since.Elapsed.TotalSeconds,
                    (info.HeapSizeBytes - info.FragmentedBytes) / 1e6,
                    Environment.WorkingSet / 1e6
                )
            );
        }

        return samples;
    }

    private static double At(List<double> sorted, double share) =>
        sorted.Count == 0 ? double.NaN : sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];
}
