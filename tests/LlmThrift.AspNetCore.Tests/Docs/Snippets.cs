using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace LlmThrift.AspNetCore.Tests.Docs;

/// <summary>The code of the documentation's pages on ASP.NET Core, which a test of LlmThrift.Tests compares with the pages.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "It is compiled, not run.")]
internal static class Snippets
{
    // csharpier-ignore-start
#pragma warning disable IDE0007, IDE0008, IDE0055
    public static void Dashboard(WebApplicationBuilder builder, IChatClient provider)
    {
        builder.Services.AddCostHistory();
        builder.Services.AddChatClient(sp => provider).UseCostControls();

        var app = builder.Build();
        app.MapCostDashboard("/costs");
    }

    public static void Tags(WebApplicationBuilder builder, WebApplication app, IChatClient provider)
    {
        builder.Services.AddCostTags(o =>
        {
            o.Tenant = CostTag.FromClaim("tenant_id");
            o.User = context => context.User.Identity?.Name;
        });
        builder.Services.AddChatClient(sp => provider).UseRequestCostTags().UseCostControls();

        app.MapPost("/faq", AnswerAsync).WithCostFeature("faq");    // or [CostFeature("faq")]
    }

    public static void Headers(WebApplicationBuilder builder, WebApplication app)
    {
        builder.Services.AddCostHeaders();    // default: for requests with the header LlmThrift-Costs
        app.UseCostHeaders();
    }

    public static void BudgetsAndHealth(WebApplicationBuilder builder, WebApplication app)
    {
        builder.Services.AddBudgetExceededHandler();
        app.UseExceptionHandler();

        builder.Services.AddHealthChecks().AddCostStores();
    }
#pragma warning restore IDE0007, IDE0008, IDE0055
    // csharpier-ignore-end

    private static Task AnswerAsync(HttpContext context) => context.Response.WriteAsync("Hello");
}
