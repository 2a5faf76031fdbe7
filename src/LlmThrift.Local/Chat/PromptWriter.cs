using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using LlmThrift.Local.Tools;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Chat;

/// <summary>Turns messages into the tokens of a prompt, by the model's chat template. Immutable; safe for concurrent use.</summary>
/// <remarks>
/// What people write may hold the name of a control token, such as the one that ends a turn, and must not be taken for one. Where a text does, the template is
/// applied to marks in place of the texts, and the texts are turned into tokens by themselves. Prompts with tools, calls or results are written by a
/// <see cref="ToolFormat"/>, since llama.cpp's templates have none.
/// </remarks>
internal sealed unsafe partial class PromptWriter
{
    private readonly LoadedModel _model;
    private readonly byte[]? _template;
    private readonly Func<IReadOnlyList<ChatMessage>, string>? _format;
    private readonly string _beginText;

    /// <exception cref="LocalModelException">llama.cpp does not know the template.</exception>
    public PromptWriter(
        LoadedModel model,
        string? template,
        Func<IReadOnlyList<ChatMessage>, string>? format,
        LocalToolFormat? toolFormat = null
    )
    {
        _model = model;
        _format = format;
        _beginText = model.BeginText();
        var known =
            toolFormat
            ?? (
                format is not null ? null
                : template is not null ? ToolFormats.Detect(template)
                : ToolFormats.Detect(model.ToolTemplate) ?? ToolFormats.Detect(model.ChatTemplate)
            );
        if (known is { } chosenFormat)
        {
            Tools = ToolFormats.Create(chosenFormat, template ?? model.ToolTemplate ?? model.ChatTemplate);
            Tools.Learn(model.TokenOf);
        }

        if (format is null && (template ?? model.ChatTemplate) is { Length: > 0 } chosen)
        {
            _template = Encoding.UTF8.GetBytes(chosen + "\0");
            try
            {
                Apply([("user", "a")]);
            }
            catch (LocalModelException problem) when (template is null)
            {
                throw new LocalModelException(
                    $"llama.cpp's library does not know the chat template of {model.Path}. Name one that is like it by LocalChatOptions.ChatTemplate (such as "
                        + "\"chatml\", \"llama3\", \"gemma\" or \"mistral-v7\"), or make prompts by LocalChatOptions.FormatPrompt.",
                    problem
                );
            }
        }
    }

    /// <summary>How tools are written; null where that is not known.</summary>
    public ToolFormat? Tools { get; }

    /// <summary>The tokens of the messages, with what asks for an answer behind them.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="tools">The tools that are offered, described as OpenAI's API does.</param>
    /// <exception cref="NotSupportedException">There are tools or calls, and it is not known how the model takes them; or contents that are no text.</exception>
    public int[] Write(IReadOnlyList<ChatMessage> messages, IReadOnlyList<JsonElement> tools)
    {
        if (tools.Count > 0 || messages.Any(HasCalls))
        {
            return WriteWithTools(messages, tools);
        }

        if (_format is not null)
        {
            return Tokenize(_format(messages));
        }

        var texts = messages.Select(message => (Role: RoleOf(message.Role), Text: TextOf(message))).ToList();
        if (_template is null)
        {
            return _model.Tokenize(string.Join("\n\n", texts.Select(text => text.Text)), addSpecial: true, parseSpecial: false);
        }

        return texts.TrueForAll(text => IsPlain(text.Text)) ? Tokenize(Apply(texts)) : TokenizeApart(texts);
    }

