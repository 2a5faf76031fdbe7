using LlmThrift.Budgets;
using LlmThrift.Sqlite.Database;
using LlmThrift.Stores;

namespace LlmThrift.Sqlite.Budgets;

/// <summary>What operations on budgets do with the tables.</summary>
internal static class BudgetTables
{
    /// <summary>Names of state in budget_reservation. A settled or freed one is a tombstone: it keeps its id from being taken again.</summary>
    public const int Held = 0;
    public const int Settled = 1;
    public const int Freed = 2;

    private const int FreedAtOnce = 100;

    /// <summary>Takes back what reservations hold whose lease has run out, so that what is held is true from here on.</summary>
    public static void FreeExpired(SqliteDatabase database, long now)
    {
        while (FreeSome(database, now) == FreedAtOnce) { }
    }

    private static int FreeSome(SqliteDatabase database, long now)
    {
        var expired = database
            .Statement("SELECT id, claims FROM budget_reservation WHERE state=0 AND due<=?1 LIMIT ?2")
            .Bind(1, now)
            .Bind(2, FreedAtOnce);
        if (!expired.Step())
        {
            return 0;
        }

        var found = new List<(Guid Id, byte[] Claims)>();
        do
        {
            found.Add((expired.Id(0), expired.Blob(1).ToArray()));
        } while (expired.Step());

        foreach (var (id, claims) in found)
        {
            foreach (var held in StoredClaims.Read(claims))
            {
                Add(database, held.Budget, held.Group, held.Slice, spent: default, reserved: -held.Amount);
            }

            End(database, id, Freed, now);
        }

        return found.Count;
    }

    /// <summary>Adds to a slice of an account, and makes it where it is absent.</summary>
    public static void Add(SqliteDatabase database, string budget, string group, long slice, StoredAmount spent, StoredAmount reserved) =>
        database
            .Statement(
                """
                INSERT INTO budget_slice VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)
                ON CONFLICT DO UPDATE SET
                    spent=spent+excluded.spent, spent_nano=spent_nano+excluded.spent_nano,
                    reserved=reserved+excluded.reserved, reserved_nano=reserved_nano+excluded.reserved_nano
                """
            )
            .Bind(1, budget)
            .Bind(2, group)
            .Bind(3, slice)
            .Bind(4, spent.Units)
            .Bind(5, spent.Billionths)
            .Bind(6, reserved.Units)
            .Bind(7, reserved.Billionths)
            .Execute();

    public static BudgetBalance BalanceOf(SqliteDatabase database, string budget, string group, long windowStart)
    {
        var sums = database
            .Statement(
                "SELECT sum(spent), sum(spent_nano), sum(reserved), sum(reserved_nano) FROM budget_slice WHERE budget=?1 AND grp=?2 AND slice>=?3"
            )
            .Bind(1, budget)
            .Bind(2, group)
            .Bind(3, windowStart);
        sums.Step();
        var balance = BalanceAt(sums, 0);
        sums.Reset();
        return balance;
    }

    public static BudgetBalance BalanceAt(SqliteStatement sums, int column) =>
        new(
            new StoredAmount(sums.Integer(column), sums.Integer(column + 1)).ToDecimal(),
            new StoredAmount(sums.Integer(column + 2), sums.Integer(column + 3)).ToDecimal()
        );

    public static void End(SqliteDatabase database, Guid id, int state, long now) =>
        database.Statement("UPDATE budget_reservation SET state=?2, due=?3 WHERE id=?1").Bind(1, id).Bind(2, state).Bind(3, now).Execute();

    public static void Insert(SqliteDatabase database, Guid id, int state, long due, ReadOnlySpan<byte> claims) =>
        database
            .Statement("INSERT INTO budget_reservation VALUES(?1, ?2, ?3, ?4)")
            .Bind(1, id)
            .Bind(2, state)
            .Bind(3, due)
            .Bind(4, claims)
            .Execute();

    /// <summary>Finds a reservation, whatever has become of it.</summary>
    public static bool TryFind(SqliteDatabase database, Guid id, out int state, out byte[] claims)
    {
        var known = database.Statement("SELECT state, claims FROM budget_reservation WHERE id=?1").Bind(1, id);
        if (!known.Step())
        {
            (state, claims) = (Held, []);
            return false;
        }

        (state, claims) = ((int)known.Integer(0), known.Blob(1).ToArray());
        known.Reset();
        return true;
    }
}
