namespace LlmThrift.Routing;

/// <summary>Who said that a policy may be used, and for what.</summary>
/// <param name="By">A name.</param>
/// <param name="At">When.</param>
/// <param name="Target">What routing is to hold to.</param>
public sealed record PolicySignOff(string By, DateTimeOffset At, RoutingTarget Target);
