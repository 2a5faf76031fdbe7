using System.Text.Json;
using LlmThrift.ContextTrimming;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.ContextTrimming;

/// <summary>What holds of every conversation and every budget.</summary>
public sealed class ContextTrimmerProperties
{
    private const int Cases = 400;
    private const string Model = "gpt-4o";

    [Fact]
    public async Task Result_is_within_budget_or_says_why_not()
    {
        await ForAllAsync(
            (messages, trimmed, budget) =>
            {
                var tokens = RequestTokenCounter.Default.CountRequest(trimmed.Messages, null, Model).Tokens;
                Assert.InRange(tokens, trimmed.TokensAfter - 2, trimmed.TokensAfter + 2);
                Assert.Equal(trimmed.TokensAfter > budget, trimmed.Outcome is TrimOutcome.PinnedOverBudget or TrimOutcome.Refused);
                Assert.True(trimmed.TokensAfter <= trimmed.TokensBefore);
                if (trimmed.Outcome == TrimOutcome.WithinBudget)
                {
                    Assert.Equal(messages, trimmed.Messages);
                }
            }
        );
    }

    [Fact]
    public async Task Pinned_messages_are_kept_as_they_are_and_order_stays()
    {
        await ForAllAsync(
            (messages, trimmed, _) =>
            {
                var lastUser = Array.FindLastIndex(messages, message => message.Role == ChatRole.User);
                for (var i = 0; i < messages.Length; i++)
                {
                    if (messages[i].Role == ChatRole.System || i == lastUser || i == messages.Length - 1)
                    {
                        Assert.Contains(messages[i], trimmed.Messages);
                    }
                }

                // A shortened copy keeps role and author, so it can stand only where its original stood.
                var place = 0;
                foreach (var message in trimmed.Messages)
                {
                    while (place < messages.Length && !IsOf(message, messages[place]))
                    {
                        place++;
                    }

                    Assert.True(place++ < messages.Length);
                }
            }
        );
    }

    [Fact]
    public async Task Calls_of_tools_and_their_results_stay_together()
    {
        var answered = 0;
        await ForAllAsync(
            (messages, trimmed, _) =>
            {
                // Calls are passed on as they are. One that the app has an answer to is sent with it, and the other way round.
                var (before, after) = (Pairs(messages), Pairs(trimmed.Messages));
                Assert.Empty(after.Results.Except(before.Results));
                Assert.Empty(after.Unanswered.Except(before.Unanswered));
                answered += after.Answered;
            }
        );
        Assert.True(answered > Cases / 2, $"{answered} answered calls were sent");
    }

    [Fact]
    public async Task Json_that_is_shortened_is_still_json()
    {
        await ForAllAsync(
            (_, trimmed, _) =>
            {
                foreach (var result in trimmed.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>())
                {
                    if (result.Result is string text && text.StartsWith("[{", StringComparison.Ordinal))
                    {
                        JsonDocument.Parse(text).Dispose();
                    }
                }
            }
        );
    }

    [Fact]
    public async Task Trimming_again_changes_nothing_and_another_trimmer_does_the_same()
    {
        await ForAllAsync(
            async (messages, trimmed, budget) =>
            {
                var again = await Trimmer().TrimAsync(trimmed.Messages, modelId: Model, maxTokens: budget);
                Assert.Equal(trimmed.Messages, again.Messages);

                var other = await Trimmer().TrimAsync(messages, modelId: Model, maxTokens: budget);
                Assert.Equal(Json(trimmed.Messages), Json(other.Messages));
            }
        );
    }

    [Fact]
    public async Task Messages_of_the_caller_are_untouched()
    {
        for (var seed = 0; seed < Cases; seed++)
        {
            var messages = RandomConversations.Make(seed);
            var (copy, before) = (messages.ToArray(), Json(messages));

            await Trimmer().TrimAsync(messages, modelId: Model, maxTokens: BudgetOf(seed));

            Assert.Equal(copy, messages);
            Assert.Equal(before, Json(messages));
        }
    }

    [Fact]
    public async Task Blocks_tell_what_became_of_every_message()
    {
        await ForAllAsync(
            (messages, trimmed, _) =>
            {
                if (trimmed.Blocks.Count == 0)
                {
                    return;
                }

                Assert.Equal(messages.Length, trimmed.Blocks.Sum(block => block.Messages));
                Assert.Equal(trimmed.TokensBefore - trimmed.TokensAfter, trimmed.Blocks.Sum(block => block.Tokens - block.TokensSent));
                Assert.All(trimmed.Blocks, block => Assert.Equal(block.Fate == BlockFate.LeftOut, block.TokensSent == 0));
            }
        );
    }

