namespace LlmThrift.Sqlite.Database;

/// <summary>A piece of writing that is whole in itself. It may be run more than once, the last time counts; what it throws undoes it alone.</summary>
internal abstract class WriteOperation
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True for what calls do not wait for: it comes after everything else.</summary>
    public virtual bool IsBulk => false;

    public CancellationToken Cancellation { get; set; }

    public Task Completion => _completion.Task;

    /// <summary>Writes, within a transaction that is committed afterwards.</summary>
    public abstract void Run(SqliteDatabase database);

    public void Complete() => _completion.TrySetResult();

    public void Fail(Exception exception) => _completion.TrySetException(exception);

    public void Cancel() => _completion.TrySetCanceled(Cancellation);
}
