using LlmThrift.Budgets;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Budgets;

/// <summary>Gives back what a reservation holds and writes down what was spent, once.</summary>
internal sealed class SettleOperation(Guid id, IReadOnlyList<BudgetPosting> postings, TimeProvider clock) : WriteOperation
{
    private readonly StoredAmount[] _amounts = [.. postings.Select(posting => StoredAmount.Of(posting.Amount))];

    public override void Run(SqliteDatabase database)
    {
        var now = clock.GetUtcNow().UtcTicks;
        var isKnown = BudgetTables.TryFind(database, id, out var state, out var blob);
        if (isKnown && state == BudgetTables.Settled)
        {
            return;
        }

        StoredClaim[] held = isKnown && state == BudgetTables.Held ? StoredClaims.Read(blob) : [];
        foreach (var claim in held)
        {
            // Mostly both go to the same row: one change then.
            var spent = default(StoredAmount);
            for (var index = 0; index < postings.Count; index++)
            {
                if (IsOf(postings[index], claim))
                {
                    spent += _amounts[index];
                }
            }

            BudgetTables.Add(database, claim.Budget, claim.Group, claim.Slice, spent, -claim.Amount);
        }

        for (var index = 0; index < postings.Count; index++)
        {
            var posting = postings[index];
            if (!Array.Exists(held, claim => IsOf(posting, claim)))
            {
                BudgetTables.Add(database, posting.Budget, posting.Group, posting.Slice.UtcTicks, _amounts[index], reserved: default);
            }
        }

        if (isKnown)
        {
            BudgetTables.End(database, id, BudgetTables.Settled, now);
        }
        else
        {
            BudgetTables.Insert(database, id, BudgetTables.Settled, now, []);
        }
    }

    private static bool IsOf(in BudgetPosting posting, in StoredClaim claim) =>
        posting.Slice.UtcTicks == claim.Slice && posting.Group == claim.Group && posting.Budget == claim.Budget;
}
