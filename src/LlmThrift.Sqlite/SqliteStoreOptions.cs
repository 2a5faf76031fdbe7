namespace LlmThrift.Sqlite;

/// <summary>Options of <see cref="SqliteStore"/>. Only the path has no default.</summary>
public sealed class SqliteStoreOptions
{
    /// <summary>The file, on a local disk; made where it is absent, its folder too. Beside it lie two more, with <c>-wal</c> and <c>-shm</c> added to the name. Required.</summary>
    public string Path { get; set; } = "";

    /// <summary>How long single call records are kept. Sums by the hour stay for good. Default: 90 days. More than zero.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long a budget's slices of time are kept after their beginning. Longer than the longest window of a budget. Default: 400 days.</summary>
    public TimeSpan BudgetRetention { get; set; } = TimeSpan.FromDays(400);

    /// <summary>
    /// How many bytes the distributed cache may hold, keys and values. Default: 256 MiB. At least 1 MiB. When there is no room, what has expired goes first, then what was least
    /// recently used, to within ten minutes.
    /// </summary>
    public long MaxCacheBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>How long writing waits for another process before it gives up. Default: 10 seconds. More than zero.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often what has expired is removed. Default: 10 minutes. More than zero.</summary>
    public TimeSpan MaintenanceInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// True to have every commit reach the disk before a call goes on. Default: false, with which a process that is killed loses nothing, while a power cut or a crash of the
    /// system may lose the last moments before it; the file stays whole either way.
    /// </summary>
    public bool SurvivesPowerLoss { get; set; }

    /// <exception cref="ArgumentException">Names every bad value.</exception>
    internal void Validate(string parameterName)
    {
        var problems = new List<string>();
        Check(!string.IsNullOrWhiteSpace(Path), "Path is empty: give the path of a file, such as \"llmthrift.db\".");
        Check(
            !Path.StartsWith(":memory:", StringComparison.OrdinalIgnoreCase)
                && !Path.StartsWith("file:", StringComparison.OrdinalIgnoreCase),
            $"Path is \"{Path}\": it must be the path of a file on disk, neither a URI nor a database in memory."
        );
        Check(IsRetention(Retention), $"Retention is {Retention}: it must be more than zero and at most 100 years, such as 90.00:00:00.");
        Check(
            IsRetention(BudgetRetention),
            $"BudgetRetention is {BudgetRetention}: it must be more than zero and at most 100 years, such as 400.00:00:00."
        );
        Check(MaxCacheBytes >= 1024 * 1024, $"MaxCacheBytes is {MaxCacheBytes}: it must be at least 1,048,576.");
        Check(
            BusyTimeout > TimeSpan.Zero && BusyTimeout.TotalMilliseconds <= int.MaxValue,
            $"BusyTimeout is {BusyTimeout}: it must be more than zero and at most 24 days, such as 00:00:10."
        );
        Check(
            MaintenanceInterval > TimeSpan.Zero && MaintenanceInterval <= TimeSpan.FromDays(40),
            $"MaintenanceInterval is {MaintenanceInterval}: it must be more than zero and at most 40 days, such as 00:10:00."
        );
        if (problems.Count > 0)
        {
            throw new ArgumentException("The options of the SQLite store are not valid. " + string.Join(" ", problems), parameterName);
        }

        static bool IsRetention(TimeSpan time) => time > TimeSpan.Zero && time <= TimeSpan.FromDays(36_525);

        void Check(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }
    }
}
