namespace ConsoleReplay.Recorded;

/// <summary>Cuts a text into pieces of about one token, as a provider streams it. Joined, the pieces are the text.</summary>
internal static class TokenChunks
{
    private const int LongestChunk = 9;

    public static List<string> Split(string text)
    {
        var chunks = new List<string>((text.Length / 4) + 1);
        var start = 0;
        for (var index = 1; index <= text.Length; index++)
        {
            // A piece starts at white space, where letters and marks meet, and in the middle of a long word, never within a surrogate pair.
            var cut =
                index == text.Length
                || (
                    !char.IsLowSurrogate(text[index])
                    && (
                        (char.IsWhiteSpace(text[index]) && !char.IsWhiteSpace(text[index - 1]))
                        || (
                            !char.IsWhiteSpace(text[index - 1])
                            && char.IsLetterOrDigit(text[index]) != char.IsLetterOrDigit(text[index - 1])
                        )
                        || index - start >= LongestChunk
                    )
                );
            if (cut)
            {
                chunks.Add(text[start..index]);
                start = index;
            }
        }

        return chunks;
    }
}
