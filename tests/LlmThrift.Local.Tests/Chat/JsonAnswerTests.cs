using System.Text.Json;
using LlmThrift.Local.Tests.Grammars;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Chat;

public sealed class JsonAnswerTests(RandomModel model) : IClassFixture<RandomModel>
{
    [NativeFact]
    public async Task Answers_of_a_random_model_match_two_hundred_random_schemas()
    {
        using var client = model.Client(o => (o.MaxConcurrency, o.ContextLength) = (4, 8192));
        var schemas = new RandomSchemas(seed: 1);
        var cases = Enumerable.Range(0, 200).Select(number => (Number: number, Schema: schemas.Next().Clone())).ToList();
        var ended = 0;

        await Parallel.ForEachAsync(
            cases,
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (one, cancellationToken) =>
            {
                var options = new ChatOptions
                {
                    Temperature = 1,
                    Seed = one.Number,
                    MaxOutputTokens = 6000,
                    ResponseFormat = ChatResponseFormat.ForJsonSchema(one.Schema),
                };
                var response = await client.GetResponseAsync("Answer.", options, cancellationToken);

                // What the length cut off is no JSON, here as anywhere.
                if (response.FinishReason == ChatFinishReason.Stop)
                {
                    Interlocked.Increment(ref ended);
                    using var answer = JsonDocument.Parse(response.Text);
                    Assert.True(new SchemaJudge(one.Schema).Judge(answer.RootElement) is null, $"{one.Schema}\n{response.Text}");
                }
            }
        );

        Assert.InRange(ended, 190, 200);
    }

    [NativeFact]
    public async Task Json_without_a_schema_is_an_object()
    {
        using var client = model.Client(o => o.ContextLength = 8192);
        var options = new ChatOptions
        {
            Temperature = 1,
            Seed = 3,
            MaxOutputTokens = 8000,
            ResponseFormat = ChatResponseFormat.Json,
        };

        var response = await client.GetStreamingResponseAsync("Answer.", options).ToChatResponseAsync();

        if (response.FinishReason == ChatFinishReason.Stop)
        {
            using var answer = JsonDocument.Parse(response.Text);
            Assert.Equal(JsonValueKind.Object, answer.RootElement.ValueKind);
        }
        else
        {
            Assert.StartsWith("{", response.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_schema_that_no_grammar_can_express_is_refused_by_name()
    {
        using var client = new LocalChatClient(new LocalChatOptions { ModelPath = "none.gguf" });
        using var schema = JsonDocument.Parse("""{"type":"object","properties":{"a":{"not":{"type":"string"}}}}""");
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement) };

        var problem = await Assert.ThrowsAnyAsync<NotSupportedException>(() => client.GetResponseAsync("Answer.", options));

        Assert.Contains("'not' at '#/properties/a", problem.Message, StringComparison.Ordinal);
    }
}
