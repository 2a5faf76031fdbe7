using LlmThrift.Internal;

namespace LlmThrift.ExactCache;

/// <summary>Keeps recorded answers. Reads and writes may fail; the cache then goes on without them.</summary>
internal interface IResponseStore
{
    /// <summary>True when <see cref="GetAsync"/> can know more than <see cref="TryGet"/>, and wants the stable key.</summary>
    bool IsAsynchronous { get; }

    int Count { get; }

    long Bytes { get; }

    /// <summary>Looks in this process, without waiting.</summary>
    bool TryGet(UInt128 key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out RecordedResponse? response);

    /// <summary>Looks outside of this process too.</summary>
    ValueTask<RecordedResponse?> GetAsync(UInt128 key, string stableKey, CancellationToken cancellationToken);

    /// <summary>Keeps the answer in this process, without waiting; false when <see cref="TryGet"/> does not find it.</summary>
    bool TrySet(UInt128 key, RecordedResponse response, TimeSpan expiration);

    /// <summary>Keeps the answer outside of this process.</summary>
    ValueTask SetAsync(string stableKey, RecordedResponse response, TimeSpan expiration, CancellationToken cancellationToken);

    ValueTask RemoveByTagAsync(string tag, CancellationToken cancellationToken);

    ValueTask ClearAsync(CancellationToken cancellationToken);
}
