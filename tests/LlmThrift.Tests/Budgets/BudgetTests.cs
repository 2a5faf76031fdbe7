using LlmThrift.Budgets;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.TestKit;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Budgets;

public sealed class BudgetTests
{
    private const int Output = 1_000;

    private static readonly PriceBook Prices = PriceBook
        .Empty.With("gpt-4o", new ModelPrice { Input = 10m, Output = 40m })
        .With("gpt-4o-mini", new ModelPrice { Input = 1m, Output = 4m });

    private readonly ManualTimeProvider _clock = new();
    private readonly List<BudgetWarning> _warnings = [];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_is_settled_to_what_it_cost(bool isStreaming)
    {
        using var provider = Provider(output: 10);
        using var client = Client(provider, o => o.Add("day", 1m, BudgetWindow.Day));

        await AskAsync(client, isStreaming: isStreaming);

        var status = Assert.Single(await StatusAsync(client));
        Assert.Equal((CostOf(10), 0m), (status.Spent, status.Reserved));
        Assert.Equal(1m - CostOf(10), status.Remaining);
    }

    [Fact]
    public async Task Call_holds_the_most_that_it_can_cost_while_it_is_under_way()
    {
        var gate = new TaskCompletionSource();
        using var provider = Provider(output: 10, gate: gate.Task);
        using var client = Client(provider, o => o.Add("day", 1m, BudgetWindow.Day));

        var asking = AskAsync(client);
        var held = Assert.Single(await StatusAsync(client));
        gate.SetResult();
        await asking;

        Assert.Equal((0m, CostOf(Output)), (held.Spent, held.Reserved));
    }

