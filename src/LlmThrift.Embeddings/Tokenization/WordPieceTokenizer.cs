using System.Runtime.CompilerServices;
using LlmThrift.Embeddings.Model;

namespace LlmThrift.Embeddings.Tokenization;

/// <summary>The tokenizer of BERT (uncased): words without accents in lower case, cut into the longest tokens from the left. Thread-safe, allocates nothing.</summary>
/// <remarks>
/// Follows the normaliser, the pre-tokenizer and WordPiece as published with BERT (Devlin et al. 2019): control characters are dropped, punctuation and Chinese
/// characters are words of their own, a word that is longer than 100 characters or that no tokens make up is one unknown token. Special tokens spelt out in a text
/// are text. Lone surrogates are dropped. Time is linear in the length of what is read.
/// </remarks>
internal sealed unsafe class WordPieceTokenizer
{
    private const int MaxWordCharacters = 100;

    /// <summary>Room for the bytes of a word: 100 characters of up to four, and the one that makes it too long.</summary>
    private const int MaxWordBytes = (MaxWordCharacters + 1) * 4;

    private readonly uint* _entries;
    private readonly byte* _bytes;
    private readonly ushort* _table;
    private readonly CharacterTable _characters;
    private readonly int _longestToken;

    public WordPieceTokenizer(ModelFile file)
    {
        _entries = file.Part<uint>(ModelLayout.VocabularyEntries, ModelLayout.VocabularySize);
        _bytes = file.Part<byte>(ModelLayout.VocabularyBytes, 1);
        _table = file.Part<ushort>(ModelLayout.VocabularyTable, 1 << ModelLayout.TableBits);
        _characters = new CharacterTable(file);
        for (var id = ModelLayout.FirstWordId; id < ModelLayout.VocabularySize; id++)
        {
            _longestToken = Math.Max(_longestToken, LengthOf(_entries[id]));
        }
    }

    /// <summary>Cuts a text into tokens, with those that mark its beginning and its end.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ids">Takes the tokens; at least 2. Of a longer text, the first ones are taken, and no more of it is read than that needs.</param>
    /// <param name="truncated">Whether the text had more tokens.</param>
    /// <returns>The number of tokens.</returns>
    [SkipLocalsInit]
    public int Encode(ReadOnlySpan<char> text, Span<int> ids, out bool truncated)
    {
        ids[0] = ModelLayout.ClassifierId;
        var bytes = stackalloc byte[MaxWordBytes];
        var word = new Word(bytes);

        // The last place is kept for the end mark.
        var output = new Output(ids[..^1]) { Count = 1 };
        for (var i = 0; i < text.Length && !output.IsFull; i++)
        {
            uint codePoint = text[i];
            if (codePoint < 0x80)
            {
                AppendAscii((byte)codePoint, ref word, ref output);
                continue;
            }

            if (char.IsHighSurrogate((char)codePoint) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                codePoint = (uint)char.ConvertToUtf32((char)codePoint, text[++i]);
            }

            Append(codePoint, ref word, ref output);
        }

        Finish(ref word, ref output);
        truncated = output.IsFull;
        ids[output.Count] = ModelLayout.SeparatorId;
        return output.Count + 1;
    }

