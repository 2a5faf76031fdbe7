using System.Globalization;

namespace LlmThrift.Sqlite.Database;

/// <summary>Brings a file from any earlier version to this one, each step once, whichever process comes first.</summary>
internal static class Migrations
{
    /// <summary>Step n makes version n of the file. Never changed once released: a change is a further step.</summary>
    private static readonly string[] Steps =
    [
        """
            CREATE TABLE budget_slice(
                budget TEXT NOT NULL, grp TEXT NOT NULL, slice INTEGER NOT NULL,
                spent INTEGER NOT NULL, spent_nano INTEGER NOT NULL, reserved INTEGER NOT NULL, reserved_nano INTEGER NOT NULL,
                PRIMARY KEY(budget, grp, slice)) WITHOUT ROWID;
            CREATE TABLE budget_reservation(
                id BLOB PRIMARY KEY, state INTEGER NOT NULL, due INTEGER NOT NULL, claims BLOB NOT NULL) WITHOUT ROWID;
            CREATE INDEX budget_reservation_due ON budget_reservation(state, due);

            CREATE TABLE call_name(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE call_record(
                key INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, started INTEGER NOT NULL, day INTEGER NOT NULL, cost REAL NOT NULL,
                tenant INTEGER NOT NULL, feature INTEGER NOT NULL, model INTEGER NOT NULL, tier INTEGER NOT NULL,
                provider INTEGER NOT NULL, requested_model INTEGER NOT NULL, served_by INTEGER NOT NULL, error INTEGER NOT NULL, user TEXT,
                duration INTEGER NOT NULL, outcome INTEGER NOT NULL, flags INTEGER NOT NULL,
                input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
                baseline_input_tokens INTEGER NOT NULL, baseline_output_tokens INTEGER NOT NULL,
                baseline_cost TEXT, actual_cost TEXT, savings BLOB NOT NULL);
            CREATE INDEX call_record_started ON call_record(started);
            CREATE INDEX call_record_dearest ON call_record(day, cost DESC, tenant, feature, model);
            CREATE TABLE call_sum(
                level INTEGER NOT NULL, start INTEGER NOT NULL,
                tenant INTEGER NOT NULL, feature INTEGER NOT NULL, model INTEGER NOT NULL, tier INTEGER NOT NULL, sums BLOB NOT NULL,
                PRIMARY KEY(level, start, tenant, feature, model, tier)) WITHOUT ROWID;

            CREATE TABLE cache_entry(
                id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, used INTEGER NOT NULL,
                expires INTEGER NOT NULL, sliding INTEGER NOT NULL, latest INTEGER NOT NULL, value BLOB NOT NULL);
            CREATE INDEX cache_entry_used ON cache_entry(used, size);
            CREATE INDEX cache_entry_expires ON cache_entry(expires);
            CREATE TABLE cache_total(bytes INTEGER NOT NULL);
            INSERT INTO cache_total VALUES(0);

            CREATE TABLE semantic_answer(
                key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL, payload BLOB NOT NULL);
            CREATE TABLE semantic_entry(
                key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, question TEXT NOT NULL, model TEXT NOT NULL,
                answer TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL, tags TEXT NOT NULL, vector BLOB NOT NULL);
            CREATE INDEX semantic_entry_answer ON semantic_entry(answer);
            CREATE INDEX semantic_entry_model ON semantic_entry(model);
            CREATE INDEX semantic_entry_expires ON semantic_entry(expires);
            CREATE INDEX semantic_answer_expires ON semantic_answer(expires);
            """,
    ];

    public static void Apply(SqliteDatabase database, string path)
    {
        if (VersionOf(database) == Steps.Length)
        {
            return;
        }

        database.Execute("BEGIN IMMEDIATE");
        try
        {
            database.Execute("CREATE TABLE IF NOT EXISTS llmthrift_version(version INTEGER PRIMARY KEY, made TEXT NOT NULL)");
            var version = VersionOf(database);
            if (version > Steps.Length)
            {
                throw SqliteStoreException.TooNew(path, version, Steps.Length);
            }

            for (var step = version; step < Steps.Length; step++)
            {
                database.Execute(Steps[step]);
                database.Execute(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"INSERT INTO llmthrift_version VALUES({step + 1}, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))"
                    )
                );
            }

            database.Execute("COMMIT");
        }
        catch
        {
            database.RollBack();
            throw;
        }
    }

    private static int VersionOf(SqliteDatabase database) =>
        database.Scalar("SELECT count(*) FROM sqlite_master WHERE type='table' AND name='llmthrift_version'") == 0
            ? 0
            : (int)database.Scalar("SELECT coalesce(max(version), 0) FROM llmthrift_version");
}
