namespace LlmThrift.Pricing;

/// <summary>Prices that the app lays over the embedded ones.</summary>
internal interface IPriceLayer
{
    /// <summary>Adds the prices that this layer has for a model, the one to prefer first.</summary>
    /// <param name="model">The name as asked for.</param>
    /// <param name="provider">The canonical provider; null when it is not known.</param>
    /// <param name="prices">Where to add.</param>
    void Collect(string model, string? provider, List<DatedPrice> prices);
}

/// <summary>A price and since when it holds; null: always.</summary>
internal readonly record struct DatedPrice(ModelPrice Price, DateTimeOffset? From);
