using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace LlmThrift.Internal.Caching;

/// <summary>
/// Values in this process, bounded in number and bytes, evicted by SIEVE (Zhang et al., "SIEVE is Simpler than LRU", NSDI 2024).
/// </summary>
/// <remarks>
/// A hit reads a concurrent dictionary and sets one flag: no lock, no list to reorder, no allocation. Insertions and evictions take the lock.
/// The hand walks from the oldest entry to the newest, sparing those that were read since it last passed: each insertion costs amortised O(1).
/// </remarks>
/// <param name="maxEntries">How many values are kept.</param>
/// <param name="maxBytes">How many bytes they may hold.</param>
/// <param name="clock">Tells when they expire.</param>
/// <param name="removed">Told of each value that goes, whatever the reason, under the store's lock.</param>
internal sealed class SieveStore<TKey, TValue>(int maxEntries, long maxBytes, TimeProvider clock, Action<TValue>? removed = null)
    where TKey : notnull
    where TValue : class
{
    private readonly ConcurrentDictionary<TKey, Node> _nodes = new();
    private readonly Lock _gate = new();
    private Node? _newest;
    private Node? _oldest;
    private Node? _hand;
    private int _count;
    private long _bytes;

    public int Count => Volatile.Read(ref _count);

    public long Bytes => Volatile.Read(ref _bytes);

    public bool TryGet(TKey key, [NotNullWhen(true)] out TValue? value)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            if (clock.GetElapsedTime(node.StoredTimestamp) < node.Expiration)
            {
                // A plain write: a lost update spares an entry once too seldom, nothing else.
                node.IsVisited = true;
                value = node.Value;
                return true;
            }

            lock (_gate)
            {
                Remove(node);
            }
        }

        value = null;
        return false;
    }

    /// <summary>Spares the value once when others have to go, as a hit does.</summary>
    public void Touch(TKey key)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            node.IsVisited = true;
        }
    }

    /// <summary>Keeps the value; false when it alone is larger than the store.</summary>
    public bool Set(TKey key, TValue value, int size, TimeSpan expiration)
    {
        var node = new Node(key, value, size, clock.GetTimestamp(), expiration);
        if (node.Size > maxBytes)
        {
            return false;
        }

        lock (_gate)
        {
            if (_nodes.TryGetValue(key, out var previous))
            {
                Remove(previous);
            }

            while (_count > 0 && (_count >= maxEntries || _bytes + node.Size > maxBytes))
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
            return true;
        }
    }

    /// <summary>Removes one value, if it is there.</summary>
    public bool Remove(TKey key)
    {
        lock (_gate)
        {
            return _nodes.TryGetValue(key, out var node) && Remove(node);
        }
    }

    /// <summary>Adds to the bytes what several values hold together, or takes it off.</summary>
    public void Charge(long bytes)
    {
        lock (_gate)
        {
            _bytes += bytes;
            while (bytes > 0 && _bytes > maxBytes && _count > 0)
            {
                Evict();
            }
        }
    }

    public void RemoveWhere(Func<TValue, bool> isToGo)
    {
        lock (_gate)
        {
            foreach (var node in _nodes.Values)
            {
                if (isToGo(node.Value))
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

    private bool Remove(Node node)
    {
        if (!_nodes.TryRemove(new KeyValuePair<TKey, Node>(node.Key, node)))
        {
            return false;
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
        removed?.Invoke(node.Value);
        return true;
    }

    private sealed class Node(TKey key, TValue value, int size, long storedTimestamp, TimeSpan expiration)
    {
        public TKey Key { get; } = key;

        public TValue Value { get; } = value;

        public int Size { get; } = size;

        public long StoredTimestamp { get; } = storedTimestamp;

        public TimeSpan Expiration { get; } = expiration;

        public bool IsVisited { get; set; }

        public Node? Newer { get; set; }

        public Node? Older { get; set; }
    }
}
