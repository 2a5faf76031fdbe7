using System.Runtime.CompilerServices;
using LlmThrift.Local;
using LlmThrift.Metering;
using LlmThrift.Pricing;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace LocalBackend;

/// <summary>Easy questions go to the model on this machine, hard ones to a large one, whose answers are recorded here.</summary>
internal static class Routing
{
    private static readonly string[] Questions =
    [
        "What are your business hours?",
        "Where can I find my invoice?",
        "Prove that the sum of two odd numbers is even, and explain each step of the reasoning.",
        "Do you ship to Norway?",
        "Compare three strategies for migrating our billing database without downtime and reason about the risks of each, step by step.",
        "How do I reset my password?",
    ];

    public static async Task RunAsync(string model, decimal usdPerHour, CancellationToken cancellation)
    {
        using var local = new LocalChatClient(new LocalChatOptions { ModelPath = model, ModelId = "local" });
        await local.WarmUpAsync(cancellation);
        var measured = await SpeedAsync(local, cancellation);
        using var client = new RecordedModel().WithCostControls(o =>
        {
            o.Metering.Prices = PriceBook.Embedded.With("local", new SelfHostedPrice(usdPerHour, measured).ToModelPrice());
            o.Routing.AddTier("local", "local", local);
            o.Routing.AddTier("large", "gpt-4o");
            o.Routing.Rules.Add(new RoutingRule("local") { Task = TaskType.Faq });
            o.Routing.Rules.Add(new RoutingRule("large"));
        });

        var table = new Table().AddColumn("Question").AddColumn("Answered by").AddColumn(new TableColumn("Cost").RightAligned());
        table.AddColumn(new TableColumn("Instead of").RightAligned());
        foreach (var question in Questions)
        {
            var options = new ChatOptions { ModelId = "gpt-4o", MaxOutputTokens = 60 };
            var response = await client.GetResponseAsync(question, options, cancellation);
            var record = response.GetCallRecord();
            table.AddRow(
                Markup.Escape(question.Length > 60 ? question[..57] + "..." : question),
                Markup.Escape(response.ModelId ?? "?"),
                $"{record?.ActualCost:F6}",
                $"{record?.BaselineCost:F6}"
            );
        }

        AnsiConsole.Write(table);
        var total = client.GetService<CostReport>()!.GetSummary().Total;
        Console.WriteLine(
            $"{total.Calls} calls: {total.ActualCost:F6} USD instead of {total.BaselineCost:F6}. The local model makes {measured:F0} tokens/s; a machine at {usdPerHour:0.00##} USD per hour."
        );
    }

    private static async Task<decimal> SpeedAsync(LocalChatClient client, CancellationToken cancellation)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var response = await client.GetResponseAsync(
            "How are you?",
            new ChatOptions { MaxOutputTokens = 60, Temperature = 0 },
            cancellation
        );
        return (decimal)
            Math.Max(1, response.Usage!.OutputTokenCount!.Value / System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    /// <summary>Stands for the model of a provider: always the same answer.</summary>
    private sealed class RecordedModel : IChatClient
    {
        private static readonly ChatClientMetadata Metadata = new("openai", defaultModelId: "gpt-4o");

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            CancellationToken cancellationToken = default
        ) =>
            Task.FromResult(
                new ChatResponse(new ChatMessage(ChatRole.Assistant, "A careful answer, worked out step by step."))
                {
                    ModelId = options?.ModelId ?? "gpt-4o",
                    FinishReason = ChatFinishReason.Stop,
                    Usage = new UsageDetails { InputTokenCount = 40, OutputTokenCount = 350 },
                }
            );

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default
        )
        {
            foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
            {
                yield return update;
            }
        }

        public object? GetService(Type serviceType, object? serviceKey = null) =>
            serviceType == typeof(ChatClientMetadata) ? Metadata : null;

        public void Dispose() { }
    }
}
