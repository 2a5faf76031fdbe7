namespace LlmThrift.Metering;

/// <summary>Why a tier was chosen.</summary>
public enum RoutingReason
{
    /// <summary>Nothing spoke for another one: the default tier.</summary>
    Default,

    /// <summary>The app named it for this call.</summary>
    Asked,

    /// <summary>A rule of the options.</summary>
    Rule,

    /// <summary>The app's own router.</summary>
    Router,

    /// <summary>The score of a policy and its threshold.</summary>
    Score,

    /// <summary>The tier that would have been chosen cannot serve the request: its context window, tools, pictures or response format.</summary>
    Capability,

    /// <summary>The conversation is with this tier, and changing it would cost more than it saves, or lose the state of tools.</summary>
    Sticky,

    /// <summary>A budget left nothing for the tier that would have been chosen.</summary>
    Budget,
}
