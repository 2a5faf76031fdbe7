using System.Text.Json;
using LlmThrift.Routing;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Routing;

public sealed class AnswerCheckTests
{
    [Theory]
    [InlineData("3 * 4 = 12", AnswerVerdict.Accepted)]
    [InlineData("3 × 4 = 14", AnswerVerdict.Rejected)]
    [InlineData("So 16 - 3 - 4 = 9 eggs, 9 * $2 = $18 a day.", AnswerVerdict.Accepted)]
    [InlineData("2 + 3 * 4 = 14", AnswerVerdict.Accepted)]
    [InlineData("2 + 3 * 4 = 20", AnswerVerdict.Rejected)]
    [InlineData("10 / 3 = 3.33", AnswerVerdict.Accepted)]
    [InlineData("10 / 3 = 3.5", AnswerVerdict.Rejected)]
    [InlineData("$1,200 + $300 = $1,500", AnswerVerdict.Accepted)]
    [InlineData("80,000 * 150% = 120,000", AnswerVerdict.Accepted)]
    [InlineData("x + 4 = 9, f(2) = 4 and (3 + 4) * 2 = 14", AnswerVerdict.None)]
    [InlineData("2x + 3 = 9", AnswerVerdict.None)]
    [InlineData("5 + 5 = 10 + 2", AnswerVerdict.None)]
    [InlineData("It opens at 9:00 - 17:00 = 8 hours", AnswerVerdict.None)]
    [InlineData("No sums here.", AnswerVerdict.None)]
    [InlineData("5 / 0 = 1", AnswerVerdict.None)]
    public async Task Arithmetic_works_sums_out_again(string text, AnswerVerdict expected)
    {
        Assert.Equal(expected, await CheckAsync(AnswerChecks.Arithmetic, text));
    }

    [Theory]
    [InlineData("I'm sorry, but I can't help with that.", true)]
    [InlineData("I’m sorry, but I cannot assist with this request.", true)]
    [InlineData("As an AI language model, I do not have opinions.", true)]
    [InlineData("Es tut mir leid, das kann ich nicht beantworten.", true)]
    [InlineData("Je suis désolé, je ne peux pas répondre.", true)]
    [InlineData("申し訳ありませんが、お答えできません。", true)]
    [InlineData("抱歉,我无法回答这个问题。", true)]
    [InlineData("I'm sorry to hear that. Here is what you can do: restart the router.", false)]
    [InlineData("You can't cancel after 30 days. I can help you with a refund, though.", false)]
    [InlineData("Paris.", false)]
    public async Task Refusal_is_told_by_its_beginning(string text, bool isRefusal)
    {
        Assert.Equal(isRefusal ? AnswerVerdict.Rejected : AnswerVerdict.None, await CheckAsync(AnswerChecks.NotRefused, text));
    }

    [Fact]
    public async Task Complete_rejects_what_is_cut_filtered_or_empty()
    {
        Assert.Equal(AnswerVerdict.Rejected, await CheckAsync(AnswerChecks.Complete, "Cut", finish: ChatFinishReason.Length));
        Assert.Equal(AnswerVerdict.Rejected, await CheckAsync(AnswerChecks.Complete, "Cut", finish: ChatFinishReason.ContentFilter));
        Assert.Equal(AnswerVerdict.Rejected, await CheckAsync(AnswerChecks.Complete, " \n"));
        Assert.Equal(AnswerVerdict.Accepted, await CheckAsync(AnswerChecks.Complete, "Whole."));
    }

