namespace LlmThrift.Auditing.Running;

/// <summary>Sets money aside before it is spent, so that what is under way can never exceed a limit. Safe for concurrent use.</summary>
internal sealed class SpendingLimit(decimal? limit, decimal spent)
{
    private readonly Lock _gate = new();
    private decimal _spent = spent;
    private decimal _reserved;
    private TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public decimal? Limit => limit;

    public decimal Spent
    {
        get
        {
            lock (_gate)
            {
                return _spent;
            }
        }
    }

    /// <summary>Sets an amount aside; waits while others may yet turn out cheaper. False when it does not fit.</summary>
    public async ValueTask<bool> TryReserveAsync(decimal amount, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task settled;
            lock (_gate)
            {
                if (limit is not { } most || _spent + _reserved + amount <= most)
                {
                    _reserved += amount;
                    return true;
                }

                if (_reserved == 0)
                {
                    return false;
                }

                settled = _settled.Task;
            }

            await settled.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What was set aside was spent, or some of it.</summary>
    public void Settle(decimal reserved, decimal actual)
    {
        TaskCompletionSource settled;
        lock (_gate)
        {
            _reserved -= reserved;
            _spent += actual;
            (settled, _settled) = (_settled, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        settled.SetResult();
    }
}
