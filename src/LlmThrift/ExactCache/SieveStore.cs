using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using LlmThrift.Internal;

namespace LlmThrift.ExactCache;

/// <summary>
/// Answers in this process, bounded in number and bytes, evicted by SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024).
/// </summary>
/// <remarks>
/// A hit reads a concurrent dictionary and sets one flag: no lock, no list to reorder, no allocation. Insertions and evictions take the lock.
/// The hand walks from the oldest entry to the newest, sparing those that were read since it last passed: each insertion costs amortised O(1).
/// </remarks>
internal sealed class SieveStore(int maxEntries, long maxBytes, TimeProvider clock)
{
    private readonly ConcurrentDictionary<UInt128, Node> _nodes = new();
    private readonly Lock _gate = new();
    private Node? _newest;
    private Node? _oldest;
    private Node? _hand;
    private int _count;
    private long _bytes;

    public int Count => Volatile.Read(ref _count);

    public long Bytes => Volatile.Read(ref _bytes);

    public bool TryGet(UInt128 key, [NotNullWhen(true)] out RecordedResponse? response)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            if (clock.GetElapsedTime(node.StoredTimestamp) < node.Expiration)
            {
                // A plain write: a lost update spares an entry once too seldom, nothing else.
                node.IsVisited = true;
                response = node.Response;
                return true;
            }

            lock (_gate)
            {
                Remove(node);
            }
        }

        response = null;
        return false;
    }

    public void Set(UInt128 key, RecordedResponse response, TimeSpan expiration)
    {
        var node = new Node(key, response, response.Size, clock.GetTimestamp(), expiration);
        if (node.Size > maxBytes)
        {
            return;
        }

        lock (_gate)
        {
            if (_nodes.TryGetValue(key, out var previous))
            {
                Remove(previous);
            }

            while (_count >= maxEntries || _bytes + node.Size > maxBytes)
            {
                Evict();
            }

            _nodes[key] = node;
            node.Older = _newest;
            if (_newest is not null)
            {
                _newest.Newer = node;
            }

            _newest = node;
            _oldest ??= node;
            _count++;
            _bytes += node.Size;
        }
    }

    public void RemoveWhere(Func<RecordedResponse, bool> isToGo)
    {
        lock (_gate)
        {
            foreach (var node in _nodes.Values)
            {
                if (isToGo(node.Response))
                {
                    Remove(node);
                }
            }
        }
    }

    private void Evict()
    {
        var node = _hand ?? _oldest!;
        while (node.IsVisited)
        {
            node.IsVisited = false;
            node = node.Newer ?? _oldest!;
        }

        _hand = node.Newer;
        Remove(node);
    }

    private void Remove(Node node)
    {
        if (!_nodes.TryRemove(new KeyValuePair<UInt128, Node>(node.Key, node)))
        {
            return;
        }

        if (_hand == node)
        {
            _hand = node.Newer;
        }

        if (node.Newer is null)
        {
            _newest = node.Older;
        }
        else
        {
            node.Newer.Older = node.Older;
        }

        if (node.Older is null)
        {
            _oldest = node.Newer;
        }
        else
        {
            node.Older.Newer = node.Newer;
        }

        _count--;
        _bytes -= node.Size;
    }

    private sealed class Node(UInt128 key, RecordedResponse response, int size, long storedTimestamp, TimeSpan expiration)
    {
        public UInt128 Key { get; } = key;

        public RecordedResponse Response { get; } = response;

        public int Size { get; } = size;

        public long StoredTimestamp { get; } = storedTimestamp;

        public TimeSpan Expiration { get; } = expiration;

        public bool IsVisited { get; set; }

        public Node? Newer { get; set; }

        public Node? Older { get; set; }
    }
}
