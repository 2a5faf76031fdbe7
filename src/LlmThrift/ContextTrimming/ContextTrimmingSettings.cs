namespace LlmThrift.ContextTrimming;

/// <summary>What the parts of the trimmer need of the options, which may change after they were read.</summary>
internal readonly record struct ContextTrimmingSettings(int RecentMessages, int ShortenAbove)
{
    /// <summary>Of a text that is shortened: three a token, so that most languages come out below the limit.</summary>
    public int ShortenedCharacters => 3 * ShortenAbove;
}
