using LlmThrift.Budgets;
using LlmThrift.PostgreSql.Database;
using LlmThrift.Stores;
using Npgsql;

namespace LlmThrift.PostgreSql.Budgets;

/// <summary>Budgets in the database: reserving and settling are one call of a function each. Leases go by the server's clock.</summary>
internal sealed class PostgreSqlBudgetLedger(PostgreSqlDatabase database) : IBudgetLedger
{
    private readonly string _reserve =
        $"SELECT granted, spent, reserved FROM {database.Schema}.budget_reserve($1, $2, $3, $4, $5, $6, $7, $8)";
    private readonly string _settle = $"SELECT {database.Schema}.budget_settle($1, $2, $3, $4, $5)";

    public async ValueTask<BudgetReservationResult> ReserveAsync(BudgetReservation reservation, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reservation);
        var claims = reservation.Claims;
        var (budgets, groups) = (new string[claims.Count], new string[claims.Count]);
        var (slices, starts) = (new long[claims.Count], new long[claims.Count]);
        var (limits, amounts) = (new decimal?[claims.Count], new decimal[claims.Count]);
        for (var index = 0; index < budgets.Length; index++)
        {
            var claim = claims[index];
            (budgets[index], groups[index]) = (Texts.Clean(claim.Budget), Texts.Clean(claim.Group));
            (slices[index], starts[index]) = (claim.Slice.UtcTicks, claim.WindowStart.UtcTicks);
            (limits[index], amounts[index]) = (
                claim.Limit == decimal.MaxValue ? null : claim.Limit,
                StoredAmount.Of(claim.Amount).ToDecimal()
            );
        }

        return await database
            .RunAsync(
                database.LedgerTurns,
                async (connection, token) =>
                {
                    var command = new NpgsqlCommand(_reserve, connection);
                    await using (command.ConfigureAwait(false))
                    {
                        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = reservation.Id });
                        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = reservation.Lease });
                        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = budgets });
                        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = groups });
                        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = slices });
                        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = starts });
                        command.Parameters.Add(new NpgsqlParameter<decimal?[]> { TypedValue = limits });
                        command.Parameters.Add(new NpgsqlParameter<decimal[]> { TypedValue = amounts });
                        var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
                        await using (reader.ConfigureAwait(false))
                        {
                            await reader.ReadAsync(token).ConfigureAwait(false);
                            var spent = reader.GetFieldValue<decimal[]>(1);
                            var reserved = reader.GetFieldValue<decimal[]>(2);
                            var balances = new BudgetBalance[spent.Length];
                            for (var index = 0; index < balances.Length; index++)
                            {
                                balances[index] = new BudgetBalance(spent[index], reserved[index]);
                            }

                            return new BudgetReservationResult(reader.GetBoolean(0), balances);
                        }
                    }
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    public async ValueTask SettleAsync(Guid reservationId, IReadOnlyList<BudgetPosting> postings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(postings);
        var budgets = new string[postings.Count];
        var groups = new string[postings.Count];
        var slices = new long[postings.Count];
        var amounts = new decimal[postings.Count];
        for (var index = 0; index < budgets.Length; index++)
        {
            var posting = postings[index];
            (budgets[index], groups[index]) = (Texts.Clean(posting.Budget), Texts.Clean(posting.Group));
            (slices[index], amounts[index]) = (posting.Slice.UtcTicks, StoredAmount.Of(posting.Amount).ToDecimal());
        }

        await database
            .RunAsync(
                database.LedgerTurns,
                async (connection, token) =>
                {
                    var command = new NpgsqlCommand(_settle, connection);
                    await using (command.ConfigureAwait(false))
                    {
                        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = reservationId });
                        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = budgets });
                        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = groups });
                        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = slices });
                        command.Parameters.Add(new NpgsqlParameter<decimal[]> { TypedValue = amounts });
                        return await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                    }
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    public async ValueTask RenewAsync(IReadOnlyCollection<Guid> reservationIds, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reservationIds);
        cancellationToken.ThrowIfCancellationRequested();
        if (reservationIds.Count == 0)
        {
            return;
        }

        Guid[] ids = [.. reservationIds];
        await database
            .RunAsync(
                async (connection, token) =>
                {
                    var command = new NpgsqlCommand(
                        $"""
                        WITH renewed AS (
                            UPDATE {database.Schema}.budget_hold SET expires = clock_timestamp() + $2
                            WHERE reservation = ANY($1) AND expires > clock_timestamp() RETURNING reservation)
                        UPDATE {database.Schema}.budget_reservation SET due = clock_timestamp() + $2
                        WHERE state = 0 AND id IN (SELECT reservation FROM renewed)
                        """,
                        connection
                    );
                    await using (command.ConfigureAwait(false))
                    {
                        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
                        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
                        await command.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                    }
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<BudgetAccount>> GetAccountsAsync(
        string budget,
        DateTimeOffset windowStart,
        int maxAccounts,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(budget);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxAccounts, 1);
        return await database
            .RunAsync(
                async (connection, token) =>
                {
                    var accounts = new List<BudgetAccount>();
                    var command = new NpgsqlCommand(
                        $"""
                        SELECT grp, sum(spent), sum(reserved) FROM (
                            SELECT grp, spent, reserved FROM {database.Schema}.budget_slice WHERE budget = $1 AND slice >= $2
                            UNION ALL SELECT grp, 0, -amount FROM {database.Schema}.budget_hold
                            WHERE budget = $1 AND slice >= $2 AND expires <= clock_timestamp()) AS parts
                        GROUP BY grp HAVING sum(spent) <> 0 OR sum(reserved) <> 0 ORDER BY sum(spent) + sum(reserved) DESC LIMIT $3
                        """,
                        connection
                    );
                    await using (command.ConfigureAwait(false))
                    {
                        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Texts.Clean(budget) });
                        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = windowStart.UtcTicks });
                        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = maxAccounts });
                        var reader = await command.ExecuteReaderAsync(token).ConfigureAwait(false);
                        await using (reader.ConfigureAwait(false))
                        {
                            while (await reader.ReadAsync(token).ConfigureAwait(false))
                            {
                                accounts.Add(new(reader.GetString(0), new(reader.GetDecimal(1), reader.GetDecimal(2))));
                            }
                        }
                    }

                    return accounts;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Frees what has run out, forgets what ended a day ago and slices past their retention.</summary>
    public Task RemoveOldAsync(DateTimeOffset slicesBefore, CancellationToken cancellationToken) =>
        database.RunAsync(
            async (connection, token) =>
            {
                var batch = new NpgsqlBatch(connection);
                await using (batch.ConfigureAwait(false))
                {
                    batch.BatchCommands.Add(new($"SELECT {database.Schema}.budget_free()"));
                    batch.BatchCommands.Add(
                        new(
                            $"""
                            DELETE FROM {database.Schema}.budget_reservation r WHERE r.due < clock_timestamp() - interval '1 day'
                            AND NOT EXISTS (SELECT 1 FROM {database.Schema}.budget_hold h WHERE h.reservation = r.id)
                            """
                        )
                    );
                    batch.BatchCommands.Add(
                        new($"DELETE FROM {database.Schema}.budget_slice WHERE slice < $1 AND reserved = 0")
                        {
                            Parameters = { new NpgsqlParameter<long> { TypedValue = slicesBefore.UtcTicks } },
                        }
                    );
                    await batch.ExecuteNonQueryAsync(token).ConfigureAwait(false);
                }
            },
            cancellationToken
        );
}
