using System.Text;

namespace LlmThrift.Local.Tools;

/// <summary>Calls as JSON between <c>&lt;tool_call&gt;</c> and <c>&lt;/tool_call&gt;</c>, one such pair for each.</summary>
internal abstract class TagFormat : ToolFormat
{
    protected const string Open = "<tool_call>";
    protected const string Close = "</tool_call>";

    public override IReadOnlyList<CallMarker> Markers { get; } = [new CallMarker([Open], OnlyAtStart: false, "", "call")];

    protected override IReadOnlyList<string> MarkupTexts { get; } = [Open, Close];

    public override void WriteRules(StringBuilder rules, IReadOnlyList<(string Name, string Rule)> arguments, bool allowsSeveral)
    {
        var more = allowsSeveral ? $" another{{0,{ToolCallGrammar.MostCalls - 1}}}" : "";
        rules.Append(
            System.Globalization.CultureInfo.InvariantCulture,
            $$"""
            {{CallsRule}} ::= {{Symbol(Open)}} call
            call ::= one{{more}}
            one ::= nl "{\"name\":" sp pick "}" nl {{Symbol(Close)}}
            another ::= nl {{Symbol(Open)}} one
            pick ::= {{Pick(arguments, "arguments")}}

            """
        );
    }

    public override (string Name, IDictionary<string, object?> Arguments)? Read(
        string header,
        ReadOnlyMemory<byte> json,
        IReadOnlySet<string> names
    ) => ReadNamed(json, "arguments", names);

    /// <summary>A call within its tags.</summary>
    protected static void WriteCall(PromptText prompt, ToolCall call) =>
        prompt
            .Markup(Open + "\n")
            .Text($"{{\"name\": {Grammars.JsonText.Quote(call.Name)}, \"arguments\": {PythonJson.Of(call.Arguments)}}}")
            .Markup("\n" + Close);
}
