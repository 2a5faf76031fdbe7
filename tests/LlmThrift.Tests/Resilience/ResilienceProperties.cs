using System.Net;
using FsCheck;
using FsCheck.Fluent;
using LlmThrift.Metering;
using LlmThrift.Resilience;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;
using static LlmThrift.Tests.Resilience.ResilienceBench;

namespace LlmThrift.Tests.Resilience;

public sealed class ResilienceProperties
{
    /// <summary>What an attempt does: begins after so many seconds, and breaks after so many chunks where it does.</summary>
    private sealed record Plan(int Seconds, int? BreaksAfter);

    private static readonly Gen<Plan[]> s_plans = Gen.Choose(0, 12)
        .SelectMany(seconds =>
            Gen.OneOf(Gen.Constant<int?>(null), Gen.Choose(0, 3).Select(chunks => (int?)chunks)).Select(at => new Plan(seconds, at))
        )
        .ArrayOf(8);

    [Fact]
    public async Task Stream_is_that_of_one_attempt_and_every_attempt_is_billed_and_ended()
    {
        foreach (var plans in s_plans.Sample(60, 40))
        {
            TimeProvider? clock = null;
            using var bench = new ResilienceBench(
                attempt => Answer(plans[(attempt - 1) % plans.Length], attempt),
                (ResilienceOptions o) =>
                {
                    o.Timeout = TimeSpan.FromSeconds(10);
                    (o.HedgeAfterPercentile, o.MaxHedges) = (0.9, 2);
                }
            );
            clock = bench.Clock;
            ScriptedAnswer Answer(Plan plan, int attempt) =>
                new()
                {
                    Chunks = [$"{attempt}a ", $"{attempt}b ", $"{attempt}c"],
                    Gate = plan.Seconds == 0 ? null : Task.Delay(TimeSpan.FromSeconds(plan.Seconds), clock!),
                    Failure = plan.BreaksAfter is null ? null : Failing(HttpStatusCode.BadGateway),
                    FailAfterChunks = plan.BreaksAfter ?? 0,
                };
            await bench.LearnAsync(LatencyWindow.MinSamples, TimeSpan.FromSeconds(3), isStreaming: true);
            var text = "";
            var options = new ChatOptions();
            CallRecord? record = null;
            options.WithCallRecord(closed => record = closed);
            async Task ReadAsync()
            {
                await foreach (var update in bench.Client.GetStreamingResponseAsync("question", options))
                {
                    text += update.Text;
                }
            }

            var call = ReadAsync();
            await bench.PassPausesAsync(call);
            await call.ContinueWith(_ => { }, TaskScheduler.Default);

            var requests = bench.Provider.Requests.Count;
            var whole = Enumerable.Range(1, requests).Select(attempt => $"{attempt}a {attempt}b {attempt}c").ToList();
            if (call.IsCompletedSuccessfully)
            {
                Assert.Contains(text, whole);
                Assert.Equal(CallOutcome.Completed, record!.Outcome);
            }
            else
            {
                // Nothing, or the beginning of one attempt that broke.
                Assert.Contains(whole, one => one.StartsWith(text, StringComparison.Ordinal));
                Assert.True(call.Exception!.InnerException is HttpRequestException or TimeoutException, call.Exception.ToString());
            }

            Assert.Equal(requests, record!.Attempts.Count);
            Assert.Equal(record.Attempts.Sum(attempt => attempt.Cost), record.ActualCost);
            Assert.Equal(record.Saving, record.SavingByStage.Sum(part => part.Saving));
            Assert.Equal(0, bench.Provider.OpenStreams);
        }
    }

    [Fact]
    public void Percentile_is_one_of_the_last_times_that_so_many_do_not_exceed() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(300),
            Prop.ForAll(
                (
                    from count in Gen.Choose(20, 450)
                    from times in Gen.Choose(0, 1_000).ArrayOf(count)
                    from share in Gen.Choose(1, 99)
                    select (times, share / 100.0)
                ).ToArbitrary(),
                ((int[] Times, double Share) x) =>
                {
                    var window = new LatencyWindow();
                    foreach (var time in x.Times)
                    {
                        window.Add(TimeSpan.FromMilliseconds(time));
                    }

                    var kept = x.Times.TakeLast(200).ToList();
                    var percentile = window.Percentile(x.Share)!.Value.TotalMilliseconds;
                    return kept.Contains((int)percentile)
                        && kept.Count(time => time <= percentile) >= x.Share * kept.Count - 1e-9
                        && kept.Count(time => time < percentile) < x.Share * kept.Count + 1e-9;
                }
            )
        );
}
