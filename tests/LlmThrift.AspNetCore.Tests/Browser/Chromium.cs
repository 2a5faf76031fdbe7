using Microsoft.Playwright;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Browser;

/// <summary>The browser of the machine; none is downloaded.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private IPlaywright? _playwright;

    /// <summary>Null where there is none.</summary>
    public static string? Path { get; } =
        new[]
        {
            Environment.GetEnvironmentVariable("CHROMIUM_PATH"),
            "/usr/bin/chromium",
            "/usr/bin/chromium-browser",
            "/usr/bin/google-chrome",
        }.FirstOrDefault(File.Exists);

    public IBrowser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Path is null)
        {
            return;
        }

        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions { ExecutablePath = Path, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] }
        );
    }

    public async Task DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }
}

/// <summary>A test that needs a browser, and is skipped where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute()
    {
        if (Chromium.Path is null)
        {
            Skip = "There is no Chromium on this machine: install it, or set CHROMIUM_PATH.";
        }
    }
}
