using System.Text;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Tools;

/// <summary>
/// Takes an answer's bytes apart into text and calls. Once a call has begun, whatever follows is calls: nothing of their markup is text. Used by one thread.
/// </summary>
internal sealed class ToolCallReader
{
    private readonly ToolFormat _format;
    private readonly Func<int, string> _idOf;
    private readonly Func<CallMarker, string>? _grammarAfter;
    private readonly IReadOnlySet<string> _names;
    private readonly bool _allowsSeveral;
    private readonly MarkerScanner _scanner;
    private readonly MarkerScanner _scratch;
    private readonly byte[] _text = new byte[1024];

    /// <summary>All since the marker, for when it turns out to be no call.</summary>
    private readonly List<byte> _raw = [];

    /// <summary>What stands before the JSON of the next call, then the JSON.</summary>
    private readonly List<byte> _header = [];
    private readonly List<byte> _json = [];
    private CallMarker? _marker;
    private int _depth;
    private bool _isInString;
    private bool _isEscaped;

    /// <summary>Makes a reader.</summary>
    /// <param name="format">Of the calls.</param>
    /// <param name="names">The tools that may be called.</param>
    /// <param name="allowsSeveral">False: the first call ends the answer.</param>
    /// <param name="idOf">The id of a call by its index.</param>
    /// <param name="grammarAfter">The grammar of what follows a marker; null where a grammar holds from the beginning.</param>
    public ToolCallReader(
        ToolFormat format,
        IReadOnlySet<string> names,
        bool allowsSeveral,
        Func<int, string> idOf,
        Func<CallMarker, string>? grammarAfter
    )
    {
        (_format, _names, _idOf, _grammarAfter) = (format, names, idOf, grammarAfter);
        _allowsSeveral = allowsSeveral && format.AllowsSeveral;
        _scanner = new MarkerScanner(format.Markers);
        _scratch = new MarkerScanner(format.Markers);
    }

    /// <summary>The calls that are whole.</summary>
    public List<FunctionCallContent> Calls { get; } = [];

    /// <summary>Text is over: a call has begun.</summary>
    public bool IsInCall => _marker is not null;

    /// <summary>No more is wanted.</summary>
    public bool IsDone { get; private set; }

    /// <summary>What must hold from the next token on; null for what holds anyway. Asked for once a call has begun.</summary>
    public string? GrammarFromHere => _marker is { } marker ? _grammarAfter?.Invoke(marker) : null;

    /// <summary>The markup that a control token stands for, which is nothing else to the eye; empty for other tokens.</summary>
    public ReadOnlySpan<byte> MarkupOf(int token) => _format.MarkupOf(token);

    /// <summary>Whether a token would end a marker and go on: no grammar can begin in the middle of a token.</summary>
    public bool GoesBeyondMarker(ReadOnlySpan<byte> piece) => !IsInCall && piece.Length > 1 && _scanner.EndsWithin(piece, _scratch);

    /// <summary>Takes bytes of the answer.</summary>
    /// <param name="piece">The bytes.</param>
    /// <param name="sink">Takes what is text.</param>
    public void Add(ReadOnlySpan<byte> piece, Action<ReadOnlySpan<byte>> sink)
    {
        foreach (var next in piece)
        {
            if (IsDone)
            {
                return;
            }

            if (IsInCall)
            {
                AddToCall(next, sink);
                continue;
            }

            var marker = _scanner.Add(next, _text, out var written);
            if (written > 0)
            {
                sink(_text.AsSpan(0, written));
            }

            if (marker is not null)
            {
                Begin(marker, sink);
            }
        }
    }

    /// <summary>The answer is over. A call that is not whole is dropped.</summary>
    public void End(Action<ReadOnlySpan<byte>> sink)
    {
        if (!IsInCall && _scanner.HeldCount > 0)
        {
            sink(_scanner.Held);
        }

        _scanner.Clear();
    }

    private void Begin(CallMarker marker, Action<ReadOnlySpan<byte>> sink)
    {
        _marker = marker;
        _raw.Clear();
        _raw.AddRange(_scanner.Held);
        _scanner.Clear();
        foreach (var character in marker.Seed)
        {
            AddToCall((byte)character, sink, isSeed: true);
        }
    }

    private void AddToCall(byte next, Action<ReadOnlySpan<byte>> sink, bool isSeed = false)
    {
        if (!isSeed && Calls.Count == 0)
        {
            _raw.Add(next);
        }

        if (_depth == 0 && next != (byte)'{')
        {
            _header.Add(next);
            return;
        }

        _json.Add(next);
        if (_isInString)
        {
            _isInString = _isEscaped || next != (byte)'"';
            _isEscaped = !_isEscaped && next == (byte)'\\';
            return;
        }

        _isInString = next == (byte)'"';
        _depth +=
            next is (byte)'{' ? 1
            : next is (byte)'}' ? -1
            : 0;
        if (_depth == 0)
        {
            Complete(sink);
        }
    }

    private void Complete(Action<ReadOnlySpan<byte>> sink)
    {
        var call = _format.Read(Encoding.UTF8.GetString([.. _header]), new ReadOnlyMemory<byte>([.. _json]), _names);
        _header.Clear();
        _json.Clear();
        if (call is { } whole)
        {
            Calls.Add(new FunctionCallContent(_idOf(Calls.Count), whole.Name, whole.Arguments));
            IsDone = !_allowsSeveral;
        }
        else if (Calls.Count == 0)
        {
            // Where an answer may be JSON too, what began like a call need not be one.
            _marker = null;
            sink([.. _raw]);
        }
    }
}
