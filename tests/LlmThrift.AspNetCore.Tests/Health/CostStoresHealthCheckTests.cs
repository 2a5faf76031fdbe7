using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Health;

public sealed class CostStoresHealthCheckTests
{
    [Fact]
    public async Task Stores_that_answer_are_healthy()
    {
        var entry = await CheckAsync(new ServiceCollection().AddCostHistory());

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal(0L, entry.Data["dropped"]);
    }

    [Fact]
    public async Task Store_that_cannot_be_read_is_unhealthy()
    {
        var entry = await CheckAsync(new ServiceCollection().AddCostHistory().AddSingleton<ICallRecordStore>(new BrokenStore()));

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);
        Assert.IsType<IOException>(entry.Exception);
    }

    [Fact]
    public async Task App_without_stores_is_healthy()
    {
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(new ServiceCollection())).Status);
    }

    [Fact]
    public async Task Records_that_were_dropped_count_for_some_minutes()
    {
        var clock = new ManualTimeProvider();
        var services = new ServiceCollection()
            .AddSingleton<TimeProvider>(clock)
            .AddCostHistory(o => (o.Capacity, o.Interval) = (1, TimeSpan.FromHours(1)));
        services.AddLogging().AddHealthChecks().AddCostStores();
        await using var provider = services.BuildServiceProvider();
        var sink = provider.GetRequiredService<CallRecordStoreSink>();
        while (sink.GetStatistics().Dropped == 0)
        {
            sink.Record(
                new CallRecord
                {
                    StartedAt = clock.GetUtcNow(),
                    BilledUsage = new TokenUsage(),
                    BaselineUsage = new TokenUsage(),
                }
            );
        }

        var checks = provider.GetRequiredService<HealthCheckService>();
        var now = await checks.CheckHealthAsync();
        clock.Advance(TimeSpan.FromMinutes(6));
        var later = await checks.CheckHealthAsync();

        Assert.Equal(HealthStatus.Degraded, now.Status);
        Assert.Equal(HealthStatus.Healthy, later.Status);
    }

    private static async Task<HealthReportEntry> CheckAsync(IServiceCollection services)
    {
        services.AddLogging().AddHealthChecks().AddCostStores();
        await using var provider = services.BuildServiceProvider();
        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        return report.Entries["llmthrift_stores"];
    }
}
