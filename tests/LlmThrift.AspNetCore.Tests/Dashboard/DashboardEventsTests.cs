using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Dashboard;

public sealed class DashboardEventsTests
{
    private readonly CancellationToken _soon = new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    [Fact]
    public async Task Page_is_told_of_new_calls()
    {
        await using var app = await StartAsync();
        using var events = await OpenAsync(app);
        Assert.Equal("retry: 3000", await events.ReadLineAsync(_soon));

        await app.Services.GetRequiredService<IChatClient>().GetResponseAsync("Hello?", cancellationToken: _soon);

        Assert.Equal("event: change", await NextAsync(events));
    }

    [Fact]
    public async Task Connections_end_with_the_app()
    {
        await using var app = await StartAsync();
        using var events = await OpenAsync(app);
        await events.ReadLineAsync(_soon);

        await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(10), _soon);

        Assert.Null(await NextAsync(events));
    }

    [Fact]
    public async Task Connection_on_which_nothing_happens_is_kept_alive_and_ends_after_a_while()
    {
        var clock = new ManualTimeProvider();
        await using var app = await DashboardApp.StartAsync(services => services.AddSingleton<TimeProvider>(clock));
        using var events = await OpenAsync(app);
        await events.ReadLineAsync(_soon);

        var next = NextAsync(events);
        while (!next.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, _soon);
        }

        Assert.Equal("event: change", await next);
        var end = Task.Run(async () =>
        {
            while (await NextAsync(events) is not null) { }
        });
        while (!end.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(1, _soon);
        }

        await end;
    }

    private Task<DashboardApp> StartAsync() =>
        DashboardApp.StartAsync(
            services => services.AddChatClient(_ => new ScriptedChatClient()).UseCostControls(),
            dashboard => dashboard.UpdateInterval = TimeSpan.FromMilliseconds(100)
        );

    private async Task<StreamReader> OpenAsync(DashboardApp app)
    {
        var response = await app.Client("ann").GetAsync("/costs/api/events", HttpCompletionOption.ResponseHeadersRead, _soon);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new StreamReader(await response.Content.ReadAsStreamAsync(_soon));
    }

    private async Task<string?> NextAsync(StreamReader events)
    {
        while (await events.ReadLineAsync(_soon) is { } line)
        {
            if (line.StartsWith("event:", StringComparison.Ordinal))
            {
                return line;
            }
        }

        return null;
    }
}
