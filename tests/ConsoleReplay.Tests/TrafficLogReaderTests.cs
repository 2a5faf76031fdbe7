using System.Text.Json;
using System.Text.Json.Nodes;
using ConsoleReplay.Logs;
using Microsoft.Extensions.AI;
using Xunit;

namespace ConsoleReplay.Tests;

public sealed class TrafficLogReaderTests
{
    private const string Good = """{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}""";

    [Fact]
    public async Task ReadAsync_request_body_keeps_messages_and_settings()
    {
        var call = (
            await ReadOneAsync(
                """
                {"model":"gpt-4o-mini","messages":[{"role":"system","content":"Be brief."},{"role":"user","name":"ann","content":"Hello"}],
                "temperature":0.2,"top_p":0.9,"max_completion_tokens":50,"stop":["END","STOP"],"seed":7,"frequency_penalty":0.5,
                "presence_penalty":-0.5,"stream":true,"user":"u1","metadata":{"feature":"faq","tenant":"acme"},"reasoning_effort":"low",
                "response_format":{"type":"json_object"}}
                """
            )
        ).Call;

        Assert.Equal("gpt-4o-mini", call.Options.ModelId);
        Assert.Equal(0.2f, call.Options.Temperature);
        Assert.Equal(0.9f, call.Options.TopP);
        Assert.Equal(50, call.Options.MaxOutputTokens);
        Assert.Equal(["END", "STOP"], call.Options.StopSequences!);
        Assert.Equal(7, call.Options.Seed);
        Assert.Equal(0.5f, call.Options.FrequencyPenalty);
        Assert.Equal(-0.5f, call.Options.PresencePenalty);
        Assert.Equal(ReasoningEffort.Low, call.Options.Reasoning?.Effort);
        Assert.Equal(ChatResponseFormat.Json, call.Options.ResponseFormat);
        Assert.Null(call.Options.AdditionalProperties);
        Assert.True(call.Stream);
        Assert.Equal(("faq", "acme", "u1"), (call.Feature, call.Tenant, call.User));
        Assert.Equal([ChatRole.System, ChatRole.User], call.Messages.Select(message => message.Role));
        Assert.Equal("ann", call.Messages[1].AuthorName);
        Assert.Equal("Hello", call.Messages[1].Text);
    }

    [Fact]
    public async Task ReadAsync_batch_line_reads_its_body()
    {
        var logged = await ReadOneAsync(
            """{"custom_id":"r1","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"max_tokens":9}}"""
        );

        Assert.Equal("Hi", logged.Call.Messages[0].Text);
        Assert.Equal(9, logged.Call.Options.MaxOutputTokens);
        Assert.Null(logged.Answer);
    }

    [Fact]
    public async Task ReadAsync_batch_line_with_response_reads_the_recorded_answer_and_usage()
    {
        var answer = (
            await ReadOneAsync(
                """
                {"custom_id":"r1","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]},
                "response":{"status_code":200,"body":{"id":"c1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"finish_reason":"length",
                "message":{"role":"assistant","content":"Hello there"}}],"usage":{"prompt_tokens":1200,"completion_tokens":30,"total_tokens":1230,
                "prompt_tokens_details":{"cached_tokens":1024,"audio_tokens":3},"completion_tokens_details":{"reasoning_tokens":20}}}}}
                """
            )
        ).Answer!;

        Assert.Equal("Hello there", answer.Message.Text);
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal("gpt-4o-2024-08-06", answer.ModelId);
        Assert.Equal(1200, answer.Usage!.InputTokenCount);
        Assert.Equal(30, answer.Usage.OutputTokenCount);
        Assert.Equal(1024, answer.Usage.CachedInputTokenCount);
        Assert.Equal(20, answer.Usage.ReasoningTokenCount);
        Assert.Equal(3, answer.Usage.AdditionalCounts!["InputTokenDetails.AudioTokenCount"]);
        Assert.False(answer.IsSynthetic);
    }

