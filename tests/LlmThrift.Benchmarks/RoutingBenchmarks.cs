using BenchmarkDotNet.Attributes;
using LlmThrift.Embeddings;
using LlmThrift.Internal;
using LlmThrift.Routing;
using LlmThrift.Tokens;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;

namespace LlmThrift.Benchmarks;

/// <summary>What a decision takes besides the embedding, which the semantic cache has made of the same question.</summary>
[MemoryDiagnoser]
public class RoutingBenchmarks
{
    private const int Asked = 256;

    private static readonly MiniLmEmbeddingGenerator Generator = new();

    private const int Long = 4_000;

    private readonly (RoutingRequest Request, CallContext Context)[] _calls = new (RoutingRequest, CallContext)[Asked];
    private readonly (RoutingRequest Request, CallContext Context)[] _longCalls = new (RoutingRequest, CallContext)[Asked];
    private TierChooser _policy = null!;
    private TierChooser _rules = null!;
    private int _next;

    /// <summary>The prompts of the audit.</summary>
    [Params(500, 1000)]
    public int Prompts { get; set; }

    [GlobalSetup]
    public async Task SetUp()
    {
        var questions = new Questions();
        var judged = Enumerable.Range(0, Prompts).Select(i => new JudgedPrompt(questions.Near(i * 31).Text, i % 2, 1)).ToList();
        var policy = await RoutingPolicy.FitAsync(new PolicyTier("small"), new PolicyTier("large"), judged, Generator);
        var services = new PipelineServices(null);
        _policy = Chooser(o => o.UsePolicy(policy, RoutingTarget.StrongShare(0.5)));
        _rules = Chooser(o => o.Rules.Add(new RoutingRule("small") { Task = TaskType.Faq }));
        var embedder = new Embedder(Generator, "routing", services.Clock, services.Failures, RequestTokenCounter.Default);
        for (var i = 0; i < Asked; i++)
        {
            _calls[i] = await CallAsync(questions.Near((i * 17) + 5).Text);
            _longCalls[i] = await CallAsync(
                string.Join(' ', Enumerable.Range(i, Long / 40).Select(k => questions.Near(k * 17).Text))[..Long]
            );
        }

        async Task<(RoutingRequest, CallContext)> CallAsync(string text)
        {
            var call = CallOptions.From(null);
            embedder.Share(call.Context, await embedder.Begin(text));
            List<ChatMessage> messages = [new(ChatRole.User, text)];
            var request = new RoutingRequest(messages, call, call.Context.Tags, default, RequestTokenCounter.Default, "gpt-4o");
            return (request, call.Context);
        }
    }

    /// <summary>By a policy.</summary>
    [Benchmark(Baseline = true)]
    public int Policy() => Choose(_policy, _calls);

    /// <summary>By a policy, of a question of 4,000 characters.</summary>
    [Benchmark]
    public int LongQuestion() => Choose(_policy, _longCalls);

    /// <summary>By a rule that asks for the kind of work, which is then known of the request.</summary>
    [Benchmark]
    public int Rule() => Choose(_rules, _calls);

    private int Choose(TierChooser chooser, (RoutingRequest Request, CallContext Context)[] calls)
    {
        var (request, context) = calls[_next++ % Asked];
        var choice = chooser.ChooseAsync(request, asked: null, context, CancellationToken.None);
        return choice.IsCompletedSuccessfully ? choice.Result.Tier : throw new InvalidOperationException("It had to wait.");
    }

    private static TierChooser Chooser(Action<ModelRoutingOptions> configure)
    {
        var options = new ModelRoutingOptions { EmbeddingGenerator = Generator };
        options.AddTier("small", "gpt-4o-mini");
        options.AddTier("large", "gpt-4o");
        configure(options);
        var state = new RoutingState(options, new PipelineServices(null));
        using var provider = new FreeProvider();
        return state.ChooserOf(state.TiersOver(provider, (_, client) => client));
    }
}
