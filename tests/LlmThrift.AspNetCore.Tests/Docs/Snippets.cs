using LlmThrift.Budgets;
using LlmThrift.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Docs;

/// <summary>The C# of <c>docs/dashboard.md</c>, where it must compile and run. The tests of the documentation compare the texts.</summary>
internal static class Snippets
{
    #pragma warning disable IDE0007, IDE0008, IDE0055 // Written for the eye of a reader.
    // csharpier-ignore-start
    public static WebApplication Dashboard(WebApplicationBuilder builder, IChatClient provider)
    {
        builder.Services.AddCostHistory();
        builder.Services.AddChatClient(sp => provider).UseCostControls();

        var app = builder.Build();
        app.MapCostDashboard("/costs");
        return app;
    }

    public static void Tags(WebApplicationBuilder builder, IChatClient provider)
    {
        builder.Services.AddCostTags(o =>
        {
            o.Tenant = CostTag.FromClaim("tenant_id");
            o.User = context => context.User.Identity?.Name;
        });
        builder.Services.AddChatClient(sp => provider).UseRequestCostTags().UseCostControls();
    }

    public static void Faq(WebApplication app)
    {
        app.MapPost("/faq", AnswerAsync).WithCostFeature("faq");    // or [CostFeature("faq")]
    }

    public static void AddHeaders(WebApplicationBuilder builder)
    {
        builder.Services.AddCostHeaders();    // default: for requests with the header LlmThrift-Costs
    }

    public static void UseHeaders(WebApplication app)
    {
        app.UseCostHeaders();
    }

    public static void AddBudgets(WebApplicationBuilder builder)
    {
        builder.Services.AddBudgetExceededHandler();
        builder.Services.AddHealthChecks().AddCostStores();
    }

    public static void UseBudgets(WebApplication app)
    {
        app.UseExceptionHandler();
    }

    // csharpier-ignore-end
#pragma warning restore IDE0007, IDE0008, IDE0055

    private static async Task<string> AnswerAsync(IChatClient client) => (await client.GetResponseAsync("Hello?")).Text;
}

public sealed class SnippetsTests
{
    [Fact]
    public async Task Code_of_the_page_does_what_it_says()
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddAuthorization();
        Snippets.Tags(builder, new ScriptedChatClient());
        Snippets.AddHeaders(builder);
        Snippets.AddBudgets(builder);
        await using var app = Snippets.Dashboard(builder, new ScriptedChatClient());
        Snippets.UseBudgets(app);
        Snippets.UseHeaders(app);
        Snippets.Faq(app);
        app.MapGet("/poor", string () => throw new BudgetExceededException("b", "", BudgetUnit.Calls, 1m, 1m, 0m, null));
        await app.StartAsync();
        var client = app.GetTestClient();

        using var faq = await client.PostAsync("/faq", content: null);
        using var poor = await client.GetAsync("/poor");

        Assert.Equal("Hello, world.", await faq.Content.ReadAsStringAsync());
        Assert.Equal(429, (int)poor.StatusCode);
    }
}
