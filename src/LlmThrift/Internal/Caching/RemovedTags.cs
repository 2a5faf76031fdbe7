using System.Collections.Concurrent;

namespace LlmThrift.Internal.Caching;

/// <summary>Remembers when tags were removed, so that answers which were being made at that time are not stored afterwards.</summary>
internal sealed class RemovedTags
{
    /// <summary>The tag that every answer has.</summary>
    public const string Everything = "*";

    private const int MaxRemembered = 10_000;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _removedAt = new();

    public void Add(string tag, DateTimeOffset now)
    {
        if (_removedAt.Count >= MaxRemembered)
        {
            // Only answers under way now need the memory; whatever ends after this is stored again.
            _removedAt.Clear();
        }

        _removedAt[tag] = now;
    }

    public bool Contain(RecordedResponse response) =>
        !_removedAt.IsEmpty && (Contain(Everything, response) || response.Tags.Any(tag => Contain(tag, response)));

    private bool Contain(string tag, RecordedResponse response) =>
        _removedAt.TryGetValue(tag, out var removedAt) && response.RequestedAt <= removedAt;
}
