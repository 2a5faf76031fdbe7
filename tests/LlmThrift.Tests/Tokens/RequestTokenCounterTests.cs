using System.Text.Json;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Tokens;

public sealed class RequestTokenCounterTests
{
    private readonly RequestTokenCounter _counter = new();

    /// <summary>The example of the OpenAI cookbook, with the numbers that it prints.</summary>
    [Theory]
    [InlineData("gpt-3.5-turbo", 129)]
    [InlineData("gpt-4-0613", 129)]
    [InlineData("gpt-4", 129)]
    [InlineData("gpt-4o", 124)]
    [InlineData("gpt-4o-mini", 124)]
    public void CountRequest_cookbook_messages_gives_published_number(string modelId, int published)
    {
        ChatMessage[] messages =
        [
            new(ChatRole.System, "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."),
            new(ChatRole.System, "New synergies will help drive top-line growth.") { AuthorName = "example_user" },
            new(ChatRole.System, "Things working well together will increase revenue.") { AuthorName = "example_assistant" },
            new(ChatRole.System, "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.")
            {
                AuthorName = "example_user",
            },
            new(ChatRole.System, "Let's talk later when we're less busy about how to do better.") { AuthorName = "example_assistant" },
            new(ChatRole.User, "This late pivot means we don't have time to boil the ocean for the client deliverable."),
        ];

        Assert.Equal(new TokenCount(published, IsEstimate: false), _counter.CountRequest(messages, modelId: modelId));
    }

    /// <summary>The cookbook's example with a tool, likewise.</summary>
    [Theory]
    [InlineData("gpt-3.5-turbo", 105)]
    [InlineData("gpt-4", 105)]
    [InlineData("gpt-4o", 101)]
    [InlineData("gpt-4o-mini", 101)]
    public void CountRequest_cookbook_tool_gives_published_number(string modelId, int published)
    {
        var tool = Tool(
            "get_current_weather",
            "Get the current weather in a given location",
            """
            {"type": "object", "properties": {
                "location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
                "unit": {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]}
            }, "required": ["location"]}
            """
        );
        ChatMessage[] messages =
        [
            new(ChatRole.System, "You are a helpful assistant that can answer to questions about the weather."),
            new(ChatRole.User, "What's the weather like in San Francisco?"),
        ];

        Assert.Equal(
            new TokenCount(published, IsEstimate: false),
            _counter.CountRequest(messages, new ChatOptions { Tools = [tool] }, modelId)
        );
    }

    [Fact]
    public void CountRequest_instructions_count_as_a_system_message()
    {
        var asOption = _counter.CountRequest([new(ChatRole.User, "Hi")], new ChatOptions { Instructions = "Be brief." }, "gpt-4o");
        var asMessage = _counter.CountRequest([new(ChatRole.System, "Be brief."), new(ChatRole.User, "Hi")], modelId: "gpt-4o");
        Assert.Equal(asMessage, asOption);
    }

    [Fact]
    public void CountRequest_model_of_options_counts_when_none_is_named()
    {
        var count = _counter.CountRequest([new(ChatRole.User, "Hi")], new ChatOptions { ModelId = "gpt-4o" });
        Assert.False(count.IsEstimate);
    }

    [Fact]
    public void CountRequest_messages_are_enumerated_once()
    {
        var enumerations = 0;
        _counter.CountRequest(Messages(), modelId: "gpt-4o");
        Assert.Equal(1, enumerations);

        IEnumerable<ChatMessage> Messages()
        {
            enumerations++;
            yield return new ChatMessage(ChatRole.User, "Hi");
        }
    }

    [Fact]
    public void CountRequest_nested_tool_parameters_are_counted_and_marked()
    {
        var flat = Tool("f", "d", """{"type":"object","properties":{"a":{"type":"string"}}}""");
        var nested = Tool(
            "f",
            "d",
            """{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string","description":"deep"}}}}}"""
        );
        var flatCount = _counter.CountRequest([], new ChatOptions { Tools = [flat] }, "gpt-4o");
        var nestedCount = _counter.CountRequest([], new ChatOptions { Tools = [nested] }, "gpt-4o");
        Assert.True(nestedCount.Tokens > flatCount.Tokens);
        Assert.False(flatCount.IsEstimate);
        Assert.True(nestedCount.IsEstimate);
    }

