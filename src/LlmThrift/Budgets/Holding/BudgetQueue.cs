namespace LlmThrift.Budgets;

/// <summary>Calls that wait until something of a budget may be free again. Safe for concurrent use.</summary>
internal sealed class BudgetQueue(int capacity)
{
    private readonly Lock _gate = new();
    private readonly List<TaskCompletionSource> _waiting = [];
    private int _inside;

    /// <summary>Takes a place; false when all are taken.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_inside >= capacity)
            {
                return false;
            }

            _inside++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_gate)
        {
            _inside--;
        }
    }

    /// <summary>
    /// A task that ends at the next <see cref="Wake"/>. To be taken before the ledger is asked, so that what is given back in between is not missed.
    /// </summary>
    public Task NextWake()
    {
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add(waiting);
        }

        return waiting.Task;
    }

    /// <summary>Something was given back.</summary>
    public void Wake()
    {
        TaskCompletionSource[] woken;
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            woken = [.. _waiting];
            _waiting.Clear();
        }

        foreach (var waiting in woken)
        {
            waiting.TrySetResult();
        }
    }
}
