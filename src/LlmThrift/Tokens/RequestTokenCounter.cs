using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Tokens;

/// <summary>Counts the tokens of whole requests and responses: messages, tools, response format, images.</summary>
/// <remarks>
/// <para>
/// Requests are counted by the rules of the OpenAI cookbook ("How to count tokens with tiktoken"): 3 tokens a message and 1 a name besides role, name and
/// contents, 3 to prime the reply; tools by their names, descriptions and parameters with the cookbook's constants, parameters of more than one level by their
/// JSON; images by the vendors' published rules. What no rule is published for is estimated, and marked so, see <see cref="TokenCount.IsEstimate"/>:
/// models whose tokenizer is not public, response formats, hosted tools, sound, video, PDF files, and images whose size cannot be read.
/// </para>
/// <para>
/// Estimates for models without a public tokenizer are corrected by what their provider reports, once it is told to <see cref="Learn"/>. Counts by a model's
/// own tokenizer are never corrected. Nothing in a request makes counting throw. Safe for concurrent use.
/// </para>
/// </remarks>
public sealed class RequestTokenCounter
{
    private const int PerMessage = 3;
    private const int PerName = 1;
    private const int PerReply = 3;

    private readonly KeyValuePair<string, ITokenCounter>[] _counters;
    private readonly TokenCorrections _corrections;

