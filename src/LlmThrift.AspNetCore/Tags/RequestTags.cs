using System.Security.Cryptography;
using System.Text;
using LlmThrift.Metering;
using Microsoft.AspNetCore.Http;

namespace LlmThrift.AspNetCore.Tags;

/// <summary>Reads the tags off the request that is being answered.</summary>
internal sealed class RequestTags(IHttpContextAccessor accessor, CostTagOptions options)
{
    /// <summary>Longer names come from nobody who means well, and reports and stores keep many of them.</summary>
    private const int MaxLength = 200;

    private const int HashLength = 16;

    /// <summary>The tags of the request, in places that <paramref name="said"/> leaves free. Outside of a request there are none.</summary>
    public CallTags Complete(CallTags said)
    {
        if (accessor.HttpContext is not { } context)
        {
            return said;
        }

        return new CallTags(
            said.Tenant ?? Bounded(options.Tenant?.Invoke(context)),
            said.Feature ?? Bounded(options.Feature?.Invoke(context)),
            said.User ?? Bounded(options.User?.Invoke(context))
        );
    }

    /// <summary>A name that is cut gets a hash of its whole: two tenants must never become one.</summary>
    private static string? Bounded(string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return null;
        }

        if (name.Length <= MaxLength)
        {
            return name;
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        return $"{name.AsSpan(0, MaxLength - HashLength - 1)}…{hash.AsSpan(0, HashLength)}";
    }
}
