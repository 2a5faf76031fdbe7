namespace LlmThrift.SemanticCache;

/// <summary>
/// A question taken apart for comparison with others: a few bytes a word, without its letters, so that it can stay beside the entry and comparing
/// costs microseconds. Immutable.
/// </summary>
internal sealed class QuestionText
{
    private const int MaxWords = 96;
    private const int LongestWord = 64;

    private const int Unknown = 0;
    private const int German = 2;

    private readonly QuestionWord[] _words;
    private readonly short[] _sides;

    private QuestionText(QuestionWord[] words, short[] sides, QuestionType type, int language, int negations)
    {
        _words = words;
        _sides = sides;
        Type = type;
        Language = language;
        IsNegated = (negations & 1) != 0;
    }

    /// <summary>The first words, 96 at most.</summary>
    public ReadOnlySpan<QuestionWord> Words => _words;

    /// <summary>The sides taken by words that have opposites, in rising order: twice the pair's number, and 1 more on its second side.</summary>
    public ReadOnlySpan<short> Sides => _sides;

    public QuestionType Type { get; }

    /// <summary>Which language or script it is in, as far as a few common words tell; 0 when they do not.</summary>
    public int Language { get; }

    /// <summary>True with an odd number of negations.</summary>
    public bool IsNegated { get; }

    /// <summary>Bytes in memory, roughly.</summary>
    public int Size => 100 + (20 * _words.Length) + (2 * _sides.Length);

    public static QuestionText Parse(ReadOnlySpan<char> text)
    {
        var reader = new Reader(text);
        return reader.Read();
    }

    /// <summary>The hash by which words are known: 32-bit FNV-1a over UTF-16 code units.</summary>
    public static uint Hash(ReadOnlySpan<char> lowerCase)
    {
        var hash = 2166136261u;
        foreach (var c in lowerCase)
        {
            hash = (hash ^ c) * 16777619u;
        }

        return hash == 0 ? 1 : hash;
    }

    /// <summary>The word without a usual English ending. Crude: it only has to be the same for forms of one word.</summary>
    private static uint StemOf(ReadOnlySpan<char> word)
    {
        if (word.Length > 4 && word.EndsWith("ies"))
        {
            return Hash(word[..^2]);
        }

        foreach (var ending in (ReadOnlySpan<string>)["ing", "ed", "es", "s", "e", "y"])
        {
            if (word.Length >= ending.Length + 3 && word.EndsWith(ending, StringComparison.Ordinal) && !word.EndsWith("ss"))
            {
                word = word[..^ending.Length];
                break;
            }
        }

        // "stopped" and "stopping" become "stop".
        var isDoubled = word.Length > 3 && word[^1] == word[^2] && word[^1] != 's' && (word[^1] != 'l' || word.Length > 5);
        return Hash(isDoubled ? word[..^1] : word);
    }

    private ref struct Reader(ReadOnlySpan<char> text)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private readonly List<QuestionWord> _words = new(16);
        private readonly List<short> _sides = new(8);
        private readonly int[] _languages = new int[8];
        private int _position;
        private int _negations;
        private int _script;
        private int _capitals;
        private int _plain;
        private bool _isSentenceStart = true;
        private QuestionType _type;
        private uint _previous;
        private uint _role;

        public QuestionText Read()
        {
            Span<char> word = stackalloc char[LongestWord];
            while (_words.Count < MaxWords && _position < _text.Length)
            {
                var c = _text[_position];
                if (char.IsLetterOrDigit(c))
                {
                    ReadWord(word);
                }
                else if (c is '$' or '€' or '£' or '¥' or '₹' or '%')
                {
                    word[0] = c;
                    Add(word[..1], isCapital: false);
                    _position++;
                }
                else
                {
                    _isSentenceStart |= c is '.' or '!' or '?' or ':' or ';' or '\n' or '"';
                    _position++;
                }
            }

            // In a title every word has a capital, in German every noun: it tells nothing there.
            var words = _words.ToArray();
            var language = LanguageFound();
            if (language == German || (_capitals > 2 && _capitals * 2 > _plain))
            {
                for (var i = 0; i < words.Length; i++)
                {
                    words[i] = words[i] with { Kinds = words[i].Kinds & ~WordKinds.Name };
                }
            }

            _sides.Sort();
            return new QuestionText(words, [.. _sides], _type, language, _negations);
        }

        private void ReadWord(scoped Span<char> word)
        {
            var isCapital = char.IsUpper(_text[_position]) && !_isSentenceStart;
            _isSentenceStart = false;
            var isNumber = char.IsAsciiDigit(_text[_position]);
            var length = 0;
            while (_position < _text.Length)
            {
                var c = _text[_position];
                var next = _position + 1 < _text.Length ? _text[_position + 1] : ' ';
                if (char.IsLetterOrDigit(c))
                {
                    if (IsWordByItself(c))
                    {
                        if (length == 0)
                        {
                            word[length++] = c;
                            _position++;
                            _script = Math.Max(_script, ScriptOf(c));
                        }

                        break;
                    }

                    // "10gb" is a number and a unit.
                    if (isNumber && char.IsAsciiLetter(c) && length > 0 && IsUnitAhead())
                    {
                        break;
                    }

                    if (c >= 0x370)
                    {
                        _script = Math.Max(_script, ScriptOf(c));
                    }

                    if (length < word.Length)
                    {
                        word[length++] = char.ToLowerInvariant(c);
                    }
                }
                else if (isNumber && c == ',' && char.IsAsciiDigit(next))
                {
                    // A thousands separator, dropped.
                }
                else if (c == '.' && length > 0 && char.IsAsciiDigit(word[Math.Min(length, word.Length) - 1]) && char.IsAsciiDigit(next))
                {
                    Append(word, ref length, c);
                }
                else if (c is '+' or '#' && length is > 0 and <= 2)
                {
                    Append(word, ref length, c);
                }
                else if (c is '\'' or '’' && length > 0 && next is 's' or 'S' && !IsLetterAt(_position + 2))
                {
                    // "the company's" is "the company".
                    _position += 2;
                    break;
                }
                else if (c is '\'' or '’' && char.IsLetter(next))
                {
                    // "isn't" is "isnt", which the lists know.
                }
                else if (c == '-' && length is > 0 and <= 2 && char.IsLetter(next) && !isNumber)
                {
                    // "e-mail" is "email".
                }
                else
                {
                    break;
                }

                _position++;
            }

            if (length > 0)
            {
                Add(word[..length], isCapital);
            }
        }