    [Theory]
    [InlineData(1_000_000, 16 + 16 + 5)]
    [InlineData(400, 8)]
    public async Task Prompt_is_taken_for_its_size_only_where_there_is_room_for_ten_thousand_of_it(int limit, int tokens)
    {
        var gate = new TaskCompletionSource();
        using var provider = Provider(gate: gate.Task);
        using var client = Client(provider, o => o.Add("day", limit, BudgetWindow.Day));

        var asking = AskAsync(client);
        var held = Assert.Single(await StatusAsync(client)).Reserved;
        gate.SetResult();
        await asking;

        Assert.Equal((tokens * 10m + Output * 40m) / 1_000_000m, held);
        Assert.Equal(CostOf(Output), Assert.Single(await StatusAsync(client)).Spent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_that_does_not_fit_is_refused_before_it_is_made(bool isStreaming)
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Add("tenant-day", CostOf(Output), BudgetWindow.Day, BudgetScope.Tenant));
        await AskAsync(client, "acme", isStreaming);

        var exception = await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, "acme", isStreaming));
        await AskAsync(client, "other", isStreaming);

        Assert.Equal(2, provider.Calls);
        Assert.Equal(("tenant-day", "tenant=acme", BudgetUnit.UsDollars), (exception.Budget, exception.Group, exception.Unit));
        Assert.Equal((CostOf(Output), CostOf(Output), 0m), (exception.Limit, exception.Spent, exception.Reserved));
        Assert.Equal(new DateTimeOffset(2026, 9, 2, 0, 0, 0, TimeSpan.Zero), exception.FreesAt);
    }

    [Fact]
    public async Task Window_turns_and_calls_fit_again()
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Add("day", CostOf(Output), BudgetWindow.Day));
        await AskAsync(client);
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client));

        _clock.Advance(TimeSpan.FromHours(12));
        await AskAsync(client);

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Answer_is_shortened_to_what_is_left_when_that_is_still_useful()
    {
        using var provider = Provider(output: 600);
        using var client = Client(provider, o => o.Add("day", CostOf(600) + CostOf(500), BudgetWindow.Day));
        CallRecord? record = null;
        await AskAsync(client);

        await AskAsync(client, onRecord: r => record = r);

        Assert.Equal(Output, provider.Requests.First().Options!.MaxOutputTokens);
        Assert.Equal(500, provider.Requests.Last().Options!.MaxOutputTokens);
        Assert.Contains(record!.Notes, note => note is { Stage: "budgets", Reason: "shortened" });
    }

    [Fact]
    public async Task Answer_is_not_shortened_below_what_is_useful()
    {
        using var provider = Provider(output: 600);
        using var client = Client(provider, o => o.Add("day", CostOf(600) + CostOf(255), BudgetWindow.Day));
        await AskAsync(client);

        // The first call held more than is there: it was shortened too.
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client));
    }

    [Fact]
    public async Task Call_without_a_limit_gets_one_so_that_what_is_held_is_enough()
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Add("day", 100m, BudgetWindow.Day));

        await client.GetResponseAsync("Hello");

        Assert.Equal(8_192, provider.Requests.Single().Options!.MaxOutputTokens);
    }

    [Fact]
    public async Task Soft_budget_refuses_nothing_and_changes_nothing()
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Limits.Add(new Budget("soft", 0.0001m, BudgetWindow.Day) { IsSoft = true }));

        await client.GetResponseAsync("Hello");
        await client.GetResponseAsync("Hello again");

        Assert.Null(provider.Requests.First().Options!.MaxOutputTokens);
        Assert.True(Assert.Single(await StatusAsync(client)).Spent > 0.0001m);
        Assert.Equal([0.8, 1.0], _warnings.Select(warning => warning.Share));
    }

    [Fact]
    public async Task Warning_comes_once_a_window()
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Add("day", 3 * CostOf(Output), BudgetWindow.Day));
        for (var call = 0; call < 3; call++)
        {
            await AskAsync(client);
        }

        Assert.Equal([0.8, 1.0], _warnings.Select(warning => warning.Share));
        _clock.Advance(TimeSpan.FromDays(1));
        for (var call = 0; call < 3; call++)
        {
            await AskAsync(client);
        }

        Assert.Equal([0.8, 1.0, 0.8, 1.0], _warnings.Select(warning => warning.Share));
    }

    [Theory]
    [InlineData(BudgetUnit.Calls, 2)]
    [InlineData(BudgetUnit.Tokens, 2 * (8 + Output))]
    public async Task Tokens_and_calls_are_counted_too(BudgetUnit unit, int limit)
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Limits.Add(new Budget("day", limit, BudgetWindow.Day) { Unit = unit }));

        await AskAsync(client);
        await AskAsync(client);
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client));

        Assert.Equal(limit, Assert.Single(await StatusAsync(client)).Spent);
    }

    [Fact]
    public async Task All_budgets_must_have_room_or_none_is_touched()
    {
        using var provider = Provider();
        using var client = Client(
            provider,
            o => o.Add("user", 1m, BudgetWindow.Day, BudgetScope.Tenant | BudgetScope.User).Add("all", 0m, BudgetWindow.Hour)
        );

        var exception = await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, "acme"));

        Assert.Equal("all", exception.Budget);
        Assert.Equal(0, provider.Calls);
        Assert.All(await StatusAsync(client), status => Assert.Equal(0m, status.Reserved));
    }

    [Fact]
    public async Task Budget_of_one_feature_leaves_others_alone()
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Limits.Add(new Budget("faq", 0m, BudgetWindow.Day) { Feature = "faq" }));

        await Assert.ThrowsAsync<BudgetExceededException>(() =>
            client.GetResponseAsync("Hello", new ChatOptions { MaxOutputTokens = Output }.WithFeature("faq"))
        );
        await client.GetResponseAsync("Hello", new ChatOptions { MaxOutputTokens = Output }.WithFeature("chat"));

        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Some_accounts_have_another_limit()
    {
        using var provider = Provider();
        using var client = Client(
            provider,
            o =>
                o.Limits.Add(
                    new Budget("day", CostOf(Output), BudgetWindow.Day, BudgetScope.Tenant)
                    {
                        LimitFor = tags => tags.Tenant == "large; one=1" ? 2 * CostOf(Output) : null,
                    }
                )
        );

        await AskAsync(client, "large; one=1");
        await AskAsync(client, "large; one=1");
        await AskAsync(client, "small");
        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client, "small"));

        Assert.Equal([2 * CostOf(Output), CostOf(Output)], (await StatusAsync(client)).Select(status => status.Limit));
    }

    [Fact]
    public async Task Ten_thousand_calls_at_once_against_a_budget_for_a_thousand_never_overspend()
    {
        using var provider = Provider();
        using var client = Client(provider, o => o.Add("day", 1_000 * CostOf(Output), BudgetWindow.Day));
        var served = 0;
        var refused = 0;

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 10_000),
            new ParallelOptions { MaxDegreeOfParallelism = 500 },
            async (_, _) =>
            {
                try
                {
                    await AskAsync(client);
                    Interlocked.Increment(ref served);
                }
                catch (BudgetExceededException)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        );

        var status = Assert.Single(await StatusAsync(client));
        Assert.Equal((1_000, 9_000), (served, refused));
        Assert.Equal((1_000 * CostOf(Output), 0m), (status.Spent, status.Reserved));
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("cancelled")]
    [InlineData("stream fails")]
    [InlineData("stream cancelled")]
    [InlineData("stream left")]
    public async Task Reservation_is_given_back_however_the_call_ends(string end)
    {
        var never = new TaskCompletionSource();
        using var cancellation = new CancellationTokenSource();
        using var provider = new ScriptedChatClient(
            end switch
            {
                "fails" => ScriptedAnswer.Failing(new HttpRequestException("down")),
                "stream fails" => ScriptedAnswer.Failing(new HttpRequestException("down"), afterChunks: 1),
                "cancelled" => new ScriptedAnswer { Gate = never.Task },
                _ => new ScriptedAnswer { GateAfterFirstChunk = never.Task },
            }
        );
        using var client = Client(provider, o => o.Add("day", 1m, BudgetWindow.Day));
        var options = new ChatOptions { MaxOutputTokens = Output };
        if (end is "fails" or "cancelled")
        {
            var asking = client.GetResponseAsync("Hello", options, cancellation.Token);
            if (end == "cancelled")
            {
                await cancellation.CancelAsync();
            }

            await Assert.ThrowsAnyAsync<Exception>(() => asking);
        }
        else
        {
            var updates = client.GetStreamingResponseAsync("Hello", options, cancellation.Token).GetAsyncEnumerator(cancellation.Token);
            Assert.True(await updates.MoveNextAsync());
            if (end != "stream left")
            {
                var next = updates.MoveNextAsync();
                if (end == "stream cancelled")
                {
                    await cancellation.CancelAsync();
                }

                await Assert.ThrowsAnyAsync<Exception>(async () => await next);
            }

            await updates.DisposeAsync();
        }

        var status = Assert.Single(await StatusAsync(client));
        Assert.Equal(0m, status.Reserved);
        Assert.Equal(end != "fails", status.Spent > 0m);
    }

    [Fact]
    public async Task Cheaper_tier_is_asked_when_the_dearer_one_does_not_fit()
    {
        using var provider = Routed();
        using var client = RoutedClient(provider, o => o.WhenExceeded.Add(BudgetFallback.CheaperTier), limit: CostOf(Output) / 2);
        CallRecord? record = null;

        await AskAsync(client, onRecord: r => record = r);

        Assert.Equal("gpt-4o-mini", provider.Requests.Single().Options!.ModelId);
        Assert.Equal(RoutingReason.Budget, record!.Routing!.Reason);
        Assert.Equal(Output, provider.Requests.Single().Options!.MaxOutputTokens);
    }

    [Fact]
    public async Task Cheaper_tier_that_cannot_serve_the_request_is_not_asked()
    {
        using var provider = Routed();
        using var client = RoutedClient(
            provider,
            o => o.WhenExceeded.Add(BudgetFallback.CheaperTier),
            limit: CostOf(100),
            routing => routing.Tiers[0].SupportsTools = false
        );
        var options = new ChatOptions { MaxOutputTokens = Output, Tools = [AIFunctionFactory.Create(() => 1, "one")] };

        await Assert.ThrowsAsync<BudgetExceededException>(() => client.GetResponseAsync("Hello", options));

        Assert.Equal(0, provider.Calls);
    }

    [Fact]
    public async Task Dearest_tier_does_not_count_where_it_cannot_serve_the_request()
    {
        using var provider = Routed();
        using var client = RoutedClient(
            provider,
            o => o.WhenExceeded.Add(BudgetFallback.CheaperTier),
            limit: CostOf(Output) / 2,
            routing => routing.Tiers[1].SupportsTools = false
        );
        var options = new ChatOptions { MaxOutputTokens = Output, Tools = [AIFunctionFactory.Create(() => 1, "one")] };

        await client.GetResponseAsync("Hello", options);

        Assert.Equal("gpt-4o-mini", provider.Requests.Single().Options!.ModelId);
    }

    [Fact]
    public async Task Both_tiers_are_reckoned_with_where_one_answer_may_be_followed_by_another()
    {
        using var provider = Routed();
        using var client = RoutedClient(provider, _ => { }, limit: 1m, routing => routing.Cascade.Checks.Add(AnswerChecks.Complete));
        var held = 0m;
        var options = new ChatOptions { MaxOutputTokens = Output };
        provider.Asked = async () => held = Assert.Single(await StatusAsync(client)).Reserved;

        await client.GetResponseAsync("Hello", options);

        Assert.Equal(CostOf(Output) * 1.1m, held);
    }

    [Fact]
    public async Task Accounts_of_models_are_booked_by_the_model_that_answered()
    {
        using var provider = Routed();
        using var client = provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = Prices)
            .UseBudgets(o =>
            {
                o.Prices = Prices;
                o.Add("models", 1m, BudgetWindow.Day, BudgetScope.Model);
            })
            .UseModelRouting(o =>
            {
                o.AddTier("small", "gpt-4o-mini");
                o.AddTier("large", "gpt-4o");
                o.Prices = Prices;
            })
            .Build();

        await client.GetResponseAsync("Hello", new ChatOptions { MaxOutputTokens = Output });

        var status = Assert.Single(await StatusAsync(client));
        Assert.Equal(("model=gpt-4o", 0m), (status.Group, status.Reserved));
        Assert.Equal(CostOf(Output), status.Spent);
    }

    [Fact]
    public async Task Queued_call_goes_on_when_another_gives_back_what_it_did_not_need()
    {
        var gate = new TaskCompletionSource();
        using var provider = Provider(output: 10, gate: gate.Task);
        using var client = Client(
            provider,
            o =>
            {
                o.Add("day", CostOf(Output) + CostOf(10), BudgetWindow.Day);
                o.WhenExceeded.Add(BudgetFallback.Queue);
            }
        );
        var first = AskAsync(client);

        var second = AskAsync(client);
        Assert.Equal(1, provider.Calls);
        gate.SetResult();
        await Task.WhenAll(first, second);

        Assert.Equal(2 * CostOf(10), Assert.Single(await StatusAsync(client)).Spent);
    }

    [Fact]
    public async Task Queued_call_goes_on_when_the_window_turns()
    {
        using var provider = Provider();
        using var client = Client(
            provider,
            o =>
            {
                o.Add("minute", CostOf(Output), BudgetWindow.Minute);
                o.WhenExceeded.Add(BudgetFallback.Queue);
                o.MaxQueueTime = TimeSpan.FromMinutes(5);
            }
        );
        await AskAsync(client);
        var second = AskAsync(client);
        Assert.False(second.IsCompleted);

        _clock.Advance(TimeSpan.FromMinutes(1));
        await second;

        Assert.Equal(2, provider.Calls);
    }

    [Fact]
    public async Task Queue_is_bounded_in_time_and_in_number()
    {
        using var provider = Provider();
        using var client = Client(
            provider,
            o =>
            {
                o.Add("day", 0m, BudgetWindow.Day);
                o.WhenExceeded.Add(BudgetFallback.Queue);
                o.MaxQueued = 1;
                o.MaxQueueTime = TimeSpan.FromSeconds(10);
            }
        );
        var waiting = AskAsync(client);

        await Assert.ThrowsAsync<BudgetExceededException>(() => AskAsync(client));
        Assert.False(waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<BudgetExceededException>(() => waiting);

        Assert.Equal(0, provider.Calls);
    }

    [Fact]
    public async Task Queued_call_that_is_cancelled_leaves_its_place()
    {
        using var provider = Provider();
        using var client = Client(
            provider,
            o =>
            {
                o.Add("day", 0m, BudgetWindow.Day);
                o.WhenExceeded.Add(BudgetFallback.Queue);
                o.MaxQueued = 1;
            }
        );
        using var cancellation = new CancellationTokenSource();
        var first = client.GetResponseAsync("Hello", new ChatOptions { MaxOutputTokens = Output }, cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = AskAsync(client);

        Assert.False(second.IsCompleted);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<BudgetExceededException>(() => second);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cache_only_answers_in_place_of_an_exception_and_no_cache_keeps_it(bool isStreaming)
    {
        using var provider = Provider();
        using var client = provider.WithCostControls(o =>
        {
            o.Metering.Prices = Prices;
            o.Budgets.Add("day", 0m, BudgetWindow.Day);
            o.Budgets.WhenExceeded.Add(BudgetFallback.CacheOnly);
            o.Budgets.CacheOnlyAnswer = "Please try again tomorrow.";
        });
        CallRecord? record = null;

        for (var call = 0; call < 2; call++)
        {
            Assert.Equal("Please try again tomorrow.", await AskAsync(client, isStreaming: isStreaming, onRecord: r => record = r));
            Assert.Null(record!.ServedBy);
            Assert.Equal(0m, record.ActualCost);
        }

        Assert.Equal(0, provider.Calls);
    }

    [Fact]
    public async Task Answers_from_the_cache_are_served_when_the_budget_is_spent()
    {
        using var provider = Provider();
        using var client = provider.WithCostControls(o =>
        {
            o.Metering.Prices = Prices;
            o.Budgets.Add("day", CostOf(Output), BudgetWindow.Day);
        });
        await AskAsync(client);

        await AskAsync(client);
        await Assert.ThrowsAsync<BudgetExceededException>(() => client.GetResponseAsync("Something else"));

        Assert.Equal(1, provider.Calls);
    }

    [Fact]
    public async Task Unknown_price_is_let_through_and_noted_unless_the_app_says_otherwise()
    {
        using var provider = Provider(model: "unheard-of");
        CallRecord? record = null;
        using var lenient = Client(provider, o => o.Add("day", 0.001m, BudgetWindow.Day));
        using var strict = Client(provider, o => o.Add("day", 1m, BudgetWindow.Day).UnknownPrice = UnknownPriceHandling.Refuse);
        using var assuming = Client(
            provider,
            o =>
            {
                o.Add("day", 1m, BudgetWindow.Day);
                (o.UnknownPrice, o.AssumedPrice) = (UnknownPriceHandling.AssumePrice, new ModelPrice { Input = 1m, Output = 1m });
            }
        );

        await AskAsync(lenient, onRecord: r => record = r);
        var exception = await Assert.ThrowsAsync<BudgetPriceMissingException>(() => AskAsync(strict));
        await AskAsync(assuming);

        Assert.Contains(record!.Notes, note => note is { Stage: "budgets", Reason: "unpriced", PassedBy: true });
        Assert.Equal("unheard-of", exception.Model);
        Assert.Equal((8 + Output) / 1_000_000m, Assert.Single(await StatusAsync(assuming)).Spent);
    }

    [Fact]
    public void Bad_options_are_listed_together()
    {
        using var provider = Provider();

        var exception = Assert.Throws<ArgumentException>(() =>
            provider.WithCostControls(o =>
            {
                o.Budgets.Add("", -1m, BudgetWindow.Day).Add("twice", 1m, BudgetWindow.Day).Add("twice", 1m, BudgetWindow.Hour);
                o.Budgets.MinOutputTokens = 0;
                o.Budgets.UnknownPrice = UnknownPriceHandling.AssumePrice;
                o.Budgets.Lease = TimeSpan.Zero;
            })
        );

        Assert.Contains("6 bad values", exception.Message, StringComparison.Ordinal);
    }

    private static decimal CostOf(int output) => (8 * 10m + output * 40m) / 1_000_000m;

    private static AskedClient Routed() => new();

    private static IChatClient RoutedClient(
        IChatClient provider,
        Action<BudgetOptions> configure,
        decimal limit,
        Action<ModelRoutingOptions>? routing = null
    ) =>
        provider.WithCostControls(o =>
        {
            o.Metering.Prices = Prices;
            o.UseExactCache = false;
            o.Routing.AddTier("small", "gpt-4o-mini");
            o.Routing.AddTier("large", "gpt-4o");
            o.Routing.Cascade.MaxBufferedCharacters = 0;
            o.Budgets.Add("day", limit, BudgetWindow.Day);
            o.Budgets.MinOutputTokens = int.MaxValue;
            configure(o.Budgets);
            routing?.Invoke(o.Routing);
        });

    /// <summary>Its requests are counted as eight tokens, and its answers are as long as they may be unless said otherwise.</summary>
    private static ScriptedChatClient Provider(int output = Output, Task? gate = null, string model = "gpt-4o") =>
        new(
            (messages, options) =>
                new ScriptedAnswer
                {
                    ModelId = model,
                    Gate = gate,
                    Usage = new UsageDetails
                    {
                        InputTokenCount = RequestTokenCounter.Default.CountRequest(messages, options, "gpt-4o").Tokens,
                        OutputTokenCount = Math.Min(output, options?.MaxOutputTokens ?? output),
                    },
                }
        )
        {
            Metadata = new("openai", null, model),
        };

    private IChatClient Client(IChatClient provider, Action<BudgetOptions> configure)
    {
        var services = new FewServices().With<TimeProvider>(_clock);
        return provider
            .AsBuilder()
            .UseCostMeter(o => o.Prices = Prices)
            .UseBudgets(o =>
            {
                o.Prices = Prices;
                o.OnWarning = warning =>
                {
                    lock (_warnings)
                    {
                        _warnings.Add(warning);
                    }
                };
                configure(o);
            })
            .Build(services);
    }

    private static async Task<IReadOnlyList<BudgetStatus>> StatusAsync(IChatClient client) =>
        await client.GetService<BudgetManager>()!.GetStatusAsync();

    private static async Task<string> AskAsync(
        IChatClient client,
        string? tenant = null,
        bool isStreaming = false,
        Action<CallRecord>? onRecord = null
    )
    {
        var options = new ChatOptions { MaxOutputTokens = Output };
        if (tenant is not null)
        {
            options.WithTenant(tenant);
        }

        if (onRecord is not null)
        {
            options.WithCallRecord(onRecord);
        }

        return isStreaming
            ? (await client.GetStreamingResponseAsync("Hello", options).ToChatResponseAsync()).Text
            : (await client.GetResponseAsync("Hello", options)).Text;
    }

    /// <summary>Answers as any model, and lets a test look in meanwhile.</summary>
    private sealed class AskedClient : DelegatingChatClient
    {
        private readonly ScriptedChatClient _scripted;

        public AskedClient()
            : this(
                new ScriptedChatClient(
                    (messages, options) =>
                        new ScriptedAnswer
                        {
                            ModelId = options?.ModelId ?? "gpt-4o",
                            Usage = new UsageDetails { InputTokenCount = 8, OutputTokenCount = options?.MaxOutputTokens },
                        }
                )
            ) { }

        private AskedClient(ScriptedChatClient scripted)
            : base(scripted) => _scripted = scripted;

        public Func<Task>? Asked { get; set; }

        public int Calls => _scripted.Calls;

        public IEnumerable<(IReadOnlyList<ChatMessage> Messages, ChatOptions? Options, CancellationToken Token)> Requests =>
            _scripted.Requests;

        public override async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        )
        {
            if (Asked is { } asked)
            {
                await asked();
            }

            return await base.GetResponseAsync(messages, options, cancellationToken);
        }
    }
}