    /// <summary>The bytes of a token in UTF-8, without the mark of one that continues a word.</summary>
    /// <param name="id">The token.</param>
    /// <param name="continues">Whether it continues a word.</param>
    public ReadOnlySpan<byte> BytesOf(int id, out bool continues)
    {
        var entry = _entries[id];
        continues = (entry & ModelLayout.EntryContinues) != 0;
        return new(_bytes + (entry & ModelLayout.EntryOffsetMask), LengthOf(entry));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AppendAscii(byte character, ref Word word, ref Output output)
    {
        if ((uint)((character | 0x20) - 'a') <= 'z' - 'a')
        {
            word.AddAscii((byte)(character | 0x20));
        }
        else if ((uint)(character - '0') <= 9)
        {
            word.AddAscii(character);
        }
        else if (character == ' ')
        {
            Finish(ref word, ref output);
        }
        else
        {
            Append(character, ref word, ref output);
        }
    }

    private void Append(uint codePoint, ref Word word, ref Output output)
    {
        var @class = _characters.ClassOf(codePoint);
        switch (@class)
        {
            case ModelLayout.Dropped:
                break;
            case ModelLayout.Space:
                Finish(ref word, ref output);
                break;
            case ModelLayout.Itself:
                word.Add(codePoint);
                break;
            case ModelLayout.Punctuation:
            case ModelLayout.Ideograph:
                AppendAlone(codePoint, ref word, ref output);
                break;
            case ModelLayout.Hangul:
                AppendHangul(codePoint, ref word);
                break;
            default:
                AppendMapping(@class, ref word, ref output);
                break;
        }
    }

    private void AppendAlone(uint codePoint, ref Word word, ref Output output)
    {
        Finish(ref word, ref output);
        word.Add(codePoint);
        Finish(ref word, ref output);
    }

    private void AppendMapping(ushort @class, ref Word word, ref Output output)
    {
        var mapping = _characters.MappingOf(@class, out var isIdeograph);
        if (isIdeograph)
        {
            Finish(ref word, ref output);
        }

        foreach (var part in mapping)
        {
            if ((part & ModelLayout.PunctuationFlag) != 0)
            {
                AppendAlone(part & ~ModelLayout.PunctuationFlag, ref word, ref output);
            }
            else
            {
                word.Add(part);
            }
        }

        if (isIdeograph)
        {
            Finish(ref word, ref output);
        }
    }

    /// <summary>A syllable as its letters, by the arithmetic of the Unicode standard, section 3.12.</summary>
    private static void AppendHangul(uint codePoint, ref Word word)
    {
        const uint Vowels = 21;
        const uint Finals = 28;
        var index = codePoint - 0xAC00;
        word.Add(0x1100 + (index / (Vowels * Finals)));
        word.Add(0x1161 + (index / Finals % Vowels));
        if (index % Finals != 0)
        {
            word.Add(0x11A7 + (index % Finals));
        }
    }

    /// <summary>Ends the word, and cuts it into tokens: the longest that fits, time and again.</summary>
    private void Finish(ref Word word, ref Output output)
    {
        if (word.Characters == 0)
        {
            return;
        }

        if (word.Characters > MaxWordCharacters)
        {
            output.Add(ModelLayout.UnknownId);
        }
        else
        {
            var before = output;
            if (!TryCut(word.Bytes, word.Length, ref output))
            {
                output = before;
                output.Add(ModelLayout.UnknownId);
            }
        }

        word.Clear();
    }

    [SkipLocalsInit]
    private bool TryCut(byte* word, int length, ref Output output)
    {
        var hashes = stackalloc uint[MaxWordBytes + 1];
        for (var start = 0; start < length; )
        {
            var hash = start == 0 ? ModelLayout.WordSeed : ModelLayout.ContinuationSeed;
            var end = Math.Min(length, start + _longestToken);
            for (var i = start; i < end; i++)
            {
                hash = (hash ^ word[i]) * 16777619;
                hashes[i + 1] = hash;
            }

            var id = -1;
            for (; end > start; end--)
            {
                id = Find(word + start, end - start, hashes[end], start > 0);
                if (id >= 0)
                {
                    break;
                }
            }

            if (id < 0)
            {
                return false;
            }

            // A word that does not fit is cut on: that it has tokens to its end decides whether it is unknown.
            output.Add(id);
            start = end;
        }

        return true;
    }

    private int Find(byte* token, int length, uint hash, bool continues)
    {
        for (var slot = ModelLayout.Slot(hash); ; slot = (slot + 1) & ((1 << ModelLayout.TableBits) - 1))
        {
            var id = _table[slot];
            if (id == ModelLayout.TableEmpty)
            {
                return -1;
            }

            var entry = _entries[id];
            if (
                LengthOf(entry) == length
                && (entry & ModelLayout.EntryContinues) != 0 == continues
                && new ReadOnlySpan<byte>(_bytes + (entry & ModelLayout.EntryOffsetMask), length).SequenceEqual(new(token, length))
            )
            {
                return id;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int LengthOf(uint entry) => (int)(entry >> ModelLayout.EntryLengthShift) & 0x7F;

    /// <summary>The word under way, in UTF-8. What is longer than a word may be is counted, not kept.</summary>
    private ref struct Word(byte* bytes)
    {
        public byte* Bytes { get; } = bytes;

        public int Length { get; private set; }

        public int Characters { get; private set; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddAscii(byte character)
        {
            if (++Characters <= MaxWordCharacters)
            {
                Bytes[Length++] = character;
            }
        }

        public void Add(uint codePoint)
        {
            if (++Characters > MaxWordCharacters)
            {
                return;
            }

            if (codePoint < 0x80)
            {
                Bytes[Length++] = (byte)codePoint;
            }
            else if (codePoint < 0x800)
            {
                Bytes[Length++] = (byte)(0xC0 | (codePoint >> 6));
                Bytes[Length++] = (byte)(0x80 | (codePoint & 0x3F));
            }
            else if (codePoint < 0x10000)
            {
                Bytes[Length++] = (byte)(0xE0 | (codePoint >> 12));
                Bytes[Length++] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
                Bytes[Length++] = (byte)(0x80 | (codePoint & 0x3F));
            }
            else
            {
                Bytes[Length++] = (byte)(0xF0 | (codePoint >> 18));
                Bytes[Length++] = (byte)(0x80 | ((codePoint >> 12) & 0x3F));
                Bytes[Length++] = (byte)(0x80 | ((codePoint >> 6) & 0x3F));
                Bytes[Length++] = (byte)(0x80 | (codePoint & 0x3F));
            }
        }

        public void Clear() => Length = Characters = 0;
    }

    /// <summary>The tokens so far.</summary>
    private ref struct Output(Span<int> ids)
    {
        private readonly Span<int> _ids = ids;

        public int Count { get; set; }

        /// <summary>Whether a token had no room any more.</summary>
        public bool IsFull { get; private set; }

        public void Add(int id)
        {
            if (Count < _ids.Length)
            {
                _ids[Count++] = id;
            }
            else
            {
                IsFull = true;
            }
        }
    }
}
