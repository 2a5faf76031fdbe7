namespace LlmThrift.Metering;

/// <summary>What a <see cref="CallRecordStoreSink"/> has done so far. Immutable.</summary>
public sealed record CallRecordStoreStatistics
{
    /// <summary>Records that the store has taken.</summary>
    public required long Written { get; init; }

    /// <summary>Records that wait to be written.</summary>
    public required long Waiting { get; init; }

    /// <summary>Records that were given up: there was no place for them, or the store did not take them before the end.</summary>
    public required long Dropped { get; init; }

    /// <summary>When a record was last dropped; null for never.</summary>
    public required DateTimeOffset? LastDroppedAt { get; init; }

    /// <summary>Since when the store has taken nothing that it was given; null where it takes them.</summary>
    public required DateTimeOffset? FailingSince { get; init; }
}
