using System.Net;
using LlmThrift.Internal;

namespace LlmThrift.Routing;

/// <summary>Which failures of one model another one may not have.</summary>
internal static class TierFailures
{
    public static bool AreWorthAnotherTier(Exception exception) =>
        exception is not (ArgumentException or NotSupportedException)
        && ProviderErrors.StatusOf(exception)
            is not (
                HttpStatusCode.BadRequest
                or HttpStatusCode.Unauthorized
                or HttpStatusCode.Forbidden
                or HttpStatusCode.NotFound
                or HttpStatusCode.RequestEntityTooLarge
                or HttpStatusCode.UnprocessableEntity
            );
}
