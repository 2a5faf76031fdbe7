using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json.Nodes;
using LlmThrift.Auditing;
using LlmThrift.Budgets;
using LlmThrift.CostControls;
using LlmThrift.Embeddings;
using LlmThrift.ExactCache;
using LlmThrift.Local;
using LlmThrift.Metering;
using LlmThrift.OutputLimits;
using LlmThrift.PrefixCaching;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using LlmThrift.SemanticCache;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenAI;

namespace LlmThrift.Tests.Docs;

/// <summary>The C# of README and docs, where it must compile and run. <see cref="SnippetTests"/> compares the texts.</summary>
internal static class Snippets
{
    #pragma warning disable IDE0007, IDE0008, IDE0055 // Written for the eye of a reader.
    // csharpier-ignore-start
    public static void OneLine(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls();
    }

    public static async Task<CallRecord?> Tags(IChatClient client)
    {
        var options = new ChatOptions { ModelId = "gpt-4o" }.WithTenant("acme").WithFeature("faq");
        ChatResponse response = await client.GetResponseAsync("What are your business hours?", options);
        CallRecord? record = response.GetCallRecord(); // record.ActualCost, record.Saving, record.ServedBy
        return record;
    }

    public static void Report(IChatClient client)
    {
        CostSummary summary = client.GetService<CostReport>()!.GetSummary();
        Console.WriteLine($"{summary.Total.Calls} calls, {summary.Total.ActualCost:F2} USD instead of {summary.Total.BaselineCost:F2}");
    }

