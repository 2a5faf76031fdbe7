using System.Globalization;
using System.Text;
using LlmThrift.Embeddings.Model;

namespace MiniLmConverter;

/// <summary>What BERT's normaliser makes of each code point: decomposed, without accents, in lower case.</summary>
/// <remarks>
/// Frozen in the file, so that neither a new Unicode version of .NET nor an app without ICU changes tokens. What depends on a character's neighbours is
/// left out: the order of marks that are no accents, and the form of a Greek sigma at the end of a word, which the fast tokenizers ignore as well.
/// </remarks>
internal static class Characters
{
    public static void Write(ModelFileWriter writer)
    {
        if ("é".Normalize(NormalizationForm.FormD).Length != 2)
        {
            throw new InvalidDataException("Decompositions need ICU: install libicu, and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT.");
        }

        const int PageSize = 1 << ModelLayout.PageBits;
        var mappings = new List<uint>();
        var known = new Dictionary<string, ushort>(StringComparer.Ordinal);
        var pages = new ushort[0x110000 / PageSize];
        var knownPages = new Dictionary<string, ushort>(StringComparer.Ordinal);
        var classes = new List<ushort>();
        for (var page = 0; page < pages.Length; page++)
        {
            var content = Enumerable.Range(page * PageSize, PageSize).Select(codePoint => ClassOf(codePoint, mappings, known)).ToArray();
            var key = string.Join(' ', content);
            if (!knownPages.TryGetValue(key, out var index))
            {
                knownPages[key] = index = (ushort)knownPages.Count;
                classes.AddRange(content);
            }

            pages[page] = index;
        }

        writer.Add<ushort>(ModelLayout.CharacterPages, pages);
        writer.Add<ushort>(ModelLayout.CharacterClasses, classes.ToArray());
        writer.Add<uint>(ModelLayout.CharacterMappings, mappings.ToArray());
    }

    private static ushort ClassOf(int codePoint, List<uint> mappings, Dictionary<string, ushort> known)
    {
        if (codePoint is '\t' or '\n' or '\r')
        {
            return ModelLayout.Space;
        }

        if (!Rune.IsValid(codePoint) || codePoint == 0xFFFD || IsOther(codePoint))
        {
            return ModelLayout.Dropped;
        }

        var rune = new Rune(codePoint);
        if (Rune.IsWhiteSpace(rune))
        {
            return ModelLayout.Space;
        }

        if (codePoint is >= 0xAC00 and <= 0xD7A3)
        {
            return ModelLayout.Hangul;
        }

        var result = new List<Rune>();
        foreach (var part in rune.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(part) != UnicodeCategory.NonSpacingMark)
            {
                result.Add(Rune.ToLowerInvariant(part));
            }
        }

        var isIdeograph = IsIdeograph(codePoint);
        if (result.Count == 0 && !isIdeograph)
        {
            return ModelLayout.Dropped;
        }

        if (result.Count == 1 && result[0] == rune)
        {
            return isIdeograph ? ModelLayout.Ideograph
                : IsPunctuation(rune) ? ModelLayout.Punctuation
                : ModelLayout.Itself;
        }

        var key = (isIdeograph ? "+" : "-") + string.Concat(result);
        if (!known.TryGetValue(key, out var place))
        {
            known[key] = place = checked((ushort)(ModelLayout.FirstMapping + mappings.Count));
            mappings.Add((uint)result.Count | (isIdeograph ? ModelLayout.IdeographFlag : 0));
            mappings.AddRange(result.Select(part => (uint)part.Value | (IsPunctuation(part) ? ModelLayout.PunctuationFlag : 0)));
        }

        return place;
    }

    private static bool IsOther(int codePoint) =>
        CharUnicodeInfo.GetUnicodeCategory(codePoint)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned;

    /// <summary>BERT's ranges: each of these characters is a word of its own.</summary>
    private static bool IsIdeograph(int codePoint) =>
        codePoint
            is (>= 0x4E00 and <= 0x9FFF)
                or (>= 0x3400 and <= 0x4DBF)
                or (>= 0x20000 and <= 0x2A6DF)
                or (>= 0x2A700 and <= 0x2B73F)
                or (>= 0x2B740 and <= 0x2B81F)
                or (>= 0x2B820 and <= 0x2CEAF)
                or (>= 0xF900 and <= 0xFAFF)
                or (>= 0x2F800 and <= 0x2FA1F);

    /// <summary>BERT counts every sign of ASCII as punctuation.</summary>
    private static bool IsPunctuation(Rune rune) =>
        rune.Value is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126) || Rune.IsPunctuation(rune);
}
