using Npgsql;

namespace LlmThrift.PostgreSql;

/// <summary>Options of <see cref="PostgreSqlStore"/>. Only the connection has no default.</summary>
public sealed class PostgreSqlStoreOptions
{
    private const int MaxSchemaLength = 40;

    /// <summary>Npgsql's connection string. Required unless there is a <see cref="DataSource"/>.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>The app's own data source, in place of a connection string. It stays the app's: the store does not dispose it.</summary>
    public NpgsqlDataSource? DataSource { get; set; }

    /// <summary>The schema of the tables, made where it is absent. Lower-case letters, digits and underscores. Default: "llmthrift".</summary>
    public string Schema { get; set; } = "llmthrift";

    /// <summary>How long single call records are kept. Sums by the hour stay for good. Default: 90 days. More than zero.</summary>
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long a budget's slices of time are kept after their beginning. Longer than the longest window of a budget. Default: 400 days.</summary>
    public TimeSpan BudgetRetention { get; set; } = TimeSpan.FromDays(400);

    /// <summary>
    /// How many bytes the distributed cache may hold, keys and values. Default: 1 GiB. At least 1 MiB. It is looked at whenever an instance has written a twentieth of it, and at
    /// each maintenance: what has expired goes first, then what was least recently used, to within ten minutes.
    /// </summary>
    public long MaxCacheBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>How often what has expired is removed. Default: 10 minutes. More than zero. Instances that come at the same time leave it to one.</summary>
    public TimeSpan MaintenanceInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <exception cref="ArgumentException">Names every bad value.</exception>
    internal void Validate(string parameterName)
    {
        var problems = new List<string>();
        Check(
            DataSource is not null || !string.IsNullOrWhiteSpace(ConnectionString),
            "ConnectionString and DataSource are empty: give one of them, such as \"Host=localhost;Database=app;Username=app;Password=…\"."
        );
        Check(
            DataSource is null || string.IsNullOrWhiteSpace(ConnectionString),
            "ConnectionString and DataSource are both set: give one of them."
        );
        Check(
            Schema is { Length: > 0 and <= MaxSchemaLength }
                && !char.IsAsciiDigit(Schema[0])
                && Schema.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'),
            $"Schema is \"{Schema}\": it must be up to {MaxSchemaLength} lower-case letters, digits and underscores, not beginning with a digit."
        );
        Check(IsRetention(Retention), $"Retention is {Retention}: it must be more than zero and at most 100 years, such as 90.00:00:00.");
        Check(
            IsRetention(BudgetRetention),
            $"BudgetRetention is {BudgetRetention}: it must be more than zero and at most 100 years, such as 400.00:00:00."
        );
        Check(MaxCacheBytes >= 1024 * 1024, $"MaxCacheBytes is {MaxCacheBytes}: it must be at least 1,048,576.");
        Check(
            MaintenanceInterval > TimeSpan.Zero && MaintenanceInterval <= TimeSpan.FromDays(40),
            $"MaintenanceInterval is {MaintenanceInterval}: it must be more than zero and at most 40 days, such as 00:10:00."
        );
        if (problems.Count > 0)
        {
            throw new ArgumentException("The options of the PostgreSQL store are not valid. " + string.Join(" ", problems), parameterName);
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