    public static void Options(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.ExactCache.Expiration = TimeSpan.FromHours(1);                            // default: 24 hours
                    o.OutputLimits.Features["faq"] = 300;                                       // default: no limit
                    o.Metering.Prices = PriceBook.Embedded.With("our-model", new ModelPrice { Input = 0.5m, Output = 1.5m });
                });
    }

    public static void WithFunctions(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseFunctionInvocation()     // Microsoft.Extensions.AI, if you have it: outside
                .UseCostControls();
    }

    public static void WithoutServices(IChatClient provider)
    {
        using IChatClient client = provider.WithCostControls(o => o.ExactCache.Expiration = TimeSpan.FromHours(1));
    }

    public static void ByHand(ChatClientBuilder builder)
    {
        builder.UseCostMeter().UseExactCache().UseOutputLimits().UseCostMeter();
    }

    public static void Shared(IServiceCollection services, IChatClient provider)
    {
        services.AddCostControls(o => o.OutputLimits.MaxOutputTokens = 2_000);
        services.AddKeyedChatClient("chat", sp => provider).UseCostControls();
        services.AddKeyedChatClient("search", sp => provider).UseCostControls(o => o.UseExactCache = false);
    }

    public static CallRecord? Record(ChatResponse response)
    {
        CallRecord? record = response.GetCallRecord();
        return record;
    }

    public static async Task<ChatOptions> Cache(IChatClient client)
    {
        var options = new ChatOptions()
            .WithCacheTags("product:42")                      // so that it can be removed
            .WithCacheExpiration(TimeSpan.FromMinutes(10))    // for this answer
            .WithExactCache(ExactCacheMode.Refresh);          // Bypass, Refresh, ReadOnly

        await client.GetService<ExactCacheManager>()!.RemoveByTagAsync("product:42");
        return options;
    }

    public static void Semantic(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.UseSemanticCache = true;
                    o.SemanticCache.Mode = SemanticCacheMode.Shadow;     // first look, then serve: leave this line out
                    o.SemanticCache.MaxErrorRate = 0.01;                 // at most one wrong answer in a hundred served
                });
    }

    public static void Shadow(IChatClient client)
    {
        SemanticShadowReport report = client.GetService<SemanticCacheManager>()!.GetShadowReport();
        Console.WriteLine($"{report.WouldBeHits} hits, {report.Wrong} of {report.Compared} wrong, at most {report.UpperBound:P1}");
    }

    public static void Feedback(ChatResponse response, bool userIsHappy)
    {
        if (!userIsHappy)
        {
            response.ReportWrongAnswer(); // or, later, manager.ReportWrongAnswer(record.SemanticMatch.HitId)
        }
    }

    public static void Prefixes(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.UsePrefixCaching = true;
                    o.PrefixCaching.MarkBreakpoint = content => content.WithCacheControl(Ttl.Ttl5m);       // Anthropic: the package's own extension
                    o.PrefixCaching.PromptCacheKey = PrefixCachingOptions.DefaultPromptCacheKey;           // OpenAI: a key for each tenant and feature
                });
    }

    public static void Trimming(IServiceCollection services, IChatClient provider)
    {
        services.AddMiniLmEmbeddings();             // optional: package LlmThrift.Embeddings
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.UseContextTrimming = true;
                    o.ContextTrimming.MaxTokens = 8_000;
                });
    }

    public static void Summaries(IServiceCollection services, IChatClient provider, IChatClient cheapProvider)
    {
        services.AddKeyedChatClient("cheap", sp => cheapProvider);
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.UseContextTrimming = true;
                    o.ContextTrimming.Summary.ClientKey = "cheap";
                });
    }

    public static void Routing(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)                       // asks for gpt-4o, as before
                .UseCostControls(o =>
                {
                    o.Routing.AddTier("small", "gpt-4o-mini");       // cheapest first
                    o.Routing.AddTier("large", "gpt-4o");
                    o.Routing.Rules.Add(new RoutingRule("small") { Feature = "faq" });
                });
    }

    public static void Cascade(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.Routing.AddTier("small", "gpt-4o-mini");
                    o.Routing.AddTier("large", "gpt-4o");
                    o.Routing.DefaultTier = "small";
                    foreach (var check in AnswerChecks.WithoutModel())
                    {
                        o.Routing.Cascade.Checks.Add(check);
                    }
                });
    }

    public static void AuditLogged(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls()
                .UseAuditLog("requests.jsonl");      // behind the caches: only what they do not answer
    }

    public static async Task Audit(IChatClient client, IEmbeddingGenerator<string, Embedding<float>> generator, IProgress<AuditProgress> progress)
    {
        var audit = new RoutingAudit(new RoutingAuditOptions
        {
            Folder = "audit",                                    // ended at any point, it goes on from here
            Weak = new AuditTier("small", client, "gpt-4o-mini"),
            Strong = new AuditTier("large", client, "gpt-4o"),
            Judge = AnswerJudges.ByModel(client, "gpt-4.1"),     // null: people do
            EmbeddingGenerator = generator,                      // the one that the app routes with
            MaxCost = 5m,                                        // USD, all runs together
            CallsPerMonth = 1_000_000,
        });
        AuditResult result = await audit.RunAsync(AuditLog.Read("requests.jsonl"), progress);
    }

    public static void SignOff()
    {
        RoutingPolicy.Load("audit/policy.json")
            .SignedOff("Ada", RoutingTarget.Quality(0.98), TimeProvider.System.GetUtcNow())
            .Save("audit/policy.json");
    }

    public static void People(RoutingAudit audit)
    {
        int open = audit.WriteReview("review.html");     // or .csv
        int rated = audit.ReadReview("ratings.csv");     // then run the audit again: nothing is asked twice
    }

    public static void Policy(IServiceCollection services, IChatClient provider)
    {
        services.AddMiniLmEmbeddings();                              // package LlmThrift.Embeddings; the generator of the audit
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.Routing.UsePolicy(RoutingPolicy.Load("audit/policy.json"));
                    o.Routing.Exploration.Share = 0.01;              // default: 0
                    o.Routing.Exploration.Judge = AnswerJudges.ByModel(provider, "gpt-4.1");
                    o.Routing.Exploration.MaxCostPerDay = 2m;        // USD
                });
    }

    public static void Budgets(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.Budgets.Add("all-month", 2_000m, BudgetWindow.Month);
                    o.Budgets.Add("tenant-day", 5m, BudgetWindow.Day, BudgetScope.Tenant);
                    o.Budgets.WhenExceeded.Add(BudgetFallback.CheaperTier);     // first; then BudgetExceededException
                });
    }

    public static async Task StatusOfBudgets(IChatClient client)
    {
        foreach (BudgetStatus budget in await client.GetService<BudgetManager>()!.GetStatusAsync())
        {
            Console.WriteLine($"{budget.Budget} {budget.Group}: {budget.Spent} of {budget.Limit} spent, {budget.Reserved} held");
        }
    }

    public static void Resilience(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.UseResilience = true;
                    o.Resilience.Timeout = TimeSpan.FromSeconds(60);       // of each attempt, to its first update
                    o.Resilience.HedgeAfterPercentile = 0.95;              // default: no second attempt beside a slow one
                });
    }

    public static OpenAIClientOptions WithoutRetriesOfItsOwn()
    {
        var options = new OpenAIClientOptions { RetryPolicy = new ClientRetryPolicy(maxRetries: 0) };
        return options;
    }

    public static void RetryAfterOfOpenAI(CostControlOptions o)
    {
        o.Resilience.RetryAfter = exception =>
            exception is ClientResultException failed
            && failed.GetRawResponse()?.Headers.TryGetValue("Retry-After", out var header) == true
            && int.TryParse(header, out var seconds)
                ? TimeSpan.FromSeconds(seconds)
                : null;
    }

    public static void Limits(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.OutputLimits.MaxOutputTokens = 2_000;
                    o.OutputLimits.Features["faq"] = 300;
                });
    }

    public static void LearnedLimits(IServiceCollection services, IChatClient provider)
    {
        services.AddChatClient(sp => provider)
                .UseCostControls(o =>
                {
                    o.OutputLimits.LearnCaps = true;
                    o.OutputLimits.Features["faq"] = new() { BrevityInstruction = "Answer in at most three sentences." };
                    o.OutputLimits.Features["essay"] = new() { LearnCaps = false, ReasoningEffort = ReasoningEffort.Medium };
                });
    }

    public static void LearnedCaps(IChatClient client)
    {
        foreach (LearnedCap cap in client.GetService<OutputLimitReport>()!.GetLearnedCaps())
        {
            Console.WriteLine($"{cap.Feature} {cap.Model}: {cap.Samples:N0} answers, cap {cap.Cap}, {cap.ShareCut:P2} cut");
        }
    }

    public static Cost? Price(TimeProvider timeProvider)
    {
        var book = PriceBook.Embedded;
        var usage = new TokenUsage { InputTokens = 12_000, CachedInputTokens = 9_000, OutputTokens = 700 };
        Cost? cost = book.CostOf(usage, "claude-sonnet-4-5", provider: "anthropic", at: timeProvider.GetUtcNow());
        // 3,000 × $3 + 9,000 × $0.30 + 700 × $15 per million: Input 0.0117, Output 0.0105, Total 0.0222
        return cost;
    }

    public static PriceBook OwnPrices(IConfiguration configuration)
    {
        var book = PriceBook.Embedded
            .With("gpt-4o", new ModelPrice { Input = 2m, CachedInput = 1m, Output = 8m }, provider: "azure", from: new DateTimeOffset(2026, 10, 1, 0, 0, 0, TimeSpan.Zero))
            .With("our-llama*", new SelfHostedPrice(gpuUsdPerHour: 3m, tokensPerSecond: 800m, utilization: 0.4m).ToModelPrice())
            .WithConfiguration(configuration.GetSection("Prices"))
            .WithLiteLlmFile("model_prices_and_context_window.json");
        return book;
    }

    public static (string Answer, string AtVolume) BreakEven(DateTimeOffset now)
    {
        var machine = new SelfHostedPrice(gpuUsdPerHour: 0.80m, tokensPerSecond: 1_500m, utilization: 0.3m)
        {
            InputTokensPerSecond = 12_000m,          // 24 requests at once
            BusyWatts = 450m, IdleWatts = 80m, UsdPerKilowattHour = 0.25m,
        };
        var book = PriceBook.Embedded.With("our-llama*", machine.ToModelPrice());

        var breakEven = new SelfHostedBreakEven(machine, book.Find("gpt-4o-mini", "openai", now)!, inputShare: 0.8m);
        Console.WriteLine(breakEven);
        Console.WriteLine(breakEven.At(tokensPerMonth: 3_000_000_000));
        return (breakEven.ToString(), breakEven.At(3_000_000_000).ToString());
    }

    public static void EngineAsTier(CostControlOptions o, IChatClient local)
    {
        var machine = new SelfHostedPrice(gpuUsdPerHour: 3.60m, tokensPerSecond: 500m) { InputTokensPerSecond = 5_000m };
        o.Metering.Prices = PriceBook.Embedded.With("*-AWQ", machine.ToModelPrice());
        o.Routing.AddTier("local", "Qwen/Qwen2.5-7B-Instruct-AWQ", client: local);
        o.Routing.AddTier("large", "gpt-4o");
        o.Routing.Rules.Add(new RoutingRule("local") { Feature = "faq" });
    }

    public static OpenAIClientOptions MaxTokensForOllama()
    {
        var options = new OpenAIClientOptions { RetryPolicy = new ClientRetryPolicy(maxRetries: 0) };
        options.AddPolicy(new MaxTokensPolicy(), PipelinePosition.PerCall);
        return options;
    }

    public static int Count(ChatMessage[] messages, ChatOptions options, TokenCount counted, ChatResponse response)
    {
        int tokens = BytePairEncoding.O200kBase.CountTokens("How long until my card arrives?");   // 7

        TokenCount request = RequestTokenCounter.Default.CountRequest(messages, options, "gpt-4o");
        // request.Tokens, request.IsEstimate

        RequestTokenCounter.Default.Learn("claude-sonnet-4-5", counted, reported: response.Usage!.InputTokenCount!.Value);
        return tokens + request.Tokens;
    }

    public static void OtherTokenizer(RequestTokenCounterOptions options, ForeignTokenizer tokenizer)
    {
        options.Counters["mistral-"] = TokenCounter.Create(text => tokenizer.CountTokens(text));
    }

    public static void Embeddings(IServiceCollection services)
    {
        services.AddMiniLmEmbeddings();   // an IEmbeddingGenerator<string, Embedding<float>>
    }

    public static float Similarity(MiniLmEmbeddingGenerator generator, string text, ReadOnlySpan<float> other)
    {
        Span<float> vector = stackalloc float[MiniLmEmbeddingGenerator.Dimensions];
        int tokens = generator.Embed(text, vector, out bool truncated);   // allocates nothing
        return truncated || tokens == 2 ? 0 : vector[0] * other[0];
    }

    public static void LocalEmbeddings(IServiceCollection services, IChatClient provider)
    {
        services.AddLocalEmbeddings(o => o.ModelPath = "models/bge-small-en-v1.5-q8_0.gguf");
        services.AddChatClient(sp => provider)
                .UseCostControls(o => o.UseSemanticCache = true);
    }

    public static void LocalModelAsClient(IServiceCollection services)
    {
        services.AddLocalChatClient(o => o.ModelPath = "models/qwen2.5-1.5b-instruct-q4_k_m.gguf")
                .UseCostControls();
    }

    public static async Task<double> Quantized(string text, IProgress<QuantizationProgress> progress)
    {
        await LocalModel.QuantizeAsync("model-f16.gguf", "model-q4.gguf", QuantizationType.Q4_K_M, progress);
        LocalModelMeasurement row = await LocalModel.MeasureAsync("model-q4.gguf", text, new LocalMeasureOptions { ReferencePath = "model-f16.gguf" });
        return row.Perplexity;
    }

    public static async Task WithImportance(string text)
    {
        await LocalModel.ComputeImportanceMatrixAsync("model-f16.gguf", text, "imatrix.gguf");
        await LocalModel.QuantizeAsync("model-f16.gguf", "model-iq2.gguf", QuantizationType.IQ2_M, options: new LocalQuantizeOptions { ImportanceMatrixPath = "imatrix.gguf" });
    }

    public static (string Machine, string Volume) LocalBreakEven(DateTimeOffset now)
    {
        var machine = new SelfHostedPrice(gpuUsdPerHour: 0.10m, tokensPerSecond: 40m) { InputTokensPerSecond = 400m };
        var breakEven = new SelfHostedBreakEven(machine, PriceBook.Embedded.Find("gpt-4o-mini", "openai", now)!, inputShare: 0.8m);
        Console.WriteLine(breakEven);
        Console.WriteLine(breakEven.At(tokensPerMonth: 50_000_000));
        return (breakEven.ToString(), breakEven.At(tokensPerMonth: 50_000_000).ToString());
    }

    public static void StoreInSqlite(IServiceCollection services, IChatClient provider)
    {
        services.AddSqliteStores("llmthrift.db");
        services.AddChatClient(sp => provider)
                .UseCostControls();
    }

    public static void StoreInPostgreSql(IServiceCollection services, string connectionString)
    {
        services.AddPostgreSqlStores(connectionString);
    }

    public static async Task Month(IServiceProvider services)
    {
        var history = services.GetRequiredService<ICallRecordStore>();
        var month = new CostHistoryQuery { From = DateTimeOffset.Parse("2026-09-01Z"), To = DateTimeOffset.Parse("2026-10-01Z"), Interval = TimeSpan.FromDays(1) };
        CostHistory costs = await history.QueryAsync(month, default);
        IReadOnlyList<StoredCall> dearest = await history.ReadDearestAsync(month with { Feature = "faq" }, 20, default);
    }

    // csharpier-ignore-end
