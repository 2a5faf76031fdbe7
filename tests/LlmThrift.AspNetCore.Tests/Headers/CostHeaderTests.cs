using System.Globalization;
using System.Net;
using LlmThrift.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Headers;

public sealed class CostHeaderTests
{
    /// <summary>100 input and 20 output tokens of gpt-4o.</summary>
    private const decimal OneCall = 0.00045m;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Costs_are_in_the_headers_of_a_response_that_asks(string version)
    {
        await using var app = await StartAsync(version);

        using var response = await AskAsync(app, "/plain", version);

        Assert.Equal("Hello, world.", await response.Content.ReadAsStringAsync());
        Assert.Equal(OneCall, Amount(response.Headers, "LlmThrift-Cost"));
        Assert.Equal(OneCall, Amount(response.Headers, "LlmThrift-Saving"));
        Assert.Equal(2m, Amount(response.Headers, "LlmThrift-Calls"));
        Assert.StartsWith("llm;dur=", Assert.Single(response.Headers.GetValues("Server-Timing")), StringComparison.Ordinal);
        Assert.False(response.TrailingHeaders.Contains("LlmThrift-Cost"));
    }

    [Fact]
    public async Task Stream_has_its_costs_in_the_trailers()
    {
        await using var app = await StartAsync("2.0");

        using var response = await AskAsync(app, "/stream", "2.0");

        Assert.Contains("world", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("LlmThrift-Cost"));
        Assert.Equal(OneCall, Amount(response.TrailingHeaders, "LlmThrift-Cost"));
        Assert.Equal(1m, Amount(response.TrailingHeaders, "LlmThrift-Calls"));
    }

    [Fact]
    public async Task Stream_over_a_protocol_without_trailers_comes_whole()
    {
        await using var app = await StartAsync("1.1");

        using var response = await AskAsync(app, "/stream", "1.1");

        Assert.Contains("world", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(response.TrailingHeaders);
    }

    [Fact]
    public async Task Response_says_nothing_when_not_asked()
    {
        await using var app = await StartAsync("1.1");

        using var response = await AskAsync(app, "/plain", "1.1", isAsking: false);

        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("LlmThrift", StringComparison.OrdinalIgnoreCase));
        Assert.False(response.Headers.Contains("Server-Timing"));
    }

    [Fact]
    public async Task Request_without_calls_has_no_costs()
    {
        await using var app = await StartAsync("1.1");

        using var response = await AskAsync(app, "/nothing", "1.1");

        Assert.False(response.Headers.Contains("LlmThrift-Cost"));
    }

    [Fact]
    public async Task Requests_at_once_do_not_mix_their_costs()
    {
        await using var app = await StartAsync("1.1");

        var costs = await Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(async i =>
                {
                    using var response = await AskAsync(app, $"/many/{i % 4}", "1.1");
                    return (Asked: i % 4, Calls: i % 4 == 0 ? 0 : (int)Amount(response.Headers, "LlmThrift-Calls"));
                })
        );

        Assert.All(costs, cost => Assert.Equal(cost.Asked, cost.Calls));
    }

    [Fact]
    public async Task App_can_ask_for_the_costs_itself()
    {
        await using var app = await StartAsync("1.1");

        using var response = await AskAsync(app, "/costs-so-far", "1.1", isAsking: false);

        Assert.Equal("1 call, 0 saved", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Middleware_without_its_services_says_what_is_missing()
    {
        await using var app = WebApplication.CreateBuilder().Build();

        var exception = Assert.Throws<InvalidOperationException>(() => app.UseCostHeaders());

        Assert.Contains("AddCostHeaders", exception.Message, StringComparison.Ordinal);
    }

    private static decimal Amount(System.Net.Http.Headers.HttpHeaders headers, string name) =>
        decimal.Parse(Assert.Single(headers.GetValues(name)), CultureInfo.InvariantCulture);

    private static async Task<HttpResponseMessage> AskAsync(WebApplication app, string path, string version, bool isAsking = true)
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpMessageInvoker(handler);
        var request = new HttpRequestMessage(HttpMethod.Get, app.Urls.First() + path)
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (isAsking)
        {
            request.Headers.Add(CostHeaderOptions.RequestHeader, "1");
        }

        var response = await client.SendAsync(request, CancellationToken.None);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await response.Content.LoadIntoBufferAsync();
        return response;
    }

    private static async Task<WebApplication> StartAsync(string version)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(o =>
            o.ConfigureEndpointDefaults(e => e.Protocols = version == "2.0" ? HttpProtocols.Http2 : HttpProtocols.Http1)
        );
        builder.Services.AddCostHeaders();
        builder.Services.AddChatClient(_ => ScriptedAnswers()).UseCostControls();
        var app = builder.Build();
        app.UseCostHeaders();
        app.MapGet("/nothing", () => "nothing");
        app.MapGet(
            "/plain",
            async (IChatClient client) =>
            {
                await client.GetResponseAsync("Hello?");
                return (await client.GetResponseAsync("Hello?")).Text;
            }
        );
        app.MapGet(
            "/stream",
            async (HttpContext context, IChatClient client) =>
            {
                await context.Response.WriteAsync("Here it comes: ");
                await foreach (var update in client.GetStreamingResponseAsync("And as a stream?"))
                {
                    await context.Response.WriteAsync(update.Text);
                }
            }
        );
        app.MapGet(
            "/many/{count:int}",
            async (int count, IChatClient client) =>
            {
                await Task.WhenAll(Enumerable.Range(0, count).Select(i => client.GetResponseAsync($"Question {i}?")));
                return "done";
            }
        );
        app.MapGet(
            "/costs-so-far",
            async (HttpContext context, IChatClient client) =>
            {
                await client.GetResponseAsync("A question of its own?");
                return context.GetRequestCosts() is { } costs ? $"{costs.Calls} call, {costs.Saving:0} saved" : "unknown";
            }
        );
        await app.StartAsync();
        return app;
    }

    private static ScriptedChatClient ScriptedAnswers() => new();
}
