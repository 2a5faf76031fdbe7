using System.Numerics;

namespace LlmThrift.Embeddings.Pairs;

/// <summary>
/// How a question is spelt, which its tokens do not tell: its runs of three characters, and the words that begin with a capital letter, which are names more often than not.
/// Kept by the thread and filled anew for each pair.
/// </summary>
internal sealed class PairSpelling
{
    public const int FeatureCount = 4;

    /// <summary>What follows is not looked at: about as much as the tokens that are compared.</summary>
    private const int MaxCharacters = 240;

    private const int MaxNames = 16;

    /// <summary>Runs are kept as bits at their hash. A question has about fifty, so few fall together.</summary>
    private const int TrigramBits = 1024;

    private readonly ulong[] _trigrams = new ulong[TrigramBits / 64];
    private readonly uint[] _names = new uint[MaxNames];
    private int _nameCount;

    private ReadOnlySpan<uint> Names => _names.AsSpan(0, _nameCount);

    public void Read(ReadOnlySpan<char> text)
    {
        _trigrams.AsSpan().Clear();
        _nameCount = 0;
        text = text[..Math.Min(text.Length, MaxCharacters)];
        var run = (ulong)' ';
        var words = 0;
        for (var i = 0; i < text.Length; )
        {
            if (!char.IsLetterOrDigit(text[i]))
            {
                i++;
                continue;
            }

            var start = i;
            var hash = 2166136261;
            for (; i < text.Length && char.IsLetterOrDigit(text[i]); i++)
            {
                var character = char.ToLowerInvariant(text[i]);
                hash = (hash ^ character) * 16777619;
                AddTrigram(ref run, character);
            }

            AddTrigram(ref run, ' ');

            // The first word of a question has a capital letter anyway, and so has the pronoun I.
            if (words++ > 0 && i - start > 1 && char.IsUpper(text[start]) && _nameCount < MaxNames && !Names.Contains(hash))
            {
                _names[_nameCount++] = hash;
            }
        }
    }

    /// <summary>Compares two questions.</summary>
    /// <param name="left">A question.</param>
    /// <param name="right">The other.</param>
    /// <param name="features">Takes <see cref="FeatureCount"/> values.</param>
    public static void Compare(PairSpelling left, PairSpelling right, Span<float> features)
    {
        var common = 0;
        var either = 0;
        for (var i = 0; i < left._trigrams.Length; i++)
        {
            common += BitOperations.PopCount(left._trigrams[i] & right._trigrams[i]);
            either += BitOperations.PopCount(left._trigrams[i] | right._trigrams[i]);
        }

        var sharedNames = 0;
        foreach (var name in left.Names)
        {
            sharedNames += right.Names.Contains(name) ? 1 : 0;
        }

        var names = left._nameCount + right._nameCount - sharedNames;
        features[0] = either > 0 ? (float)common / either : 1;
        features[1] = names > 0 ? (float)sharedNames / names : 0.5f;
        features[2] = names - sharedNames;
        features[3] = left._nameCount > 0 && right._nameCount > 0 && sharedNames == 0 ? 1 : 0;
    }

    private void AddTrigram(ref ulong run, char character)
    {
        run = ((run << 16) | character) & 0xFFFF_FFFF_FFFF;

        // Until there are three characters there is nothing to add.
        if (run >> 32 != 0)
        {
            var slot = (run * 0x9E3779B97F4A7C15) >> 54;
            _trigrams[slot >> 6] |= 1UL << (int)(slot & 63);
        }
    }
}
