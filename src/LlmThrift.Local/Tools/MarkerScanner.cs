namespace LlmThrift.Local.Tools;

/// <summary>
/// Looks for the markers of calls in an answer, byte by byte, and holds back what may be the beginning of one. White space before a marker belongs to it.
/// Between <c>&lt;think&gt;</c> at the beginning of an answer and <c>&lt;/think&gt;</c> nothing is a marker. Used by one thread.
/// </summary>
internal sealed class MarkerScanner(IReadOnlyList<CallMarker> markers)
{
    /// <summary>Longer than any marker with white space that is worth waiting for.</summary>
    private const int MostHeld = 256;

    private static readonly CallMarker OpenThought = new(["<think>"], OnlyAtStart: true, "", "");
    private static readonly CallMarker[] Thought = [new CallMarker(["</think>"], OnlyAtStart: false, "", "")];
    private readonly CallMarker[] _markers = [.. markers, OpenThought];
    private readonly byte[] _held = new byte[MostHeld];
    private bool _isAtStart = true;
    private bool _isThinking;

    private enum Match
    {
        None,
        Partial,
        Whole,
    }

    /// <summary>How many bytes are held back.</summary>
    public int HeldCount { get; private set; }

    /// <summary>What is held back.</summary>
    public ReadOnlySpan<byte> Held => _held.AsSpan(0, HeldCount);

    /// <summary>Takes one byte.</summary>
    /// <param name="next">The byte.</param>
    /// <param name="text">Takes bytes that are certain to be text; room for <see cref="MostHeld"/> + 1.</param>
    /// <param name="written">How many it took.</param>
    /// <returns>The marker that the byte completes, which is still held; null most often.</returns>
    public CallMarker? Add(byte next, Span<byte> text, out int written)
    {
        written = 0;
        if (HeldCount == MostHeld)
        {
            Release(text, ref written);
        }

        _held[HeldCount++] = next;
        while (HeldCount > 0)
        {
            var match = Find(out var marker);
            if (match == Match.Partial)
            {
                return null;
            }

            if (match == Match.None)
            {
                Release(text, ref written);
            }
            else if (!_isThinking && !ReferenceEquals(marker, OpenThought))
            {
                return marker;
            }
            else
            {
                _isThinking = !_isThinking;
                Held.CopyTo(text[written..]);
                written += HeldCount;
                HeldCount = 0;
                _isAtStart = false;
            }
        }

        return null;
    }

    /// <summary>Whether a marker ends within some bytes, and not at their end.</summary>
    public bool EndsWithin(ReadOnlySpan<byte> bytes, MarkerScanner scratch)
    {
        scratch.Assume(this);
        Span<byte> text = stackalloc byte[MostHeld + 1];
        for (var i = 0; i < bytes.Length - 1; i++)
        {
            if (scratch.Add(bytes[i], text, out _) is not null)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Forgets what is held: it was a marker, or the answer is over.</summary>
    public void Clear() => (HeldCount, _isAtStart) = (0, false);

    private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private void Assume(MarkerScanner other)
    {
        other.Held.CopyTo(_held);
        HeldCount = other.HeldCount;
        _isAtStart = other._isAtStart;
        _isThinking = other._isThinking;
    }

    /// <summary>The first byte that is held is text.</summary>
    private void Release(Span<byte> text, ref int written)
    {
        text[written++] = _held[0];
        _isAtStart &= IsSpace(_held[0]);
        HeldCount--;
        _held.AsSpan(1, HeldCount).CopyTo(_held);
    }

    private Match Find(out CallMarker? found)
    {
        var best = Match.None;
        found = null;
        foreach (var marker in _isThinking ? Thought : _markers)
        {
            if (marker.OnlyAtStart && !_isAtStart)
            {
                continue;
            }

            var match = Compare(marker.Literals, Held);
            if (match > best)
            {
                (best, found) = (match, marker);
            }
        }

        return best;
    }

    private static Match Compare(IReadOnlyList<string> literals, ReadOnlySpan<byte> held)
    {
        var place = 0;
        foreach (var literal in literals)
        {
            while (place < held.Length && IsSpace(held[place]))
            {
                place++;
            }

            foreach (var character in literal)
            {
                if (place == held.Length)
                {
                    return Match.Partial;
                }

                if (held[place++] != character)
                {
                    return Match.None;
                }
            }
        }

        return place == held.Length ? Match.Whole : Match.None;
    }
}
