namespace LlmThrift.Tokens;

/// <summary>What an image costs in tokens, by the rules that the vendors publish.</summary>
internal static class ImageTokens
{
    /// <summary>An image whose size cannot be read counts as one of this many pixels a side: 765 tokens for GPT-4o in high detail.</summary>
    public const int UnknownSide = 1024;

    private const int Patch = 32;
    private const int MaximumPatches = 1536;

    // OpenAI, "Images and vision": models that count 32 × 32 patches times a factor. Before the tile models, whose names begin the same.
    private static readonly (string Model, double Factor)[] PatchModels =
    [
        ("gpt-5-mini", 1.62),
        ("gpt-5-nano", 2.46),
        ("gpt-4.1-mini", 1.62),
        ("gpt-4.1-nano", 2.46),
        ("o4-mini", 1.72),
    ];

    // The same page: models that count a base and 512 × 512 tiles.
    private static readonly (string Model, int Base, int Tile)[] TileModels =
    [
        ("gpt-4o-mini", 2833, 5667),
        ("gpt-5", 70, 140),
        ("o1", 75, 150),
        ("o3", 75, 150),
        ("computer-use-preview", 65, 129),
        ("", 85, 170),
    ];

    /// <summary>Counts the tokens of an image.</summary>
    /// <param name="model">The model's name without prefixes, see <see cref="ModelEncodings.BaseName"/>.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels.</param>
    /// <param name="lowDetail">Whether the request asks for low detail.</param>
    public static int Count(ReadOnlySpan<char> model, int width, int height, bool lowDetail)
    {
        if (model.Contains("claude", StringComparison.OrdinalIgnoreCase))
        {
            return Claude(width, height);
        }

        if (model.Contains("gemini", StringComparison.OrdinalIgnoreCase))
        {
            return Gemini(width, height);
        }

        foreach (var (name, factor) in PatchModels)
        {
            if (model.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return (int)Math.Ceiling(Patches(width, height) * factor);
            }
        }

        foreach (var (name, basis, tile) in TileModels)
        {
            if (model.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            {
                return lowDetail ? basis : basis + (tile * Tiles(width, height));
            }
        }

        return 0;
    }

    /// <summary>Shrunk into 2048 × 2048, then to 768 pixels on the shorter side; the 512 × 512 tiles that cover it.</summary>
    private static int Tiles(double width, double height)
    {
        var scale = Math.Min(1, 2048 / Math.Max(width, height));
        scale *= Math.Min(1, 768 / (Math.Min(width, height) * scale));
        return Cover(width * scale, 512) * Cover(height * scale, 512);
    }

    /// <summary>The 32 × 32 patches that cover the image, shrunk as far as 1536 of them do.</summary>
    private static int Patches(double width, double height)
    {
        var patches = (long)Math.Ceiling(width / Patch) * (long)Math.Ceiling(height / Patch);
        if (patches <= MaximumPatches)
        {
            return (int)patches;
        }

        var scale = Math.Sqrt(Patch * Patch * (double)MaximumPatches / (width * height));
        var columns = width * scale / Patch;
        var rows = height * scale / Patch;
        scale *= Math.Min(Math.Floor(columns) / columns, Math.Floor(rows) / rows);
        return scale > 0 ? int.Min(MaximumPatches, Cover(width * scale, Patch) * Cover(height * scale, Patch)) : MaximumPatches;
    }

    /// <summary>Anthropic, "Vision": pixels by 750, after shrinking to 1568 pixels on the longer side and about 1600 tokens.</summary>
    private static int Claude(double width, double height)
    {
        var scale = Math.Min(1, 1568 / Math.Max(width, height));
        return (int)Math.Min(1600, Math.Ceiling(width * scale * height * scale / 750));
    }

    /// <summary>Google, "Image understanding": 258 tokens up to 384 pixels a side, else for each 768 × 768 tile.</summary>
    private static int Gemini(double width, double height) =>
        width <= 384 && height <= 384 ? 258 : (int)Math.Min(258 * 64, 258.0 * Math.Ceiling(width / 768) * Math.Ceiling(height / 768));

    /// <summary>How many steps cover a length; a millionth over the edge is rounding.</summary>
    private static int Cover(double length, int step) => Math.Max(1, (int)Math.Ceiling((length / step) - 1e-6));
}
