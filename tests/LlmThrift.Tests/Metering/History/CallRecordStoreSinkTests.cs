using System.Collections.Concurrent;
using LlmThrift.Internal;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace LlmThrift.Tests.Metering.History;

public sealed class CallRecordStoreSinkTests
{
    private readonly CancellationToken _soon = new CancellationTokenSource(TimeSpan.FromSeconds(20)).Token;
    private readonly FlakyStore _store = new();

    [Fact]
    public async Task Records_reach_the_store_in_batches()
    {
        await using var sink = Sink(options => options.BatchSize = 10);
        for (var i = 0; i < 25; i++)
        {
            sink.Record(Record());
        }

        await sink.FlushAsync(_soon);

        Assert.Equal(25, _store.Calls.Count);
        Assert.All(_store.Batches, size => Assert.InRange(size, 1, 10));
        Assert.Equal((25, 0, 0), (sink.GetStatistics().Written, sink.GetStatistics().Waiting, sink.GetStatistics().Dropped));
    }

    [Fact]
    public async Task Record_is_written_soon_without_a_flush()
    {
        await using var sink = Sink(options => options.Interval = TimeSpan.FromMilliseconds(5));
        sink.Record(Record());

        await UntilAsync(() => _store.Calls.Count == 1);
    }

    [Fact]
    public async Task Batch_that_the_store_refuses_is_tried_again_with_the_same_ids()
    {
        _store.Failures = 3;
        await using var sink = Sink();
        sink.Record(Record());

        await sink.FlushAsync(_soon);

        Assert.Equal(4, _store.Attempts);
        Assert.Single(_store.SeenIds.Distinct());
        Assert.Null(sink.GetStatistics().FailingSince);
    }

    [Fact]
    public async Task Store_that_is_down_costs_the_oldest_records_once_the_queue_is_full()
    {
        _store.Failures = int.MaxValue;
        await using var sink = Sink(options =>
        {
            options.Capacity = 5;
            options.BatchSize = 5;
            options.ShutdownTimeout = TimeSpan.FromMilliseconds(50);
        });
        await UntilAsync(() =>
        {
            sink.Record(Record());
            return sink.GetStatistics().Dropped > 10;
        });

        var down = sink.GetStatistics();
        _store.Failures = 0;
        await sink.FlushAsync(_soon);
        var up = sink.GetStatistics();

        Assert.NotNull(down.FailingSince);
        Assert.NotNull(down.LastDroppedAt);
        Assert.InRange(down.Waiting, 1, 10);
        Assert.NotEmpty(_store.Calls);
        Assert.Null(up.FailingSince);
        Assert.Equal(0, up.Waiting);
    }

    [Fact]
    public async Task Disposing_writes_what_is_left()
    {
        var sink = Sink(options => options.Interval = TimeSpan.FromHours(1));
        sink.Record(Record());

        await sink.DisposeAsync();
        await sink.DisposeAsync();
        sink.Record(Record());

        Assert.Single(_store.Calls);
        Assert.Equal(1, sink.GetStatistics().Dropped);
    }

