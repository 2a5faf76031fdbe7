using LlmThrift.Pricing;

namespace LlmThrift.Internal;

/// <summary>Look-ups for models that may have no name.</summary>
internal static class PriceLookup
{
    public static ModelPrice? FindOrNull(this PriceBook book, string? model, string? provider, DateTimeOffset at) =>
        model is null ? null : book.Find(model, provider, at);
}
