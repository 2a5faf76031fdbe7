using System.Security.Claims;
using System.Text.Encodings.Web;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlmThrift.AspNetCore.Tests;

/// <summary>A small app with a dashboard. Whoever sends the header <c>X-User</c> is signed in under that name.</summary>
public sealed class DashboardApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private DashboardApp(WebApplication app)
    {
        _app = app;
    }

    public IServiceProvider Services => _app.Services;

    public ICallRecordStore Store => Services.GetRequiredService<ICallRecordStore>();

    /// <summary>Where it listens, when it has a server of its own.</summary>
    public string Address => _app.Urls.First();

    public static async Task<DashboardApp> StartAsync(
        Action<IServiceCollection>? services = null,
        Action<CostDashboardOptions>? dashboard = null,
        Action<WebApplication>? app = null,
        string environment = "Production",
        bool isAnonymous = false,
        bool hasServer = false
    )
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = environment });
        builder.Logging.ClearProviders();
        if (hasServer)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseTestServer();
        }

        builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, HeaderAuthentication>("test", null);
        builder.Services.AddAuthorizationBuilder().AddPolicy("finance", policy => policy.RequireRole("finance"));
        builder.Services.AddCostHistory(o => o.Interval = TimeSpan.FromMilliseconds(10));
        services?.Invoke(builder.Services);
        var web = builder.Build();
        app?.Invoke(web);
        var endpoints = web.MapCostDashboard("/costs", dashboard);
        if (isAnonymous)
        {
            endpoints.AllowAnonymous();
        }

        await web.StartAsync();
        return new DashboardApp(web);
    }

    public HttpClient Client(string? user = null)
    {
        var client = _app.GetTestClient();
        if (user is not null)
        {
            client.DefaultRequestHeaders.Add("X-User", user);
        }

        return client;
    }

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private sealed class HeaderAuthentication(
        IOptionsMonitor<AuthenticationSchemeOptions> options,
        ILoggerFactory logger,
        UrlEncoder encoder
    ) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            if (Request.Headers["X-User"].ToString() is not { Length: > 0 } name)
            {
                return Task.FromResult(AuthenticateResult.NoResult());
            }

            Claim[] claims =
            [
                new(ClaimTypes.Name, name),
                new(ClaimTypes.Role, name == "ann" ? "finance" : "support"),
                new("tenant_id", $"tenant-of-{name}"),
            ];
            var user = new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name));
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(user, Scheme.Name)));
        }
    }
}
