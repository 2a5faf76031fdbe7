using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace LlmThrift.Tokens;

/// <summary>Byte-pair encoding with one of OpenAI's public vocabularies; gives the same tokens as tiktoken.</summary>
/// <remarks>
/// <para>
/// Counting allocates nothing, keeps nothing of the texts that it counts, and takes time linear in the length of any text. Safe for concurrent use.
/// A vocabulary is loaded when it is first used, in some tens of milliseconds, and takes about 15 MB (o200k_base) or 8 MB (cl100k_base) of memory.
/// </para>
/// <para>The patterns and vocabularies are those of OpenAI's tiktoken (https://github.com/openai/tiktoken).</para>
/// </remarks>
public sealed unsafe class BytePairEncoding : ITokenCounter
{
    /// <summary>Texts are encoded in parts of about this many characters, so that the copy in UTF-8 stays in the processor's cache.</summary>
    private const int PartLength = 16 * 1024;

    /// <summary>From this length on, pieces repeat often enough to pay for remembering them.</summary>
    private const int MemoisedText = 4 * 1024;

    private const int ShortText = 512;

    private static readonly Lazy<BytePairEncoding> LazyO200kBase = new(static () =>
        new BytePairEncoding(
            "o200k_base",
            BytePairPattern.O200k,
            vocabularySize: 200019,
            new Dictionary<string, int>(StringComparer.Ordinal) { ["<|endoftext|>"] = 199999, ["<|endofprompt|>"] = 200018 }
        )
    );

    private static readonly Lazy<BytePairEncoding> LazyCl100kBase = new(static () =>
        new BytePairEncoding(
            "cl100k_base",
            BytePairPattern.Cl100k,
            vocabularySize: 100277,
            new Dictionary<string, int>(StringComparer.Ordinal)
            {
                ["<|endoftext|>"] = 100257,
                ["<|fim_prefix|>"] = 100258,
                ["<|fim_middle|>"] = 100259,
                ["<|fim_suffix|>"] = 100260,
                ["<|endofprompt|>"] = 100276,
            }
        )
    );

    private readonly BytePairVocabulary _vocabulary;
    private readonly BytePairPattern _pattern;
    private readonly Dictionary<string, int> _specialTokens;

    private BytePairEncoding(string name, BytePairPattern pattern, int vocabularySize, Dictionary<string, int> specialTokens)
    {
        CharacterClasses.EnsureLoaded();
        Name = name;
        _vocabulary = BytePairVocabulary.Load(name);
        _pattern = pattern;
        _specialTokens = specialTokens;
        VocabularySize = vocabularySize;
    }

    /// <summary>The encoding of GPT-4o, GPT-4.1, GPT-5, o1, o3, o4 and gpt-oss.</summary>
    public static BytePairEncoding O200kBase => LazyO200kBase.Value;

    /// <summary>The encoding of GPT-4, GPT-3.5 Turbo and the text-embedding-3 models.</summary>
    public static BytePairEncoding Cl100kBase => LazyCl100kBase.Value;

    /// <summary>The encoding's published name, such as <c>o200k_base</c>.</summary>
    public string Name { get; }

    /// <summary>One more than the highest token id, special tokens included.</summary>
    public int VocabularySize { get; }

    /// <summary>The special tokens by their spelling.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens => _specialTokens;

    internal BytePairVocabulary Vocabulary => _vocabulary;

    /// <inheritdoc/>
    public int CountTokens(ReadOnlySpan<char> text) => EncodeOrdinary(text, tokens: null);

    /// <summary>Counts the tokens of a text in UTF-8. Spellings of special tokens count as ordinary text.</summary>
    /// <param name="utf8Text">The text. Bytes that are not valid UTF-8 count as U+FFFD, as <see cref="Encoding.UTF8"/> reads them.</param>
    /// <returns>The number of tokens, zero for an empty text.</returns>
    public int CountTokens(ReadOnlySpan<byte> utf8Text)
    {
        if (!Utf8.IsValid(utf8Text))
        {
            return CountTokens(Encoding.UTF8.GetString(utf8Text));
        }

        if (utf8Text.Length < MemoisedText)
        {
            return CountParts(utf8Text, memo: null);
        }

        var rented = PieceMemo.Rent();
        int count;
        fixed (byte* memory = rented)
        {
            var memo = new PieceMemo(memory);
            count = CountParts(utf8Text, &memo);
        }

        ArrayPool<byte>.Shared.Return(rented);
        return count;
    }

    private int CountParts(ReadOnlySpan<byte> utf8Text, PieceMemo* memo)
    {
        var count = 0;
        var buffer = ArrayPool<byte>.Shared.Rent(int.Min(utf8Text.Length, PartLength) + PieceScanner.ReadAhead);
        while (!utf8Text.IsEmpty)
        {
            var part = utf8Text[..EndOfPart(utf8Text)];
            if (part.Length + PieceScanner.ReadAhead > buffer.Length)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(part.Length + PieceScanner.ReadAhead);
            }

            part.CopyTo(buffer);
            count += EncodeBuffer(buffer, part.Length, tokens: null, memo);
            utf8Text = utf8Text[part.Length..];
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return count;
    }

    /// <summary>Encodes a text. Spellings of special tokens are ordinary text.</summary>
    /// <param name="text">The text. Lone surrogates are encoded as U+FFFD.</param>
    /// <returns>The token ids.</returns>
    public int[] Encode(ReadOnlySpan<char> text)
    {
        var tokens = new List<int>((text.Length / 4) + 1);
        EncodeOrdinary(text, tokens);
        return [.. tokens];
    }

