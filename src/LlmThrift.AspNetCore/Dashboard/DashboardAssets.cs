using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace LlmThrift.AspNetCore.Dashboard;

/// <summary>The page and what it is made of, from the assembly's resources.</summary>
internal static class DashboardAssets
{
    private const string Folder = "LlmThrift.AspNetCore.Assets.";

    private static readonly Lazy<FrozenDictionary<string, Asset>> Files = new(Load);

    private sealed record Asset(byte[] Content, string ContentType, EntityTagHeaderValue ETag);

    public static Task ServePageAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path.EndsWith('/'))
        {
            return ServeAsync(context, "index.html");
        }

        // The page names its parts relative to itself, so that it works behind proxies that move it: it has to end with a slash.
        var name = path[(path.LastIndexOf('/') + 1)..];
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        context.Response.Headers.Location = $"{Uri.EscapeDataString(name)}/{context.Request.QueryString}";
        return Task.CompletedTask;
    }

    public static Task ServeAsync(HttpContext context) => ServeAsync(context, context.Request.RouteValues["name"] as string ?? "");

    private static Task ServeAsync(HttpContext context, string name)
    {
        var response = context.Response;
        if (!Files.Value.TryGetValue(name, out var asset))
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        // Kept by the browser, and asked for each time: another version of the package is seen at once.
        response.Headers.CacheControl = "private, no-cache";
        response.GetTypedHeaders().ETag = asset.ETag;
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(tag => tag.Compare(asset.ETag, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = asset.ContentType;
        response.ContentLength = asset.Content.Length;
        return response.Body.WriteAsync(asset.Content, context.RequestAborted).AsTask();
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        var assembly = typeof(DashboardAssets).Assembly;
        var files = new Dictionary<string, Asset>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12))}\"");
            files[resource[Folder.Length..]] = new Asset(content, ContentTypeOf(resource), tag);
        }

        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string ContentTypeOf(string name) =>
        Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
}