#pragma warning restore IDE0007, IDE0008, IDE0055

    /// <summary>The method of the real package, which the stand-in leaves out.</summary>
    private static ChatClientBuilder UseFunctionInvocation(this ChatClientBuilder builder) => builder;

    /// <summary>The method of the package Anthropic.</summary>
    private static AIContent WithCacheControl(this AIContent content, string ttl)
    {
        (content.AdditionalProperties ??= [])["cache_control"] = ttl;
        return content;
    }

    private static class Ttl
    {
        public const string Ttl5m = "5m";
    }

    /// <summary>The shape of a tokenizer of Microsoft.ML.Tokenizers.</summary>
    internal sealed class ForeignTokenizer
    {
        public int CountTokens(ReadOnlySpan<char> text, bool considerPreTokenization = true, bool considerNormalization = true) =>
            considerPreTokenization && considerNormalization ? text.Length : 0;
    }
}

internal sealed class MaxTokensPolicy : PipelinePolicy
{
    public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Rename(message.Request);
        ProcessNext(message, pipeline, currentIndex);
    }

    public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
    {
        Rename(message.Request);
        return ProcessNextAsync(message, pipeline, currentIndex);
    }

    private static void Rename(PipelineRequest request)
    {
        if (request.Content is null || request.Uri?.AbsolutePath.EndsWith("/chat/completions", StringComparison.Ordinal) != true)
        {
            return;
        }

        using var body = new MemoryStream();
        request.Content.WriteTo(body);
        body.Position = 0;
        var json = JsonNode.Parse(body)!.AsObject();
        if (json["max_completion_tokens"] is { } limit)
        {
            json.Remove("max_completion_tokens");
            json["max_tokens"] = limit;
            request.Content = BinaryContent.Create(BinaryData.FromString(json.ToJsonString()));
        }
    }
}
