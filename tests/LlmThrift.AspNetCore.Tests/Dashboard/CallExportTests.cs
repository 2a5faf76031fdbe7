using System.Globalization;
using System.Text;
using System.Text.Json;
using LlmThrift.AspNetCore.Dashboard;
using LlmThrift.Metering;
using LlmThrift.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.AspNetCore.Tests.Dashboard;

public sealed class CallExportTests
{
    private const string Hostile = "=HYPERLINK(\"http://evil.example\",\"a\"),\r\n\"b\" 😀";

    private readonly ManualTimeProvider _clock = new();

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\tx", "'\tx")]
    [InlineData("\rx", "\"'\rx\"")]
    [InlineData("＝1", "'＝1")]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("", "")]
    public void Field_is_text_to_every_spreadsheet(string value, string expected)
    {
        var text = new StringBuilder();

        CallCsv.Field(text, value);

        Assert.Equal(expected, text.ToString());
    }

    [Fact]
    public async Task Csv_reads_back_row_by_row()
    {
        await using var app = await StartAsync();
        var now = _clock.GetUtcNow();
        await app.Store.AppendAsync(
            [
                Calls.Call(now.AddMinutes(-1), actual: 0.0000012m, baseline: 2m, tenant: Hostile),
                Calls.Call(now.AddMinutes(-2), actual: null, baseline: null, tenant: null, model: "a,b"),
                Calls.Call(now.AddMinutes(-3), actual: 3m, baseline: 1m),
            ],
            default
        );

        using var response = await app.Client("ann").GetAsync("/costs/calls.csv");
        var rows = Parse(await response.Content.ReadAsStringAsync());

        Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment", response.Content.Headers.ContentDisposition?.DispositionType);
        Assert.EndsWith(".csv", response.Content.Headers.ContentDisposition?.FileName?.Trim('"'), StringComparison.Ordinal);
        Assert.Equal(4, rows.Count);
        Assert.All(rows, row => Assert.Equal(rows[0].Count, row.Count));
        string Of(int row, string column) => rows[row][rows[0].IndexOf(column)];
        Assert.Equal("'" + Hostile, Of(1, "tenant"));
        Assert.Equal(0.0000012m, decimal.Parse(Of(1, "actual_cost_usd"), CultureInfo.InvariantCulture));
        Assert.Equal("", Of(2, "actual_cost_usd"));
        Assert.Equal("", Of(2, "tenant"));
        Assert.Equal("a,b", Of(2, "model"));
        Assert.Equal("-2", Of(3, "saving_usd"));
        Assert.Equal("routing -2", Of(3, "saving_by_stage"));
        Assert.DoesNotContain("user", rows[0]);
    }

    [Fact]
    public async Task Json_is_one_array_of_the_calls_that_match()
    {
        await using var app = await StartAsync();
        var now = _clock.GetUtcNow();
        await app.Store.AppendAsync(
            [.. Enumerable.Range(1, 2_000).Select(i => Calls.Call(now.AddSeconds(-i), tenant: i % 2 == 0 ? Hostile : "acme"))],
            default
        );

        using var response = await app.Client("ann").GetAsync("/costs/calls.json?range=1h&tenant=" + Uri.EscapeDataString(Hostile));
        var calls = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.EnumerateArray().ToList();

        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal(1_000, calls.Count);
        Assert.All(calls, call => Assert.Equal(Hostile, call.GetProperty("tenant").GetString()));
        Assert.Equal(1m, calls[0].GetProperty("saving").GetDecimal());
        Assert.Equal("Completed", calls[0].GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task Empty_export_is_whole_all_the_same()
    {
        await using var app = await StartAsync();

        var csv = await app.Client("ann").GetStringAsync("/costs/calls.csv");
        var json = await app.Client("ann").GetStringAsync("/costs/calls.json");

        Assert.Single(Parse(csv));
        Assert.Equal(0, JsonDocument.Parse(json).RootElement.GetArrayLength());
    }

    [Theory]
    [InlineData("/costs/calls.csv")]
    [InlineData("/costs/calls.json")]
    public async Task Export_is_sent_while_it_is_read(string path)
    {
        var store = new SlowStore();
        await using var app = await StartAsync(services => services.AddSingleton<ICallRecordStore>(store));

        using var response = await app.Client("ann").GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var first = new byte[1_000];
        await body.ReadExactlyAsync(first).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(store.HasEnded);
        store.Gate.SetResult();
        using var rest = new StreamReader(body);
        await rest.ReadToEndAsync();

        Assert.True(store.HasEnded);
    }

    /// <summary>Fields as RFC 4180 has them.</summary>
    private static List<List<string>> Parse(string csv)
    {
        var rows = new List<List<string>>();
        var row = new List<string>();
        var field = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < csv.Length; i++)
        {
            var c = csv[i];
            if (isQuoted && c == '"' && i + 1 < csv.Length && csv[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (c == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && c == ',')
            {
                row.Add(field.ToString());
                field.Clear();
            }
            else if (!isQuoted && c == '\r' && csv[i + 1] == '\n')
            {
                row.Add(field.ToString());
                field.Clear();
                rows.Add(row);
                row = [];
                i++;
            }
            else
            {
                field.Append(c);
            }
        }

        Assert.Empty(row);
        return rows;
    }

    private Task<DashboardApp> StartAsync(Action<IServiceCollection>? services = null) =>
        DashboardApp.StartAsync(all =>
        {
            all.AddSingleton<TimeProvider>(_clock);
            services?.Invoke(all);
        });

    /// <summary>Has many calls, and waits before the last.</summary>
    private sealed class SlowStore : ICallRecordStore
    {
        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool HasEnded { get; private set; }

        public async IAsyncEnumerable<StoredCall> ReadAsync(
            CostHistoryQuery query,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            for (var i = 0; i < 1_000; i++)
            {
                yield return Calls.Call(query.From);
            }

            await Gate.Task;
            HasEnded = true;
            yield return Calls.Call(query.From);
        }

        public ValueTask AppendAsync(IReadOnlyList<StoredCall> records, CancellationToken cancellationToken) => default;

        public ValueTask<CostHistory> QueryAsync(CostHistoryQuery query, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<StoredCall>> ReadDearestAsync(
            CostHistoryQuery query,
            int count,
            CancellationToken cancellationToken
        ) => throw new NotSupportedException();

        public ValueTask<long> RemoveBeforeAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
            throw new NotSupportedException();
    }
}
