namespace LlmThrift.Sqlite.Database;

/// <summary>Makes a statement ready for its next use, also when it was not read to its end.</summary>
internal readonly struct SqliteReader(SqliteStatement statement) : IDisposable
{
    public SqliteStatement Statement { get; } = statement;

    public void Dispose() => Statement.Reset();
}
