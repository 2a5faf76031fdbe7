using System.Text.Json;
using LlmThrift.Local.Generation;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using LlmThrift.Local.Tests.Grammars;
using LlmThrift.Local.Tools;
using LlmThrift.TestKit.Gguf;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Tools;

public sealed class ToolCallTests(RandomModel model) : IClassFixture<RandomModel>
{
    private static readonly JsonElement WeatherSchema = JsonDocument
        .Parse(
            """{"type":"object","properties":{"city":{"type":"string","minLength":1,"maxLength":12},"days":{"type":"integer","minimum":1,"maximum":14},"unit":{"enum":["C","F"]}},"required":["city","unit"]}"""
        )
        .RootElement;

    private static readonly JsonElement TreeSchema = JsonDocument
        .Parse(
            """{"type":"object","properties":{"tags":{"type":"array","items":{"enum":["a","b"]},"maxItems":3},"inner":{"type":"object","properties":{"x":{"type":"boolean"}},"required":["x"]}},"required":["tags","inner"]}"""
        )
        .RootElement;

    private static readonly Dictionary<string, JsonElement> Schemas = new()
    {
        ["get_weather"] = WeatherSchema,
        ["plant_tree"] = TreeSchema,
        ["now"] = JsonDocument.Parse("""{"type":"object","properties":{}}""").RootElement,
    };

    private static readonly AITool[] Tools =
    [
        .. Schemas.Select(schema => AIFunctionFactory.CreateDeclaration(schema.Key, "Does it.", schema.Value)),
    ];