    [Theory]
    [InlineData("{\"name\":\"Ada\",\"age\":36}", true)]
    [InlineData("{\"name\":\"Ada\",\"age\":36.5}", false)]
    [InlineData("{\"name\":\"Ada\"}", false)]
    [InlineData("{\"name\":\"\",\"age\":36}", false)]
    [InlineData("{\"name\":\"Ada\",\"age\":36,\"extra\":1}", false)]
    [InlineData("{\"name\":\"Ada\",\"age\":36,\"tags\":[\"a\",\"b\"]}", true)]
    [InlineData("{\"name\":\"Ada\",\"age\":36,\"tags\":[\"a\",\"c\"]}", false)]
    [InlineData("```json\n{}\n```", false)]
    public async Task Json_meets_the_schema(string text, bool isValid)
    {
        var schema = JsonElement.Parse(
            """
            {
              "type": "object",
              "properties": {
                "name": { "type": "string", "minLength": 1 },
                "age": { "type": "integer", "minimum": 0 },
                "tags": { "type": "array", "items": { "$ref": "#/$defs/tag" } }
              },
              "required": ["name", "age"],
              "additionalProperties": false,
              "$defs": { "tag": { "enum": ["a", "b"] } }
            }
            """
        );
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema) };

        Assert.Equal(isValid ? AnswerVerdict.Accepted : AnswerVerdict.Rejected, await CheckAsync(AnswerChecks.ValidJson, text, options));
    }

    [Theory]
    [InlineData("""{"anyOf":[{"type":"string"},{"type":"null"}]}""", "null", true)]
    [InlineData("""{"oneOf":[{"type":"number"},{"type":"integer"}]}""", "1", false)]
    [InlineData("""{"allOf":[{"minimum":1},{"maximum":3}]}""", "4", false)]
    [InlineData("""{"not":{"const":"a"}}""", "\"a\"", false)]
    [InlineData("""{"type":["string","integer"]}""", "2.5", false)]
    [InlineData("""{"pattern":"^[a-z]+$"}""", "\"abc1\"", false)]
    [InlineData("""{"pattern":"(unclosed"}""", "\"abc\"", true)]
    [InlineData("""{"uniqueItems":true}""", "[1,2,1]", false)]
    [InlineData("""{"minItems":2,"maxItems":3}""", "[1]", false)]
    [InlineData("""{"prefixItems":[{"type":"string"}],"items":{"type":"integer"}}""", "[\"a\",1,2]", true)]
    [InlineData("""{"$ref":"#"}""", "1", true)]
    [InlineData("""{"multipleOf":0.1}""", "0.3", true)]
    [InlineData("""{"patternProperties":{"^x_":{}},"additionalProperties":false}""", """{"x_a":1}""", true)]
    [InlineData("true", "1", true)]
    [InlineData("false", "1", false)]
    [InlineData("""{"unknown":{"anything":1}}""", "1", true)]
    public void Schema_is_followed_as_far_as_it_is_known(string schema, string value, bool isValid)
    {
        Assert.Equal(isValid, JsonSchemaValidator.IsValid(JsonElement.Parse(value), JsonElement.Parse(schema)));
    }

    [Theory]
    [InlineData("city", "Paris", true)]
    [InlineData("city", 7, false)]
    [InlineData("town", "Paris", false)]
    public async Task Calls_of_tools_have_arguments_that_the_tool_takes(string name, object value, bool isValid)
    {
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create((string city) => city, "weather")] };
        var call = new FunctionCallContent("1", "weather", new Dictionary<string, object?> { [name] = value });
        var answer = new AnswerToCheck([], options, new ChatResponse(new ChatMessage(ChatRole.Assistant, [call])));

        Assert.Equal(
            isValid ? AnswerVerdict.Accepted : AnswerVerdict.Rejected,
            await AnswerChecks.ValidJson.CheckAsync(answer, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Confidence_is_read_by_the_app()
    {
        var check = AnswerChecks.Confident(response => response.Text.Length == 0 ? null : -response.Text.Length / 10.0, -0.35);

        Assert.Equal(AnswerVerdict.None, await CheckAsync(check, ""));
        Assert.Equal(AnswerVerdict.Accepted, await CheckAsync(check, "abc"));
        Assert.Equal(AnswerVerdict.Rejected, await CheckAsync(check, "abcd"));
    }

    [Theory]
    [InlineData("The answer is 1,234.", "1234")]
    [InlineData("First 3, then 4", "4")]
    [InlineData("It depends.\n\nYes, it is!", "YES IT IS")]
    [InlineData("", "")]
    public void Final_answer_is_the_last_number_or_line(string text, string expected)
    {
        Assert.Equal(expected, FinalAnswer.Of(text));
    }

    private static async Task<AnswerVerdict> CheckAsync(
        IAnswerCheck check,
        string text,
        ChatOptions? options = null,
        ChatFinishReason? finish = null
    )
    {
        var response = new ChatResponse(new ChatMessage(ChatRole.Assistant, text)) { FinishReason = finish ?? ChatFinishReason.Stop };
        return await check.CheckAsync(new AnswerToCheck([new(ChatRole.User, "Well?")], options, response), CancellationToken.None);
    }
}
