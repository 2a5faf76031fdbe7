using System.Runtime.InteropServices;

namespace LlmThrift.Routing;

/// <summary>
/// What can be counted in a question: its length, numbers, lines, signs, words. In the order of <see cref="Names"/>; most as logarithms or shares, so that none outweighs the others.
/// </summary>
internal static class PromptFeatures
{
    /// <summary>Where the logarithm of the length is.</summary>
    public const int Characters = 0;

    /// <summary>Where that of the number of sentences is.</summary>
    public const int Sentences = 4;

    public static readonly string[] Names =
    [
        "characters",
        "digits",
        "numbers",
        "lines",
        "sentences",
        "word length",
        "question mark",
        "signs",
        "code",
        "different words",
        "long words",
        "negation",
        "choices",
        "first line",
        "capitals",
        "number words",
        "fractions",
        "decimals",
        "numbers per sentence",
        "comparisons",
        "equal measures",
        "rates",
        "times",
        "conditions",
        "pronouns",
        "names",
        "repeated words",
        "past tense",
        "commas",
    ];

    /// <summary>
    /// How much work a question is, as far as its text shows, as features with weights: its length, and less of what makes the same length harder, as quantities in words and how they compare.
    /// </summary>
    public static readonly (int Feature, double Weight)[] Effort =
    [
        (Characters, 1),
        .. new[] { "number words", "fractions", "comparisons", "equal measures", "names", "repeated words" }.Select(name =>
            (Array.IndexOf(Names, name), 0.3)
        ),
    ];

    /// <summary>What English words tell; in other languages these features are zero, and embeddings tell it.</summary>
    private static readonly Dictionary<string, WordKinds> Kinds = KindsOf(
        (WordKinds.Negation, "not no never except without false incorrect cannot"),
        (
            WordKinds.Number,
            "one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand dozen twice double triple thrice once"
        ),
        (WordKinds.Number | WordKinds.Fraction, "half halves third thirds quarter quarters fourth fifth"),
        (WordKinds.Comparison, "more less fewer greater larger smaller older younger than"),
        (WordKinds.Rate, "twice times double triple each every per"),
        (
            WordKinds.Time,
            "hour hours minute minutes day days week weeks month months year years second seconds morning monday tuesday wednesday thursday friday saturday sunday"
        ),
        (WordKinds.Pronoun, "he she his her they their them it"),
        (WordKinds.Condition, "if"),
        (WordKinds.As, "as"),
        (WordKinds.Measure, "many much long old tall far")
    );

    public static int Count => Names.Length;

    /// <summary>Writes the features of a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="features">Gets <see cref="Count"/> values.</param>
    public static void Write(string question, Span<float> features)
    {
        var counts = new Counts(question.Length);
        counts.Read(question);
        var length = Math.Max(1, question.Length);
        var words = Math.Max(1, counts.Words);
        var firstLine = question.AsSpan().IndexOf('\n') is var end and >= 0 ? end : question.Length;
        features[Characters] = Log(question.Length);
        features[1] = 10f * counts.Digits / length;
        features[2] = Log(counts.Numbers);
        features[3] = Log(counts.Lines);
        features[Sentences] = Log(counts.Sentences);
        features[5] = counts.Letters / 5f / words;
        features[6] = question.Contains('?', StringComparison.Ordinal) || question.Contains('？', StringComparison.Ordinal) ? 1 : 0;
        features[7] = 10f * counts.Signs / length;
        features[8] =
            question.Contains("```", StringComparison.Ordinal)
            || question.Contains(";\n", StringComparison.Ordinal)
            || question.Contains("def ", StringComparison.Ordinal)
                ? 1
                : 0;
        features[9] = (float)counts.DifferentWords / words;
        features[10] = 5f * counts.LongWords / words;
        features[11] = counts.HasNegation ? 1 : 0;
        features[12] = question.Contains("\nA.", StringComparison.Ordinal) || question.Contains("\nA)", StringComparison.Ordinal) ? 1 : 0;
        features[13] = Log(firstLine);
        features[14] = 10f * counts.Capitals / length;
        features[15] = Log(counts.NumberWords);
        features[16] = Log(counts.Fractions);
        features[17] = counts.HasDecimal ? 1 : 0;
        features[18] = (float)counts.Numbers / Math.Max(1, counts.Sentences);
        features[19] = Log(counts.Comparisons);
        features[20] = Log(counts.EqualMeasures);
        features[21] = Log(counts.Rates);
        features[22] = Log(counts.Times);
        features[23] = Log(counts.Conditions);
        features[24] = Log(counts.Pronouns);
        features[25] = Log(counts.ProperNames);
        features[26] = Log(counts.RepeatedWords);
        features[27] = Log(counts.PastTense);
        features[28] = Log(counts.Commas);
    }

    private static float Log(int count) => MathF.Log(1 + count);

