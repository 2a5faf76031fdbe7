using System.Net;
using LlmThrift.Budgets;
using LlmThrift.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Budgets;

public sealed class BudgetExceededHandlerTests
{
    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task Call_that_does_not_fit_into_a_budget_is_answered_with_429()
    {
        await using var app = await StartAsync(
            async (IChatClient client) => (await client.GetResponseAsync("Hello?", new ChatOptions().WithTenant("acme"))).Text
        );

        using var first = await app.GetTestClient().GetAsync("/ask");
        using var second = await app.GetTestClient().GetAsync("/ask");

        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal(TimeSpan.FromHours(12), second.Headers.RetryAfter?.Delta);
        Assert.Equal("application/problem+json", second.Content.Headers.ContentType?.MediaType);
        var body = await second.Content.ReadAsStringAsync();
        Assert.Contains("A budget is used up.", body, StringComparison.Ordinal);
        Assert.DoesNotContain("acme", body, StringComparison.Ordinal);
        Assert.DoesNotContain("one-a-day", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(90.5, "91")]
    [InlineData(-5.0, "1")]
    [InlineData(null, null)]
    public async Task Retry_after_is_when_the_budget_frees(double? seconds, string? expected)
    {
        await using var app = await StartAsync(string () =>
            throw new AggregateException(new IOException("Down."), new InvalidOperationException("Outer.", Exceeded(seconds)))
        );

        using var response = await app.GetTestClient().GetAsync("/ask");

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(expected, response.Headers.TryGetValues("Retry-After", out var values) ? values.Single() : null);
    }

    [Fact]
    public async Task Client_that_takes_no_problems_gets_a_line_of_text()
    {
        await using var app = await StartAsync(string () => throw Exceeded(10));
        var request = new HttpRequestMessage(HttpMethod.Get, "/ask");
        request.Headers.Accept.ParseAdd("text/html");

        using var response = await app.GetTestClient().SendAsync(request);

        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Contains("A budget is used up.", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_exceptions_are_left_to_others()
    {
        await using var app = await StartAsync(string () => throw new InvalidOperationException("Something else."));

        using var response = await app.GetTestClient().GetAsync("/ask");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
    }

    private BudgetExceededException Exceeded(double? seconds) =>
        new(
            "one-a-day",
            "tenant=acme",
            BudgetUnit.UsDollars,
            5m,
            4m,
            1m,
            seconds is { } after ? _clock.GetUtcNow().AddSeconds(after) : null
        );

    private async Task<WebApplication> StartAsync(Delegate ask)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddSingleton<TimeProvider>(_clock);
        builder.Services.AddBudgetExceededHandler();
        builder
            .Services.AddChatClient(_ => new ScriptedChatClient())
            .UseCostControls(o =>
            {
                o.UseExactCache = false;
                o.Budgets.Limits.Add(new Budget("one-a-day", 1m, BudgetWindow.Day, BudgetScope.Tenant) { Unit = BudgetUnit.Calls });
            });
        var app = builder.Build();
        app.UseExceptionHandler();
        app.MapGet("/ask", ask);
        await app.StartAsync();
        return app;
    }
}