    [Fact]
    public async Task ReadAsync_request_and_response_pair_reads_both()
    {
        var logged = await ReadOneAsync(
            """{"request":{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]},"response":"Hello","tenant":"acme"}"""
        );

        Assert.Equal("Hi", logged.Call.Messages[0].Text);
        Assert.Equal("acme", logged.Call.Tenant);
        Assert.Equal("Hello", logged.Answer!.Message.Text);
    }

    [Fact]
    public async Task ReadAsync_usage_without_response_makes_a_synthetic_answer_with_that_usage()
    {
        var answer = (
            await ReadOneAsync(
                """{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"usage":{"prompt_tokens":10,"completion_tokens":120,"total_tokens":130}}"""
            )
        ).Answer!;

        Assert.True(answer.IsSynthetic);
        Assert.Equal(120, answer.Usage!.OutputTokenCount);
        Assert.Contains("synthetic", answer.Message.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_tools_and_their_calls_and_results_are_kept()
    {
        var call = (
            await ReadOneAsync(
                """
                {"model":"gpt-4o","tools":[{"type":"function","function":{"name":"weather","description":"Tells the weather.","strict":true,
                "parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}],"tool_choice":{"type":"function","function":{"name":"weather"}},
                "parallel_tool_calls":false,"messages":[{"role":"user","content":"Rome?"},
                {"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Rome\"}"}}]},
                {"role":"tool","tool_call_id":"t1","content":"sunny"}]}
                """
            )
        ).Call;

        var tool = Assert.IsAssignableFrom<AIFunctionDeclaration>(Assert.Single(call.Options.Tools!));
        Assert.Equal(("weather", "Tells the weather."), (tool.Name, tool.Description));
        Assert.True(tool.JsonSchema.GetProperty("properties").TryGetProperty("city", out _));
        Assert.Equal(true, tool.AdditionalProperties["strict"]);
        Assert.Equal("weather", Assert.IsType<RequiredChatToolMode>(call.Options.ToolMode).RequiredFunctionName);
        Assert.False(call.Options.AllowMultipleToolCalls);
        var made = Assert.IsType<FunctionCallContent>(Assert.Single(call.Messages[1].Contents));
        Assert.Equal(("t1", "weather", "Rome"), (made.CallId, made.Name, made.Arguments!["city"]?.ToString()));
        var result = Assert.IsType<FunctionResultContent>(Assert.Single(call.Messages[2].Contents));
        Assert.Equal(("t1", "sunny"), (result.CallId, result.Result));
        Assert.Equal(ChatRole.Tool, call.Messages[2].Role);
    }

    [Fact]
    public async Task ReadAsync_former_functions_are_read_as_tools()
    {
        var call = (
            await ReadOneAsync(
                """
                {"model":"gpt-3.5-turbo","functions":[{"name":"weather","parameters":{"type":"object","properties":{}}}],"function_call":"auto",
                "messages":[{"role":"user","content":"Rome?"},{"role":"assistant","content":null,"function_call":{"name":"weather","arguments":"{}"}},
                {"role":"function","name":"weather","content":"sunny"}]}
                """
            )
        ).Call;

        Assert.Equal("weather", Assert.Single(call.Options.Tools!).Name);
        Assert.Equal("weather", Assert.IsType<FunctionCallContent>(Assert.Single(call.Messages[1].Contents)).CallId);
        Assert.Equal("weather", Assert.IsType<FunctionResultContent>(Assert.Single(call.Messages[2].Contents)).CallId);
    }

    [Fact]
    public async Task ReadAsync_parts_text_images_audio_and_files_are_kept()
    {
        var contents = (
            await ReadOneAsync(
                """
                {"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"text","text":"Look"},
                {"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
                {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
                {"type":"file","file":{"file_id":"f1"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}}]}]}
                """
            )
        ).Call.Messages[0].Contents;

        Assert.Equal("Look", Assert.IsType<TextContent>(contents[0]).Text);
        Assert.Equal("https://example.com/a.png", Assert.IsType<UriContent>(contents[1]).Uri.OriginalString);
        Assert.Equal("low", contents[1].AdditionalProperties!["detail"]);
        Assert.Equal("image/png", Assert.IsType<DataContent>(contents[2]).MediaType);
        Assert.Equal("audio/wav", Assert.IsType<DataContent>(contents[3]).MediaType);
        Assert.Equal("f1", Assert.IsType<HostedFileContent>(contents[4]).FileId);
        Assert.Equal("a.pdf", Assert.IsType<DataContent>(contents[5]).Name);
    }

    [Fact]
    public async Task ReadAsync_json_schema_is_the_response_format()
    {
        var call = (
            await ReadOneAsync(
                """
                {"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stop":"END",
                "response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"},"strict":true}}}
                """
            )
        ).Call;

        var format = Assert.IsType<ChatResponseFormatJson>(call.Options.ResponseFormat);
        Assert.Equal("answer", format.SchemaName);
        Assert.Equal("object", format.Schema!.Value.GetProperty("type").GetString());
        Assert.Equal(["END"], call.Options.StopSequences!);
    }

    [Fact]
    public async Task ReadAsync_fields_without_a_counterpart_are_kept_because_they_may_change_the_answer()
    {
        var options = (
            await ReadOneAsync(
                """{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"logit_bias":{"50256":-100},"store":true}"""
            )
        )
            .Call
            .Options;

        var (name, value) = Assert.Single(options.AdditionalProperties!);
        Assert.Equal("logit_bias", name);
        Assert.Equal(-100, Assert.IsType<JsonElement>(value).GetProperty("50256").GetInt32());
    }

    [Fact]
    public async Task ReadAsync_bad_lines_are_told_by_number_and_good_ones_still_count()
    {
        var log = await ReadAsync($"{Good}\n\nnot json\n{Good}\r\n{{\"model\":\"gpt-4o\"}}\n{Good}");

        Assert.Equal([1, 4, 6], log.Calls.Select(logged => logged.Line));
        Assert.Equal([3, 5], log.Problems.Select(problem => problem.Line));
        Assert.All(
            log.Problems,
            problem => Assert.StartsWith($"traffic.jsonl:{problem.Line}: ", problem.ToString(), StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET}]}""", "not valid JSON at column")]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}]},""", "comma at the end")]
    [InlineData("""[{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}]}]""", "jq -c")]
    [InlineData("[", "one request a line")]
    [InlineData("\"SECRET\"", "must be a JSON object")]
    [InlineData("""{"messages":[{"role":"user","content":"SECRET"}]}""", "\"model\" is missing")]
    [InlineData("""{"model":"gpt-4o","messages":[]}""", "\"messages\" is empty")]
    [InlineData("""{"model":"gpt-4o","messages":"SECRET"}""", "\"messages\" is text; it must be an array")]
    [InlineData("""{"model":"gpt-4o","messages":["SECRET"]}""", "\"messages[0]\" is text; it must be an object")]
    [InlineData("""{"model":"gpt-4o","messages":[{"content":"SECRET"}]}""", "\"messages[0].role\" is missing")]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"SECRET","content":"SECRET"}]}""", "\"messages[0].role\" is not a role")]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user"}]}""", "\"messages[0].content\" is missing")]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":{"SECRET":1}}]}""", "\"messages[0].content\" is an object")]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"SECRET"}]}]}""",
        "\"messages[0].content[0].type\" is not known"
    )]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:SECRET"}}]}]}""",
        "not a valid data URI"
    )]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"tool","content":"SECRET"}]}""", "\"messages[0].tool_call_id\" is missing")]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"n":3}""", "\"n\" asks for several answers")]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"temperature":"SECRET"}""",
        "\"temperature\" is text; it must be a number"
    )]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"max_tokens":1.5}""",
        "\"max_tokens\" must be a whole number"
    )]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"max_tokens":-1}""", "out of range")]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"tools":[{"type":"web_search"}]}""",
        "\"tools[0]\" is not a function"
    )]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"response_format":{"type":"SECRET"}}""",
        "\"response_format.type\" is not known"
    )]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET \ud83d"}]}""", "half of a surrogate pair")]
    [InlineData("""{"model":"gpt-4o","input":"SECRET"}""", "Responses")]
    [InlineData("""{"model":"gpt-3.5-turbo-instruct","prompt":"SECRET"}""", "text completions")]
    [InlineData(
        """{"custom_id":"r1","url":"/v1/embeddings","body":{"model":"e","input":"SECRET"}}""",
        "only calls of /v1/chat/completions"
    )]
    [InlineData("""{"id":"b1","custom_id":"r1","response":{"status_code":200,"body":{"choices":[]}}}""", "without its request")]
    [InlineData(
        """{"body":{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}]},"response":{"status_code":429,"body":{}}}""",
        "failed with status 429"
    )]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"error":{"message":"SECRET"}}""",
        "the recorded call failed"
    )]
    [InlineData(
        """{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"response":{"choices":[]}}""",
        "\"response\" has no \"choices\""
    )]
    [InlineData("""{"model":"gpt-4o","messages":[{"role":"user","content":"SECRET"}],"response":{"choices":["SECRET"]}}""", "choices[0]")]
    public async Task ReadAsync_bad_line_is_told_what_is_wrong_without_quoting_it(string line, string expected)
    {
        var log = await ReadAsync($"{Good}\n{line}\n{Good}");

        Assert.Equal(2, log.Calls.Count);
        var problem = Assert.Single(log.Problems);
        Assert.Equal(2, problem.Line);
        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_named_model_replaces_that_of_the_lines()
    {
        using var reader = new StringReader("""{"messages":[{"role":"user","content":"Hi"}]}""" + "\n" + Good);

        var log = await new TrafficLogReader("gpt-4o-mini", stream: true).ReadAsync(reader, "traffic.jsonl");

        Assert.Empty(log.Problems);
        Assert.All(log.Calls, logged => Assert.Equal("gpt-4o-mini", logged.Call.Options.ModelId));
        Assert.All(log.Calls, logged => Assert.True(logged.Call.Stream));
    }

    [Fact]
    public async Task ReadAsync_limit_stops_after_so_many_calls()
    {
        using var reader = new StringReader($"{Good}\nbad\n{Good}\n{Good}");

        var log = await new TrafficLogReader().ReadAsync(reader, "traffic.jsonl", limit: 2);

        Assert.Equal(2, log.Calls.Count);
        Assert.Single(log.Problems);
    }

    [Fact]
    public async Task ReadAsync_mutilated_lines_become_calls_or_problems_never_exceptions()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "example-traffic.jsonl"));
        string[] values =
        [
            "null",
            "\"\"",
            "0",
            "-1",
            "1.5",
            "1e300",
            "true",
            "[]",
            "{}",
            "\"x\"",
            "[1]",
            "[null]",
            "[{}]",
            "{\"a\":1}",
            "\"data:;base64,\"",
        ];
        var random = new Random(1);
        var mutilated = Enumerable
            .Range(0, 3_000)
            .Select(_ =>
            {
                var root = JsonNode.Parse(lines[random.Next(lines.Length)])!;
                var nodes = Descendants(root).ToList();
                nodes[random.Next(nodes.Count)].ReplaceWith(JsonNode.Parse(values[random.Next(values.Length)]));
                var line = root.ToJsonString();
                return random.Next(20) == 0 ? line[..random.Next(1, line.Length)] : line;
            });

        var log = await ReadAsync(string.Join('\n', mutilated));

        Assert.Equal(3_000, log.Calls.Count + log.Problems.Count);
        Assert.InRange(log.Calls.Count, 500, 2_500);

        static IEnumerable<JsonNode> Descendants(JsonNode node) =>
            (node is JsonObject named ? named.Select(pair => pair.Value) : node as JsonArray ?? [])
                .OfType<JsonNode>()
                .SelectMany(child => Descendants(child).Prepend(child));
    }

    private static async Task<TrafficLog> ReadAsync(string text)
    {
        using var reader = new StringReader(text);
        return await new TrafficLogReader().ReadAsync(reader, "traffic.jsonl");
    }

    private static async Task<LoggedCall> ReadOneAsync(string json)
    {
        // Written over several lines here to be read; a log has one line.
        var log = await ReadAsync(json.ReplaceLineEndings(" "));
        Assert.Empty(log.Problems);
        return Assert.Single(log.Calls);
    }
}