    private static Dictionary<string, WordKinds> KindsOf(params ReadOnlySpan<(WordKinds Kind, string Words)> lists)
    {
        var kinds = new Dictionary<string, WordKinds>(StringComparer.OrdinalIgnoreCase);
        foreach (var (kind, words) in lists)
        {
            foreach (var word in words.Split(' '))
            {
                kinds[word] = kinds.GetValueOrDefault(word) | kind;
            }
        }

        return kinds;
    }

    [Flags]
    private enum WordKinds
    {
        None = 0,
        Negation = 1,
        Number = 2,
        Fraction = 4,
        Comparison = 8,
        Rate = 16,
        Time = 32,
        Pronoun = 64,
        Condition = 128,
        As = 256,
        Measure = 512,
    }

    private struct Counts
    {
        private readonly Dictionary<int, int> _words;
        private readonly HashSet<int> _properNames = [];
        private bool _isAfterAs;

        public int Digits;
        public int Numbers;
        public int NumberWords;
        public int Fractions;
        public bool HasDecimal;
        public int Lines;
        public int Sentences;
        public int Commas;
        public int Words;
        public int Letters;
        public int LongWords;
        public int RepeatedWords;
        public int PastTense;
        public int Comparisons;
        public int EqualMeasures;
        public int Rates;
        public int Times;
        public int Conditions;
        public int Pronouns;
        public int Signs;
        public int Capitals;
        public bool HasNegation;

        // About as many different words as English text of that length has: no more than a few growths of the table.
        public Counts(int length) => _words = new Dictionary<int, int>(Math.Min(length / 12, 1_000));

        public readonly int DifferentWords => _words.Count;

        public readonly int ProperNames => _properNames.Count;

        public void Read(string text)
        {
            var kinds = Kinds.GetAlternateLookup<ReadOnlySpan<char>>();
            for (var i = 0; i < text.Length; i++)
            {
                var letter = text[i];
                if (char.IsLetter(letter))
                {
                    var start = i;
                    while (i + 1 < text.Length && (char.IsLetter(text[i + 1]) || text[i + 1] == '\''))
                    {
                        i++;
                    }

                    var word = text.AsSpan(start, i + 1 - start);
                    ReadWord(word, kinds.TryGetValue(word, out var kind) ? kind : WordKinds.None);
                }
                else if (char.IsDigit(letter))
                {
                    Digits++;
                    Numbers += i == 0 || !(char.IsDigit(text[i - 1]) || text[i - 1] is '.' or ',') ? 1 : 0;
                }
                else
                {
                    var isBetweenDigits = i > 0 && i + 1 < text.Length && char.IsDigit(text[i - 1]) && char.IsDigit(text[i + 1]);
                    HasDecimal |= isBetweenDigits && letter == '.';
                    Fractions += isBetweenDigits && letter == '/' ? 1 : 0;
                    Commas += letter == ',' ? 1 : 0;
                    Lines += letter == '\n' ? 1 : 0;
                    Sentences +=
                        letter is '。' or '！' or '？'
                        || (letter is '.' or '!' or '?' && (i + 1 == text.Length || char.IsWhiteSpace(text[i + 1])))
                            ? 1
                            : 0;
                    Signs += letter
                        is '+'
                            or '-'
                            or '*'
                            or '/'
                            or '='
                            or '^'
                            or '<'
                            or '>'
                            or '('
                            or ')'
                            or '['
                            or ']'
                            or '{'
                            or '}'
                            or '\\'
                            or '_'
                            or '|'
                            or '$'
                        ? 1
                        : 0;
                }
            }
        }

        private void ReadWord(ReadOnlySpan<char> word, WordKinds kind)
        {
            Words++;
            Letters += word.Length;
            LongWords += word.Length > 8 ? 1 : 0;
            Capitals += char.IsUpper(word[0]) ? 1 : 0;
            HasNegation |= kind.HasFlag(WordKinds.Negation);
            NumberWords += One(kind, WordKinds.Number);
            Fractions += One(kind, WordKinds.Fraction);
            Comparisons += One(kind, WordKinds.Comparison);
            EqualMeasures += _isAfterAs ? One(kind, WordKinds.Measure) : 0;
            Rates += One(kind, WordKinds.Rate);
            Times += One(kind, WordKinds.Time);
            Conditions += One(kind, WordKinds.Condition);
            Pronouns += One(kind, WordKinds.Pronoun);
            PastTense += word.EndsWith("ed", StringComparison.OrdinalIgnoreCase) ? 1 : 0;
            _isAfterAs = kind.HasFlag(WordKinds.As);

            ref var occurrences = ref CollectionsMarshal.GetValueRefOrAddDefault(
                _words,
                string.GetHashCode(word, StringComparison.OrdinalIgnoreCase),
                out _
            );
            occurrences++;
            RepeatedWords += occurrences == 3 && word.Length > 3 ? 1 : 0;
            if (word.Length > 1 && char.IsUpper(word[0]) && char.IsLower(word[1]))
            {
                _properNames.Add(string.GetHashCode(word, StringComparison.Ordinal));
            }
        }

        private static int One(WordKinds kind, WordKinds searched) => kind.HasFlag(searched) ? 1 : 0;
    }
}
