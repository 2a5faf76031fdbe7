namespace LlmThrift.Metering;

/// <summary>Keeps call records beyond the life of a <see cref="CostReport"/>, and adds them up by time. Safe for concurrent use.</summary>
/// <remarks>Records hold no prompts and no answers, and neither does a store.</remarks>
public interface ICallRecordStore
{
    /// <summary>Keeps records. A record whose id is there already is not counted twice.</summary>
    /// <param name="records">The records, in any order.</param>
    /// <param name="cancellationToken">Cancels the writing; it may be tried again with the same records.</param>
    /// <returns>A task that ends when all are durable.</returns>
    ValueTask AppendAsync(IReadOnlyList<StoredCall> records, CancellationToken cancellationToken);

    /// <summary>Adds up the calls of a span of time.</summary>
    /// <param name="query">Which calls, and by what span of time they are grouped.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The sums.</returns>
    ValueTask<CostHistory> QueryAsync(CostHistoryQuery query, CancellationToken cancellationToken);

    /// <summary>Reads single calls, the newest first.</summary>
    /// <param name="query">Which calls; <see cref="CostHistoryQuery.Interval"/> has no meaning here.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The calls, as long as they are kept.</returns>
    IAsyncEnumerable<StoredCall> ReadAsync(CostHistoryQuery query, CancellationToken cancellationToken);

    /// <summary>Reads the calls that cost most, the dearest first.</summary>
    /// <param name="query">Which calls; <see cref="CostHistoryQuery.Interval"/> has no meaning here.</param>
    /// <param name="count">How many at most. At least 1.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The calls.</returns>
    ValueTask<IReadOnlyList<StoredCall>> ReadDearestAsync(CostHistoryQuery query, int count, CancellationToken cancellationToken);

    /// <summary>Removes single calls that began earlier. What they add up to stays.</summary>
    /// <param name="before">The time.</param>
    /// <param name="cancellationToken">Cancels the removal.</param>
    /// <returns>How many were removed.</returns>
    ValueTask<long> RemoveBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken);
}
