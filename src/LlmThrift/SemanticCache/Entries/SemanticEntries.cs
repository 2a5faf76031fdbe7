using System.Collections.Concurrent;
using LlmThrift.Internal.Caching;

namespace LlmThrift.SemanticCache;

/// <summary>
/// All questions and answers, in scopes, bounded over all scopes. Reading takes no lock of its own; changes take one, always before the lock
/// of the bounded store.
/// </summary>
internal sealed class SemanticEntries
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, SemanticScope> _scopes = new(StringComparer.Ordinal);
    private readonly SieveStore<int, SemanticEntry> _bounded;
    private readonly RemovedTags _removedTags = new();
    private readonly TimeProvider _clock;
    private readonly long _maxBytes;
    private readonly Action<SemanticEntry> _removed;
    private int _lastId;
    private int _answers;

    /// <summary>Its removal is told to nobody: whoever shares the store knows of it.</summary>
    private volatile SemanticEntry? _silent;

    /// <param name="maxEntries">How many questions are kept.</param>
    /// <param name="maxBytes">How many bytes they and their answers may hold.</param>
    /// <param name="clock">Tells when they expire.</param>
    /// <param name="removed">Told of each entry that goes; must not wait.</param>
    public SemanticEntries(int maxEntries, long maxBytes, TimeProvider clock, Action<SemanticEntry> removed)
    {
        _clock = clock;
        _maxBytes = maxBytes;
        _removed = removed;
        _bounded = new SieveStore<int, SemanticEntry>(maxEntries, maxBytes, clock, Detach);
    }

    public int Count => _bounded.Count;

    public long Bytes => _bounded.Bytes;

    public int Answers => Volatile.Read(ref _answers);

    public int Scopes => _scopes.Count;

    /// <summary>
    /// Writes the entries nearest to a vector, by falling similarity, to <paramref name="found"/>, not scored; none that has expired, and none at all when the
    /// nearest is less similar than <paramref name="leastSimilarity"/>.
    /// </summary>
    public int FindNearest(string scopeKey, ReadOnlySpan<float> vector, Span<Candidate> found, float leastSimilarity)
    {
        if (!_scopes.TryGetValue(scopeKey, out var scope) || scope.Dimensions != vector.Length)
        {
            return 0;
        }

        Span<Neighbor> neighbors = stackalloc Neighbor[found.Length];
        var count = scope.Index.Search(vector, neighbors, leastSimilarity);
        var now = _clock.GetUtcNow();
        var kept = 0;
        foreach (var neighbor in neighbors[..count])
        {
            if (!scope.Entries.TryGetValue(neighbor.Id, out var entry))
            {
                continue;
            }

            if (entry.IsServableAt(now))
            {
                found[kept++] = new Candidate(entry, neighbor.Similarity, float.NaN);
            }
            else
            {
                Remove(entry);
            }
        }

        return kept;
    }

    /// <summary>The entry was of use: it is spared when others have to go.</summary>
    public void Touch(SemanticEntry entry) => _bounded.Touch(entry.Id);

    /// <summary>Adds a question with an answer of its own, in place of the same question. Null when its tag was removed meanwhile, or it is too large.</summary>
    public SemanticEntry? Add(
        string scopeKey,
        string question,
        float[] vector,
        AnswerGroup group,
        DateTimeOffset createdAt,
        DateTimeOffset expiresAt,
        IReadOnlyList<string> tags,
        bool replaces = true
    )
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            var scope = _scopes.TryGetValue(scopeKey, out var known) ? known : new SemanticScope(scopeKey, vector.Length);
            var entry = new SemanticEntry(++_lastId, scope, question, vector, group)
            {
                CreatedAt = createdAt,
                ExpiresAt = expiresAt,
                Tags = tags,
            };
            if (
                _removedTags.Contain(group.Answer.Response)
                || expiresAt <= now
                || scope.Dimensions != vector.Length
                || entry.Size + (long)group.Answer.Size > _maxBytes
            )
            {
                return null;
            }

            if (scope.ByQuestion.TryGetValue(question, out var previous))
            {
                if (!replaces)
                {
                    return null;
                }

                _bounded.Remove(previous.Id);
            }

            // The last entry of a scope may have gone above, and the scope with it.
            _scopes[scopeKey] = scope;
            scope.Entries[entry.Id] = entry;
            scope.ByQuestion[question] = entry;
            scope.ByAnswer.TryAdd(group.Answer.Text, group);
            scope.Index.Add(entry.Id, vector);
            Enter(group);
            _bounded.Set(entry.Id, entry, entry.Size, expiresAt - now);
            return entry;
        }
    }

    /// <summary>
    /// Adds what another process has learnt, in place of what is here unless that is newer or the same. Nothing is told of what it replaces: the store has the new one already.
    /// </summary>
    public SemanticEntry? Merge(
        string scopeKey,
        string question,
        float[] vector,
        AnswerGroup group,
        DateTimeOffset createdAt,
        DateTimeOffset expiresAt,
        IReadOnlyList<string> tags
    )
    {
        lock (_gate)
        {
            if (_scopes.TryGetValue(scopeKey, out var scope))
            {
                if (scope.ByQuestion.TryGetValue(question, out var previous))
                {
                    if (previous.CreatedAt > createdAt || (previous.CreatedAt == createdAt && previous.Group.Id == group.Id))
                    {
                        return null;
                    }

                    RemoveSilently(previous);
                }

                if (scope.ByAnswer.TryGetValue(group.Answer.Text, out var known) && known.Id == group.Id)
                {
                    group = known;
                }
            }

            return Add(scopeKey, question, vector, group, createdAt, expiresAt, tags, replaces: false);
        }
    }

    /// <summary>Removes what another process has removed.</summary>
    public void RemoveSilently(SemanticEntry entry)
    {
        lock (_gate)
        {
            _silent = entry;
            _bounded.Remove(entry.Id);
            _silent = null;
        }
    }

    /// <summary>The entry has the same answer as a group: it joins that, and its own answer, which is newer, becomes the group's.</summary>
    /// <returns>False when the entry has gone meanwhile.</returns>
    public bool Join(SemanticEntry entry, AnswerGroup group)
    {
        lock (_gate)
        {
            var own = entry.Group;
            var answer = own.Answer;

            // An answer that may be served for a shorter time than the group's stays alone, and does not shorten the time of the others.
            if (own == group || !IsPresent(entry) || answer.ExpiresAt < group.Answer.ExpiresAt)
            {
                return own == group;
            }

            // All is in order again before the charge, which may evict any entry, this one too.
            long growth = answer.Size;
            if (group.Members++ == 0)
            {
                _answers++;
            }
            else
            {
                growth -= group.Answer.Size;
            }

            Forget(entry.Scope, group);
            group.Answer = answer;
            entry.Group = group;
            if (--own.Members == 0)
            {
                Forget(entry.Scope, own);
                _answers--;
                growth -= answer.Size;
            }

            entry.Scope.ByAnswer.TryAdd(answer.Text, group);
            _bounded.Charge(growth);
            return true;
        }
    }

    /// <summary>Another group of the entry's scope whose answer has the same text to the letter, however far its questions are; null when there is none.</summary>
    public AnswerGroup? FindSameText(SemanticEntry entry)
    {
        lock (_gate)
        {
            return entry.Scope.ByAnswer.TryGetValue(entry.Group.Answer.Text, out var group) && group != entry.Group ? group : null;
        }
    }

    public bool Remove(SemanticEntry entry)
    {
        lock (_gate)
        {
            return _bounded.Remove(entry.Id);
        }
    }

    /// <summary>Removes what has the tag, or the answer of a call that had it.</summary>
    public void RemoveByTag(string tag)
    {
        lock (_gate)
        {
            _removedTags.Add(tag, _clock.GetUtcNow());
            _bounded.RemoveWhere(entry =>
                tag == RemovedTags.Everything || entry.Tags.Contains(tag) || entry.Group.Answer.Response.Tags.Contains(tag)
            );
        }
    }

    public static bool IsPresent(SemanticEntry entry) => entry.Scope.Entries.ContainsKey(entry.Id);

    private static void Forget(SemanticScope scope, AnswerGroup group)
    {
        if (scope.ByAnswer.TryGetValue(group.Answer.Text, out var known) && known == group)
        {
            scope.ByAnswer.Remove(group.Answer.Text);
        }
    }

    private void Enter(AnswerGroup group)
    {
        if (group.Members++ == 0)
        {
            _answers++;
            _bounded.Charge(group.Answer.Size);
        }
    }

    private void Exit(AnswerGroup group)
    {
        if (--group.Members == 0)
        {
            _answers--;
            _bounded.Charge(-group.Answer.Size);
        }
    }

    /// <summary>Takes an entry out of everything that refers to it.</summary>
    private void Detach(SemanticEntry entry)
    {
        var scope = entry.Scope;
        if (!scope.Entries.TryRemove(entry.Id, out _))
        {
            return;
        }

        scope.Index.Remove(entry.Id);
        scope.ByQuestion.TryRemove(new KeyValuePair<string, SemanticEntry>(entry.Question, entry));
        if (scope.Entries.IsEmpty)
        {
            _scopes.TryRemove(new KeyValuePair<string, SemanticScope>(scope.Key, scope));
        }

        Exit(entry.Group);
        if (entry.Group.Members == 0)
        {
            Forget(scope, entry.Group);
        }

        if (entry != _silent)
        {
            _removed(entry);
        }
    }
}
