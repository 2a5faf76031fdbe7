using System.Globalization;
using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.PostgreSql;
using LlmThrift.SemanticCache;
using LlmThrift.Sqlite;

// reserve sqlite PATH COUNT LIMIT            prints how many of COUNT reservations of 1 were granted against LIMIT
// reserve postgresql CONNECTION SCHEMA …     likewise
// write sqlite PATH                          writes until it is killed, and prints what has been promised to be written
if (args.Length < 3)
{
    return 2;
}

var isSqlite = args[1] == "sqlite";
IDisposable store = isSqlite
    ? new SqliteStore(args[2])
    : new PostgreSqlStore(new PostgreSqlStoreOptions { ConnectionString = args[2], Schema = args[3] });
using var owned = store;
var rest = args[(isSqlite ? 3 : 4)..];
var (budgets, records, cache, semantic) = store switch
{
    SqliteStore sqlite => (sqlite.Budgets, sqlite.Records, sqlite.Cache, sqlite.SemanticCache),
    PostgreSqlStore postgres => (postgres.Budgets, postgres.Records, postgres.Cache, postgres.SemanticCache),
    _ => throw new InvalidOperationException(),
};
var slice = new DateTimeOffset(2026, 9, 1, 0, 0, 0, TimeSpan.Zero);
return args[0] switch
{
    "reserve" => await ReserveAsync(int.Parse(rest[0], CultureInfo.InvariantCulture), decimal.Parse(rest[1], CultureInfo.InvariantCulture)),
    "write" => await WriteAsync(),
    _ => 2,
};

async Task<int> ReserveAsync(int count, decimal limit)
{
    // All processes begin together.
    Console.WriteLine("ready");
    Console.ReadLine();
    var results = await Task.WhenAll(
        Enumerable
            .Range(0, count)
            .Select(_ =>
                Task.Run(async () =>
                    (
                        await budgets.ReserveAsync(
                            new BudgetReservation
                            {
                                Id = Guid.CreateVersion7(),
                                Claims = [new BudgetClaim("shared", "", slice, slice, limit, 1)],
                                Lease = TimeSpan.FromMinutes(10),
                            },
                            default
                        )
                    ).IsGranted
                )
            )
    );
    Console.WriteLine(results.Count(isGranted => isGranted).ToString(CultureInfo.InvariantCulture));
    return 0;
}

async Task<int> WriteAsync()
{
    await Task.WhenAll(Enumerable.Range(0, 4).Select(WriteOnAsync));
    return 0;

    async Task WriteOnAsync(int worker)
    {
        await Task.Yield();
        for (var number = 0; ; number++)
        {
            var id = Guid.CreateVersion7();
            await budgets.ReserveAsync(
                new BudgetReservation
                {
                    Id = id,
                    Claims =
                    [
                        new BudgetClaim("spent", $"w{worker}", slice, slice, decimal.MaxValue, 5),
                        new BudgetClaim("spent", "all", slice, slice, decimal.MaxValue, 5),
                    ],
                    Lease = TimeSpan.FromSeconds(2),
                },
                default
            );
            await budgets.SettleAsync(
                id,
                [new BudgetPosting("spent", $"w{worker}", slice, 1), new BudgetPosting("spent", "all", slice, 1)],
                default
            );

            // From here on it must not be lost.
            Say($"settled {id}");
            if (number % 5 == 0)
            {
                var calls = Enumerable
                    .Range(0, 20)
                    .Select(_ => new StoredCall
                    {
                        Id = Guid.CreateVersion7(),
                        StartedAt = TimeProvider.System.GetUtcNow(),
                        Model = "m",
                        ActualCost = 0.001m,
                        BaselineCost = 0.002m,
                    })
                    .ToList();
                await records.AppendAsync(calls, default);
                Say($"records {calls.Count}");
                await cache.SetAsync($"key{worker}-{number % 50}", new byte[2_000], new());
                await semantic.SaveAsync(
                    new StoredSemanticEntry
                    {
                        Id = $"e{worker}-{number % 50}",
                        Scope = "s",
                        Question = "q",
                        Vector = new float[] { 1, 0 },
                        EmbeddingModel = "m",
                        AnswerId = $"a{worker}-{number % 7}",
                        CreatedAt = slice,
                        ExpiresAt = slice.AddYears(10),
                    },
                    new StoredSemanticAnswer
                    {
                        Id = $"a{worker}-{number % 7}",
                        Payload = new byte[] { 1 },
                        ExpiresAt = slice.AddYears(10),
                    },
                    default
                );
            }
        }
    }

    static void Say(string line)
    {
        // In one write, so that a kill leaves no half of a line that looks whole.
        Console.Out.Write(line + "\n");
        Console.Out.Flush();
    }
}
