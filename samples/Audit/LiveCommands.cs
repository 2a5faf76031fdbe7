using System.ClientModel;
using System.CommandLine;
using System.Globalization;
using LlmThrift.Auditing;
using LlmThrift.Embeddings;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Audit;

/// <summary>An audit of an app's own log, on OpenAI's service or a server that speaks like it.</summary>
internal static class LiveCommands
{
    private const string Endpoint = "https://api.openai.com/v1";

    private static readonly Option<DirectoryInfo> Folder = new("--folder")
    {
        Description = "Where the audit is kept. What is there goes on.",
        DefaultValueFactory = _ => new DirectoryInfo("audit"),
    };

    private static readonly Option<string> Weak = new("--weak") { Description = "The cheaper model.", Required = true };
    private static readonly Option<string> Strong = new("--strong") { Description = "The dearer model.", Required = true };

    public static Command CreateRun()
    {
        var log = new Option<FileInfo>("--log")
        {
            Description = "The app's requests, a line of JSON each: {\"messages\":[…],\"feature\":\"faq\"} or {\"prompt\":\"…\"}.",
            Required = true,
        };
        var judge = new Option<string?>("--judge") { Description = "The model that judges. Without one, people do: review, then rate." };
        var prompts = new Option<int>("--prompts") { Description = "How many requests are drawn.", DefaultValueFactory = _ => 500 };
        var maxCost = new Option<decimal>("--max-cost") { Description = "USD that may be spent in all.", DefaultValueFactory = _ => 5m };
        var perMonth = new Option<long?>("--calls-per-month") { Description = "How many calls the app makes, for the saving." };
        var free = new Option<bool>("--free") { Description = "The models cost nothing: a server of one's own." };
        var command = new Command(
            "run",
            "Audits the app's own requests. Needs OPENAI_API_KEY, or OPENAI_BASE_URL for a server of one's own."
        )
        {
            log,
            Folder,
            Weak,
            Strong,
            judge,
            prompts,
            maxCost,
            perMonth,
            free,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.HandleAsync(async () =>
                {
                    using var client = Connect();
                    using var generator = new MiniLmEmbeddingGenerator();
                    var options = Options(result, client);
                    (options.EmbeddingGenerator, options.Prompts) = (generator, result.GetValue(prompts));
                    (options.MaxCost, options.CallsPerMonth) = (result.GetValue(maxCost), result.GetValue(perMonth));
                    options.Judge = result.GetValue(judge) is { } model ? AnswerJudges.ByModel(client, model) : null;
                    if (result.GetValue(free))
                    {
                        foreach (
                            var free in new[]
                            {
                                result.GetRequiredValue(Weak),
                                result.GetRequiredValue(Strong),
                                result.GetValue(judge),
                            }.OfType<string>()
                        )
                        {
                            options.Prices = options.Prices.With(free, ModelPrice.Free);
                        }
                    }

                    var audit = new RoutingAudit(options);
                    var found = await AuditProgressBar.RunAsync(progress =>
                        audit.RunAsync(AuditLog.Read(result.GetRequiredValue(log).FullName), progress, cancellation)
                    );
                    Console.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{found.Prompts.Count} of {found.Sampled} judged, {found.Unjudged} to be judged, {found.Failed} failed, {found.Interrupted} interrupted, {found.Unasked} beyond the limit. "
                                + $"{found.Spent:0.00} USD spent in all."
                        )
                    );
                    Console.WriteLine(Path.Combine(options.Folder, "report.html"));
                    return found.IsComplete ? 0 : 3;
                })
        );
        return command;
    }

    public static Command CreateReview()
    {
        var output = new Option<FileInfo>("--output")
        {
            Description = "A .html page to rate in a browser, or a .csv table.",
            DefaultValueFactory = _ => new FileInfo("review.html"),
        };
        var command = new Command("review", "Writes what people are to rate.") { Folder, Weak, Strong, output };
        command.SetAction(result =>
            Failures.HandleAsync(() =>
            {
                using var client = Offline();
                var path = result.GetValue(output)!.FullName;
                var count = new RoutingAudit(Options(result, client)).WriteReview(path);
                Console.WriteLine($"{count} to rate: {path}");
                return Task.FromResult(0);
            })
        );
        return command;
    }

    public static Command CreateRate()
    {
        var input = new Option<FileInfo>("--input") { Description = "The table with the ratings.", Required = true };
        var command = new Command("rate", "Takes over what people rated. Run the audit again afterwards.") { Folder, Weak, Strong, input };
        command.SetAction(result =>
            Failures.HandleAsync(() =>
            {
                using var client = Offline();
                var count = new RoutingAudit(Options(result, client)).ReadReview(result.GetRequiredValue(input).FullName);
                Console.WriteLine($"{count} ratings in all.");
                return Task.FromResult(0);
            })
        );
        return command;
    }

    public static Command CreateSignOff()
    {
        var by = new Option<string>("--by") { Description = "Who signs.", Required = true };
        var target = new Option<string>("--target")
        {
            Description = "What routing is to hold to: \"quality 0.98\", \"cost 2.50\" (USD per 1,000 calls), \"strong share 0.3\".",
            DefaultValueFactory = _ => "quality 0.98",
        };
        var command = new Command("sign-off", "Signs the policy, so that UseModelRouting(RoutingPolicy.Load(path)) takes it.")
        {
            Folder,
            by,
            target,
        };
        command.SetAction(result =>
            Failures.HandleAsync(() =>
            {
                var path = Path.Combine(result.GetValue(Folder)!.FullName, "policy.json");
                var policy = RoutingPolicy
                    .Load(path)
                    .SignedOff(result.GetRequiredValue(by), RoutingTarget.Parse(result.GetValue(target)!), TimeProvider.System.GetUtcNow());
                policy.Save(path);
                var expected = policy.Expect(policy.SignOff!.Target);
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{path}: {expected.StrongShare:0.0 %} of the calls go to \"{policy.StrongTier.Name}\", with {expected.Quality:0.0 %} ({expected.QualityLow:0.0 %} to {expected.QualityHigh:0.0 %}) of its quality."
                    )
                );
                return Task.FromResult(0);
            })
        );
        return command;
    }

    private static RoutingAuditOptions Options(ParseResult result, IChatClient client) =>
        new()
        {
            Folder = result.GetValue(Folder)!.FullName,
            Weak = new AuditTier("small", client, result.GetRequiredValue(Weak)),
            Strong = new AuditTier("large", client, result.GetRequiredValue(Strong)),
        };

    private static OpenAITextClient Connect()
    {
        var key = Environment.GetEnvironmentVariable("OPENAI_API_KEY");
        var address = Environment.GetEnvironmentVariable("OPENAI_BASE_URL");
        if (string.IsNullOrEmpty(key) && string.IsNullOrEmpty(address))
        {
            throw new InvalidOperationException(
                "Set OPENAI_API_KEY, or OPENAI_BASE_URL for a server of your own (vLLM, llama.cpp, Ollama)."
            );
        }

        var endpoint = new Uri(string.IsNullOrEmpty(address) ? Endpoint : address);
        var client = new OpenAIClient(
            new ApiKeyCredential(string.IsNullOrEmpty(key) ? "unused" : key),
            new OpenAIClientOptions { Endpoint = endpoint }
        );
        return new OpenAITextClient(client, endpoint);
    }

    /// <summary>Nothing is asked of it.</summary>
    private static OpenAITextClient Offline() => new(new OpenAIClient(new ApiKeyCredential("unused")), new Uri(Endpoint));
}
