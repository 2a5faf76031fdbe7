using System.Text;
using System.Text.Json;
using LlmThrift.Local.Tools;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Local.Tests.Tools;

public sealed class ToolCallReaderTests
{
    private const string City = """{"city":"Kö}ln \"{\" \\","days":[1,{"x":{}}]}""";

    /// <summary>Format, answer, text before calls, names of the calls.</summary>
    public static TheoryData<LocalToolFormat, string, string, string> Answers { get; } =
        new()
        {
            { LocalToolFormat.Qwen, $$"""<tool_call>{"name": "a", "arguments": {{City}}}</tool_call>""", "", "a" },
            {
                LocalToolFormat.Qwen,
                $"Let me see.\n\n<tool_call>\n{Call("a")}\n</tool_call>\n<tool_call>\n{Call("b")}\n</tool_call>",
                "Let me see.",
                "a,b"
            },
            { LocalToolFormat.Qwen, $"a < b, <tool, <tool_cal, <<tool_call>{Call("a")}</tool_call>", "a < b, <tool, <tool_cal, <", "a" },
            {
                LocalToolFormat.Qwen,
                $"<think>\nA <tool_call>?\n</think>\n\n<tool_call>\n{Call("a")}\n</tool_call>",
                "<think>\nA <tool_call>?\n</think>",
                "a"
            },
            { LocalToolFormat.Qwen, " \n no call <tool_call \n ", " \n no call <tool_call \n ", "" },
            { LocalToolFormat.Qwen, "", "", "" },
            { LocalToolFormat.Hermes, $"Grüße 👩‍🚀<tool_call>\n{Call("b")}\n</tool_call>", "Grüße 👩‍🚀", "b" },
            { LocalToolFormat.Granite, $"<tool_call>\n{Call("b")}\n</tool_call>", "", "b" },
            { LocalToolFormat.Llama3, $$"""{"name": "a", "parameters": {{City}}}""", "", "a" },
            { LocalToolFormat.Llama3, $$"""  { "type" : "function", "name": "b", "parameters": {{City}} }""", "", "b" },
            { LocalToolFormat.Llama3, $$"""<|python_tag|>{"name": "b", "parameters": {{City}}}""", "", "b" },
            { LocalToolFormat.Llama3, """Say {"name": "a", "parameters": {}}""", """Say {"name": "a", "parameters": {}}""", "" },
            { LocalToolFormat.Llama3, """{"city": "Köln"}""", """{"city": "Köln"}""", "" },
            { LocalToolFormat.Llama3, """{"name": "Ada", "age": 36}""", """{"name": "Ada", "age": 36}""", "" },
            { LocalToolFormat.Mistral, $"[TOOL_CALLS] [{Call("a")}, {Call("b")}]", "", "a,b" },
            {
                LocalToolFormat.Mistral,
                """Well [TOOL] [TOOL_CALLS][{"name": "a", "arguments": {}, "id": "abcDEF123"}]""",
                "Well [TOOL]",
                "a"
            },
            { LocalToolFormat.MistralV11, $"[TOOL_CALLS]a[CALL_ID]abcDEF123[ARGS]{City}[TOOL_CALLS]b[ARGS]{City}", "", "a,b" },
        };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Text_and_calls_come_apart_however_the_answer_is_cut(LocalToolFormat format, string answer, string text, string names)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var size = 1; size <= bytes.Length; size++)
        {
            Check(bytes.Chunk(size));
        }

        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            Check([bytes[..cut], bytes[cut..]]);
        }

        void Check(IEnumerable<byte[]> pieces)
        {
            var (written, calls) = Read(format, pieces);
            Assert.Equal(text, written);
            Assert.Equal(names, string.Join(',', calls.Select(call => call.Name)));
            Assert.Equal(calls.Count, calls.Select(call => call.CallId).Distinct().Count());
        }
    }

    [Fact]
    public void Arguments_are_json_elements()
    {
        var (_, calls) = Read(LocalToolFormat.Qwen, [Encoding.UTF8.GetBytes($"<tool_call>{Call("a")}</tool_call>")]);

        var arguments = Assert.Single(calls).Arguments!;
        Assert.Equal("Kö}ln \"{\" \\", Assert.IsType<JsonElement>(arguments["city"]).GetString());
        Assert.Equal("[1,{\"x\":{}}]", Assert.IsType<JsonElement>(arguments["days"]).GetRawText());
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void What_is_cut_anywhere_shows_no_markup(LocalToolFormat format, string answer, string text, string names)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        for (var length = 0; length < bytes.Length && names.Length > 0; length++)
        {
            var shown = new List<byte>();
            var reader = Reader(format);
            reader.Add(bytes.AsSpan(0, length), shown.AddRange);

            // Before the end nobody can know that a marker will not be whole; what was shown until then is text.
            Assert.True(Encoding.UTF8.GetBytes(text).AsSpan().StartsWith([.. shown]), $"{length}: {Encoding.UTF8.GetString([.. shown])}");
        }
    }

    [Fact]
    public void Several_calls_are_one_where_only_one_is_allowed()
    {
        var reader = Reader(LocalToolFormat.Qwen, allowsSeveral: false);

        reader.Add(Encoding.UTF8.GetBytes($"<tool_call>{Call("a")}"), static _ => { });

        Assert.True(reader.IsDone);
        reader.Add(Encoding.UTF8.GetBytes($"</tool_call><tool_call>{Call("b")}</tool_call>"), static _ => { });
        Assert.Equal("a", Assert.Single(reader.Calls).Name);
    }

    [Theory]
    [InlineData("<tool_call>{\"name\": \"unknown\", \"arguments\": {}}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"a\"}</tool_call>")]
    [InlineData("<tool_call>{\"name\": \"a\", \"arguments\": 1}</tool_call>")]
    [InlineData("<tool_call>{name: a}</tool_call>")]
    [InlineData("\n<tool_call>{}")]
    public void What_is_no_call_after_all_is_text(string answer)
    {
        var (written, calls) = Read(LocalToolFormat.Qwen, Encoding.UTF8.GetBytes(answer).Chunk(1));

        Assert.Equal(answer, written);
        Assert.Empty(calls);
    }

    [Fact]
    public void A_token_that_goes_beyond_a_marker_is_seen_before_it_is_taken()
    {
        var reader = Reader(LocalToolFormat.Qwen);
        reader.Add("Text <tool_c"u8, static _ => { });

        Assert.True(reader.GoesBeyondMarker("all>{"u8));
        Assert.False(reader.GoesBeyondMarker("all>"u8));
        Assert.False(reader.GoesBeyondMarker("alm>{"u8));
        Assert.False(reader.IsInCall);
        reader.Add("all>"u8, static _ => { });
        Assert.True(reader.IsInCall);
        Assert.False(reader.GoesBeyondMarker("<tool_call>{"u8));
    }

    [Fact]
    public void White_space_without_end_is_not_held_back_without_end()
    {
        var shown = new List<byte>();
        var reader = Reader(LocalToolFormat.Qwen);

        reader.Add(Encoding.UTF8.GetBytes(new string(' ', 5000)), shown.AddRange);

        Assert.InRange(shown.Count, 4500, 5000);
        reader.End(shown.AddRange);
        Assert.Equal(5000, shown.Count);
    }

    [Fact]
    public void Ids_are_the_same_for_the_same_prompt_and_others_for_another()
    {
        var ids = Enumerable.Range(0, 1000).Select(i => CallIds.For([i / 10])(i % 10)).ToList();

        Assert.Equal(1000, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^[0-9A-Za-z]{9}$", id));
        Assert.Equal(ids[37], CallIds.For([3])(7));
    }

    private static string Call(string name) => $$"""{"name": "{{name}}", "arguments": {{City}}}""";

    private static ToolCallReader Reader(LocalToolFormat format, bool allowsSeveral = true) =>
        new(ToolFormats.Create(format, null), new HashSet<string> { "a", "b" }, allowsSeveral, CallIds.For([1]), _ => "");

    private static (string Text, List<FunctionCallContent> Calls) Read(LocalToolFormat format, IEnumerable<byte[]> pieces)
    {
        var text = new List<byte>();
        var reader = Reader(format);
        foreach (var piece in pieces)
        {
            reader.Add(piece, text.AddRange);
        }

        reader.End(text.AddRange);
        return (Encoding.UTF8.GetString([.. text]), reader.Calls);
    }
}
