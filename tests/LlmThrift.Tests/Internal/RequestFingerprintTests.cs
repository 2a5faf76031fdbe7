using System.Text.Json;
using LlmThrift.Internal;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Internal;

/// <summary>What changes the answer changes the fingerprint; nothing else does.</summary>
public sealed class RequestFingerprintTests
{
    private static ChatMessage[] Question(string text = "What are your business hours?") =>
        [new(ChatRole.System, "You are a clerk."), new(ChatRole.User, text)];

    private static ChatOptions Options(Action<ChatOptions>? change = null)
    {
        var options = new ChatOptions { ModelId = "gpt-4o", Tools = [Tool("look_up"), Tool("book")] };
        change?.Invoke(options);
        return options;
    }

    private static AIFunction Tool(string name, string description = "Does something.") =>
        AIFunctionFactory.Create((string where) => where.Length, name, description);

    public static TheoryData<string, Action<ChatOptions>> WhatCounts =>
        new()
        {
            { "model", o => o.ModelId = "gpt-4o-mini" },
            { "instructions", o => o.Instructions = "Be brief." },
            { "temperature", o => o.Temperature = 0.1f },
            { "top p", o => o.TopP = 0.1f },
            { "top k", o => o.TopK = 3 },
            { "frequency penalty", o => o.FrequencyPenalty = 1 },
            { "presence penalty", o => o.PresencePenalty = 1 },
            { "seed", o => o.Seed = 7 },
            { "limit", o => o.MaxOutputTokens = 10 },
            { "effort", o => o.Reasoning = new() { Effort = ReasoningEffort.High } },
            { "reasoning output", o => o.Reasoning = new() { Output = ReasoningOutput.Full } },
            { "stop", o => o.StopSequences = ["END"] },
            { "json", o => o.ResponseFormat = ChatResponseFormat.Json },
            { "schema", o => o.ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object"}""")) },
            { "schema name", o => o.ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"object"}"""), "name") },
            { "other schema", o => o.ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"type":"array"}""")) },
            { "no tools", o => o.Tools = null },
            { "fewer tools", o => o.Tools!.RemoveAt(0) },
            { "other tool", o => o.Tools![0] = Tool("look_it_up") },
            { "other description", o => o.Tools![0] = Tool("look_up", "Does something else.") },
            { "other tool schema", o => o.Tools![0] = AIFunctionFactory.Create((int where) => where, "look_up", "Does something.") },
            { "tool mode none", o => o.ToolMode = ChatToolMode.None },
            { "tool mode any", o => o.ToolMode = ChatToolMode.RequireAny },
            { "tool mode one", o => o.ToolMode = ChatToolMode.RequireSpecific("book") },
            { "parallel calls", o => o.AllowMultipleToolCalls = false },
            { "property", o => o.AdditionalProperties = new() { ["style"] = "curt" } },
        };

    [Theory]
    [MemberData(nameof(WhatCounts))]
    public void Fingerprint_changes_with_whatever_changes_the_answer(string what, Action<ChatOptions> change)
    {
        Assert.True(Of(Question(), Options()) != Of(Question(), Options(change)), $"Another {what} does not change the fingerprint.");
    }

    [Fact]
    public void Fingerprints_of_all_changes_differ_from_each_other()
    {
        var all = WhatCounts.Select(row => Of(Question(), Options((Action<ChatOptions>)row[1]))).ToList();

        Assert.Equal(all.Count, all.Distinct().Count());
    }

    [Fact]
    public void Fingerprint_is_the_same_for_what_providers_and_clocks_add()
    {
        ChatMessage[] bare = [new(ChatRole.User, "hello")];
        ChatMessage[] adorned =
        [
            new(ChatRole.User, [new TextContent("hello"), new UsageContent()])
            {
                MessageId = "msg-1",
                CreatedAt = DateTimeOffset.UnixEpoch,
                RawRepresentation = new object(),
            },
        ];

        Assert.Equal(Of(bare, Options()), Of(adorned, Options()));
    }

    [Fact]
    public void Fingerprint_is_the_same_for_another_order_of_tools_and_properties()
    {
        var one = Options(o => o.AdditionalProperties = new() { ["a"] = 1, ["b"] = 2 });
        var other = Options(o =>
        {
            o.Tools = [Tool("book"), Tool("look_up")];
            o.AdditionalProperties = new() { ["b"] = 2, ["a"] = 1 };
        });

        Assert.Equal(Of(Question(), one), Of(Question(), other));
    }

    [Fact]
    public void Fingerprint_is_the_same_for_other_ids_of_the_same_calls()
    {
        Assert.Equal(Of(WithCall("call_1"), Options()), Of(WithCall("call_f00"), Options()));
    }

    [Fact]
    public void Fingerprint_tells_which_result_belongs_to_which_call()
    {
        ChatMessage[] straight =
        [
            .. WithCalls("a", "b"),
            new(ChatRole.Tool, [new FunctionResultContent("a", "1"), new FunctionResultContent("b", "2")]),
        ];
        ChatMessage[] crossed =
        [
            .. WithCalls("a", "b"),
            new(ChatRole.Tool, [new FunctionResultContent("b", "1"), new FunctionResultContent("a", "2")]),
        ];

        Assert.NotEqual(Of(straight, Options()), Of(crossed, Options()));
    }

    [Fact]
    public void Fingerprint_survives_a_round_trip_of_the_conversation_through_json()
    {
        var messages = WithCall("call_1");
        var json = JsonSerializer.Serialize(messages, AIJsonUtilities.DefaultOptions);
        var restored = JsonSerializer.Deserialize<ChatMessage[]>(json, AIJsonUtilities.DefaultOptions)!;

        Assert.Equal(Of(messages, Options()), Of(restored, Options()));
    }

    [Fact]
    public void Fingerprint_of_texts_cut_elsewhere_differs()
    {
        var whole = new ChatMessage[] { new(ChatRole.User, [new TextContent("ab"), new TextContent("c")]) };
        var cut = new ChatMessage[] { new(ChatRole.User, [new TextContent("a"), new TextContent("bc")]) };
        var moved = new ChatMessage[] { new(ChatRole.User, "ab"), new(ChatRole.User, "c") };

        Assert.Equal(3, new[] { Of(whole, null), Of(cut, null), Of(moved, null) }.Distinct().Count());
    }

    [Fact]
    public void Fingerprint_tells_a_property_of_a_message_from_one_of_its_content()
    {
        var ofContent = new ChatMessage(ChatRole.User, [new TextContent("x") { AdditionalProperties = new() { ["p"] = 1 } }]);
        var ofMessage = new ChatMessage(ChatRole.User, "x") { AdditionalProperties = new() { ["p"] = 1 } };

        Assert.NotEqual(Of([ofContent], null), Of([ofMessage], null));
    }

    [Fact]
    public void Fingerprint_changes_with_images_authors_and_roles()
    {
        var all = new[]
        {
            Of([new(ChatRole.User, "x")], null),
            Of([new(ChatRole.Assistant, "x")], null),
            Of([new(ChatRole.User, "x") { AuthorName = "Ann" }], null),
            Of([new(ChatRole.User, [new TextContent("x"), new DataContent(new byte[] { 1, 2, 3 }, "image/png")])], null),
            Of([new(ChatRole.User, [new TextContent("x"), new DataContent(new byte[] { 1, 2, 4 }, "image/png")])], null),
            Of([new(ChatRole.User, [new TextContent("x"), new DataContent(new byte[] { 1, 2, 3 }, "image/gif")])], null),
            Of([new(ChatRole.User, [new TextContent("x"), new UriContent("https://localhost/a.png", "image/png")])], null),
            Of([new(ChatRole.User, [new TextReasoningContent("x")])], null),
            Of([new(ChatRole.User, [new HostedFileContent("file-1")])], null),
        };

        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void Partition_scope_and_app_key_are_part_of_the_key()
    {
        var all = new[]
        {
            Stable(new CanonicalRequest { Messages = Question() }),
            Stable(new CanonicalRequest { Messages = Question(), Partition = "a" }),
            Stable(new CanonicalRequest { Messages = Question(), Partition = "b" }),
            Stable(new CanonicalRequest { Messages = Question(), Partition = "" }),
            Stable(new CanonicalRequest { Messages = Question(), Scope = "a" }),
            Stable(new CanonicalRequest { Messages = Question(), AppKey = "a" }),
        };

        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void Ignored_properties_do_not_count()
    {
        var ignored = new HashSet<string> { "trace" };
        ChatMessage[] one = [new(ChatRole.User, "x") { AdditionalProperties = new() { ["trace"] = "1" } }];
        ChatMessage[] other = [new(ChatRole.User, "x") { AdditionalProperties = new() { ["trace"] = "2" } }];

        Assert.NotEqual(Of(one, null), Of(other, null));
        Assert.Equal(
            Stable(new CanonicalRequest { Messages = one, IgnoredProperties = ignored }),
            Stable(new CanonicalRequest { Messages = other, IgnoredProperties = ignored })
        );
    }

    [Fact]
    public void Without_the_last_user_text_only_that_text_does_not_count()
    {
        static string Scope(params ChatMessage[] messages) =>
            Stable(new CanonicalRequest { Messages = messages, WithoutLastUserText = true });

        Assert.Equal(Scope(Question("one")), Scope(Question("two")));
        Assert.NotEqual(Scope(Question("one")), Scope(new ChatMessage(ChatRole.System, "You are a cook."), new(ChatRole.User, "one")));
        Assert.NotEqual(
            Scope(new ChatMessage(ChatRole.User, "earlier"), new(ChatRole.User, "one")),
            Scope(new ChatMessage(ChatRole.User, "before"), new(ChatRole.User, "one"))
        );
    }

    [Fact]
    public void What_has_no_canonical_form_has_no_fingerprint()
    {
        ChatMessage[] messages = [new(ChatRole.Tool, [new FunctionResultContent("a", new Action(() => { }))])];

        Assert.False(RequestFingerprint.TryComputeForProcess(new CanonicalRequest { Messages = messages }, out _));
        Assert.Null(RequestFingerprint.ComputeStable(new CanonicalRequest { Messages = messages }));
    }

    /// <summary>Fixed for ever: entries in a distributed cache are found by it. A change of the form must raise its version instead.</summary>
    [Fact]
    public void Stable_fingerprint_of_version_1_is_what_it_always_was()
    {
        var request = new CanonicalRequest
        {
            Messages = Question(),
            Options = new ChatOptions { ModelId = "gpt-4o", Temperature = 0.5f },
            Scope = "openai",
            Partition = "acme",
        };

        Assert.Equal("d007a64cf7c07c7c8513daeb1d1026dc4eb659bf14974b46df7d74027b5c4c24", RequestFingerprint.ComputeStable(request));
    }

    [Fact]
    public void Fallback_without_aes_instructions_tells_the_same_requests_apart()
    {
        static UInt128 Fallback(ChatMessage[] messages)
        {
            Assert.True(RequestFingerprint.TryComputeWithoutAesInstructions(new CanonicalRequest { Messages = messages }, out var code));
            return code;
        }

        Assert.Equal(Fallback(Question()), Fallback(Question()));
        Assert.NotEqual(Fallback(Question()), Fallback(Question("Where are you?")));
    }

    private static ChatMessage[] WithCall(string id) =>
        [
            .. Question(),
            new(
                ChatRole.Assistant,
                [new FunctionCallContent(id, "look_up", new Dictionary<string, object?> { ["where"] = "here", ["depth"] = 3 })]
            ),
            new(ChatRole.Tool, [new FunctionResultContent(id, "found")]),
        ];

    private static ChatMessage[] WithCalls(string first, string second) =>
        [new(ChatRole.Assistant, [new FunctionCallContent(first, "look_up"), new FunctionCallContent(second, "look_up")])];

    private static string Of(ChatMessage[] messages, ChatOptions? options)
    {
        var request = new CanonicalRequest { Messages = messages, Options = options };
        Assert.True(RequestFingerprint.TryComputeForProcess(request, out var code));
        Assert.True(RequestFingerprint.TryComputeForProcess(request, out var again));
        Assert.Equal(code, again);
        return Stable(request) + code;
    }

    private static string Stable(CanonicalRequest request) => RequestFingerprint.ComputeStable(request)!;
}