    [GeneratedRegex("\uE0F0(?<index>[0-9]+)\uE0F1", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Mark();

    private static string RoleOf(ChatRole role) => role == ChatRole.Tool ? "user" : role.Value;

    private static string TextOf(ChatMessage message) => string.Concat(message.Contents.Select(MessageText.Of));

    private static bool HasCalls(ChatMessage message) =>
        message.Contents.Any(content => content is FunctionCallContent or FunctionResultContent);

    private int[] WriteWithTools(IReadOnlyList<ChatMessage> messages, IReadOnlyList<JsonElement> tools)
    {
        if (Tools is null)
        {
            throw new NotSupportedException(
                $"It is not known how {_model.Path} takes tools: its chat template has none, or in a form other than those of {ToolFormats.Known}. Name the form by "
                    + "LocalChatOptions.ToolFormat, take another model, or send requests with tools to another tier."
            );
        }

        var prompt = new PromptText();
        Tools.Write(prompt, ChatTurn.Of(messages), tools);
        if (prompt.Parts.All(part => part.IsMarkup || IsPlain(part.Text)))
        {
            return Tokenize(prompt.ToString());
        }

        var tokens = new List<int>();
        foreach (var (text, isMarkup) in prompt.Parts)
        {
            tokens.AddRange(_model.Tokenize(text, addSpecial: tokens.Count == 0, parseSpecial: isMarkup));
        }

        return [.. tokens];
    }

    private bool IsPlain(string text) =>
        _model
            .Tokenize(text, addSpecial: false, parseSpecial: true)
            .AsSpan()
            .SequenceEqual(_model.Tokenize(text, addSpecial: false, parseSpecial: false));

    /// <summary>Templates of some models begin with the token that begins a text, which must not come twice.</summary>
    private int[] Tokenize(string prompt) =>
        _model.Tokenize(
            prompt,
            addSpecial: _beginText.Length == 0 || !prompt.StartsWith(_beginText, StringComparison.Ordinal),
            parseSpecial: true
        );

    private int[] TokenizeApart(List<(string Role, string Text)> texts)
    {
        var marked = texts.Select((text, i) => (text.Role, string.Create(CultureInfo.InvariantCulture, $"\uE0F0{i}\uE0F1"))).ToList();
        var prompt = Apply(marked);
        var tokens = new List<int>();
        var place = 0;
        foreach (Match mark in Mark().Matches(prompt))
        {
            tokens.AddRange(place == 0 ? Tokenize(prompt[..mark.Index]) : Literal(prompt[place..mark.Index]));
            var text = texts[int.Parse(mark.Groups["index"].ValueSpan, CultureInfo.InvariantCulture)].Text;
            tokens.AddRange(_model.Tokenize(text, addSpecial: false, parseSpecial: false));
            place = mark.Index + mark.Length;
        }

        tokens.AddRange(Literal(prompt[place..]));
        return [.. tokens];

        int[] Literal(string text) => _model.Tokenize(text, addSpecial: false, parseSpecial: true);
    }

    private string Apply(List<(string Role, string Text)> texts)
    {
        // All texts in one piece of memory, each with a zero behind it: a zero within would end it early.
        var bytes = new List<byte>();
        var places = new List<(int Role, int Text)>();
        foreach (var (role, text) in texts)
        {
            places.Add((Append(role), Append(text)));
        }

        var destination = new byte[(2 * bytes.Count) + 4096];
        var data = CollectionsMarshal.AsSpan(bytes);
        var messages = new LlamaChatMessage[texts.Count];
        fixed (byte* start = data)
        fixed (byte* template = _template)
        fixed (LlamaChatMessage* first = messages)
        {
            for (var i = 0; i < messages.Length; i++)
            {
                messages[i] = new LlamaChatMessage { Role = start + places[i].Role, Content = start + places[i].Text };
            }

            for (; ; )
            {
                int length;
                fixed (byte* output = destination)
                {
                    length = LlamaNative.ApplyTemplate(
                        template,
                        first,
                        (nuint)messages.Length,
                        addAssistant: true,
                        output,
                        destination.Length
                    );
                }

                if (length < 0)
                {
                    throw new LocalModelException(
                        "llama.cpp's library does not know the chat template that LocalChatOptions.ChatTemplate names: take one of its own names, such as \"chatml\", or make prompts by FormatPrompt."
                    );
                }

                if (length <= destination.Length)
                {
                    return Encoding.UTF8.GetString(destination, 0, length);
                }

                destination = new byte[length];
            }
        }

        int Append(string text)
        {
            var place = bytes.Count;
            bytes.AddRange(Encoding.UTF8.GetBytes(text.Replace('\0', ' ')));
            bytes.Add(0);
            return place;
        }
    }
}
