using System.Runtime.InteropServices;

namespace LlmThrift.ContextTrimming;

/// <summary>
/// How much blocks have in common with a question: BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) over pieces of words,
/// with a rarity that is learnt from the conversation itself and raised to a power, so that names and numbers decide.
/// </summary>
internal static class WordRelevance
{
    private const double Saturation = 1.2;
    private const double LengthShare = 0.75;

    /// <summary>Scores blocks.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="texts">Of each block.</param>
    /// <param name="scores">Filled: not negative, 0 where nothing is in common.</param>
    public static void Score(string question, ReadOnlySpan<string> texts, Span<double> scores)
    {
        scores.Clear();
        var wanted = new WantedGrams(question);
        if (wanted.Count == 0 || texts.IsEmpty)
        {
            return;
        }

        var lengths = new int[texts.Length];
        var counts = new int[wanted.Count];
        var documents = new int[wanted.Count];
        var found = new List<(int Block, int Gram, int Count)>();
        var touched = new List<int>();
        long total = 0;
        for (var block = 0; block < texts.Length; block++)
        {
            var grams = new Grams(texts[block]);
            var length = 0;
            while (grams.MoveNext(out var gram))
            {
                length++;
                var number = wanted.NumberOf(gram);
                if (number >= 0 && counts[number]++ == 0)
                {
                    touched.Add(number);
                }
            }

            foreach (var number in touched)
            {
                found.Add((block, number, counts[number]));
                documents[number]++;
                counts[number] = 0;
            }

            touched.Clear();
            lengths[block] = length;
            total += length;
        }

        var mean = Math.Max(1, (double)total / texts.Length);
        var rarities = new double[wanted.Count];
        for (var number = 0; number < rarities.Length; number++)
        {
            var rarity = Math.Log(1 + ((texts.Length - documents[number] + 0.5) / (documents[number] + 0.5)));
            rarities[number] = rarity * rarity * Math.Sqrt(rarity);
        }

        foreach (var (block, number, count) in CollectionsMarshal.AsSpan(found))
        {
            var length = 1 - LengthShare + (LengthShare * lengths[block] / mean);
            scores[block] += rarities[number] * count * (Saturation + 1) / (count + (Saturation * length));
        }
    }

    /// <summary>The different pieces of the question, numbered. Most pieces of a text are not among them, which a few bits tell.</summary>
    private sealed class WantedGrams
    {
        private const int FilterBits = 4096;

        private readonly ulong[] _filter = new ulong[FilterBits / 64];
        private readonly Dictionary<ulong, int> _numbers = [];

        public WantedGrams(string question)
        {
            var grams = new Grams(question);
            while (grams.MoveNext(out var gram))
            {
                if (_numbers.TryAdd(gram, _numbers.Count))
                {
                    var bit = BitOf(gram);
                    _filter[bit >> 6] |= 1UL << bit;
                }
            }
        }

        public int Count => _numbers.Count;

        public int NumberOf(ulong gram)
        {
            var bit = BitOf(gram);
            return (_filter[bit >> 6] & (1UL << bit)) != 0 && _numbers.TryGetValue(gram, out var number) ? number : -1;
        }

        private static int BitOf(ulong gram) => (int)((gram * 0x9E37_79B9_7F4A_7C15) >> 52);
    }
}
