using Microsoft.Extensions.AI;

namespace LlmThrift.Evaluation.Conversations;

/// <summary>What there is to beat: the last messages, and plain BM25 over words.</summary>
internal static class PlainSelections
{
    private const double Saturation = 1.2;
    private const double LengthShare = 0.75;

    /// <summary>The last messages that fit.</summary>
    public static bool[] LastN(int[] tokens, int budget)
    {
        var kept = new bool[tokens.Length];
        for (var i = tokens.Length - 1; i >= 0 && tokens[i] <= budget; i--)
        {
            budget -= tokens[i];
            kept[i] = true;
        }

        return kept;
    }

    /// <summary>By falling score, what fits.</summary>
    public static bool[] ByScore(double[] scores, int[] tokens, int budget)
    {
        var kept = new bool[tokens.Length];
        foreach (var i in Enumerable.Range(0, tokens.Length).OrderByDescending(i => scores[i]).ThenByDescending(i => i))
        {
            if (tokens[i] <= budget)
            {
                budget -= tokens[i];
                kept[i] = true;
            }
        }

        return kept;
    }

    /// <summary>BM25 of stemmed words.</summary>
    public static double[] Bm25(string question, ChatMessage[] turns)
    {
        var documents = Array.ConvertAll(turns, turn => WordsOf(turn.Text).ToList());
        var mean = documents.Average(words => words.Count);
        var scores = new double[turns.Length];
        foreach (var word in WordsOf(question).Distinct(StringComparer.Ordinal))
        {
            var having = documents.Count(words => words.Contains(word));
            var rarity = Math.Log(1 + ((documents.Length - having + 0.5) / (having + 0.5)));
            for (var i = 0; i < scores.Length; i++)
            {
                var count = documents[i].Count(other => other == word);
                scores[i] +=
                    rarity
                    * count
                    * (Saturation + 1)
                    / (count + (Saturation * (1 - LengthShare + (LengthShare * documents[i].Count / mean))));
            }
        }

        return scores;
    }

    private static IEnumerable<string> WordsOf(string text)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var isLetter = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (isLetter && start < 0)
            {
                start = i;
            }
            else if (!isLetter && start >= 0)
            {
                yield return Stem(text[start..i].ToUpperInvariant());
                start = -1;
            }
        }
    }

    private static string Stem(string word)
    {
        foreach (var ending in (string[])["ING", "ED", "ES", "S"])
        {
            if (word.Length >= ending.Length + 3 && word.EndsWith(ending, StringComparison.Ordinal))
            {
                return word[..^ending.Length];
            }
        }

        return word;
    }
}