    /// <summary>Encodes a text in which spellings of special tokens stand for these tokens.</summary>
    /// <param name="text">The text. Never pass text of users: they could write special tokens into it.</param>
    /// <param name="allowed">The special tokens to recognise, all others being ordinary text; null for all of <see cref="SpecialTokens"/>.</param>
    /// <returns>The token ids.</returns>
    /// <exception cref="ArgumentException"><paramref name="allowed"/> names a token that this encoding does not have.</exception>
    public int[] EncodeWithSpecialTokens(ReadOnlySpan<char> text, IReadOnlyCollection<string>? allowed = null)
    {
        foreach (var spelling in allowed ?? [])
        {
            if (!_specialTokens.ContainsKey(spelling))
            {
                throw new ArgumentException(
                    $"{Name} has no special token '{spelling}'; it has {string.Join(", ", _specialTokens.Keys)}.",
                    nameof(allowed)
                );
            }
        }

        allowed ??= _specialTokens.Keys;
        var tokens = new List<int>((text.Length / 4) + 1);
        var ordinary = 0;
        for (var start = 0; start < text.Length; start++)
        {
            // All special tokens of these encodings are spelled <|…|>.
            var next = text[start..].IndexOf("<|", StringComparison.Ordinal);
            if (next < 0)
            {
                break;
            }

            start += next;
            foreach (var spelling in allowed)
            {
                if (text[start..].StartsWith(spelling, StringComparison.Ordinal))
                {
                    EncodeOrdinary(text[ordinary..start], tokens);
                    tokens.Add(_specialTokens[spelling]);
                    ordinary = start + spelling.Length;
                    start = ordinary - 1;
                    break;
                }
            }
        }

        EncodeOrdinary(text[ordinary..], tokens);
        return [.. tokens];
    }

    /// <summary>Gives back the text of tokens, special ones included.</summary>
    /// <param name="tokens">The token ids.</param>
    /// <returns>The text. Bytes that are not valid UTF-8, as where a character is cut in two, become U+FFFD.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A token id is not one of this encoding.</exception>
    public string Decode(ReadOnlySpan<int> tokens)
    {
        var bytes = new ArrayBufferWriter<byte>(int.Max(16, tokens.Length * 4));
        foreach (var token in tokens)
        {
            if ((uint)token < (uint)_vocabulary.Count)
            {
                bytes.Write(_vocabulary.GetBytes(token));
            }
            else if (_specialTokens.FirstOrDefault(special => special.Value == token).Key is { } spelling)
            {
                Encoding.UTF8.GetBytes(spelling, bytes);
            }
            else
            {
                throw new ArgumentOutOfRangeException(nameof(tokens), token, $"Not a token of {Name}.");
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    [SkipLocalsInit]
    private int EncodeOrdinary(ReadOnlySpan<char> text, List<int>? tokens)
    {
        if (text.Length <= ShortText)
        {
            Span<byte> shortBuffer = stackalloc byte[(ShortText * 3) + PieceScanner.ReadAhead];
            Utf8.FromUtf16(text, shortBuffer, out _, out var written);
            return EncodeBuffer(shortBuffer, written, tokens, memo: null);
        }

        if (text.Length < MemoisedText || tokens is not null)
        {
            return EncodeParts(text, tokens, memo: null);
        }

        var rented = PieceMemo.Rent();
        int count;
        fixed (byte* memory = rented)
        {
            var memo = new PieceMemo(memory);
            count = EncodeParts(text, tokens: null, &memo);
        }

        ArrayPool<byte>.Shared.Return(rented);
        return count;
    }

    private int EncodeParts(ReadOnlySpan<char> text, List<int>? tokens, PieceMemo* memo)
    {
        var count = 0;
        var buffer = ArrayPool<byte>.Shared.Rent((int.Min(text.Length, PartLength) * 3) + PieceScanner.ReadAhead);
        while (!text.IsEmpty)
        {
            var part = text[..EndOfPart(text)];
            if (((long)part.Length * 3) + PieceScanner.ReadAhead > buffer.Length)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetByteCount(part) + PieceScanner.ReadAhead);
            }

            Utf8.FromUtf16(part, buffer, out _, out var written);
            count += EncodeBuffer(buffer, written, tokens, memo);
            text = text[part.Length..];
        }

        ArrayPool<byte>.Shared.Return(buffer);
        return count;
    }

    private int EncodeBuffer(Span<byte> buffer, int length, List<int>? tokens, PieceMemo* memo)
    {
        buffer.Slice(length, PieceScanner.ReadAhead).Fill(CharacterClasses.EndOfText);
        fixed (byte* start = buffer)
        {
            return PieceEncoder.Encode(_vocabulary, _pattern, start, start + length, tokens, memo);
        }
    }

    /// <summary>
    /// Where the next part of a text ends: before a space that follows something else than white space, where a piece ends under either pattern
    /// whatever stands around it. Parts grow where a text has no such place.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int EndOfPart(ReadOnlySpan<char> text)
    {
        var searched = 1;
        for (long length = PartLength; length < text.Length; length *= 2)
        {
            for (var end = (int)length; end > searched; end--)
            {
                if (text[end] == ' ' && !char.IsWhiteSpace(text[end - 1]))
                {
                    return end;
                }
            }

            searched = (int)length;
        }

        return text.Length;
    }

    /// <summary>The same in UTF-8, where it asks for a printable ASCII character before the space.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int EndOfPart(ReadOnlySpan<byte> text)
    {
        var searched = 1;
        for (long length = PartLength; length < text.Length; length *= 2)
        {
            for (var end = (int)length; end > searched; end--)
            {
                if (text[end] == ' ' && text[end - 1] is > (byte)' ' and < 0x7F)
                {
                    return end;
                }
            }

            searched = (int)length;
        }

        return text.Length;
    }
}
