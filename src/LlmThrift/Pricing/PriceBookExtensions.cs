using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace LlmThrift.Pricing;

/// <summary>Lays prices from configuration and files over a <see cref="PriceBook"/>.</summary>
public static class PriceBookExtensions
{
    /// <summary>A book in which the prices of a configuration section come before all others.</summary>
    /// <remarks>
    /// The section is a list; of two entries for one model the later wins. An entry has <c>Model</c> (a name, or a pattern with <c>*</c>),
    /// optionally <c>Provider</c> and <c>From</c> (a date, UTC), and prices in USD per million tokens by the names of
    /// <see cref="ModelPrice"/>; <c>LongContext</c> (with <c>AboveInputTokens</c>), <c>Batch</c>, <c>Flex</c> and <c>Priority</c> hold what differs there.
    /// </remarks>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="InvalidOperationException">An entry is not usable; the message lists everything that is wrong in all of them.</exception>
    public static PriceBook WithConfiguration(this PriceBook book, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(section);
        return ConfiguredPrices.AddTo(book, section);
    }

    /// <summary>A book in which the prices of a file in the format of litellm's <c>model_prices_and_context_window.json</c> come before all others.</summary>
    /// <inheritdoc cref="WithLiteLlmJson(PriceBook, Stream, ICollection{string}?)" path="/remarks"/>
    /// <param name="book">The book to lay them over.</param>
    /// <param name="path">The file.</param>
    /// <param name="problems"><inheritdoc cref="WithLiteLlmJson(PriceBook, Stream, ICollection{string}?)" path="/param[@name='problems']"/></param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">The file is not JSON, or, without <paramref name="problems"/>, an entry cannot be read.</exception>
    public static PriceBook WithLiteLlmFile(this PriceBook book, string path, ICollection<string>? problems = null)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        using var stream = File.OpenRead(path);
        return book.WithLiteLlmJson(stream, problems);
    }

    /// <summary>A book in which prices in the format of litellm's <c>model_prices_and_context_window.json</c> come before all others.</summary>
    /// <remarks>
    /// Prices per token are read exactly, as decimals. Entries that are priced by something other than tokens, and keys that mean nothing to a price, are
    /// passed over. A longer context or a service tier that leaves a class out charges it as the list below it does.
    /// </remarks>
    /// <param name="book">The book to lay them over.</param>
    /// <param name="json">The JSON, UTF-8. It is read to its end and left open.</param>
    /// <param name="problems">
    /// When given, receives a line for each entry that cannot be read, and the other entries count. When null, such an entry is an error.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="book"/> or <paramref name="json"/> is null.</exception>
    /// <exception cref="FormatException">
    /// The text is not a JSON object, or, without <paramref name="problems"/>, an entry cannot be read; the message lists all of them.
    /// </exception>
    public static PriceBook WithLiteLlmJson(this PriceBook book, Stream json, ICollection<string>? problems = null)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(json);

        var found = new List<string>();
        LiteLlmPrices layer;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("A litellm price file is a JSON object with one entry a model.");
            }

            layer = LiteLlmPrices.Parse(document.RootElement, book.Canonical, found);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The litellm price file is not JSON: {e.Message}", e);
        }

        if (found.Count > 0 && problems is null)
        {
            throw new FormatException(
                "Entries of the litellm price file cannot be read:"
                    + string.Concat(found.Select(problem => Environment.NewLine + "- " + problem))
            );
        }

        foreach (var problem in found)
        {
            problems!.Add(problem);
        }

        return book.WithLayer(layer);
    }
}
