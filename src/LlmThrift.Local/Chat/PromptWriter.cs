using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using Microsoft.Extensions.AI;

namespace LlmThrift.Local.Chat;

/// <summary>Turns messages into the tokens of a prompt, by the model's chat template. Immutable; safe for concurrent use.</summary>
/// <remarks>
/// What people write may hold the name of a control token, such as the one that ends a turn, and must not be taken for one. Where a text does, the template is
/// applied to marks in place of the texts, and the texts are turned into tokens by themselves.
/// </remarks>
internal sealed unsafe partial class PromptWriter
{
    private readonly LoadedModel _model;
    private readonly byte[]? _template;
    private readonly Func<IReadOnlyList<ChatMessage>, string>? _format;
    private readonly string _beginText;

    /// <exception cref="LocalModelException">llama.cpp does not know the template.</exception>
    public PromptWriter(LoadedModel model, string? template, Func<IReadOnlyList<ChatMessage>, string>? format)
    {
        _model = model;
        _format = format;
        _beginText = model.BeginText();
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

    /// <summary>The tokens of the messages, with what asks for an answer behind them.</summary>
    public int[] Write(IReadOnlyList<ChatMessage> messages)
    {
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

    private static string TextOf(ChatMessage message)
    {
        var text = new StringBuilder();
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text.Append(part.Text);
                    break;
                case TextReasoningContent:
                    break;
                case FunctionCallContent or FunctionResultContent:
                    throw new NotSupportedException("The local model has no tools: send requests with tool calls to another tier.");
                default:
                    throw new NotSupportedException(
                        $"The local model reads text, not {content.GetType().Name}: send requests with other contents to another tier."
                    );
            }
        }

        return text.ToString();
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