    [Fact]
    public async Task Disposing_does_not_wait_for_ever_for_a_store_that_hangs()
    {
        _store.Hangs = true;
        var sink = Sink(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        sink.Record(Record());
        sink.Record(Record());

        await sink.DisposeAsync().AsTask().WaitAsync(_soon);

        Assert.Equal((0, 2, 0), (sink.GetStatistics().Written, sink.GetStatistics().Dropped, sink.GetStatistics().Waiting));
    }

    [Fact]
    public async Task Store_that_hangs_is_asked_again_after_the_time_for_a_batch()
    {
        var clock = new ManualTimeProvider();
        _store.Hangs = true;
        await using var sink = new CallRecordStoreSink(
            _store,
            new CallRecordStoreSinkOptions(),
            new PipelineServices(new ServiceCollection().AddSingleton<TimeProvider>(clock).BuildServiceProvider())
        );
        sink.Record(Record());
        await UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(250));
            return _store.Attempts == 1;
        });
        _store.Hangs = false;

        await UntilAsync(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            return _store.Calls.Count == 1;
        });
    }

    [Fact]
    public async Task Records_from_many_threads_are_all_written()
    {
        await using var sink = Sink();
        Parallel.For(0, 5_000, _ => sink.Record(Record()));

        await sink.FlushAsync(_soon);

        Assert.Equal(5_000, _store.Calls.Count);
    }

    [Fact]
    public void Bad_options_are_listed()
    {
        var exception = Assert.Throws<ArgumentException>(() =>
            new CallRecordStoreSink(_store, new CallRecordStoreSinkOptions { Capacity = 0, Interval = TimeSpan.Zero })
        );

        Assert.Contains("Capacity", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Interval", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddCostHistory_keeps_the_calls_of_pipelines()
    {
        var services = new ServiceCollection();
        services.AddCostHistory().AddCostHistory();
        services.AddChatClient(_ => new ScriptedChatClient()).UseCostControls();
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IChatClient>();

        await client.GetResponseAsync("Hello?", new ChatOptions().WithTenant("acme"));
        await client.GetResponseAsync("Hello?", new ChatOptions().WithTenant("acme"));
        await provider.GetRequiredService<CallRecordStoreSink>().FlushAsync(_soon);

        var history = await provider
            .GetRequiredService<ICallRecordStore>()
            .QueryAsync(new CostHistoryQuery { From = DateTimeOffset.MinValue, To = DateTimeOffset.MaxValue }, _soon);
        Assert.Equal(2, history.ByTenant["acme"].Calls);
        Assert.IsType<InMemoryCallRecordStore>(provider.GetRequiredService<ICallRecordStore>());
        Assert.Same(PriceBook.Embedded, client.GetService<PriceBook>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AddCostHistory_writes_to_the_store_that_the_app_has(bool isStoreFirst)
    {
        var services = new ServiceCollection();
        if (isStoreFirst)
        {
            services.AddSingleton<ICallRecordStore>(_store).AddCostHistory();
        }
        else
        {
            services.AddCostHistory().AddSingleton<ICallRecordStore>(_store);
        }

        services.AddChatClient(_ => new ScriptedChatClient()).UseCostControls();
        await using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<IChatClient>().GetResponseAsync("Hello?");
        }

        Assert.Single(_store.Calls);
    }

    [Fact]
    public void Container_that_is_disposed_in_the_old_way_writes_too()
    {
        var services = new ServiceCollection().AddSingleton<ICallRecordStore>(_store).AddCostHistory();
        using (var provider = services.BuildServiceProvider())
        {
            provider.GetRequiredService<CallRecordStoreSink>().Record(Record());
        }

        Assert.Single(_store.Calls);
    }

    [Fact]
    public void GetCostTags_says_what_options_carry()
    {
        var options = new ChatOptions().WithTenant("acme").WithUser("ann");

        Assert.Equal(new CallTags("acme", null, "ann"), options.GetCostTags());
        Assert.Equal(new CallTags("acme", null, "ann"), CallOptions.From(options).GetCostTags());
        Assert.Equal(default, new ChatOptions().GetCostTags());
        Assert.Equal(default, ((ChatOptions?)null).GetCostTags());
    }

    private static CallRecord Record() =>
        new()
        {
            StartedAt = new DateTimeOffset(2026, 9, 1, 12, 0, 0, TimeSpan.Zero),
            BilledUsage = new TokenUsage(),
            BaselineUsage = new TokenUsage(),
        };

    private CallRecordStoreSink Sink(Action<CallRecordStoreSinkOptions>? configure = null)
    {
        var options = new CallRecordStoreSinkOptions { Interval = TimeSpan.FromMilliseconds(1) };
        configure?.Invoke(options);
        return new CallRecordStoreSink(_store, options);
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(1, _soon);
        }
    }

    /// <summary>A store that fails or hangs as told.</summary>
    private sealed class FlakyStore : ICallRecordStore
    {
        private int _attempts;

        public volatile int Failures;

        public volatile bool Hangs;

        public ConcurrentQueue<StoredCall> Calls { get; } = new();

        public ConcurrentQueue<int> Batches { get; } = new();

        public ConcurrentQueue<Guid> SeenIds { get; } = new();

        public int Attempts => Volatile.Read(ref _attempts);

        public async ValueTask AppendAsync(IReadOnlyList<StoredCall> records, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _attempts);
            if (Hangs)
            {
                await new TaskCompletionSource().Task;
            }

            foreach (var record in records)
            {
                SeenIds.Enqueue(record.Id);
            }

            if (Failures > 0)
            {
                Failures--;
                throw new IOException("The store is down.");
            }

            Batches.Enqueue(records.Count);
            foreach (var record in records)
            {
                Calls.Enqueue(record);
            }
        }

        public ValueTask<CostHistory> QueryAsync(CostHistoryQuery query, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<StoredCall> ReadAsync(CostHistoryQuery query, CancellationToken cancellationToken) =>
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