    private static Task ForAllAsync(Action<ChatMessage[], TrimmedContext, int> holds) =>
        ForAllAsync(
            (messages, trimmed, budget) =>
            {
                holds(messages, trimmed, budget);
                return Task.CompletedTask;
            }
        );

    private static async Task ForAllAsync(Func<ChatMessage[], TrimmedContext, int, Task> holds)
    {
        var trims = 0;
        for (var seed = 0; seed < Cases; seed++)
        {
            var messages = RandomConversations.Make(seed);
            var budget = BudgetOf(seed);
            var trimmed = await Trimmer().TrimAsync(messages, modelId: Model, maxTokens: budget);
            trims += trimmed.Outcome == TrimOutcome.Trimmed ? 1 : 0;
            await holds(messages, trimmed, budget);
        }

        Assert.InRange(trims, Cases / 4, Cases);
    }

    private static int BudgetOf(int seed) => new Random(~seed).Next(20, 1_500);

    private static ContextTrimmer Trimmer() => new(new ContextTrimmingOptions { ShortenAbove = 60 });

    private static bool IsOf(ChatMessage sent, ChatMessage original) =>
        ReferenceEquals(sent, original)
        || (
            sent.Role == original.Role
            && sent.AuthorName == original.AuthorName
            && sent.Contents.Count == original.Contents.Count
            && sent.Contents.Zip(original.Contents)
                .All(pair => pair.First.GetType() == pair.Second.GetType() && IdOf(pair.First) == IdOf(pair.Second))
            && sent.Contents.Zip(original.Contents)
                .Any(pair =>
                    ReferenceEquals(pair.First, pair.Second) || IdOf(pair.First) is not null || sent.Text.Length < original.Text.Length
                )
        );

    private static string? IdOf(AIContent content) =>
        (content as FunctionCallContent)?.CallId ?? (content as FunctionResultContent)?.CallId;

    [Fact]
    public async Task Approvals_of_tools_stay_with_what_was_asked_and_with_the_result()
    {
        var approved = 0;
        await ForAllAsync(
            (_, trimmed, _) =>
            {
                var requests = new HashSet<string>(StringComparer.Ordinal);
                var calls = new HashSet<string>(StringComparer.Ordinal);
                foreach (var content in trimmed.Messages.SelectMany(message => message.Contents))
                {
                    switch (content)
                    {
                        case ToolApprovalRequestContent request:
                            requests.Add(request.RequestId);
                            calls.Add(request.ToolCall.CallId);
                            break;
                        case ToolApprovalResponseContent response:
                            Assert.Contains(response.RequestId, requests);
                            break;
                        case FunctionResultContent result when result.CallId.StartsWith("approved", StringComparison.Ordinal):
                            Assert.Contains(result.CallId, calls);
                            approved++;
                            break;
                    }
                }
            }
        );
        Assert.True(approved > 20, $"{approved} results of approved calls were sent");
    }

    /// <summary>Ids of results whose call is not before them, calls without a result after them, and how many have one.</summary>
    private static (List<string> Results, List<FunctionCallContent> Unanswered, int Answered) Pairs(IEnumerable<ChatMessage> messages)
    {
        var open = new Dictionary<string, FunctionCallContent>(StringComparer.Ordinal);
        var unanswered = new List<FunctionCallContent>();
        var orphans = new List<string>();
        var answered = 0;
        foreach (var content in messages.SelectMany(message => message.Contents))
        {
            if (((content as ToolApprovalRequestContent)?.ToolCall ?? content) is FunctionCallContent call)
            {
                if (open.Remove(call.CallId, out var earlier))
                {
                    unanswered.Add(earlier);
                }

                open.Add(call.CallId, call);
            }
            else if (content is FunctionResultContent result && open.Remove(result.CallId))
            {
                answered++;
            }
            else if (content is FunctionResultContent orphan)
            {
                orphans.Add(orphan.CallId);
            }
        }

        return (orphans, [.. unanswered, .. open.Values], answered);
    }

    private static string Json(IEnumerable<ChatMessage> messages) =>
        string.Join(
            '\n',
            messages.Select(message =>
                $"{message.Role} {message.AuthorName} "
                + string.Join(
                    '|',
                    message.Contents.Select(content =>
                        content is FunctionResultContent result ? $"{result.CallId} {JsonSerializer.Serialize(result.Result)}"
                        : content is TextContent text ? text.Text
                        : content.GetType().Name
                    )
                )
            )
        );
}
