using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Tags;

public sealed class RequestCostTagsTests : IDisposable
{
    private readonly ScriptedChatClient _provider = new();

    [Theory]
    [InlineData("/plain")]
    [InlineData("/stream")]
    public async Task Calls_carry_the_tags_of_their_request(string path)
    {
        await using var app = await StartAsync(o =>
        {
            o.Tenant = CostTag.FromClaim("tenant_id");
            o.User = context => context.User.Identity?.Name;
        });

        await app.Client("ann").GetStringAsync(path);
        await app.Client("bob").GetStringAsync(path);

        Assert.Equal(
            [new CallTags("tenant-of-ann", "from-endpoint", "ann"), new CallTags("tenant-of-bob", "from-endpoint", "bob")],
            await TagsAsync(app)
        );
        Assert.Equal(2, _provider.Calls);
    }

    [Fact]
    public async Task What_the_call_says_itself_comes_first()
    {
        await using var app = await StartAsync(o => o.Tenant = CostTag.FromHeader("X-Tenant"));
        var client = app.Client("ann");
        client.DefaultRequestHeaders.Add("X-Tenant", "from-header");

        await client.GetStringAsync("/own");

        Assert.Equal([new CallTags("own", "from-endpoint", null)], await TagsAsync(app));
    }

    [Fact]
    public async Task Route_can_say_the_tenant()
    {
        await using var app = await StartAsync(o => o.Tenant = CostTag.FromRoute("tenant"));

        await app.Client("ann").GetStringAsync("/t/globex");
        await app.Client("ann").GetStringAsync("/plain");

        Assert.Equal(["globex", null], (await TagsAsync(app)).Select(tags => tags.Tenant));
    }

    [Fact]
    public async Task Answers_of_one_tenant_are_not_served_to_another()
    {
        await using var app = await StartAsync(o => o.Tenant = CostTag.FromClaim("tenant_id"));

        await app.Client("ann").GetStringAsync("/plain");
        await app.Client("ann").GetStringAsync("/plain");
        await app.Client("bob").GetStringAsync("/plain");

        Assert.Equal(2, _provider.Calls);
    }

    [Fact]
    public async Task Names_that_are_too_long_are_cut_and_stay_different()
    {
        await using var app = await StartAsync(o => o.Tenant = CostTag.FromHeader("X-Tenant"));
        foreach (var end in new[] { "a", "b" })
        {
            var client = app.Client("ann");
            client.DefaultRequestHeaders.Add("X-Tenant", new string('x', 5_000) + end);
            await client.GetStringAsync("/plain");
        }

        var tenants = (await TagsAsync(app)).Select(tags => tags.Tenant!).ToList();

        Assert.Equal(2, tenants.Distinct(StringComparer.Ordinal).Count());
        Assert.All(tenants, tenant => Assert.Equal(200, tenant.Length));
    }

    [Fact]
    public async Task Tenant_that_cannot_be_told_fails_the_call()
    {
        await using var app = await StartAsync(o => o.Tenant = _ => throw new InvalidOperationException("No tenant."));

        await Assert.ThrowsAsync<InvalidOperationException>(() => app.Client("ann").GetStringAsync("/plain"));

        Assert.Equal(0, _provider.Calls);
    }

    [Fact]
    public async Task Call_outside_of_a_request_is_left_as_it_is()
    {
        await using var app = await StartAsync(o => o.Tenant = CostTag.FromClaim("tenant_id"));

        await app.Services.GetRequiredService<IChatClient>().GetResponseAsync("Hello?");

        Assert.Equal([default], await TagsAsync(app));
    }

    [Fact]
    public void Pipeline_without_AddCostTags_says_what_is_missing()
    {
        var services = new ServiceCollection();
        services.AddChatClient(_ => _provider).UseRequestCostTags();

        var exception = Assert.Throws<InvalidOperationException>(() => services.BuildServiceProvider().GetRequiredService<IChatClient>());

        Assert.Contains("AddCostTags", exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _provider.Dispose();

    private static async Task<List<CallTags>> TagsAsync(DashboardApp app)
    {
        await app.Services.GetRequiredService<CallRecordStoreSink>().FlushAsync();
        var tags = new List<CallTags>();
        await foreach (
            var call in app.Store.ReadAsync(
                new CostHistoryQuery { From = DateTimeOffset.MinValue, To = DateTimeOffset.MaxValue },
                CancellationToken.None
            )
        )
        {
            tags.Insert(0, call.Tags);
        }

        return tags;
    }

    private Task<DashboardApp> StartAsync(Action<CostTagOptions> configure) =>
        DashboardApp.StartAsync(
            services =>
            {
                services.AddCostTags(configure);
                services.AddChatClient(_ => _provider).UseRequestCostTags().UseCostControls();
            },
            app: app =>
            {
                app.MapGet("/plain", async (IChatClient client) => (await client.GetResponseAsync("Hello?")).Text)
                    .WithCostFeature("from-endpoint");
                app.MapGet(
                        "/own",
                        async (IChatClient client) => (await client.GetResponseAsync("Hello?", new ChatOptions().WithTenant("own"))).Text
                    )
                    .WithCostFeature("from-endpoint");
                app.MapGet("/t/{tenant}", async (IChatClient client) => (await client.GetResponseAsync("Hello?")).Text);
                app.MapGet("/stream", (IChatClient client) => Stream(client)).WithCostFeature("from-endpoint");
            }
        );

    private static async IAsyncEnumerable<string> Stream(IChatClient client)
    {
        await foreach (var update in client.GetStreamingResponseAsync("Hello?"))
        {
            yield return update.Text;
        }
    }
}

public sealed class RequestCostTagsContract : ChatClientDecoratorContract
{
    protected override IChatClient Decorate(IChatClient inner)
    {
        var services = new ServiceCollection();
        services.AddCostTags(o => (o.Tenant, o.Feature) = (_ => "acme", _ => "faq"));
        var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IHttpContextAccessor>().HttpContext = new DefaultHttpContext();
        return inner.AsBuilder().UseRequestCostTags().UseCostMeter().Build(provider);
    }
}