    /// <summary>Makes a counter.</summary>
    /// <param name="options">What to count by, copied; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="RequestTokenCounterOptions.MaximumLearnedModels"/> is not positive.</exception>
    public RequestTokenCounter(RequestTokenCounterOptions? options = null)
    {
        options ??= new RequestTokenCounterOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaximumLearnedModels, nameof(options));
        _counters = [.. options.Counters.OrderByDescending(counter => counter.Key.Length)];
        _corrections = new TokenCorrections(options.MaximumLearnedModels);
    }

    /// <summary>A counter with the default options, which the process shares.</summary>
    public static RequestTokenCounter Default { get; } = new();

    /// <summary>Counts a text.</summary>
    /// <param name="text">The text. Spellings of special tokens are ordinary text.</param>
    /// <param name="modelId">The model's name; null when it is not known, which gives an estimate.</param>
    /// <returns>The number of tokens.</returns>
    public TokenCount CountText(ReadOnlySpan<char> text, string? modelId)
    {
        var tally = new Tally(ModelOf(modelId));
        tally.Text(text);
        return Corrected(tally, modelId);
    }

    /// <summary>Counts what a request sends.</summary>
    /// <param name="messages">The messages, enumerated once.</param>
    /// <param name="options">
    /// Its instructions (as a system message), tools and response format count; <see cref="ChatOptions.ModelId"/> counts when <paramref name="modelId"/> is null.
    /// </param>
    /// <param name="modelId">The model's name; null when it is not known, which gives an estimate.</param>
    /// <returns>The number of input tokens.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="messages"/> is null.</exception>
    public TokenCount CountRequest(IEnumerable<ChatMessage> messages, ChatOptions? options = null, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(messages);
        modelId ??= options?.ModelId;
        var tally = new Tally(ModelOf(modelId));
        if (options?.Instructions is { Length: > 0 } instructions)
        {
            tally.Add(PerMessage);
            tally.Text(ChatRole.System.Value);
            tally.Text(instructions);
        }

        foreach (var message in messages)
        {
            Message(ref tally, message);
        }

        if (options is not null)
        {
            Tools(ref tally, options.Tools);
            ResponseFormat(ref tally, options.ResponseFormat);
        }

        tally.Add(PerReply);
        return Corrected(tally, modelId);
    }

    /// <summary>Counts what a response brought: its texts, reasoning and function calls, without the overhead of messages.</summary>
    /// <param name="response">The response.</param>
    /// <param name="modelId">The model's name; null for the one that the response names.</param>
    /// <returns>The number of output tokens. Reasoning that the provider keeps to itself is not in it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="response"/> is null.</exception>
    public TokenCount CountResponse(ChatResponse response, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(response);
        return CountContents(response.Messages.SelectMany(message => message.Contents), modelId ?? response.ModelId);
    }

    /// <summary>Counts contents by themselves, such as those of a stream's updates, without the overhead of messages.</summary>
    /// <param name="contents">The contents, enumerated once. Join the texts of a stream first: its parts count separately.</param>
    /// <param name="modelId">The model's name; null when it is not known, which gives an estimate.</param>
    /// <returns>The number of tokens.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="contents"/> is null.</exception>
    public TokenCount CountContents(IEnumerable<AIContent> contents, string? modelId)
    {
        ArgumentNullException.ThrowIfNull(contents);
        var tally = new Tally(ModelOf(modelId));
        foreach (var content in contents)
        {
            Content(ref tally, content);
        }

        return Corrected(tally, modelId);
    }

    /// <summary>Takes note of what a provider reported for something that was counted, so that the next estimates for the model come closer.</summary>
    /// <remarks>
    /// Does nothing for models whose own tokenizer is used. The correction is a mean of the latest ratios, each limited to the range from 1/4 to 4.
    /// </remarks>
    /// <param name="modelId">The model's name.</param>
    /// <param name="counted">What this counter said.</param>
    /// <param name="reported">The number of tokens that the provider reported for the same.</param>
    /// <exception cref="ArgumentNullException"><paramref name="modelId"/> is null.</exception>
    public void Learn(string modelId, TokenCount counted, long reported)
    {
        ArgumentNullException.ThrowIfNull(modelId);
        if (!ModelOf(modelId).IsOwnTokenizer)
        {
            _corrections.Learn(modelId, counted.Uncorrected, reported);
        }
    }

    private TokenCount Corrected(in Tally tally, string? modelId)
    {
        var tokens = ToInt32(tally.Tokens);
        var isEstimate = tally.IsEstimate || !tally.Model.IsOwnTokenizer;
        return tally.Model.IsOwnTokenizer || modelId is null
            ? new TokenCount(tokens, isEstimate)
            : new TokenCount(ToInt32(tally.Tokens * _corrections.For(modelId)), isEstimate) { Uncorrected = tokens };
    }

    private static int ToInt32(double tokens) => (int)Math.Min(int.MaxValue, Math.Round(tokens, MidpointRounding.AwayFromZero));

    private Model ModelOf(string? modelId)
    {
        foreach (var (beginning, counter) in _counters)
        {
            if (modelId is not null && modelId.StartsWith(beginning, StringComparison.OrdinalIgnoreCase))
            {
                return new Model(modelId, counter, 1, IsOwnTokenizer: true);
            }
        }

        var encoding = ModelEncodings.Find(modelId);
        return new Model(modelId ?? "", encoding.Encoding, encoding.Factor, encoding.IsPublic);
    }

    private static void Message(ref Tally tally, ChatMessage message)
    {
        tally.Add(PerMessage);
        tally.Text(message.Role.Value);
        if (message.AuthorName is { Length: > 0 } name)
        {
            tally.Add(PerName);
            tally.Text(name);
        }

        var results = 0;
        foreach (var content in message.Contents)
        {
            // Providers get one message a result.
            if (content is FunctionResultContent && results++ > 0)
            {
                tally.Add(PerMessage + 1);
            }

            Content(ref tally, content);
        }
    }

    private static void Content(ref Tally tally, AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                tally.Text(text.Text);
                break;
            case TextReasoningContent reasoning:
                tally.Text(reasoning.Text);
                break;
            case FunctionCallContent call:
                tally.Add(PerMessage);
                tally.Text(call.Name);
                tally.Text(JsonOf(call.Arguments));
                break;
            case FunctionResultContent { Result: IEnumerable<AIContent> parts }:
                foreach (var part in parts)
                {
                    Content(ref tally, part);
                }

                break;
            case FunctionResultContent { Result: AIContent part }:
                Content(ref tally, part);
                break;
            case FunctionResultContent result:
                tally.Text(result.Result as string ?? JsonOf(result.Result));
                break;
            case DataContent data:
                MediaTokens.Count(ref tally, data.MediaType, data.Data.Span, data.AdditionalProperties);
                break;
            case UriContent uri:
                MediaTokens.Count(ref tally, uri.MediaType, [], uri.AdditionalProperties);
                break;
            case ErrorContent error:
                tally.Text(error.Message);
                break;
            case UsageContent:
                break;
            default:
                // Files at the provider, hosted tools' calls and results, and kinds still to come: what they weigh cannot be seen from here.
                tally.IsEstimate = true;
                break;
        }
    }

    private static void Tools(ref Tally tally, IList<AITool>? tools)
    {
        var functions = 0;
        foreach (var tool in tools ?? [])
        {
            if (tool is AIFunctionDeclaration function)
            {
                functions++;
                ToolTokens.Count(ref tally, function);
            }
            else
            {
                tally.Text(tool.Name);
                tally.Text(tool.Description);
                tally.IsEstimate = true;
            }
        }

        tally.Add(functions > 0 ? ToolTokens.PerList : 0);
    }

    /// <summary>Providers put the schema into the prompt under a heading of a few words.</summary>
    private static void ResponseFormat(ref Tally tally, ChatResponseFormat? format)
    {
        if (format is ChatResponseFormatJson { Schema: { } schema } json)
        {
            tally.Text("# Response Formats\n\n## ");
            tally.Text(json.SchemaName);
            tally.Text(json.SchemaDescription);
            tally.Text(JsonOf(schema));
            tally.IsEstimate = true;
        }
    }

    private static string JsonOf(object? value)
    {
        try
        {
            return value switch
            {
                null => "",
                JsonElement { ValueKind: JsonValueKind.Undefined } => "",
                _ => JsonSerializer.Serialize(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType())),
            };
        }
        catch (Exception)
        {
            // A value of the app's own that cannot be written as JSON, or whose getter throws; counting must not fail the call.
            return value?.GetType().Name ?? "";
        }
    }

    /// <summary>How the text of a model is counted.</summary>
    internal readonly record struct Model(string Id, ITokenCounter Counter, double Factor, bool IsOwnTokenizer);

    /// <summary>A sum of tokens under way.</summary>
    internal struct Tally(Model model)
    {
        public Model Model { get; } = model;

        public double Tokens { get; private set; }

        public bool IsEstimate { get; set; }

        public void Add(double tokens) => Tokens += tokens;

        public void Text(ReadOnlySpan<char> text)
        {
            if (!text.IsEmpty)
            {
                Tokens += Model.Counter.CountTokens(text) * Model.Factor;
            }
        }
    }
}
