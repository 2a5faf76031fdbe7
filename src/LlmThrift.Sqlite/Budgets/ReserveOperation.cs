using LlmThrift.Budgets;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Budgets;

/// <summary>Takes all claims or none.</summary>
internal sealed class ReserveOperation(BudgetReservation reservation, TimeProvider clock) : WriteOperation
{
    // Before anything is written: an amount that cannot be kept is the caller's mistake alone.
    private readonly StoredAmount[] _amounts = [.. reservation.Claims.Select(claim => StoredAmount.Of(claim.Amount))];

    public BudgetReservationResult Result { get; private set; }

    public override void Run(SqliteDatabase database)
    {
        var now = clock.GetUtcNow();
        BudgetTables.FreeExpired(database, now.UtcTicks);
        var isKnown = BudgetTables.TryFind(database, reservation.Id, out _, out var known);
        if (isKnown && known.Length > 0)
        {
            Result = new(IsGranted: true, Array.ConvertAll(StoredClaims.Read(known), claim => claim.Before));
            return;
        }

        var claims = reservation.Claims;
        var balances = new BudgetBalance[claims.Count];

        // What was settled before it was reserved is over: nothing may be held for it any more.
        var fits = !isKnown;
        for (var index = 0; index < balances.Length; index++)
        {
            var claim = claims[index];
            var balance = BudgetTables.BalanceOf(database, claim.Budget, claim.Group, claim.WindowStart.UtcTicks);
            balances[index] = balance;
            fits &= claim.Limit == decimal.MaxValue || balance.Spent + balance.Reserved + _amounts[index].ToDecimal() <= claim.Limit;
        }

        Result = new(fits, balances);
        if (!fits)
        {
            return;
        }

        for (var index = 0; index < balances.Length; index++)
        {
            BudgetTables.Add(database, claims[index].Budget, claims[index].Group, claims[index].Slice.UtcTicks, default, _amounts[index]);
        }

        var blob = new BlobWriter();
        StoredClaims.Write(blob, claims, _amounts, balances);
        BudgetTables.Insert(database, reservation.Id, BudgetTables.Held, (now + reservation.Lease).UtcTicks, blob.Written);
    }
}
