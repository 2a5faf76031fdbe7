using System.Collections;
using Microsoft.Extensions.AI;

namespace LlmThrift.TestKit;

/// <summary>Messages that can be enumerated once.</summary>
public sealed class OneShotMessages(params IReadOnlyList<ChatMessage> messages) : IEnumerable<ChatMessage>
{
    private int _enumerations;

    public int Enumerations => Volatile.Read(ref _enumerations);

    public IEnumerator<ChatMessage> GetEnumerator() =>
        Interlocked.Increment(ref _enumerations) == 1
            ? messages.GetEnumerator()
            : throw new InvalidOperationException("The messages were enumerated a second time.");

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
