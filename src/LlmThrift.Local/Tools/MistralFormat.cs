using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LlmThrift.Local.Grammars;

namespace LlmThrift.Local.Tools;

/// <summary>
/// Mistral's models: tools before the last message of the user, from v13 on at the beginning, and markup that is control tokens. Of the tokenizers v3 and v7, by the templates of
/// mistralai/Mistral-7B-Instruct-v0.3 and Mistral-Nemo-Instruct-2407; of v11 and later, by those of Mistral-Small-3.2-24B-Instruct-2506 and
/// Ministral-3-14B-Reasoning-2512. Results are written as the
/// package mistral-common does, which is what the models were trained on.
/// </summary>
internal sealed class MistralFormat : ToolFormat
{
    private const string ToolCalls = "[TOOL_CALLS]";
    private const string CallId = "[CALL_ID]";
    private const string Arguments = "[ARGS]";
    private const string End = "</s>";

    private readonly bool _isNamed;
    private readonly bool _hasCallId;
    private readonly bool _hasSystem;
    private readonly string _space;

    /// <summary>Makes the format.</summary>
    /// <param name="isNamed">v11 and later: a name and arguments after each marker, in place of a list.</param>
    /// <param name="template">The model's template, which tells the tokenizers' versions apart.</param>
    public MistralFormat(bool isNamed, string template)
    {
        _isNamed = isNamed;

        // From v13 on, calls are without an id.
        _hasCallId =
            isNamed && (template.Contains(CallId, StringComparison.Ordinal) || !template.Contains(Arguments, StringComparison.Ordinal));
        _hasSystem = isNamed || template.Contains("[SYSTEM_PROMPT]", StringComparison.Ordinal);
        _space = template.Contains("[INST] ", StringComparison.Ordinal) ? " " : "";
        Markers = [new CallMarker([ToolCalls], OnlyAtStart: false, "", "rest")];
    }

    public override IReadOnlyList<CallMarker> Markers { get; }

    protected override IReadOnlyList<string> MarkupTexts { get; } = [ToolCalls, CallId, Arguments];

    public override void Write(PromptText prompt, IReadOnlyList<ChatTurn> turns, IReadOnlyList<JsonElement> tools)
    {
        var isSystemFirst = turns.Count > 0 && turns[0].Role == ChatTurn.System;
        if (isSystemFirst && _hasSystem)
        {
            WriteSystem(prompt, turns[0].Text);
        }

        var lastQuestion = turns.ToList().FindLastIndex(turn => turn.Role == ChatTurn.User);
        var areToolsFirst = lastQuestion < 0 || (_isNamed && !_hasCallId);
        if (areToolsFirst)
        {
            WriteTools(prompt, tools);
        }

        for (var i = isSystemFirst ? 1 : 0; i < turns.Count; i++)
        {
            var turn = turns[i];
            if (turn.Role == ChatTurn.Tool)
            {
                foreach (var result in turn.Results)
                {
                    WriteResult(prompt, result);
                }
            }
            else if (turn.Role == ChatTurn.Assistant)
            {
                WriteAnswer(prompt, turn);
            }
            else if (turn.Role == ChatTurn.System && _hasSystem)
            {
                WriteSystem(prompt, turn.Text);
            }
            else
            {
                if (i == lastQuestion && !areToolsFirst)
                {
                    WriteTools(prompt, tools);
                }

                var system = i == lastQuestion && isSystemFirst && !_hasSystem ? turns[0].Text + "\n\n" : "";
                prompt.Markup("[INST]" + _space).Text(system + turn.Text).Markup("[/INST]");
            }
        }
    }

