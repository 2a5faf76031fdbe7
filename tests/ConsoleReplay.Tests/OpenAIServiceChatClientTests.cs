using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json;
using ConsoleReplay.Live;
using Microsoft.Extensions.AI;
using OpenAI;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class OpenAIServiceChatClientTests
{
    private const string Completion = """
        {"id":"c1","object":"chat.completion","created":1700000000,"model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"stop",
        "message":{"role":"assistant","content":"Hello!"}}],"usage":{"prompt_tokens":1200,"completion_tokens":30,"total_tokens":1230,
        "prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":4},"completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":5}}}
        """;

    [Fact]
    public async Task GetResponseAsync_maps_answer_and_usage()
    {
        await using var server = new LoopbackServer(_ => LoopbackServer.Json(Completion));
        using var client = Create(server);

        var response = await client.GetResponseAsync("Hi");

        Assert.Equal("Hello!", response.Text);
        Assert.Equal(("c1", "gpt-4o-2024-08-06"), (response.ResponseId, response.ModelId));
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), response.CreatedAt);
        var usage = response.Usage!;
        Assert.Equal((1200, 30, 1230), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
        Assert.Equal((1024, 20), (usage.CachedInputTokenCount, usage.ReasoningTokenCount));
        Assert.Equal(4, usage.AdditionalCounts!["InputTokenDetails.AudioTokenCount"]);
        Assert.Equal(5, usage.AdditionalCounts["OutputTokenDetails.AudioTokenCount"]);
        Assert.StartsWith("POST /v1/chat/completions ", Assert.Single(server.Paths), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetResponseAsync_maps_messages_and_settings()
    {
        await using var server = new LoopbackServer(_ => LoopbackServer.Json(Completion));
        using var client = Create(server);
        using var schema = JsonDocument.Parse("""{"type":"object","properties":{"city":{"type":"string"}}}""");

        await client.GetResponseAsync(
            [
                new ChatMessage(ChatRole.System, "Be brief."),
                new ChatMessage(ChatRole.User, [new TextContent("Look"), new UriContent("https://example.com/a.png", "image/png")])
                {
                    AuthorName = "ann",
                },
                new ChatMessage(
                    ChatRole.User,
                    [new DataContent(new byte[] { 1, 2, 3 }, "image/png") { AdditionalProperties = new() { ["detail"] = "low" } }]
                ),
                new ChatMessage(
                    ChatRole.Assistant,
                    [
                        new TextContent("One moment."),
                        new FunctionCallContent("t1", "weather", new Dictionary<string, object?> { ["city"] = "Rome" }),
                    ]
                ),
                new ChatMessage(
                    ChatRole.Tool,
                    [new FunctionResultContent("t1", "sunny"), new FunctionResultContent("t2", new { Degrees = 20 })]
                ),
            ],
            new ChatOptions
            {
                ModelId = "gpt-4o-mini",
                Instructions = "Answer in English.",
                Temperature = 0.5f,
                TopP = 0.9f,
                MaxOutputTokens = 50,
                Seed = 7,
                StopSequences = ["END"],
                Tools = [AIFunctionFactory.CreateDeclaration("weather", "Tells the weather.", schema.RootElement)],
                ToolMode = ChatToolMode.RequireSpecific("weather"),
                AllowMultipleToolCalls = false,
                ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement, "place"),
                Reasoning = new ReasoningOptions { Effort = ReasoningEffort.High },
                AdditionalProperties = new()
                {
                    ["logit_bias"] = JsonElement.Parse("""{"50256":-100}"""),
                    ["a tag of the app's"] = "internal",
                },
            }
        );

        var request = Assert.Single(server.Requests);
        var messages = request.GetProperty("messages").EnumerateArray().ToList();
        Assert.Equal(
            ["system", "system", "user", "user", "assistant", "tool", "tool"],
            messages.Select(message => message.GetProperty("role").GetString())
        );
        Assert.Equal("ann", messages[2].GetProperty("name").GetString());
        Assert.Equal(
            "https://example.com/a.png",
            messages[2].GetProperty("content")[1].GetProperty("image_url").GetProperty("url").GetString()
        );
        var image = messages[3].GetProperty("content")[0].GetProperty("image_url");
        Assert.Equal(
            ("data:image/png;base64,AQID", "low"),
            (image.GetProperty("url").GetString(), image.GetProperty("detail").GetString())
        );
        var call = messages[4].GetProperty("tool_calls")[0];
        Assert.Equal("t1", call.GetProperty("id").GetString());
        Assert.Equal("""{"city":"Rome"}""", call.GetProperty("function").GetProperty("arguments").GetString());
        Assert.Equal(("t1", "sunny"), (messages[5].GetProperty("tool_call_id").GetString(), TextOf(messages[5])));
        Assert.Equal("""{"degrees":20}""", TextOf(messages[6]));

        Assert.Equal("gpt-4o-mini", request.GetProperty("model").GetString());
        Assert.Equal(0.5, request.GetProperty("temperature").GetDouble());
        Assert.Equal(50, request.GetProperty("max_completion_tokens").GetInt32());
        Assert.Equal(50, request.GetProperty("max_tokens").GetInt32());
        Assert.Equal(7, request.GetProperty("seed").GetInt32());
        Assert.Equal("END", request.GetProperty("stop")[0].GetString());
        Assert.Equal("high", request.GetProperty("reasoning_effort").GetString());
        Assert.Equal("weather", request.GetProperty("tools")[0].GetProperty("function").GetProperty("name").GetString());
        Assert.Equal("weather", request.GetProperty("tool_choice").GetProperty("function").GetProperty("name").GetString());
        Assert.False(request.GetProperty("parallel_tool_calls").GetBoolean());
        Assert.Equal("place", request.GetProperty("response_format").GetProperty("json_schema").GetProperty("name").GetString());
        Assert.Equal(-100, request.GetProperty("logit_bias").GetProperty("50256").GetInt32());
        Assert.DoesNotContain("internal", request.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetResponseAsync_settings_that_are_not_set_are_not_sent()
    {
        await using var server = new LoopbackServer(_ => LoopbackServer.Json(Completion));
        using var client = Create(server);

        await client.GetResponseAsync("Hi", new ChatOptions());

        var request = Assert.Single(server.Requests);
        Assert.Equal(["messages", "model"], request.EnumerateObject().Select(field => field.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task GetResponseAsync_tool_call_is_mapped()
    {
        await using var server = new LoopbackServer(_ =>
            LoopbackServer.Json(
                """
                {"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant",
                "content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]}}],
                "usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}}
                """
            )
        );
        using var client = Create(server);

        var response = await client.GetResponseAsync("Weather?");

        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        var call = Assert.Single(response.Messages[0].Contents.OfType<FunctionCallContent>());
        Assert.Equal(("t1", "weather", "Rome"), (call.CallId, call.Name, call.Arguments!["city"]?.ToString()));
    }

    [Fact]
    public async Task GetResponseAsync_refusal_is_an_error_content()
    {
        await using var server = new LoopbackServer(_ =>
            LoopbackServer.Json(
                """
                {"id":"c1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant",
                "content":null,"refusal":"I cannot help."}}],"usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11}}
                """
            )
        );
        using var client = Create(server);

        var response = await client.GetResponseAsync("Do it");

        Assert.Equal("I cannot help.", Assert.Single(response.Messages[0].Contents.OfType<ErrorContent>()).Message);
    }

    [Fact]
    public async Task GetStreamingResponseAsync_maps_text_finish_reason_and_usage()
    {
        await using var server = new LoopbackServer(_ =>
            LoopbackServer.Stream(
                Chunk("""{"role":"assistant","content":""}"""),
                Chunk("""{"content":"Hel"}"""),
                Chunk("""{"content":"lo"}"""),
                Chunk("{}", "\"length\""),
                """
                {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9,
                "prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":1}}}
                """.ReplaceLineEndings(" ")
            )
        );
        using var client = Create(server);

        var updates = await client.GetStreamingResponseAsync("Hi").ToListAsync();

        Assert.Equal(["Hel", "lo"], updates.Select(update => update.Text).Where(text => text.Length > 0));
        var response = updates.ToChatResponse();
        Assert.Equal(("Hello", "c1", "gpt-4o"), (response.Text, response.ResponseId, response.ModelId));
        Assert.Equal(ChatFinishReason.Length, response.FinishReason);
        Assert.Equal(
            (7, 2, 5, 1),
            (
                response.Usage!.InputTokenCount,
                response.Usage.OutputTokenCount,
                response.Usage.CachedInputTokenCount,
                response.Usage.ReasoningTokenCount
            )
        );
        var request = Assert.Single(server.Requests);
        Assert.True(request.GetProperty("stream").GetBoolean());
        Assert.True(request.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
    }

    [Fact]
    public async Task GetStreamingResponseAsync_tool_calls_in_pieces_come_out_whole()
    {
        await using var server = new LoopbackServer(_ =>
            LoopbackServer.Stream(
                Chunk(
                    """{"role":"assistant","tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"weather","arguments":""}}]}"""
                ),
                Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}"""),
                Chunk("""{"tool_calls":[{"index":1,"id":"t2","type":"function","function":{"name":"time","arguments":"{}"}}]}"""),
                Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Rome\"}"}}]}"""),
                Chunk("{}", "\"tool_calls\"")
            )
        );
        using var client = Create(server);

        var response = await client.GetStreamingResponseAsync("Weather?").ToChatResponseAsync();

        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        var calls = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ToList();
        Assert.Equal(["t1 weather", "t2 time"], calls.Select(call => $"{call.CallId} {call.Name}"));
        Assert.Equal("Rome", calls[0].Arguments!["city"]?.ToString());
        Assert.Empty(calls[1].Arguments!);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_error_status_comes_through(bool streaming)
    {
        await using var server = new LoopbackServer(_ =>
            LoopbackServer.Json("""{"error":{"message":"no","type":"invalid_request_error"}}""", 400)
        );
        using var client = Create(server);

        var error = await Assert.ThrowsAsync<ClientResultException>(() =>
            streaming ? client.GetStreamingResponseAsync("Hi").ToChatResponseAsync() : client.GetResponseAsync("Hi")
        );

        Assert.Equal(400, error.Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_cancelled_while_waiting_stops(bool streaming)
    {
        using var arrived = new SemaphoreSlim(0);
        using var hold = new ManualResetEventSlim();
        await using var server = new LoopbackServer(_ =>
        {
            arrived.Release();
            hold.Wait(TimeSpan.FromSeconds(20));
            return LoopbackServer.Json(Completion);
        });
        using var client = Create(server);
        using var cancellation = new CancellationTokenSource();

        var call = streaming
            ? client.GetStreamingResponseAsync("Hi", cancellationToken: cancellation.Token).ToChatResponseAsync()
            : client.GetResponseAsync("Hi", cancellationToken: cancellation.Token);
        Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(20)));
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        hold.Set();
    }

    [Fact]
    public void GetService_metadata_names_provider_endpoint_and_model()
    {
        using var client = new OpenAIServiceChatClient(new OpenAIClient("k"), new Uri("https://example.com/v1"), "m1");

        var metadata = client.GetService<ChatClientMetadata>()!;

        Assert.Equal(
            ("openai", "https://example.com/v1", "m1"),
            (metadata.ProviderName, metadata.ProviderUri!.OriginalString, metadata.DefaultModelId)
        );
    }

    /// <summary>The way for adapters that do not pass additional properties on: the vendor's own options.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Prompt_cache_key_reaches_the_service_through_the_vendors_options(bool isStreaming)
    {
        await using var server = new LoopbackServer(_ =>
            isStreaming ? LoopbackServer.Stream(Chunk("""{"content":"Hi"}""", "\"stop\"")) : LoopbackServer.Json(Completion)
        );
        using var client = Create(server)
            .AsBuilder()
            .UsePrefixCaching(o =>
            {
                o.PromptCacheKey = tags => tags.Feature;
                o.SetPromptCacheKey = (options, key) =>
                    options.RawRepresentationFactory = _ =>
                    {
                        var raw = new OpenAI.Chat.ChatCompletionOptions();
#pragma warning disable SCME0001 // Patch is experimental: the vendor's way to fields that the package has no property for.
                        raw.Patch.Set("$.prompt_cache_key"u8, key);
#pragma warning restore SCME0001
                        return raw;
                    };
            })
            .Build();
        var options = new ChatOptions { MaxOutputTokens = 5 }.WithFeature("faq");

        if (isStreaming)
        {
            await client.GetStreamingResponseAsync("Hi", options).ToChatResponseAsync();
        }
        else
        {
            await client.GetResponseAsync("Hi", options);
        }

        Assert.Equal("faq", server.Requests.Single().GetProperty("prompt_cache_key").GetString());
        Assert.Null(options.RawRepresentationFactory);
    }

    private static OpenAIServiceChatClient Create(LoopbackServer server)
    {
        var options = new OpenAIClientOptions { Endpoint = server.Endpoint, RetryPolicy = new ClientRetryPolicy(maxRetries: 0) };
        return new OpenAIServiceChatClient(new OpenAIClient(new ApiKeyCredential("k"), options), server.Endpoint, "gpt-4o");
    }

    private static string Chunk(string delta, string finishReason = "null") =>
        $$"""{"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finishReason}}}]}""";

    private static string? TextOf(JsonElement message)
    {
        var content = message.GetProperty("content");
        return content.ValueKind == JsonValueKind.Array ? content[0].GetProperty("text").GetString() : content.GetString();
    }
}
