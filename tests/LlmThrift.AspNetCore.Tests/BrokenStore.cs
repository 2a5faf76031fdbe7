using LlmThrift.Metering;

namespace LlmThrift.AspNetCore.Tests;

/// <summary>A store that is down.</summary>
internal sealed class BrokenStore : ICallRecordStore
{
    public ValueTask AppendAsync(IReadOnlyList<StoredCall> records, CancellationToken cancellationToken) => throw Down();

    public ValueTask<CostHistory> QueryAsync(CostHistoryQuery query, CancellationToken cancellationToken) => throw Down();

    public IAsyncEnumerable<StoredCall> ReadAsync(CostHistoryQuery query, CancellationToken cancellationToken) => throw Down();

    public ValueTask<IReadOnlyList<StoredCall>> ReadDearestAsync(CostHistoryQuery query, int count, CancellationToken cancellationToken) =>
        throw Down();

    public ValueTask<long> RemoveBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) => throw Down();

    private static IOException Down() => new("Cannot connect with password=secret.");
}