    public override void WriteRules(StringBuilder rules, IReadOnlyList<(string Name, string Rule)> arguments, bool allowsSeveral)
    {
        var more = allowsSeveral ? $" another{{0,{ToolCallGrammar.MostCalls - 1}}}" : "";
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        rules.Append(culture, $"{CallsRule} ::= {Symbol(ToolCalls)} rest\nid ::= [a-zA-Z0-9]{{9}}\n");
        if (_isNamed)
        {
            var pick = string.Join(" | ", arguments.Select(one => $"{ToolCallGrammar.Literal(one.Name)} args {one.Rule}"));
            var id = _hasCallId ? $"({Symbol(CallId)} id)? " : "";
            rules.Append(
                culture,
                $"rest ::= one{more}\none ::= {pick}\nanother ::= {Symbol(ToolCalls)} one\nargs ::= {id}{Symbol(Arguments)}\n"
            );
        }
        else
        {
            rules.Append(
                culture,
                $$"""
                rest ::= sp "[" one{{more}} "]"
                one ::= "{\"name\":" sp pick ("," sp "\"id\":" sp "\"" id "\"")? "}"
                another ::= "," sp one
                pick ::= {{Pick(arguments, "arguments")}}

                """
            );
        }
    }

    public override (string Name, IDictionary<string, object?> Arguments)? Read(
        string header,
        ReadOnlyMemory<byte> json,
        IReadOnlySet<string> names
    )
    {
        if (!_isNamed)
        {
            return ReadNamed(json, "arguments", names);
        }

        var start = header.LastIndexOf(ToolCalls, StringComparison.Ordinal);
        var name = start < 0 ? header : header[(start + ToolCalls.Length)..];
        foreach (var end in (string[])[Arguments, CallId])
        {
            name = name.IndexOf(end, StringComparison.Ordinal) is >= 0 and var place ? name[..place] : name;
        }

        name = name.Trim();
        return names.Contains(name) && TryParse(json, out var arguments) ? (name, ArgumentsOf(arguments.Value)) : null;
    }

    /// <summary>An id as these models know it, nine letters or digits: another's is replaced by one that is made of it.</summary>
    private static string IdOf(string id)
    {
        if (id.Length == 9 && id.All(char.IsAsciiLetterOrDigit))
        {
            return id;
        }

        return CallIds.Of(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
    }

    private void WriteSystem(PromptText prompt, string text) =>
        prompt.Markup("[SYSTEM_PROMPT]" + _space).Text(text).Markup("[/SYSTEM_PROMPT]");

    private void WriteTools(PromptText prompt, IReadOnlyList<JsonElement> tools)
    {
        if (tools.Count > 0)
        {
            prompt.Markup("[AVAILABLE_TOOLS]" + _space);
            prompt.Text($"[{string.Join(", ", tools.Select(PythonJson.Of))}]").Markup("[/AVAILABLE_TOOLS]");
        }
    }

    private void WriteAnswer(PromptText prompt, ChatTurn turn)
    {
        if (turn.Text.Length > 0)
        {
            prompt.Markup(_space).Text(turn.Text);
        }

        if (_isNamed)
        {
            foreach (var call in turn.Calls)
            {
                prompt.Markup(ToolCalls).Text(call.Name);
                if (_hasCallId)
                {
                    prompt.Markup(CallId).Text(IdOf(call.Id));
                }

                prompt.Markup(Arguments).Text(PythonJson.Of(call.Arguments));
            }
        }
        else if (turn.Calls.Count > 0)
        {
            var calls = turn.Calls.Select(call =>
                $"{{\"name\": {JsonText.Quote(call.Name)}, \"arguments\": {PythonJson.Of(call.Arguments)}, \"id\": \"{IdOf(call.Id)}\"}}"
            );
            prompt.Markup(ToolCalls + _space).Text($"[{string.Join(", ", calls)}]");
        }

        prompt.Markup(End);
    }

    private void WriteResult(PromptText prompt, ToolResult result)
    {
        if (_isNamed)
        {
            prompt.Markup("[TOOL_RESULTS]");
            if (_hasCallId)
            {
                prompt.Text(IdOf(result.CallId)).Markup("[TOOL_CONTENT]");
            }

            prompt.Text(result.Text);
        }
        else
        {
            prompt.Markup("[TOOL_RESULTS]" + _space);
            prompt.Text($"{{\"content\": {JsonOf(result.Text)}, \"call_id\": \"{IdOf(result.CallId)}\"}}");
        }

        prompt.Markup("[/TOOL_RESULTS]");
    }

    /// <summary>A result that is JSON as it is, any other in quotes.</summary>
    private static string JsonOf(string text)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            return PythonJson.Of(json.RootElement);
        }
        catch (JsonException)
        {
            return JsonText.Quote(text);
        }
    }
}