    [Fact]
    public void CountRequest_response_schema_counts()
    {
        using var schema = JsonDocument.Parse("""{"type":"object","properties":{"answer":{"type":"string"}}}""");
        var options = new ChatOptions
        {
            ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement.Clone(), "answer", "The answer"),
        };
        var plain = _counter.CountRequest([new(ChatRole.User, "Hi")], modelId: "gpt-4o");
        var formatted = _counter.CountRequest([new(ChatRole.User, "Hi")], options, "gpt-4o");
        Assert.True(formatted.Tokens >= plain.Tokens + 15);
        Assert.True(formatted.IsEstimate);
    }

    [Fact]
    public void CountRequest_function_call_and_result_count_their_contents()
    {
        var call = new FunctionCallContent(
            "1",
            "look_up",
            new Dictionary<string, object?>(StringComparer.Ordinal) { ["customer"] = "Ada Lovelace" }
        );
        var result = new FunctionResultContent("1", "The customer was born in 1815.");
        var count = _counter.CountRequest([new(ChatRole.Assistant, [call]), new(ChatRole.Tool, [result])], modelId: "gpt-4o");

        // Two messages and the reply, two roles; name, arguments and result are the rest.
        Assert.True(count.Tokens > (3 * 3) + 2 + 15, $"{count.Tokens}");
    }

    [Fact]
    public void CountRequest_contents_of_every_kind_never_throw()
    {
        AIContent[] contents =
        [
            new TextContent(null),
            new TextReasoningContent("thinking"),
            new DataContent(new byte[] { 0x89, (byte)'P' }, "image/png"),
            new DataContent(Array.Empty<byte>(), "image/jpeg"),
            new DataContent(new byte[32_000], "audio/wav"),
            new DataContent(new byte[100_000], "application/pdf"),
            new DataContent("hello"u8.ToArray(), "text/plain"),
            new DataContent(new byte[10], "application/x-unknown"),
            new UriContent(new Uri("https://example.com/a.png"), "image/png"),
            new UriContent(new Uri("https://example.com/a.mp4"), "video/mp4"),
            new HostedFileContent("file-1"),
            new ErrorContent("bad"),
            new UsageContent(new UsageDetails()),
            new FunctionCallContent("1", "f", new Dictionary<string, object?>(StringComparer.Ordinal) { ["x"] = new Throwing() }),
            new FunctionCallContent("2", "f"),
            new FunctionResultContent("1", new Throwing()),
            new FunctionResultContent("2", null),
            new FunctionResultContent("3", new AIContent[] { new TextContent("part") }),
            new AIContent(),
        ];
        foreach (var modelId in (string?[])["gpt-4o", "gpt-5-mini", "claude-opus-4-1", "gemini-2.5-pro", null])
        {
            Assert.All(contents, content => Assert.True(_counter.CountContents([content], modelId).Tokens >= 0));
            Assert.True(_counter.CountRequest([new(ChatRole.User, contents)], modelId: modelId).IsEstimate);
        }
    }

    [Fact]
    public void CountResponse_counts_texts_without_overhead_of_messages()
    {
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant, "hello world")) { ModelId = "gpt-4o" };
        Assert.Equal(new TokenCount(2, IsEstimate: false), _counter.CountResponse(response));
    }

    [Fact]
    public void CountText_model_without_public_tokenizer_is_estimate_by_family()
    {
        var text = string.Concat(Enumerable.Repeat("hello", 1)) + string.Concat(Enumerable.Repeat(" hello", 99));
        Assert.Equal(new TokenCount(100, IsEstimate: false), _counter.CountText(text, "gpt-4o"));
        Assert.Equal(new TokenCount(120, IsEstimate: true), _counter.CountText(text, "claude-sonnet-4-5"));
    }

    [Fact]
    public void CountText_plugged_counter_of_longest_beginning_is_used_and_is_no_estimate()
    {
        var options = new RequestTokenCounterOptions();
        options.Counters["mistral-"] = TokenCounter.Create(text => text.Length);
        options.Counters["mistral-large"] = TokenCounter.Create(text => 1000 + text.Length);
        var counter = new RequestTokenCounter(options);
        Assert.Equal(new TokenCount(5, IsEstimate: false), counter.CountText("abcde", "mistral-small"));
        Assert.Equal(new TokenCount(1005, IsEstimate: false), counter.CountText("abcde", "Mistral-Large-2411"));
    }

    [Fact]
    public void Learn_steady_ratio_is_reached_and_kept()
    {
        var text = string.Concat(Enumerable.Repeat(" word", 1000));
        var counted = _counter.CountText(text, "claude-x");
        for (var i = 0; i < 20; i++)
        {
            _counter.Learn("claude-x", _counter.CountText(text, "claude-x"), 1500);
        }

        var corrected = _counter.CountText(text, "claude-x");
        Assert.Equal(1500, corrected.Tokens);
        Assert.Equal(counted.Tokens, corrected.Uncorrected);
        Assert.True(corrected.IsEstimate);
        Assert.Equal(counted.Tokens, _counter.CountText(text, "claude-y").Tokens);
    }

    [Fact]
    public void Learn_many_counts_in_flight_do_not_overshoot()
    {
        var text = string.Concat(Enumerable.Repeat(" word", 1000));
        var before = _counter.CountText(text, "claude-x");
        for (var i = 0; i < 100; i++)
        {
            _counter.Learn("claude-x", before, before.Tokens * 2);
        }

        Assert.Equal(before.Tokens * 2, _counter.CountText(text, "claude-x").Tokens);
    }

    [Theory]
    [InlineData(1_000_000_000, 4000)]
    [InlineData(1, 250)]
    public void Learn_absurd_reports_are_clamped(long reported, int expected)
    {
        var counter = new RequestTokenCounter();
        var text = string.Concat(Enumerable.Repeat(" word", 1000));
        for (var i = 0; i < 100; i++)
        {
            counter.Learn("gpt-next", counter.CountText(text, "gpt-next"), reported);
        }

        Assert.Equal(expected, counter.CountText(text, "gpt-next").Tokens);
    }

    [Fact]
    public void Learn_one_odd_report_among_many_moves_little()
    {
        var text = string.Concat(Enumerable.Repeat(" word", 1000));
        for (var i = 0; i < 50; i++)
        {
            _counter.Learn("gpt-next", _counter.CountText(text, "gpt-next"), 1000);
        }

        _counter.Learn("gpt-next", _counter.CountText(text, "gpt-next"), 100_000);
        Assert.InRange(_counter.CountText(text, "gpt-next").Tokens, 1000, 1150);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    public void Learn_report_of_nothing_is_ignored(long reported)
    {
        _counter.Learn("claude-x", new TokenCount(100, IsEstimate: true), reported);
        _counter.Learn("claude-x", new TokenCount(0, IsEstimate: true), 100);
        Assert.Equal(1.2, _counter.CountText(string.Concat(Enumerable.Repeat(" word", 1000)), "claude-x").Tokens / 1000.0);
    }

    [Fact]
    public void Learn_model_with_own_tokenizer_is_never_corrected()
    {
        var text = string.Concat(Enumerable.Repeat(" word", 1000));
        _counter.Learn("gpt-4o", _counter.CountText(text, "gpt-4o"), 2000);
        Assert.Equal(1000, _counter.CountText(text, "gpt-4o").Tokens);
    }

    [Fact]
    public void Learn_more_models_than_kept_drops_the_one_not_heard_of_for_longest()
    {
        var counter = new RequestTokenCounter(new RequestTokenCounterOptions { MaximumLearnedModels = 2 });
        var hundred = new TokenCount(100, IsEstimate: true);
        foreach (var model in (string[])["a", "b", "a", "c"])
        {
            counter.Learn(model, hundred, 200);
        }

        var text = string.Concat(Enumerable.Repeat(" word", 1000));
        Assert.Equal([2200, 1100, 2200], ((string[])["a", "b", "c"]).Select(model => counter.CountText(text, model).Tokens));
    }

    [Fact]
    public async Task Learn_from_many_threads_stays_within_bounds()
    {
        var text = string.Concat(Enumerable.Repeat(" word", 1000));
        await Task.WhenAll(
            Enumerable
                .Range(0, 16)
                .Select(worker =>
                    Task.Run(() =>
                    {
                        for (var i = 0; i < 200; i++)
                        {
                            var model = $"gpt-next-{(worker + i) % 5}";
                            _counter.Learn(model, _counter.CountText(text, model), 1500);
                        }
                    })
                )
        );
        Assert.Equal(1500, _counter.CountText(text, "gpt-next-3").Tokens);
    }

    [Fact]
    public void Constructor_no_room_for_models_throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new RequestTokenCounter(new RequestTokenCounterOptions { MaximumLearnedModels = 0 })
        );

    private static AIFunctionDeclaration Tool(string name, string description, string schema)
    {
        using var document = JsonDocument.Parse(schema);
        return AIFunctionFactory.CreateDeclaration(name, description, document.RootElement.Clone());
    }

    private sealed class Throwing
    {
        public string Value => throw new InvalidOperationException("A getter that throws.");
    }
}
