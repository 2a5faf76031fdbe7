using System.Text;

namespace LlmThrift.Local.Generation;

/// <summary>
/// Puts an answer together from the bytes of its tokens: whole characters only, and up to the first stop sequence. What may be the beginning of one is held
/// back until it is known not to be. Used by one thread.
/// </summary>
internal sealed class AnswerText(IReadOnlyList<string> stopSequences)
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _text = new();
    private readonly char[] _characters = new char[512];

    /// <summary>How much of the text is certain.</summary>
    public int Certain { get; private set; }

    /// <summary>A stop sequence came: the text ends before it.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Adds the bytes of a token, of which there are a few hundred at most.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && !IsStopped)
        {
            _decoder.Convert(bytes, _characters, flush: false, out var used, out var made, out _);
            bytes = bytes[used..];
            Append(_characters.AsSpan(0, made));
        }
    }

    /// <summary>The answer is over: what was held back belongs to it, and what is no whole character is replaced.</summary>
    public void End()
    {
        if (!IsStopped)
        {
            _decoder.Convert([], _characters, flush: true, out _, out var made, out _);
            Append(_characters.AsSpan(0, made));
            Certain = IsStopped ? Certain : _text.Length;
        }
    }

    /// <summary>Copies certain text.</summary>
    public string Read(int from, int length) => _text.ToString(from, length);

    private void Append(ReadOnlySpan<char> characters)
    {
        if (characters.IsEmpty)
        {
            return;
        }

        _text.Append(characters);
        var end = int.MaxValue;
        var held = char.IsHighSurrogate(_text[^1]) ? 1 : 0;
        foreach (var stop in stopSequences)
        {
            // A sequence that ends in what is new begins at most its own length before it.
            var first = Math.Max(Certain, _text.Length - characters.Length - stop.Length + 1);
            for (var start = first; start <= _text.Length - stop.Length && start < end; start++)
            {
                end = StartsAt(start, stop, stop.Length) ? start : end;
            }

            for (var length = Math.Min(stop.Length - 1, _text.Length); length > held; length--)
            {
                held = StartsAt(_text.Length - length, stop, length) ? length : held;
            }
        }

        if (end < int.MaxValue)
        {
            IsStopped = true;
            _text.Length = end;
            Certain = end;
            return;
        }

        Certain = Math.Max(Certain, _text.Length - held);
    }

    private bool StartsAt(int start, string stop, int length)
    {
        for (var i = 0; i < length; i++)
        {
            if (_text[start + i] != stop[i])
            {
                return false;
            }
        }

        return true;
    }
}
