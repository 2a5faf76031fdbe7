namespace LlmThrift.Sqlite.Database;

/// <summary>Writing that is not worth a class.</summary>
internal sealed class DelegateOperation(Action<SqliteDatabase> run, bool isBulk) : WriteOperation
{
    public override bool IsBulk => isBulk;

    public override void Run(SqliteDatabase database) => run(database);
}
