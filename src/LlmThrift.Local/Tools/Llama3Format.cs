using System.Text;
using System.Text.Json;
using LlmThrift.Local.Grammars;

namespace LlmThrift.Local.Tools;

/// <summary>
/// Llama 3.1, 3.2 and 3.3, by the template of meta-llama/Llama-3.1-8B-Instruct: tools in the first message of the user, an answer that is one call in JSON,
/// results in turns of <c>ipython</c>. The date is the one that the template has where it is told none, so that prompts stay the same from day to day.
/// </summary>
internal sealed class Llama3Format : ToolFormat
{
    private const string PythonTag = "<|python_tag|>";
    private const string End = "<|eot_id|>";

    private const string Format =
        "Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}.Do not use variables.\n\n";

    public override bool AllowsSeveral => false;

    public override IReadOnlyList<CallMarker> Markers { get; } =
    [
        new CallMarker(["{", "\"name\"", ":"], OnlyAtStart: true, "{\"name\":", "named"),
        new CallMarker(["{", "\"type\"", ":", "\"function\"", ",", "\"name\"", ":"], OnlyAtStart: true, "{\"name\":", "named"),
        new CallMarker([PythonTag], OnlyAtStart: true, "", CallsRule),
    ];

    protected override IReadOnlyList<string> MarkupTexts { get; } = [PythonTag];

    public override void Write(PromptText prompt, IReadOnlyList<ChatTurn> turns, IReadOnlyList<JsonElement> tools)
    {
        var isSystemFirst = turns.Count > 0 && turns[0].Role == ChatTurn.System;
        var rest = Single(isSystemFirst ? turns.Skip(1) : turns);
        var firstQuestion = rest.FindIndex(turn => turn.Role == ChatTurn.User);
        Begin(prompt, ChatTurn.System)
            .Markup(tools.Count > 0 ? "Environment: ipython\n" : "")
            .Markup("Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n");
        if (tools.Count > 0 && firstQuestion < 0)
        {
            prompt.Markup("You have access to the following functions. To call a function, please respond with JSON for a function call.");
            WriteTools(prompt, tools);
        }

        prompt.Text(isSystemFirst ? turns[0].Text.Trim() : "").Markup(End);
        for (var i = 0; i < rest.Count; i++)
        {
            var turn = rest[i];
            if (turn.Role == ChatTurn.Tool)
            {
                // The template makes JSON of a result whatever it is, so a text comes in quotes.
                Begin(prompt, "ipython").Text(JsonText.Quote(turn.Results[0].Text)).Markup(End);
                continue;
            }

            Begin(prompt, turn.Role);
            if (turn.Calls.Count > 0)
            {
                prompt.Text(
                    $"{{\"name\": {JsonText.Quote(turn.Calls[0].Name)}, \"parameters\": {PythonJson.Of(turn.Calls[0].Arguments)}}}"
                );
            }
            else
            {
                if (i == firstQuestion && tools.Count > 0)
                {
                    prompt.Markup(
                        "Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.\n\n"
                    );
                    WriteTools(prompt, tools);
                }

                prompt.Text(turn.Text.Trim());
            }

            prompt.Markup(End);
        }

        Begin(prompt, ChatTurn.Assistant);
    }

    public override void WriteRules(StringBuilder rules, IReadOnlyList<(string Name, string Rule)> arguments, bool allowsSeveral) =>
        rules.Append(
            System.Globalization.CultureInfo.InvariantCulture,
            $$"""
            {{CallsRule}} ::= "{\"name\":" named
            named ::= sp pick "}"
            pick ::= {{Pick(arguments, "parameters")}}

            """
        );

    public override (string Name, IDictionary<string, object?> Arguments)? Read(
        string header,
        ReadOnlyMemory<byte> json,
        IReadOnlySet<string> names
    ) => ReadNamed(json, "parameters", names);

    private static PromptText Begin(PromptText prompt, string role) =>
        prompt.Markup("<|start_header_id|>").Text(role).Markup("<|end_header_id|>\n\n");

    private static void WriteTools(PromptText prompt, IReadOnlyList<JsonElement> tools)
    {
        prompt.Markup(Format);
        foreach (var tool in tools)
        {
            prompt.Text(PythonJson.Indented(tool, 4)).Markup("\n\n");
        }
    }

    /// <summary>The model knows one call at a time: of several, each is a turn that its result follows, and text before them is a turn of its own.</summary>
    private static List<ChatTurn> Single(IEnumerable<ChatTurn> turns)
    {
        var single = new List<ChatTurn>();
        var unanswered = new List<ChatTurn>();
        foreach (var turn in turns)
        {
            if (turn.Role == ChatTurn.Tool)
            {
                foreach (var result in turn.Results)
                {
                    var asked = unanswered.Find(one => one.Calls[0].Id == result.CallId);
                    if (asked is not null)
                    {
                        unanswered.Remove(asked);
                        single.Add(asked);
                    }

                    single.Add(turn with { Results = [result] });
                }

                continue;
            }

            single.AddRange(unanswered);
            unanswered.Clear();
            if (turn.Calls.Count == 0 || turn.Text.Length > 0)
            {
                single.Add(turn with { Calls = [] });
            }

            unanswered.AddRange(turn.Calls.Select(call => turn with { Text = "", Calls = [call] }));
        }

        single.AddRange(unanswered);
        return single;
    }
}
