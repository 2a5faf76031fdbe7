using Npgsql;

namespace LlmThrift.PostgreSql.Database;

/// <summary>Brings a schema from any earlier version to this one, each step once, whichever instance comes first.</summary>
internal static class Migrations
{
    /// <summary>Step n makes version n of the schema, whose name stands for {s}. Never changed once released: a change is a further step.</summary>
    private static readonly string[] Steps =
    [
        """
            CREATE TABLE {s}.budget_slice(
                budget text COLLATE "C" NOT NULL, grp text COLLATE "C" NOT NULL, slice bigint NOT NULL,
                spent numeric NOT NULL, reserved numeric NOT NULL,
                PRIMARY KEY(budget, grp, slice)) WITH (fillfactor=50);
            CREATE TABLE {s}.budget_reservation(
                id uuid PRIMARY KEY, state smallint NOT NULL, due timestamptz NOT NULL, spent numeric[], reserved numeric[]) WITH (fillfactor=80);
            CREATE INDEX budget_reservation_due ON {s}.budget_reservation(due);
            CREATE TABLE {s}.budget_hold(
                reservation uuid NOT NULL, budget text COLLATE "C" NOT NULL, grp text COLLATE "C" NOT NULL, slice bigint NOT NULL,
                amount numeric NOT NULL, expires timestamptz NOT NULL,
                PRIMARY KEY(reservation, budget, grp, slice));
            CREATE INDEX budget_hold_account ON {s}.budget_hold(budget, grp, expires);

            CREATE FUNCTION {s}.budget_key(p_budget text, p_group text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
            $$ SELECT hashtextextended('{s}' || chr(1) || p_budget || chr(1) || p_group, 0) $$;

            -- Accounts are locked in the order of their keys, so that no two calls ever wait for each other.
            CREATE FUNCTION {s}.budget_reserve(
                p_id uuid, p_lease interval, p_budgets text[], p_groups text[], p_slices bigint[], p_starts bigint[], p_limits numeric[],
                p_amounts numeric[], OUT granted boolean, OUT spent numeric[], OUT reserved numeric[]) LANGUAGE plpgsql AS
            $$
            #variable_conflict use_column
            DECLARE
                v_now timestamptz;
                v_count int := coalesce(array_length(p_budgets, 1), 0);
                v_known boolean;
                v_spent numeric;
                v_reserved numeric;
            BEGIN
                PERFORM pg_advisory_xact_lock(k.key) FROM (
                    SELECT DISTINCT {s}.budget_key(c.b, c.g) AS key FROM unnest(p_budgets, p_groups) AS c(b, g) ORDER BY key) AS k;
                v_now := clock_timestamp();
                SELECT r.spent, r.reserved INTO budget_reserve.spent, budget_reserve.reserved FROM {s}.budget_reservation r WHERE r.id = p_id;
                v_known := FOUND;
                IF v_known AND budget_reserve.spent IS NOT NULL THEN
                    granted := true;
                    RETURN;
                END IF;
                granted := NOT v_known;
                spent := '{}';
                reserved := '{}';
                FOR i IN 1..v_count LOOP
                    IF EXISTS (SELECT 1 FROM {s}.budget_hold h WHERE h.budget = p_budgets[i] AND h.grp = p_groups[i] AND h.expires <= v_now) THEN
                        WITH freed AS (
                            DELETE FROM {s}.budget_hold h WHERE h.budget = p_budgets[i] AND h.grp = p_groups[i] AND h.expires <= v_now
                            RETURNING h.slice, h.amount
                        ), sums AS (SELECT f.slice, sum(f.amount) AS amount FROM freed f GROUP BY f.slice)
                        UPDATE {s}.budget_slice s SET reserved = s.reserved - sums.amount FROM sums
                        WHERE s.budget = p_budgets[i] AND s.grp = p_groups[i] AND s.slice = sums.slice;
                    END IF;
                    SELECT coalesce(sum(s.spent), 0), coalesce(sum(s.reserved), 0) INTO v_spent, v_reserved
                    FROM {s}.budget_slice s WHERE s.budget = p_budgets[i] AND s.grp = p_groups[i] AND s.slice >= p_starts[i];
                    budget_reserve.spent := budget_reserve.spent || v_spent;
                    budget_reserve.reserved := budget_reserve.reserved || v_reserved;
                    IF p_limits[i] IS NOT NULL AND v_spent + v_reserved + p_amounts[i] > p_limits[i] THEN
                        granted := false;
                    END IF;
                END LOOP;
                IF NOT granted THEN
                    RETURN;
                END IF;

                -- A crash of the server may lose the last reservations: the calls that they were for are then cut off, too, and what they settle is written down all the same.
                PERFORM set_config('synchronous_commit', 'off', true);
                INSERT INTO {s}.budget_reservation(id, state, due, spent, reserved)
                VALUES (p_id, 0, v_now + p_lease, budget_reserve.spent, budget_reserve.reserved);
                INSERT INTO {s}.budget_hold
                SELECT p_id, c.b, c.g, c.s, c.a, v_now + p_lease FROM unnest(p_budgets, p_groups, p_slices, p_amounts) AS c(b, g, s, a);
                INSERT INTO {s}.budget_slice AS s
                SELECT c.b, c.g, c.s, 0, c.a FROM unnest(p_budgets, p_groups, p_slices, p_amounts) AS c(b, g, s, a)
                ON CONFLICT (budget, grp, slice) DO UPDATE SET reserved = s.reserved + excluded.reserved;
            END
            $$;

            CREATE FUNCTION {s}.budget_settle(p_id uuid, p_budgets text[], p_groups text[], p_slices bigint[], p_amounts numeric[])
            RETURNS void LANGUAGE plpgsql AS
            $$
            #variable_conflict use_column
            DECLARE
                v_now timestamptz;
            BEGIN
                PERFORM pg_advisory_xact_lock(k.key) FROM (
                    SELECT DISTINCT {s}.budget_key(c.b, c.g) AS key FROM (
                        SELECT u.b, u.g FROM unnest(p_budgets, p_groups) AS u(b, g)
                        UNION ALL SELECT h.budget, h.grp FROM {s}.budget_hold h WHERE h.reservation = p_id) AS c(b, g) ORDER BY key) AS k;
                v_now := clock_timestamp();
                INSERT INTO {s}.budget_reservation AS r (id, state, due) VALUES (p_id, 1, v_now)
                ON CONFLICT (id) DO UPDATE SET state = 1, due = v_now WHERE r.state <> 1;
                IF NOT FOUND THEN
                    RETURN;
                END IF;
                WITH freed AS (
                    DELETE FROM {s}.budget_hold h WHERE h.reservation = p_id RETURNING h.budget, h.grp, h.slice, h.amount
                )
                INSERT INTO {s}.budget_slice AS s
                SELECT c.b, c.g, c.s, sum(c.spent), sum(c.reserved) FROM (
                    SELECT f.budget, f.grp, f.slice, 0::numeric, -f.amount FROM freed f
                    UNION ALL SELECT u.b, u.g, u.s, u.a, 0 FROM unnest(p_budgets, p_groups, p_slices, p_amounts) AS u(b, g, s, a)
                ) AS c(b, g, s, spent, reserved) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                ON CONFLICT (budget, grp, slice) DO UPDATE SET spent = s.spent + excluded.spent, reserved = s.reserved + excluded.reserved;
            END
            $$;

            -- Frees what has run out on accounts that nobody reserves on any more.
            CREATE FUNCTION {s}.budget_free() RETURNS void LANGUAGE plpgsql AS
            $$
            #variable_conflict use_column
            DECLARE
                v_budgets text[];
                v_groups text[];
                v_now timestamptz;
            BEGIN
                SELECT array_agg(a.budget), array_agg(a.grp) INTO v_budgets, v_groups FROM (
                    SELECT DISTINCT h.budget, h.grp FROM {s}.budget_hold h WHERE h.expires <= clock_timestamp() LIMIT 1000) AS a;
                IF v_budgets IS NULL THEN
                    RETURN;
                END IF;
                PERFORM pg_advisory_xact_lock(k.key) FROM (
                    SELECT DISTINCT {s}.budget_key(c.b, c.g) AS key FROM unnest(v_budgets, v_groups) AS c(b, g) ORDER BY key) AS k;
                v_now := clock_timestamp();
                WITH freed AS (
                    DELETE FROM {s}.budget_hold h USING unnest(v_budgets, v_groups) AS a(b, g)
                    WHERE h.budget = a.b AND h.grp = a.g AND h.expires <= v_now RETURNING h.budget, h.grp, h.slice, h.amount
                ), sums AS (SELECT f.budget, f.grp, f.slice, sum(f.amount) AS amount FROM freed f GROUP BY 1, 2, 3)
                UPDATE {s}.budget_slice s SET reserved = s.reserved - sums.amount FROM sums
                WHERE s.budget = sums.budget AND s.grp = sums.grp AND s.slice = sums.slice;
            END
            $$;

            CREATE TABLE {s}.call_record(
                id uuid PRIMARY KEY, started bigint NOT NULL, day integer NOT NULL, tenant text, feature text, usr text, model text, tier text,
                provider text, requested_model text, served_by text, error text, duration bigint NOT NULL, outcome smallint NOT NULL,
                flags smallint NOT NULL, input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, baseline_input_tokens bigint NOT NULL,
                baseline_output_tokens bigint NOT NULL, baseline_cost numeric, actual_cost numeric, savings text NOT NULL);
            CREATE INDEX call_record_started ON {s}.call_record(started DESC, id DESC);
            CREATE INDEX call_record_dearest ON {s}.call_record(day, actual_cost DESC NULLS LAST);
            CREATE TABLE {s}.call_sum(
                level smallint NOT NULL, start bigint NOT NULL, tenant text COLLATE "C" NOT NULL, feature text COLLATE "C" NOT NULL,
                model text COLLATE "C" NOT NULL, tier text COLLATE "C" NOT NULL,
                calls bigint NOT NULL, failed bigint NOT NULL, unpriced bigint NOT NULL, estimated bigint NOT NULL,
                input_tokens bigint NOT NULL, output_tokens bigint NOT NULL, baseline_input_tokens bigint NOT NULL,
                baseline_output_tokens bigint NOT NULL, baseline_cost numeric NOT NULL, actual_cost numeric NOT NULL,
                PRIMARY KEY(level, start, tenant, feature, model, tier)) WITH (fillfactor=80);
            CREATE TABLE {s}.call_sum_stage(
                level smallint NOT NULL, start bigint NOT NULL, tenant text COLLATE "C" NOT NULL, feature text COLLATE "C" NOT NULL,
                model text COLLATE "C" NOT NULL, tier text COLLATE "C" NOT NULL, stage text COLLATE "C" NOT NULL,
                saving numeric NOT NULL, served bigint NOT NULL,
                PRIMARY KEY(level, start, tenant, feature, model, tier, stage)) WITH (fillfactor=80);

            CREATE TABLE {s}.cache_entry(
                key text COLLATE "C" PRIMARY KEY, size integer NOT NULL, used bigint NOT NULL, expires bigint NOT NULL, sliding bigint NOT NULL,
                latest bigint NOT NULL, value bytea NOT NULL);
            ALTER TABLE {s}.cache_entry ALTER COLUMN value SET STORAGE EXTERNAL;
            CREATE INDEX cache_entry_used ON {s}.cache_entry(used, size);
            CREATE INDEX cache_entry_expires ON {s}.cache_entry(expires);

            CREATE TABLE {s}.semantic_answer(id text COLLATE "C" PRIMARY KEY, expires bigint NOT NULL, payload bytea NOT NULL);
            CREATE TABLE {s}.semantic_entry(
                id text COLLATE "C" PRIMARY KEY, scope text NOT NULL, question text NOT NULL, model text COLLATE "C" NOT NULL,
                answer text COLLATE "C" NOT NULL, created bigint NOT NULL, expires bigint NOT NULL, tags text NOT NULL, vector bytea NOT NULL);
            CREATE INDEX semantic_entry_answer ON {s}.semantic_entry(answer);
            CREATE INDEX semantic_entry_model ON {s}.semantic_entry(model, id);
            CREATE TABLE {s}.semantic_change(
                seq bigserial PRIMARY KEY, entry text COLLATE "C" NOT NULL, origin uuid NOT NULL, made timestamptz NOT NULL DEFAULT clock_timestamp());
            """,
    ];

