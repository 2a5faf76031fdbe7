using System.IO.Enumeration;

namespace LlmThrift.Pricing;

/// <summary>One price for one model, or for all whose names fit a pattern.</summary>
internal sealed class OverridePrice(string model, ModelPrice price, string? provider, DateTimeOffset? from) : IPriceLayer
{
    private readonly bool _isPattern = model.Contains('*', StringComparison.Ordinal);

    public void Collect(string name, string? billedBy, List<DatedPrice> prices)
    {
        var fitsProvider = provider is null || billedBy is null || string.Equals(provider, billedBy, StringComparison.Ordinal);
        if (fitsProvider && Fits(name))
        {
            prices.Add(new DatedPrice(price, from));
        }
    }

    private bool Fits(string name) =>
        _isPattern
            ? FileSystemName.MatchesSimpleExpression(model, name, ignoreCase: true)
            : string.Equals(model, name, StringComparison.OrdinalIgnoreCase);
}
