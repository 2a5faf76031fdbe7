using LlmThrift.Internal;

namespace LlmThrift.Metering;

/// <summary>Options of the <see cref="CallRecordStoreSink"/>. Every one has a default that works.</summary>
public sealed class CallRecordStoreSinkOptions
{
    /// <summary>How many records wait at most, while the store is slow or down. Default: 100,000. Those that find no place are dropped and counted.</summary>
    public int Capacity { get; set; } = 100_000;

    /// <summary>How many records are handed to the store at once. Default: 500.</summary>
    public int BatchSize { get; set; } = 500;

    /// <summary>How long a record waits for others. Default: 250 milliseconds.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the store may take over a batch before the writing is cancelled and tried again. Default: 30 seconds.</summary>
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest pause between two tries; pauses begin at <see cref="Interval"/> and double. Default: 30 seconds.</summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long disposing waits for what is not written yet. Default: 5 seconds.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    internal void Validate()
    {
        var problems = new OptionsProblems();
        problems.AddIf(Capacity < 1, $"Capacity of the history of costs is {Capacity}: allowed is 1 or more.");
        problems.AddIf(BatchSize < 1, $"BatchSize of the history of costs is {BatchSize}: allowed is 1 or more.");
        Check(Interval, nameof(Interval));
        Check(WriteTimeout, nameof(WriteTimeout));
        Check(MaxRetryDelay, nameof(MaxRetryDelay));
        Check(ShutdownTimeout, nameof(ShutdownTimeout));
        problems.ThrowIfAny();

        void Check(TimeSpan value, string name) =>
            problems.AddIf(
                value <= TimeSpan.Zero || value > TimeSpan.FromDays(1),
                $"{name} of the history of costs is {value}: allowed is more than nothing, up to a day."
            );
    }
}
