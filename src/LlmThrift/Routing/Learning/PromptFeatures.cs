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
    ];

    private static readonly HashSet<string> Negations = new(StringComparer.OrdinalIgnoreCase)
    {
        "not",
        "no",
        "never",
        "except",
        "without",
        "false",
        "incorrect",
        "cannot",
    };

    public static int Count => Names.Length;

    /// <summary>Writes the features of a question.</summary>
    /// <param name="question">The question.</param>
    /// <param name="features">Gets <see cref="Count"/> values.</param>
    public static void Write(string question, Span<float> features)
    {
        var counts = new Counts();
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
    }

    private static float Log(int count) => MathF.Log(1 + count);

    private struct Counts
    {
        private HashSet<int>? _seen;

        public int Digits;
        public int Numbers;
        public int Lines;
        public int Sentences;
        public int Words;
        public int Letters;
        public int LongWords;
        public int Signs;
        public int Capitals;
        public bool HasNegation;

        public readonly int DifferentWords => _seen?.Count ?? 0;

        public void Read(string text)
        {
            _seen = [];
            var negations = Negations.GetAlternateLookup<ReadOnlySpan<char>>();
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
                    Words++;
                    Letters += word.Length;
                    LongWords += word.Length > 8 ? 1 : 0;
                    Capitals += char.IsUpper(word[0]) ? 1 : 0;
                    HasNegation |= negations.Contains(word);
                    _seen.Add(string.GetHashCode(word, StringComparison.OrdinalIgnoreCase));
                }
                else if (char.IsDigit(letter))
                {
                    Digits++;
                    Numbers += i == 0 || !(char.IsDigit(text[i - 1]) || text[i - 1] is '.' or ',') ? 1 : 0;
                }
                else
                {
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
    }
}
