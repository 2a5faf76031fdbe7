using System.CommandLine;
using System.Globalization;
using LlmThrift.ContextTrimming;
using LlmThrift.Embeddings;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace ConsoleReplay.LongConversation;

/// <summary><c>conversation</c>: trims a long conversation for a question, and shows what was kept and why.</summary>
internal static class ConversationCommand
{
    private const int ShownCharacters = 30;

    public static Command Create(IAnsiConsole console)
    {
        var maxTokens = new Option<int>("--max-tokens")
        {
            Description = "The budget of the request, in tokens.",
            DefaultValueFactory = _ => 900,
            HelpName = "n",
        };
        var question = new Option<string?>("--question", "-q")
        {
            Description = "Another question in place of the last one.",
            HelpName = "text",
        };
        var model = new Option<string>("--model", "-m")
        {
            Description = "The model to count and to price for.",
            DefaultValueFactory = _ => "gpt-4o",
            HelpName = "id",
        };
        var command = new Command("conversation", "Trims a long conversation for a question, and shows what was kept and why.")
        {
            maxTokens,
            question,
            model,
        };
        maxTokens.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--max-tokens: it must be at least 1.");
            }
        });
        command.SetAction(
            (result, cancellation) =>
                RunAsync(console, result.GetValue(maxTokens), result.GetValue(question), result.GetValue(model)!, cancellation)
        );
        return command;
    }

    private static async Task<int> RunAsync(
        IAnsiConsole console,
        int maxTokens,
        string? question,
        string model,
        CancellationToken cancellation
    )
    {
        var messages = ConversationFile.Read();
        if (question is not null)
        {
            messages[^1] = new ChatMessage(ChatRole.User, question);
        }

        using var generator = new MiniLmEmbeddingGenerator();
        var trimmer = new ContextTrimmer(
            new ContextTrimmingOptions
            {
                MaxTokens = maxTokens,
                TargetShare = 1,
                ShortenAbove = 100,
                EmbeddingGenerator = generator,
                EmbeddingTimeout = TimeSpan.FromMinutes(1),
                IsPrefixAware = false,
            }
        );
        var trimmed = await trimmer.TrimAsync(messages, modelId: model, cancellationToken: cancellation);
        Print(console, messages, trimmed, model);
        return 0;
    }

    private static void Print(IAnsiConsole console, List<ChatMessage> messages, TrimmedContext trimmed, string model)
    {
        var culture = CultureInfo.InvariantCulture;
        var table = new Table();
        table.AddColumns("", "", "what");
        table.AddColumn(new TableColumn("tokens").RightAligned());
        table.AddColumn(new TableColumn("score").RightAligned());
        foreach (var block in trimmed.Blocks)
        {
            var message = messages[block.FirstMessage];
            var color = block.Fate == BlockFate.LeftOut ? "grey" : "default";
            table.AddRow(
                $"[{color}]{NameOf(block.Fate)}[/]",
                $"[{color}]{message.Role.Value}[/]",
                $"[{color}]{Markup.Escape(BeginningOf(message))}[/]",
                block.TokensSent == block.Tokens || block.TokensSent == 0
                    ? block.Tokens.ToString(culture)
                    : string.Create(culture, $"{block.Tokens} → {block.TokensSent}"),
                block.Fate is BlockFate.Pinned ? "" : block.Score.ToString("F1", culture)
            );
        }

        console.Write(table);
        console.WriteLine(
            string.Create(
                culture,
                $"{trimmed.TokensBefore:N0} tokens before, {trimmed.TokensAfter:N0} after, of {trimmed.Budget:N0} allowed: {trimmed.Messages.Count} of {messages.Count} messages."
            )
        );
        if (PriceBook.Embedded.Find(model, null, DateTimeOffset.UtcNow) is { Input: { } price })
        {
            var (before, after) = (trimmed.TokensBefore * price / 1_000, trimmed.TokensAfter * price / 1_000);
            console.WriteLine(string.Create(culture, $"1,000 such requests to {model}: ${before:F2} of input before, ${after:F2} after."));
        }
    }

    private static string NameOf(BlockFate fate) =>
        fate switch
        {
            BlockFate.Pinned => "always kept",
            BlockFate.Recent => "recent",
            BlockFate.Relevant => "to the point",
            BlockFate.Shortened => "shortened",
            _ => "left out",
        };

    private static string BeginningOf(ChatMessage message)
    {
        var text = message.Contents.OfType<FunctionCallContent>().FirstOrDefault() is { } call
            ? $"{call.Name} and its result"
            : message.Text;
        return text.Length <= ShownCharacters ? text : text[..ShownCharacters] + "…";
    }
}
