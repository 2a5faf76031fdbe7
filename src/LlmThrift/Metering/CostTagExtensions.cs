using LlmThrift.Internal;
using LlmThrift.Metering;

namespace Microsoft.Extensions.AI;

/// <summary>Says who and what a call is for, and asks what it cost.</summary>
public static class CostTagExtensions
{
    /// <summary>Names the customer whose data the call works on. Costs are added up by it, and cached answers never cross it.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="tenant">The tenant; null or empty for none.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static ChatOptions WithTenant(this ChatOptions options, string? tenant) => Set(options, CallDirectives.Tenant, tenant);

    /// <summary>Names the part of the product that makes the call, such as "faq". Limits and sums go by it.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="feature">The feature; null or empty for none.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static ChatOptions WithFeature(this ChatOptions options, string? feature) => Set(options, CallDirectives.Feature, feature);

    /// <summary>Names the person or process behind the call.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="user">The user; null or empty for none.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static ChatOptions WithUser(this ChatOptions options, string? user) => Set(options, CallDirectives.User, user);

    /// <summary>The tags that options carry, for decorators that fill in what the app did not say.</summary>
    /// <param name="options">The options of a call; null for none.</param>
    /// <returns>Tenant, feature and user, each null where it is not said.</returns>
    public static CallTags GetCostTags(this ChatOptions? options) =>
        options switch
        {
            // The first stage has taken them out already.
            CallOptions call => call.Context.Tags,
            { AdditionalProperties: { } properties } => new CallTags(
                properties.GetValueOrDefault(CallDirectives.Tenant) as string,
                properties.GetValueOrDefault(CallDirectives.Feature) as string,
                properties.GetValueOrDefault(CallDirectives.User) as string
            ),
            _ => default,
        };

    /// <summary>Has <paramref name="callback"/> called with the call's record when the call ends, however it ends.</summary>
    /// <param name="options">The options of the call; changed and returned.</param>
    /// <param name="callback">Called once, like an <see cref="ICallRecordSink"/>; null for none.</param>
    /// <returns><paramref name="options"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    public static ChatOptions WithCallRecord(this ChatOptions options, Action<CallRecord>? callback) =>
        Set(options, CallDirectives.RecordCallback, callback);

    /// <summary>What the call behind this response cost.</summary>
    /// <param name="response">The response of a client with a cost meter.</param>
    /// <returns>The record; null without a cost meter, or when somebody in between made a new response of it.</returns>
    public static CallRecord? GetCallRecord(this ChatResponse response) => (response as MeteredChatResponse)?.Record;

    /// <summary>What the call behind this stream cost: the last update of a metered stream carries the record, the others null.</summary>
    /// <param name="update">An update of a stream.</param>
    /// <returns>The record, or null.</returns>
    public static CallRecord? GetCallRecord(this ChatResponseUpdate update) => (update as MeteredChatResponseUpdate)?.Record;

    private static ChatOptions Set(ChatOptions options, string key, object? value)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (value is null or "")
        {
            options.AdditionalProperties?.Remove(key);
        }
        else
        {
            (options.AdditionalProperties ??= [])[key] = value;
        }

        return options;
    }
}