    public static async Task ApplyAsync(NpgsqlConnection connection, string schema, string database, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ExecuteAsync($"SELECT pg_advisory_xact_lock(hashtextextended('llmthrift migration {schema}', 0))").ConfigureAwait(false);

            // IF NOT EXISTS asks for the right to make schemas even where there is one.
            if (!await IsThereAsync($"SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'").ConfigureAwait(false))
            {
                await ExecuteAsync($"CREATE SCHEMA {schema}").ConfigureAwait(false);
            }

            var version = 0;
            if (await IsThereAsync($"SELECT 1 WHERE to_regclass('{schema}.version') IS NOT NULL").ConfigureAwait(false))
            {
                version = await NumberAsync($"SELECT coalesce(max(version), 0) FROM {schema}.version").ConfigureAwait(false);
            }
            else
            {
                await ExecuteAsync($"CREATE TABLE {schema}.version(version integer PRIMARY KEY, made timestamptz NOT NULL DEFAULT now())")
                    .ConfigureAwait(false);
            }

            if (version > Steps.Length)
            {
                throw PostgreSqlStoreException.TooNew(database, version, Steps.Length);
            }

            for (var step = version; step < Steps.Length; step++)
            {
                await ExecuteAsync(Steps[step].Replace("{s}", schema, StringComparison.Ordinal)).ConfigureAwait(false);
                await ExecuteAsync($"INSERT INTO {schema}.version(version) VALUES({step + 1})").ConfigureAwait(false);
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }

        async Task ExecuteAsync(string sql)
        {
            var command = new NpgsqlCommand(sql, connection);
            await using (command.ConfigureAwait(false))
            {
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        async Task<bool> IsThereAsync(string sql)
        {
            var command = new NpgsqlCommand(sql, connection);
            await using (command.ConfigureAwait(false))
            {
                return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not null;
            }
        }

        async Task<int> NumberAsync(string sql)
        {
            var command = new NpgsqlCommand(sql, connection);
            await using (command.ConfigureAwait(false))
            {
                return (int)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
            }
        }
    }
}
