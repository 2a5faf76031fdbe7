using FsCheck;
using FsCheck.Fluent;
using LlmThrift.SemanticCache;
using LlmThrift.TestKit;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.SemanticCache;

/// <summary>
/// To this embedder all questions are one, so that only the scope keeps answers apart: none may cross a difference in partition, model, system
/// prompt, tools, options or earlier turns.
/// </summary>
public sealed class ScopeProperties
{
    private sealed record Request(int Tenant, int Model, int System, int Tools, int Options, int Turns, int Format, bool IsStreaming);

    private static readonly Gen<Request> Requests =
        from tenant in Gen.Choose(0, 2)
        from model in Gen.Choose(0, 1)
        from system in Gen.Choose(0, 2)
        from tools in Gen.Choose(0, 3)
        from options in Gen.Choose(0, 6)
        from turns in Gen.Choose(0, 2)
        from format in Gen.Choose(0, 1)
        from streaming in Gen.Elements(true, false)
        select new Request(tenant, model, system, tools, options, turns, format, streaming);

    [Fact]
    public void No_answer_crosses_a_difference_in_anything_but_the_question()
    {
        Prop.ForAll(
                Requests.ListOf(15).ToArbitrary(),
                requests =>
                {
                    Task.Run(() => RunAsync([.. requests])).GetAwaiter().GetResult();
                    return true;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    private static async Task RunAsync(Request[] requests)
    {
        // The provider answers with the scope that it was asked in.
        using var provider = new ScriptedChatClient(
            (_, options) => ScriptedAnswer.Saying((string)options!.AdditionalProperties!["scope"]!)
        );
        using var client = provider.WithSemanticCache(
            new FakeEmbeddingGenerator { Script = _ => [0.6f, 0.8f] },
            o =>
            {
                o.EarlierTurns = EarlierTurns.MustBeEqual;
                o.IgnoredProperties.Add("scope");
            }
        );
        var known = new HashSet<string>();
        var number = 0;
        foreach (var request in requests)
        {
            var scope = (request with { IsStreaming = false }).ToString();
            var calls = provider.Calls;

            var answer = await client.AskAsync(Messages(request, $"question {++number}"), Options(request, scope), request.IsStreaming);

            Assert.Equal(scope, answer.Text);
            Assert.Equal(known.Add(scope), provider.Calls == calls + 1);
        }

        Assert.Equal(known.Count, client.Manager().GetStatistics().Scopes);
    }

    private static List<ChatMessage> Messages(Request request, string question)
    {
        List<ChatMessage> messages = [];
        if (request.System > 0)
        {
            messages.Add(new(ChatRole.System, $"system prompt {request.System}"));
        }

        if (request.Turns > 0)
        {
            messages.Add(new(ChatRole.User, $"turn {request.Turns}"));
            messages.Add(new(ChatRole.Assistant, "go on"));
        }

        messages.Add(new(ChatRole.User, question));
        return messages;
    }

    private static ChatOptions Options(Request request, string scope)
    {
        var options = new ChatOptions
        {
            ModelId = request.Model == 0 ? "gpt-4o" : "gpt-4o-mini",
            AdditionalProperties = new() { ["scope"] = scope },
            ResponseFormat = request.Format == 0 ? null : ChatResponseFormat.Json,
            Tools = request.Tools switch
            {
                1 => [AIFunctionFactory.Create(() => 1, "one")],
                2 => [AIFunctionFactory.Create(() => 1, "two")],
                3 => [AIFunctionFactory.Create(() => 1, "one"), AIFunctionFactory.Create(() => 1, "two")],
                _ => null,
            },
        };
        switch (request.Options)
        {
            case 1:
                options.Temperature = 0.5f;
                break;
            case 2:
                options.Seed = 5;
                break;
            case 3:
                options.MaxOutputTokens = 5;
                break;
            case 4:
                options.AdditionalProperties["color"] = "blue";
                break;
            case 5:
                options.Instructions = "be brief";
                break;
            case 6:
                options.StopSequences = ["stop"];
                break;
        }

        return options.WithTenant(request.Tenant == 0 ? null : $"tenant {request.Tenant}");
    }
}