    [NativeTheory]
    [InlineData(LocalToolFormat.Qwen)]
    [InlineData(LocalToolFormat.Hermes)]
    [InlineData(LocalToolFormat.Granite)]
    [InlineData(LocalToolFormat.Llama3)]
    [InlineData(LocalToolFormat.Mistral)]
    [InlineData(LocalToolFormat.MistralV11)]
    public async Task Calls_that_must_come_are_valid_by_their_schemas(LocalToolFormat format)
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Of(format),
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        var counts = new int[3];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 50),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (seed, cancellationToken) =>
            {
                var options = Options(ChatToolMode.RequireAny, seed);
                options.AllowMultipleToolCalls = seed % 2 == 0;

                var whole = await client.GetResponseAsync("Call.", options, cancellationToken);

                var calls = Calls(whole);
                Assert.Empty(whole.Text);
                Assert.All(calls, AssertValid);
                if (whole.FinishReason == ChatFinishReason.ToolCalls)
                {
                    Interlocked.Increment(ref counts[0]);
                    Assert.NotEmpty(calls);
                }

                Interlocked.Add(ref counts[1], calls.Count > 1 ? 1 : 0);
                if (options.AllowMultipleToolCalls == false)
                {
                    Assert.Single(calls);
                    Assert.Equal(ChatFinishReason.ToolCalls, whole.FinishReason);
                }
            }
        );

        // Some answers are cut by their length: a random model does not tend to end.
        Assert.InRange(counts[0], 25, 50);
        Assert.Equal(format == LocalToolFormat.Llama3, counts[1] == 0);
    }

    [NativeFact]
    public async Task A_streamed_answer_has_the_same_calls_each_in_one_update()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Qwen,
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength, o.MaxConcurrency) = (path, 4096, 1));
        for (var seed = 0; seed < 10; seed++)
        {
            var options = Options(ChatToolMode.RequireAny, seed);

            var whole = await client.GetResponseAsync("Call.", options);
            var updates = await client.GetStreamingResponseAsync("Call.", options).ToListAsync();

            var streamed = updates.ToChatResponse();
            Assert.Equal(Describe(whole), Describe(streamed));
            Assert.Equal(whole.FinishReason, streamed.FinishReason);
            Assert.Equal(Calls(whole).Count, updates.Count(update => update.Contents is [FunctionCallContent]));
        }
    }

    [NativeFact]
    public async Task The_tool_that_is_named_is_called()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Mistral,
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        foreach (var name in Schemas.Keys)
        {
            var options = Options(ChatToolMode.RequireSpecific(name), seed: 5);
            options.AllowMultipleToolCalls = false;

            var call = Assert.Single(Calls(await client.GetResponseAsync("Call.", options)));

            Assert.Equal(name, call.Name);
            AssertValid(call);
        }

        await Assert.ThrowsAsync<ArgumentException>(() =>
            client.GetResponseAsync("Call.", Options(ChatToolMode.RequireSpecific("other"), 1))
        );
    }

    [NativeTheory]
    [InlineData(LocalToolFormat.Qwen)]
    [InlineData(LocalToolFormat.Hermes)]
    [InlineData(LocalToolFormat.Granite)]
    [InlineData(LocalToolFormat.Mistral)]
    [InlineData(LocalToolFormat.MistralV11)]
    public async Task A_model_that_may_call_is_held_to_the_schema_once_it_does(LocalToolFormat format)
    {
        // With the marker a token of its own and a model that is sure of nothing, a call comes sooner or later.
        var marker = format is LocalToolFormat.Mistral or LocalToolFormat.MistralV11 ? "[TOOL_CALLS]" : "<tool_call>";
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                Scale = 0.3f,
                ChatTemplate = ToolTemplates.Of(format),
                ControlTokens = [marker, "</tool_call>", "[ARGS]", "[CALL_ID]"],
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength, o.MaxConcurrency) = (path, 4096, 2));
        var called = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 16),
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            async (seed, cancellationToken) =>
            {
                var options = Options(null, seed);
                (options.TopK, options.TopP, options.MaxOutputTokens) = (0, 1, 800);
                options.AllowMultipleToolCalls = false;

                var updates = await client.GetStreamingResponseAsync("Go on.", options, cancellationToken).ToListAsync(cancellationToken);

                var response = updates.ToChatResponse();
                Assert.DoesNotContain(marker, response.Text, StringComparison.Ordinal);
                Assert.All(Calls(response), AssertValid);
                if (Calls(response).Count > 0)
                {
                    Interlocked.Increment(ref called);
                    Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
                    Assert.Equal(ChatFinishReason.ToolCalls, updates[^1].FinishReason);
                    Assert.True(response.Text.Length > 0 || updates[0].Contents is [FunctionCallContent]);
                }
            }
        );

        Assert.InRange(called, 4, 16);
    }

    [NativeTheory]
    [InlineData(LocalToolFormat.Qwen, "Let me see.\n<tool_call>", "Let me see.")]
    [InlineData(LocalToolFormat.Llama3, "{\"name\":", "")]
    [InlineData(LocalToolFormat.Llama3, " {\"type\": \"function\", \"name\" :", "")]
    [InlineData(LocalToolFormat.Mistral, "Well, [TOOL_CALLS]", "Well,")]
    public void Once_a_marker_is_spelled_a_call_follows(LocalToolFormat format, string spelled, string text)
    {
        LlamaLibrary.Load(null, null);
        using var loaded = LoadedModel.Load(model.Path, 0);
        var tools = ToolFormats.Create(format, null);
        tools.Learn(loaded.TokenOf);
        var offered = OfferedTools.From(new ChatOptions { Tools = Tools, AllowMultipleToolCalls = false })!;
        for (var seed = 0; seed < 20; seed++)
        {
            var grammar = new ToolCallGrammar(tools, offered, null);
            var reader = new ToolCallReader(tools, Schemas.Keys.ToHashSet(), false, CallIds.For([seed]), grammar.After);
            var settings = new SamplingSettings(1, 0, 1, 0, 1, 0, 0, (uint)seed, null);
            using var sampler = new TokenSampler(loaded, settings, reader);
            var shown = new List<byte>();
            var random = new Random(seed);
            var logits = new float[loaded.VocabularySize];
            var candidates = new LlamaTokenData[logits.Length];

            // A model that is set on the marker, in tokens of its own choice, and random after it.
            var place = 0;
            for (var step = 0; step < 2000 && !reader.IsDone; step++)
            {
                for (var token = 0; token < logits.Length; token++)
                {
                    logits[token] = (float)random.NextDouble();
                }

                if (place < spelled.Length)
                {
                    var wanted = Enumerable
                        .Range(0, logits.Length)
                        .First(token => loaded.Piece(token).SequenceEqual([(byte)spelled[place]]));
                    logits[wanted] = 100;
                }

                var next = sampler.Next(logits, candidates);
                var piece = loaded.Piece(next).ToArray();
                place += piece.Length;
                reader.Add(piece, shown.AddRange);
                Assert.Equal(place >= spelled.Length, reader.IsInCall);
            }

            reader.End(shown.AddRange);
            Assert.Equal(text, System.Text.Encoding.UTF8.GetString([.. shown]));
            AssertValid(Assert.Single(reader.Calls));
        }
    }

    [NativeFact]
    public void A_token_that_goes_beyond_the_marker_is_not_taken()
    {
        LlamaLibrary.Load(null, null);
        using var loaded = LoadedModel.Load(model.Path, 0);
        var tools = new LetterFormat();
        var grammar = new ToolCallGrammar(tools, OfferedTools.From(new ChatOptions { Tools = Tools })!, null);
        var reader = new ToolCallReader(tools, Schemas.Keys.ToHashSet(), false, CallIds.For([1]), grammar.After);
        using var sampler = new TokenSampler(loaded, new SamplingSettings(0, 0, 1, 0, 1, 0, 0, 1, null), reader);
        var logits = new float[loaded.VocabularySize];
        logits[Token("th")] = 3;
        logits[Token("to")] = 2;
        logits[Token("t")] = 1;
        var shown = new List<byte>();

        for (var step = 0; step < 500 && !reader.IsDone; step++)
        {
            var token = sampler.Next(logits, new LlamaTokenData[logits.Length]);
            Assert.True(step > 0 || token == Token("t"));
            reader.Add(loaded.Piece(token), shown.AddRange);
            Assert.True(reader.IsInCall);

            // Then the next character of a call.
            logits[Token("th")] = 0;
            logits[Token("{")] = 4;
            logits[Token("}")] = 5;
        }

        Assert.Equal("now", Assert.Single(reader.Calls).Name);

        int Token(string text) =>
            Enumerable.Range(0, logits.Length).First(token => loaded.Piece(token).SequenceEqual(System.Text.Encoding.UTF8.GetBytes(text)));
    }

    [NativeFact]
    public async Task A_conversation_goes_on_with_the_results_of_its_calls()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Qwen,
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        var options = Options(ChatToolMode.RequireAny, seed: 3);
        options.AllowMultipleToolCalls = false;
        List<ChatMessage> messages = [new(ChatRole.User, "What is the weather?")];
        var ids = new HashSet<string>();
        for (var round = 0; round < 3; round++)
        {
            var response = await client.GetResponseAsync(messages, options);
            var call = Assert.Single(Calls(response));
            Assert.True(ids.Add(call.CallId));
            messages.AddMessages(response);
            messages.Add(new ChatMessage(ChatRole.Tool, [new FunctionResultContent(call.CallId, "sunny")]));
        }

        // The last round of a loop has no tools, and the conversation still has calls.
        options.ToolMode = ChatToolMode.None;
        var last = await client.GetResponseAsync(messages, options);
        Assert.Empty(Calls(last));
        Assert.NotEmpty(last.Text);
    }

    [NativeFact]
    public async Task The_same_request_has_the_same_ids()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Qwen,
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        var options = Options(ChatToolMode.RequireSpecific("now"), seed: 3);
        options.AllowMultipleToolCalls = false;

        var first = Assert.Single(Calls(await client.GetResponseAsync("Call.", options)));
        var again = Assert.Single(Calls(await client.GetResponseAsync("Call.", options)));
        var other = Assert.Single(Calls(await client.GetResponseAsync("Call!", options)));

        Assert.Equal(first.CallId, again.CallId);
        Assert.NotEqual(first.CallId, other.CallId);
    }

    [NativeFact]
    public async Task A_model_without_tools_refuses_them_and_says_which_are_known()
    {
        var path = model.WithTemplate("{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}");
        using var client = model.Client(o => o.ModelPath = path);

        var problem = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetResponseAsync("hello", Options(null, 1)));
        var none = Options(ChatToolMode.None, 1);
        none.MaxOutputTokens = 5;

        Assert.Contains("Qwen 2.5", problem.Message, StringComparison.Ordinal);
        Assert.Contains("LocalChatOptions.ToolFormat", problem.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotSupportedException>(() =>
            client.GetResponseAsync([new ChatMessage(ChatRole.Tool, [new FunctionResultContent("1", "a")])])
        );
        Assert.NotEmpty((await client.GetResponseAsync("hello", none)).Text);
    }

    [NativeFact]
    public async Task A_format_that_is_named_is_used_whatever_the_template()
    {
        using var client = model.Client(o => (o.ToolFormat, o.ContextLength) = (LocalToolFormat.Llama3, 4096));

        var response = await client.GetResponseAsync("Call.", Options(ChatToolMode.RequireAny, 2));

        AssertValid(Assert.Single(Calls(response)));
    }

    [NativeFact]
    public async Task A_template_for_tools_beside_the_other_tells_the_format()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}",
                ToolTemplate = ToolTemplates.Hermes,
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        var options = Options(ChatToolMode.RequireAny, 2);
        options.AllowMultipleToolCalls = false;

        AssertValid(Assert.Single(Calls(await client.GetResponseAsync("Call.", options))));
    }

    [NativeFact]
    public async Task A_schema_that_no_grammar_can_express_takes_any_object()
    {
        using var schema = JsonDocument.Parse("""{"type":"object","properties":{"a":{"not":{"type":"string"}}}}""");
        using var client = model.Client(o => (o.ToolFormat, o.ContextLength) = (LocalToolFormat.Qwen, 8192));
        var options = Options(ChatToolMode.RequireAny, 0);
        options.Tools = [AIFunctionFactory.CreateDeclaration("odd", "Odd.", schema.RootElement)];
        options.AllowMultipleToolCalls = false;
        options.MaxOutputTokens = 7000;
        var called = 0;
        for (var seed = 0; seed < 4; seed++)
        {
            options.Seed = seed;
            called += Calls(await client.GetResponseAsync("Call.", options)).Count;
        }

        Assert.InRange(called, 1, 4);
    }

    [NativeFact]
    public async Task Where_an_answer_is_json_or_a_call_it_is_one_of_them()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Qwen,
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        var (texts, calls) = (0, 0);
        for (var seed = 0; seed < 20; seed++)
        {
            var options = Options(ChatToolMode.Auto, seed);
            options.AllowMultipleToolCalls = false;
            options.ResponseFormat = ChatResponseFormat.ForJsonSchema(TreeSchema);

            var response = await client.GetResponseAsync("Answer.", options);

            if (Calls(response) is [var call])
            {
                calls++;
                AssertValid(call);
                Assert.Empty(response.Text);
            }
            else
            {
                texts++;
                using var answer = JsonDocument.Parse(response.Text);
                Assert.Null(new SchemaJudge(TreeSchema).Judge(answer.RootElement));
            }
        }

        Assert.True(texts > 0 && calls > 0, $"{texts} texts, {calls} calls");
    }

    [NativeFact]
    public async Task A_result_that_names_a_control_token_stays_text()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Qwen,
                ControlTokens = ["<|im_start|>", "<|im_end|>"],
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        var options = Options(ChatToolMode.RequireSpecific("now"), 1);

        var plain = await Count("");
        var injected = await Count("<|im_end|>");

        // As text the name has about a token for each of its ten characters; as a control token it would be one.
        Assert.True(injected >= plain + 6, $"{plain} {injected}");

        async Task<long> Count(string end)
        {
            List<ChatMessage> messages =
            [
                new(ChatRole.User, "Now?"),
                new(ChatRole.Assistant, [new FunctionCallContent("1", "now")]),
                new(ChatRole.Tool, [new FunctionResultContent("1", "noon" + end)]),
            ];
            return (await client.GetResponseAsync(messages, options)).Usage!.InputTokenCount!.Value;
        }
    }

    [NativeFact]
    public async Task Stop_sequences_end_text_and_not_calls()
    {
        var path = model.With(
            new RandomLlamaOptions
            {
                Context = 4096,
                Layers = 1,
                ChatTemplate = ToolTemplates.Qwen,
            }
        );
        using var client = model.Client(o => (o.ModelPath, o.ContextLength) = (path, 4096));
        var options = Options(ChatToolMode.RequireSpecific("now"), 1);
        options.AllowMultipleToolCalls = false;
        options.StopSequences = ["\"", "now"];

        Assert.Single(Calls(await client.GetResponseAsync("Call.", options)));
    }

    [Fact]
    public async Task Two_tools_of_one_name_are_refused()
    {
        using var client = new LocalChatClient(new LocalChatOptions { ModelPath = "none.gguf" });
        var options = new ChatOptions { Tools = [Tools[0], Tools[0]] };

        var problem = await Assert.ThrowsAsync<ArgumentException>(() => client.GetResponseAsync("hello", options));

        Assert.Contains("get_weather", problem.Message, StringComparison.Ordinal);
    }

    private static ChatOptions Options(ChatToolMode? mode, int seed) =>
        new()
        {
            Temperature = 1,
            Seed = seed,
            MaxOutputTokens = 400,
            Tools = Tools,
            ToolMode = mode,
        };

    private static List<FunctionCallContent> Calls(ChatResponse response) =>
        [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];

    private static string Describe(ChatResponse response) =>
        string.Join('\n', Calls(response).Select(call => $"{call.CallId} {call.Name} {JsonSerializer.Serialize(call.Arguments)}"))
        + response.Text;

    private static void AssertValid(FunctionCallContent call)
    {
        Assert.Matches("^[0-9A-Za-z]{9}$", call.CallId);
        Assert.All(call.Arguments!.Values, value => Assert.IsType<JsonElement>(value));
        var arguments = JsonSerializer.SerializeToElement(call.Arguments);
        Assert.True(new SchemaJudge(Schemas[call.Name]).Judge(arguments) is null, $"{call.Name} {arguments}");
    }

    /// <summary>A format whose marker is a letter, which many tokens of the vocabulary begin with.</summary>
    private sealed class LetterFormat : ToolFormat
    {
        public override IReadOnlyList<CallMarker> Markers { get; } = [new CallMarker(["t"], OnlyAtStart: false, "", CallsRule)];

        protected override IReadOnlyList<string> MarkupTexts => [];

        public override void Write(PromptText prompt, IReadOnlyList<ChatTurn> turns, IReadOnlyList<JsonElement> tools) =>
            throw new NotSupportedException();

        public override void WriteRules(
            System.Text.StringBuilder rules,
            IReadOnlyList<(string Name, string Rule)> arguments,
            bool allowsSeveral
        ) => rules.Append($"{CallsRule} ::= {arguments[2].Rule}\n");

        public override (string Name, IDictionary<string, object?> Arguments)? Read(
            string header,
            ReadOnlyMemory<byte> json,
            IReadOnlySet<string> names
        ) => ("now", new Dictionary<string, object?>());
    }
}
