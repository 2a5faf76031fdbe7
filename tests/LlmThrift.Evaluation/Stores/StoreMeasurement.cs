using System.Diagnostics;
using System.Globalization;
using LlmThrift.Budgets;
using LlmThrift.Diagnostics;
using LlmThrift.Metering;
using Microsoft.Extensions.Caching.Distributed;

namespace LlmThrift.Evaluation.Stores;

/// <summary>Measures one store: what a call waits for, how fast records go in, how long a month's view takes.</summary>
internal sealed class StoreMeasurement(string name, IBudgetLedger budgets, ICallRecordStore records, IDistributedCache cache)
{
    private const int Pairs = 4_000;
    private const int Callers = 64;
    private const int Tenants = 50;
    private const int Features = 5;
    private const int Models = 3;
    private const int Hours = 30 * 24;
    private const int Batch = 1_000;
    private const int PacedBatch = 500;
    private const int Pace = 5_000;

    private static readonly DateTimeOffset End = new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="count">Records, a multiple of a thousand and more than 25,000, spread evenly over a month, 50 tenants, 5 features and 3 models.</param>
    public async Task<StoreFigures> RunAsync(long count)
    {
        Progress.Show($"{name}: warming up");
        await PairsAsync(500, 1);
        Progress.Show($"{name}: budgets");
        var one = await PairsAsync(Pairs, 1);
        var three = await PairsAsync(Pairs / 2, 3);
        var single = Stopwatch.GetTimestamp();
        await PairsAsync(Pairs, 1);
        var perSecondOfOne = Pairs / Stopwatch.GetElapsedTime(single).TotalSeconds;
        var many = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => PairsAsync(Pairs / 8, 1))));
        var perSecondOfMany = Callers * (Pairs / 8) / Stopwatch.GetElapsedTime(many).TotalSeconds;
        var (get, set) = await CacheAsync();

        Progress.Show($"{name}: calls beside records");
        using var pause = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var alone = await AskAsync(pause.Token);
        var paced = Math.Min(count, 5 * Pace);
        var (_, besidePaced) = await RecordAsync(0, paced, count, Pace);
        var (perSecond, beside) = await RecordAsync(paced, count, count, pace: null);
        Progress.Show($"{name}: views");
        var month = new CostHistoryQuery { From = End.AddDays(-30), To = End };
        var figures = new StoreFigures
        {
            Store = name,
            ReserveAndSettleMedianMicroseconds = At(one, 0.5),
            ReserveAndSettleP99Microseconds = At(one, 0.99),
            ThreeBudgetsMedianMicroseconds = At(three, 0.5),
            PairsPerSecondOfOne = perSecondOfOne,
            PairsPerSecondOfMany = perSecondOfMany,
            CacheGetMedianMicroseconds = At(get, 0.5),
            CacheSetMedianMicroseconds = At(set, 0.5),
            Records = count,
            RecordsPerSecond = perSecond,
            MedianMicrosecondsNowAndThen = At(alone, 0.5),
            P99MicrosecondsNowAndThen = At(alone, 0.99),
            MedianMicrosecondsWhileRecordingAtPace = At(besidePaced, 0.5),
            P99MicrosecondsWhileRecordingAtPace = At(besidePaced, 0.99),
            MedianMicrosecondsWhileRecording = At(beside, 0.5),
            P99MicrosecondsWhileRecording = At(beside, 0.99),
            MonthMedian = await ViewAsync(async () => (await records.QueryAsync(month, default)).Total.Calls == count),
            MonthOfOneTenantMedian = await ViewAsync(async () =>
                (await records.QueryAsync(month with { Tenant = "tenant-7" }, default)).Total.Calls > 0
            ),
            MonthOfOneModelMedian = await ViewAsync(async () =>
                (await records.QueryAsync(month with { Model = "model-1" }, default)).Total.Calls > 0
            ),
            DearestMedian = await ViewAsync(async () => (await records.ReadDearestAsync(month, 20, default)).Count == 20),
        };
        Progress.Clear();
        return figures;
    }

    private static double At(List<double> sorted, double share) => sorted[(int)(share * (sorted.Count - 1))];

    /// <returns>Microseconds of each pair, rising.</returns>
    private async Task<List<double>> PairsAsync(int count, int accounts)
    {
        var times = new List<double>(count);
        for (var index = 0; index < count; index++)
        {
            times.Add(await PairAsync(accounts, index));
        }

        times.Sort();
        return times;
    }

    private async Task<double> PairAsync(int accounts, int index)
    {
        var id = Guid.CreateVersion7();
        var claims = new BudgetClaim[accounts];
        var postings = new BudgetPosting[accounts];
        for (var account = 0; account < accounts; account++)
        {
            var group = account == 0 ? $"tenant={index % Tenants}" : $"account={account}";
            claims[account] = new BudgetClaim($"budget{account}", group, End, End, 1_000_000, 0.01m);
            postings[account] = new BudgetPosting($"budget{account}", group, End, 0.0012345m);
        }

        var since = Stopwatch.GetTimestamp();
        await budgets.ReserveAsync(
            new BudgetReservation
            {
                Id = id,
                Claims = claims,
                Lease = TimeSpan.FromMinutes(10),
            },
            default
        );
        await budgets.SettleAsync(id, postings, default);
        return Stopwatch.GetElapsedTime(since).TotalMicroseconds;
    }

    private async Task<(List<double> Get, List<double> Set)> CacheAsync()
    {
        var (get, set) = (new List<double>(), new List<double>());
        var value = new byte[4_096];
        for (var index = 0; index < 2_000; index++)
        {
            var key = $"key{index % 500}";
            var since = Stopwatch.GetTimestamp();
            await cache.SetAsync(key, value, new() { AbsoluteExpirationRelativeToNow = TimeSpan.FromHours(1) });
            set.Add(Stopwatch.GetElapsedTime(since).TotalMicroseconds);
            since = Stopwatch.GetTimestamp();
            await cache.GetAsync(key);
            get.Add(Stopwatch.GetElapsedTime(since).TotalMicroseconds);
        }

        get.Sort();
        set.Sort();
        return (get, set);
    }

    /// <summary>Writes calls while others reserve and settle: so many a second, or as fast as they can be written.</summary>
    private async Task<(double PerSecond, List<double> Beside)> RecordAsync(long from, long to, long count, int? pace)
    {
        using var done = new CancellationTokenSource();
        var asking = Task.Run(() => AskAsync(done.Token));
        var busy = TimeSpan.Zero;
        var begin = Stopwatch.GetTimestamp();
        var batch = new StoredCall[pace is null ? Batch : PacedBatch];
        for (var written = from; written < to; written += batch.Length)
        {
            for (var index = 0; index < batch.Length; index++)
            {
                batch[index] = Call(written + index, count);
            }

            if (pace is { } perSecond)
            {
                var wait = TimeSpan.FromSeconds((double)(written - from) / perSecond) - Stopwatch.GetElapsedTime(begin);
                await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            }

            var since = Stopwatch.GetTimestamp();
            await records.AppendAsync(batch, default);
            busy += Stopwatch.GetElapsedTime(since);
            if (written % 50_000 == 0)
            {
                Progress.Show(string.Create(CultureInfo.InvariantCulture, $"{name}: {written:N0} of {count:N0} records"));
            }
        }

        await done.CancelAsync();
        return ((to - from) / busy.TotalSeconds, await asking);
    }

    /// <summary>Reserves and settles now and then, as an app that is used.</summary>
    private async Task<List<double>> AskAsync(CancellationToken until)
    {
        var times = new List<double>();
        while (!until.IsCancellationRequested)
        {
            times.Add(await PairAsync(1, times.Count));
            await Task.Delay(2, CancellationToken.None);
        }

        times.Sort();
        return times;
    }

    /// <summary>In order of time: every group of names comes once an hour before any comes a second time.</summary>
    private static StoredCall Call(long number, long count)
    {
        var startedAt = End.AddDays(-30) + (TimeSpan.FromHours(Hours) * ((double)number / count));
        var isHit = number % 4 == 0;
        var cost = isHit ? 0m : 0.001m + (0.000001m * (number * 7919 % 9973));
        return new StoredCall
        {
            Id = Guid.CreateVersion7(startedAt),
            StartedAt = startedAt,
            Duration = TimeSpan.FromMilliseconds(800),
            Tags = new CallTags($"tenant-{number % Tenants}", $"feature-{number / Tenants % Features}", $"user-{number % 1013}"),
            Provider = "openai",
            Model = $"model-{number / (Tenants * Features) % Models}",
            RequestedModel = "model-1",
            ServedBy = isHit ? CostStages.ExactCache : null,
            Tier = number % 2 == 0 ? "small" : "large",
            InputTokens = isHit ? 0 : 700,
            OutputTokens = isHit ? 0 : 150,
            BaselineInputTokens = 800,
            BaselineOutputTokens = 150,
            BaselineCost = 0.011m,
            ActualCost = cost,
            SavingByStage = [new StageSaving(isHit ? CostStages.ExactCache : CostStages.Routing, 0.011m - cost)],
        };
    }

    private static async Task<double> ViewAsync(Func<Task<bool>> view)
    {
        var times = new List<double>();
        for (var run = 0; run < 7; run++)
        {
            var since = Stopwatch.GetTimestamp();
            if (!await view())
            {
                throw new InvalidOperationException("The view is not of what was written.");
            }

            times.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        }

        times.Sort();
        return times[times.Count / 2];
    }
}
