namespace LlmThrift.Metering;

/// <summary>Who and what a call is for, as the app says on its <see cref="Microsoft.Extensions.AI.ChatOptions"/>.</summary>
/// <param name="Tenant">The customer whose data the call works on. The exact cache never serves one tenant's answer to another.</param>
/// <param name="Feature">The part of the product that makes the call, such as "faq".</param>
/// <param name="User">The person or process behind the call.</param>
public readonly record struct CallTags(string? Tenant, string? Feature, string? User);
