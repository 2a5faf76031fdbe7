using System.Text.Json;

namespace LlmThrift.Local.Tools;

/// <summary>
/// Qwen 2.5 and 3, by the chat templates of Qwen/Qwen2.5-7B-Instruct and Qwen/Qwen3-0.6B; Granite 4, by that of ibm-granite/granite-4.0, which is the same but for
/// the turns' markup and the wording.
/// </summary>
internal sealed class QwenFormat : TagFormat
{
    private const string QwenDefault = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";

    private readonly string _begin;
    private readonly string _afterRole;
    private readonly string _end;
    private readonly string _defaultSystem;
    private readonly string _beforeTools;
    private readonly string _afterTools;

    private QwenFormat(string begin, string afterRole, string end, string defaultSystem, string beforeTools, string afterTools)
    {
        (_begin, _afterRole, _end, _defaultSystem) = (begin, afterRole, end, defaultSystem);
        (_beforeTools, _afterTools) = (beforeTools, afterTools);
    }

    /// <summary>Qwen's; the template tells whether the model has a system prompt of its own, as Qwen 2.5 does.</summary>
    public static QwenFormat Qwen(string template) =>
        new(
            "<|im_start|>",
            "\n",
            "<|im_end|>\n",
            template.Contains(QwenDefault, StringComparison.Ordinal) ? QwenDefault : "",
            "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>",
            "\n</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>"
        );

    public static QwenFormat Granite() =>
        new(
            "<|start_of_role|>",
            "<|end_of_role|>",
            "<|end_of_text|>\n",
            "",
            "You are a helpful assistant with access to the following tools. You may call one or more tools to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>",
            "\n</tools>\n\nFor each tool call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>. If a tool does not exist in the provided list of tools, notify the user that you do not have the ability to fulfill the request."
        );

    public override void Write(PromptText prompt, IReadOnlyList<ChatTurn> turns, IReadOnlyList<JsonElement> tools)
    {
        var isSystemFirst = turns.Count > 0 && turns[0].Role == ChatTurn.System;
        WriteSystem(prompt, isSystemFirst ? turns[0].Text : _defaultSystem, tools);
        var lastQuestion = turns.ToList().FindLastIndex(turn => turn.Role == ChatTurn.User);
        for (var i = isSystemFirst ? 1 : 0; i < turns.Count; i++)
        {
            var turn = turns[i];
            if (turn.Role == ChatTurn.Tool)
            {
                WriteResults(prompt, turn);
                continue;
            }

            prompt.Markup(_begin).Text(turn.Role).Markup(_afterRole);

            // What it thought before it answered an earlier question is no part of the conversation.
            var text = turn.Role == ChatTurn.Assistant && i < lastQuestion ? WithoutThought(turn.Text) : turn.Text;
            prompt.Text(text);
            for (var k = 0; k < turn.Calls.Count; k++)
            {
                prompt.Markup(k > 0 || text.Length > 0 ? "\n" : "");
                WriteCall(prompt, turn.Calls[k]);
            }

            prompt.Markup(_end);
        }

        prompt.Markup(_begin + ChatTurn.Assistant + _afterRole);
    }

    private static string WithoutThought(string text)
    {
        const string EndOfThought = "</think>";
        var end = text.LastIndexOf(EndOfThought, StringComparison.Ordinal);
        return end < 0 ? text : text[(end + EndOfThought.Length)..].TrimStart('\n');
    }

    private void WriteSystem(PromptText prompt, string text, IReadOnlyList<JsonElement> tools)
    {
        if (text.Length == 0 && tools.Count == 0)
        {
            return;
        }

        prompt.Markup(_begin + ChatTurn.System + _afterRole).Text(text);
        if (tools.Count > 0)
        {
            prompt.Markup((text.Length > 0 ? "\n\n" : "") + _beforeTools);
            foreach (var tool in tools)
            {
                prompt.Markup("\n").Text(PythonJson.Of(tool));
            }

            prompt.Markup(_afterTools);
        }

        prompt.Markup(_end);
    }

    private void WriteResults(PromptText prompt, ChatTurn turn)
    {
        // The template of Qwen has no line after the role here: the one before the tag is it. That of Granite does.
        prompt.Markup(_begin + ChatTurn.User + _afterRole.TrimEnd('\n'));
        foreach (var result in turn.Results)
        {
            prompt.Markup("\n<tool_response>\n").Text(result.Text).Markup("\n</tool_response>");
        }

        prompt.Markup(_end);
    }
}
