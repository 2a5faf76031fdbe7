using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>Updates of a stream that wait for a check, up to a number of characters.</summary>
internal sealed class HeldUpdates(int maxCharacters)
{
    private List<ChatResponseUpdate> _held = [];
    private int _characters;

    /// <summary>Holds an update back; false when there is no room for it.</summary>
    public bool TryHold(ChatResponseUpdate update)
    {
        foreach (var content in update.Contents)
        {
            _characters += content is TextContent text ? text.Text.Length : 0;
        }

        if (_characters > maxCharacters)
        {
            return false;
        }

        _held.Add(update);
        return true;
    }

    public ChatResponse ToResponse() => _held.ToChatResponse();

    public IReadOnlyList<ChatResponseUpdate> Release()
    {
        var released = _held;
        _held = [];
        return released;
    }
}
