namespace LlmThrift.Pricing;

/// <summary>How a request was served, where the provider prices that differently.</summary>
public enum ServiceTier
{
    /// <summary>The list price: the default.</summary>
    Standard = 0,

    /// <summary>Asynchronous batch processing, usually at half the list price.</summary>
    Batch = 1,

    /// <summary>Slower, cheaper synchronous processing.</summary>
    Flex = 2,

    /// <summary>Faster, dearer processing.</summary>
    Priority = 3,
}
