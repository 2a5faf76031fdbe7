namespace LlmThrift.Routing;

/// <summary>Whether a text is written in letters of a language.</summary>
internal static class Scripts
{
    private const int MaxLooked = 500;

    private enum Script
    {
        None,
        Latin,
        Greek,
        Cyrillic,
        Hebrew,
        Arabic,
        Devanagari,
        Thai,
        Hangul,
        Kana,
        Han,
    }

    /// <summary>Whether one of the languages may be that of the text; true where the text has no letters or of a script that is not known here.</summary>
    public static bool MayBeIn(string text, IList<string> languages)
    {
        var script = MostOf(text);
        if (script == Script.None)
        {
            return true;
        }

        foreach (var language in languages)
        {
            var of = ScriptOf(language);
            if (of == script || (of == Script.Kana && script == Script.Han))
            {
                return true;
            }
        }

        return false;
    }

    private static Script ScriptOf(string language) =>
        language.Split('-')[0].ToUpperInvariant() switch
        {
            "EL" => Script.Greek,
            "RU" or "UK" or "BG" or "SR" or "MK" or "BE" or "KK" or "MN" => Script.Cyrillic,
            "HE" or "YI" => Script.Hebrew,
            "AR" or "FA" or "UR" or "PS" => Script.Arabic,
            "HI" or "MR" or "NE" => Script.Devanagari,
            "TH" => Script.Thai,
            "KO" => Script.Hangul,
            "JA" => Script.Kana,
            "ZH" or "YUE" => Script.Han,
            _ => Script.Latin,
        };

    private static Script MostOf(string text)
    {
        Span<int> counts = stackalloc int[(int)Script.Han + 1];
        foreach (var letter in text.AsSpan(0, Math.Min(text.Length, MaxLooked)))
        {
            counts[(int)Of(letter)]++;
        }

        // Names and terms are often in Latin letters whatever the language, and Japanese has most of its characters in common with Chinese.
        counts[(int)Script.None] = 0;
        if (counts[(int)Script.Kana] > 0 && counts[(int)Script.Kana] * 5 > counts[(int)Script.Han])
        {
            counts[(int)Script.Kana] += counts[(int)Script.Han];
        }

        var most = Script.None;
        for (var script = Script.Latin; script <= Script.Han; script++)
        {
            var weight = script == Script.Latin ? 1 : 3;
            if (counts[(int)script] * weight > counts[(int)most] * (most == Script.Latin ? 1 : 3))
            {
                most = script;
            }
        }

        return most;
    }

    private static Script Of(char letter) =>
        letter switch
        {
            (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= 'À' and <= 'ɏ') => Script.Latin,
            < 'Ͱ' => Script.None,
            <= 'Ͽ' => Script.Greek,
            <= 'ԯ' => Script.Cyrillic,
            >= '֐' and <= '׿' => Script.Hebrew,
            >= '؀' and <= 'ۿ' => Script.Arabic,
            >= 'ऀ' and <= 'ॿ' => Script.Devanagari,
            >= '฀' and <= '๿' => Script.Thai,
            >= '가' and <= '힣' => Script.Hangul,
            >= '぀' and <= 'ヿ' => Script.Kana,
            >= '一' and <= '鿿' => Script.Han,
            _ => Script.None,
        };
}
