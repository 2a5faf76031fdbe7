// A support chat with all cost controls on, and the dashboard beside it. Offline: the models answer from a file, at the speed and the prices of real ones.

using AspNetChat;
using LlmThrift.AspNetCore;
using LlmThrift.Budgets;
using LlmThrift.Embeddings;
using LlmThrift.Metering;
using LlmThrift.Routing;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.AI;

var builder = WebApplication.CreateBuilder(args);
var services = builder.Services;

// Who is asking: a person of a customer (a tenant), by a cookie that no other site can send.
services
    .AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
    .AddCookie(o =>
    {
        o.Cookie.Name = "chat";
        o.Cookie.SameSite = SameSiteMode.Strict;
        o.Events.OnRedirectToLogin = context => People.Refuse(context, StatusCodes.Status401Unauthorized);
        o.Events.OnRedirectToAccessDenied = context => People.Refuse(context, StatusCodes.Status403Forbidden);
    });
services.AddAuthorizationBuilder().AddPolicy("operators", policy => policy.RequireRole("operator"));

// Where call records and budgets are kept: in memory, or in a file that outlives the process.
if (builder.Configuration["History:Path"] is { Length: > 0 } path)
{
    services.AddSqliteStores(path);
}

services.AddCostHistory();
services.AddCostTags(o =>
{
    o.Tenant = CostTag.FromClaim(People.TenantClaim);
    o.User = context => context.User.Identity?.Name;
});
services.AddCostHeaders();
services.AddBudgetExceededHandler();
services.AddHealthChecks().AddCostStores();
services.AddMiniLmEmbeddings();
services
    .AddChatClient(provider => new SupportModel(provider.GetRequiredService<TimeProvider>()))
    .UseRequestCostTags()
    .UseCostControls(o =>
    {
        o.UseSemanticCache = true;
        o.SemanticCache.EarlierTurns = LlmThrift.SemanticCache.EarlierTurns.PassBy;
        o.UseContextTrimming = true;
        o.ContextTrimming.MaxTokens = 2_500;
        o.UsePrefixCaching = true;
        o.UseResilience = true;
        o.OutputLimits.LearnCaps = true;
        o.Routing.AddTier("small", "gpt-4o-mini");
        o.Routing.AddTier("large", "gpt-4o");
        o.Routing.Rules.Add(new RoutingRule("small") { Feature = "faq" });
        o.Routing.DefaultTier = "large";
        o.Budgets.Add("all-month", 200m, BudgetWindow.Month);
        o.Budgets.Add("tenant-day", 2m, BudgetWindow.Day, BudgetScope.Tenant);
        o.Budgets.Limits.Add(new Budget("trial-hour", 0.15m, BudgetWindow.Hour) { Tenant = "fabrikam" });
        o.Budgets.WhenExceeded.Add(BudgetFallback.CheaperTier);
        o.Budgets.DefaultMaxOutputTokens = 800;
        o.Budgets.WhenLedgerFails = LedgerFailureHandling.Allow;
    });
services.AddSingleton(TimeProvider.System);
services.AddSingleton<DemoTraffic>();
services.AddHostedService(provider => provider.GetRequiredService<DemoTraffic>());
services.AddTelemetryExport(builder.Configuration);

var app = builder.Build();
app.UseExceptionHandler();
app.UseSecurityHeaders();
app.UseDefaultFiles();
app.UseStaticFiles();
app.UseAuthentication();
app.UseAuthorization();
app.UseCostHeaders();

app.MapPost("/api/session", People.SignInAsync);
app.MapPost("/api/chat", ChatEndpoint.AnswerAsync).RequireAuthorization().WithCostFeature("chat");
app.MapPost("/api/faq", ChatEndpoint.AnswerAsync).RequireAuthorization().WithCostFeature("faq");
app.MapHealthChecks("/healthz");
if (app.Environment.IsDevelopment())
{
    app.MapGet("/api/demo", (DemoTraffic traffic) => new DemoState(traffic.IsOn));
    app.MapPost("/api/demo", (DemoState wanted, DemoTraffic traffic) => new DemoState(traffic.IsOn = wanted.IsOn));
}

app.MapCostDashboard(
    "/costs",
    o =>
    {
        o.Title = "Larkspur support: LLM costs";
        o.AuthorizationPolicy = "operators";
        o.AllowAnonymousInDevelopment = true;
    }
);

app.Lifetime.ApplicationStarted.Register(() => Greeting.Write(app));
await app.RunAsync();
