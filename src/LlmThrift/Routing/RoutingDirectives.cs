using LlmThrift.Internal;

namespace LlmThrift.Routing;

/// <summary>Names under which options carry what the app asks of routing.</summary>
internal static class RoutingDirectives
{
    public const string Tier = CallDirectives.Prefix + "tier";
}