        private readonly bool IsLetterAt(int position) => position < _text.Length && char.IsLetter(_text[position]);

        private static void Append(Span<char> word, ref int length, char c)
        {
            if (length < word.Length)
            {
                word[length++] = c;
            }
        }

        private readonly bool IsUnitAhead()
        {
            var end = _position;
            while (end < _text.Length && end - _position < 16 && char.IsAsciiLetter(_text[end]))
            {
                end++;
            }

            Span<char> lower = stackalloc char[16];
            var length = _text[_position..end].ToLowerInvariant(lower);
            return (WordLists.KindsOf(Hash(lower[..length])) & WordKinds.Unit) != WordKinds.None;
        }

        private void Add(scoped ReadOnlySpan<char> word, bool isCapital)
        {
            var hash = Hash(word);
            var kinds = WordLists.KindsOf(hash);
            var languages = WordLists.LanguagesOf(hash);
            for (var language = 0; languages != 0; language++, languages >>= 1)
            {
                _languages[language] += languages & 1;
            }

            if ((kinds & WordKinds.Negation) != WordKinds.None)
            {
                _negations++;
            }

            var hasDigit = word.ContainsAnyInRange('0', '9');
            kinds |= hasDigit ? WordKinds.Number : WordKinds.None;
            if (isCapital && (kinds & (WordKinds.Stop | WordKinds.Negation)) == WordKinds.None && hash != HashOfI)
            {
                kinds |= WordKinds.Name;
                _capitals++;
            }
            else if ((kinds & WordKinds.Stop) == WordKinds.None)
            {
                _plain++;
            }

            FindType(hash);
            if ((kinds & WordKinds.Opposite) != WordKinds.None)
            {
                _sides.AddRange(WordLists.SidesOf(hash));
            }

            var meaning =
                (kinds & (WordKinds.Number | WordKinds.Unit | WordKinds.Date)) != WordKinds.None ? MeaningOf(word, hash, hasDigit) : hash;
            var prefix = WordLists.ReversingPrefixOf(word);
            var read = new QuestionWord(
                meaning,
                meaning != hash ? meaning : StemOf(word),
                prefix > 0 ? StemOf(word[prefix..]) : 0,
                _role,
                kinds
            );
            _words.Add(read);
            if (read.Is(WordKinds.Direction))
            {
                _role = hash;
            }
            else if (read.IsContent)
            {
                _role = 0;
            }
        }

        /// <summary>"20.00" is "20", "v2" is "2", "3rd" is "3"; "2.10" is not "2.1", nor "1.000" "1".</summary>
        private static uint MeaningOf(ReadOnlySpan<char> word, uint hash, bool hasDigit)
        {
            if (!hasDigit)
            {
                return WordLists.MeaningOf(hash);
            }

            if (word is ['v', >= '0' and <= '9', ..])
            {
                word = word[1..];
            }

            var point = word.IndexOf('.');
            if (point > 0 && word.Length - point is 2 or 3 && !word[(point + 1)..].ContainsAnyExcept('0'))
            {
                word = word[..point];
            }

            return WordLists.MeaningOf(Hash(word));
        }

        private void FindType(uint hash)
        {
            var type = _type;
            if (_words.Count < 8 && type is QuestionType.Other)
            {
                type = QuestionTypes.Of(hash);
            }

            if (
                _previous == QuestionTypes.How
                && QuestionTypes.AfterHow(hash) is var followed and not QuestionType.Other
                && type is QuestionType.How
            )
            {
                type = followed;
            }
            else if (
                _previous == QuestionTypes.What
                && QuestionTypes.AfterWhat(hash) is var asked and not QuestionType.Other
                && type is QuestionType.Other
            )
            {
                type = asked;
            }

            (_type, _previous) = (type, hash);
        }

        private readonly int LanguageFound()
        {
            if (_script > 0)
            {
                return 100 + _script;
            }

            var best = 0;
            var second = 0;
            for (var language = 1; language < 7; language++)
            {
                if (_languages[language] > _languages[best])
                {
                    (second, best) = (best, language);
                }
                else if (second == best || _languages[language] > _languages[second])
                {
                    second = language;
                }
            }

            return _languages[best] >= 2 && (second == best || _languages[best] > _languages[second]) ? best + 1 : Unknown;
        }

        private static bool IsWordByItself(char c) =>
            c is >= '\u3040' and <= '\u30ff' or >= '\u3400' and <= '\u9fff' or >= '\uf900' and <= '\ufaff';

        private static int ScriptOf(char c) =>
            c switch
            {
                < '\u0370' => 0,
                < '\u0400' => 1,
                < '\u0530' => 2,
                < '\u0590' => 3,
                < '\u0600' => 4,
                < '\u0780' => 5,
                < '\u0e00' => 6,
                < '\u0e80' => 7,
                < '\u3040' => 8,
                <= '\u30ff' => 12,
                >= '\uac00' and <= '\ud7af' => 10,
                _ => 11,
            };
    }

    private static readonly uint HashOfI = Hash("i");
}
