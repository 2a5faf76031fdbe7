using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal;

/// <summary>
/// The canonical form of a request: everything that can change the answer, and nothing else.
/// </summary>
/// <remarks>
/// In the form: scope (provider, endpoint), partition, model, instructions, sampling, limits, reasoning, response format, tool mode, tools with
/// their schemas (by name, for lists of tools come in any order), additional properties, and of each message role, author and contents.
/// Not in the form: message ids, time stamps, raw representations, reported usage; call ids count by their order of appearance.
/// </remarks>
internal readonly ref struct CanonicalRequest
{
    public const int FormatVersion = 1;

    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public ChatOptions? Options { get; init; }

    /// <summary>Who would answer: provider, endpoint and default model of the inner client.</summary>
    public string? Scope { get; init; }

    /// <summary>A hard boundary between callers, such as the tenant.</summary>
    public string? Partition { get; init; }

    /// <summary>What the app names in place of parts that have no canonical form (a raw representation).</summary>
    public string? AppKey { get; init; }

    /// <summary>Additional properties that cannot change the answer.</summary>
    public IReadOnlySet<string>? IgnoredProperties { get; init; }

    /// <summary>Leaves out the text of the last user message: what remains is the scope within which similarity may be asked.</summary>
    public bool WithoutLastUserText { get; init; }

    /// <summary>Writes the form; false where a value has no JSON form, and the request must not be cached.</summary>
    public bool TryWriteTo<TSink>(ref TSink sink)
        where TSink : struct, IFingerprintSink
    {
        var writer = new CanonicalWriter<TSink>(ref sink);
        writer.Number(FieldTag.Version, FormatVersion);
        writer.OptionalText(FieldTag.Scope, Scope);
        writer.OptionalText(FieldTag.Partition, Partition);
        writer.OptionalText(FieldTag.AppKey, AppKey);
        if (Options is not null && !TryWriteOptions(ref writer, Options))
        {
            return false;
        }

        var lastUser = WithoutLastUserText ? LastUserMessage() : -1;
        List<string>? callIds = null;
        for (var index = 0; index < Messages.Count; index++)
        {
            if (!TryWriteMessage(ref writer, Messages[index], index == lastUser, ref callIds))
            {
                return false;
            }
        }

        writer.Flush();
        return true;
    }

    private int LastUserMessage()
    {
        for (var index = Messages.Count - 1; index >= 0; index--)
        {
            if (Messages[index].Role == ChatRole.User)
            {
                return index;
            }
        }

        return -1;
    }

    private bool TryWriteOptions<TSink>(ref CanonicalWriter<TSink> writer, ChatOptions options)
        where TSink : struct, IFingerprintSink
    {
        // Properties come before whatever may have properties of its own, so that it is plain whose they are.
        if (!TryWriteProperties(ref writer, options.AdditionalProperties))
        {
            return false;
        }

        writer.OptionalText(FieldTag.Model, options.ModelId);
        writer.OptionalText(FieldTag.Instructions, options.Instructions);
        writer.OptionalNumber(FieldTag.Temperature, options.Temperature);
        writer.OptionalNumber(FieldTag.TopP, options.TopP);
        writer.OptionalNumber(FieldTag.TopK, options.TopK);
        writer.OptionalNumber(FieldTag.FrequencyPenalty, options.FrequencyPenalty);
        writer.OptionalNumber(FieldTag.PresencePenalty, options.PresencePenalty);
        writer.OptionalNumber(FieldTag.Seed, options.Seed);
        writer.OptionalNumber(FieldTag.MaxOutputTokens, options.MaxOutputTokens);
        writer.OptionalNumber(FieldTag.ReasoningEffort, (long?)options.Reasoning?.Effort);
        writer.OptionalNumber(FieldTag.ReasoningOutput, (long?)options.Reasoning?.Output);
        if (options.StopSequences is { Count: > 0 } stops)
        {
            foreach (var stop in stops)
            {
                writer.Text(FieldTag.StopSequence, stop);
            }
        }

        WriteResponseFormat(ref writer, options.ResponseFormat);
        if (options.Tools is not { Count: > 0 } tools)
        {
            return true;
        }

        WriteToolMode(ref writer, options);
        return TryWriteTools(ref writer, tools);
    }

    private static void WriteResponseFormat<TSink>(ref CanonicalWriter<TSink> writer, ChatResponseFormat? format)
        where TSink : struct, IFingerprintSink
    {
        switch (format)
        {
            case null or ChatResponseFormatText:
                break;
            case ChatResponseFormatJson { Schema: { } schema } json:
                writer.Bytes(FieldTag.ResponseFormat, JsonMarshal.GetRawUtf8Value(schema));
                writer.OptionalText(FieldTag.SchemaName, json.SchemaName);
                writer.OptionalText(FieldTag.SchemaDescription, json.SchemaDescription);
                break;
            default:
                writer.Bytes(FieldTag.ResponseFormat, "json"u8);
                break;
        }
    }

    private static void WriteToolMode<TSink>(ref CanonicalWriter<TSink> writer, ChatOptions options)
        where TSink : struct, IFingerprintSink
    {
        switch (options.ToolMode)
        {
            case null or AutoChatToolMode:
                break;
            case NoneChatToolMode:
                writer.Text(FieldTag.ToolMode, "none");
                break;
            case RequiredChatToolMode { RequiredFunctionName: { } name }:
                writer.Text(FieldTag.ToolMode, "function:");
                writer.Text(FieldTag.ToolMode, name);
                break;
            default:
                writer.Text(FieldTag.ToolMode, "required");
                break;
        }

        if (options.AllowMultipleToolCalls is { } allowed)
        {
            writer.Tag(FieldTag.AllowMultipleToolCalls);
            writer.Tag(allowed ? FieldTag.True : FieldTag.False);
        }
    }

    private static bool TryWriteTools<TSink>(ref CanonicalWriter<TSink> writer, IList<AITool> tools)
        where TSink : struct, IFingerprintSink
    {
        var sorted = new AITool[tools.Count];
        tools.CopyTo(sorted, 0);
        Array.Sort(sorted, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        foreach (var tool in sorted)
        {
            writer.Text(FieldTag.Tool, tool.Name);
            writer.Text(FieldTag.ToolDescription, tool.Description);
            if (tool is not AIFunctionDeclaration function)
            {
                // A hosted tool looks at the world outside of the request.
                return false;
            }

            writer.Bytes(FieldTag.OtherContent, JsonMarshal.GetRawUtf8Value(function.JsonSchema));
            if (function.ReturnJsonSchema is { } returned)
            {
                writer.Bytes(FieldTag.ReturnSchema, JsonMarshal.GetRawUtf8Value(returned));
            }

            foreach (var (name, value) in tool.AdditionalProperties.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            {
                writer.Text(FieldTag.Property, name);
                if (!TryWriteValue(ref writer, value))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryWriteMessage<TSink>(ref CanonicalWriter<TSink> writer, ChatMessage message, bool withoutText, ref List<string>? callIds)
        where TSink : struct, IFingerprintSink
    {
        writer.Text(FieldTag.Message, message.Role.Value);
        writer.OptionalText(FieldTag.AuthorName, message.AuthorName);
        if (!TryWriteProperties(ref writer, message.AdditionalProperties))
        {
            return false;
        }

        var contents = message.Contents;
        for (var index = 0; index < contents.Count; index++)
        {
            var content = contents[index];
            if (withoutText && content is TextContent)
            {
                writer.Tag(FieldTag.LastUserText);
                if (!TryWriteProperties(ref writer, content.AdditionalProperties))
                {
                    return false;
                }

                continue;
            }

            if (!TryWriteContent(ref writer, content, ref callIds))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryWriteContent<TSink>(ref CanonicalWriter<TSink> writer, AIContent content, ref List<string>? callIds)
        where TSink : struct, IFingerprintSink
    {
        switch (content)
        {
            case TextContent text:
                writer.Text(FieldTag.TextContent, text.Text);
                break;
            case UsageContent:
                return true;
            case TextReasoningContent reasoning:
                writer.Text(FieldTag.ReasoningContent, reasoning.Text);
                writer.OptionalText(FieldTag.ProtectedData, reasoning.ProtectedData);
                break;
            case DataContent data:
                writer.Bytes(FieldTag.DataContent, data.Data.Span);
                writer.Text(FieldTag.MediaType, data.MediaType);
                writer.OptionalText(FieldTag.ContentName, data.Name);
                break;
            case UriContent uri:
                writer.Text(FieldTag.UriContent, uri.Uri.OriginalString);
                writer.Text(FieldTag.MediaType, uri.MediaType);
                break;
            case FunctionCallContent call:
                writer.Number(FieldTag.FunctionCall, Ordinal(call.CallId, ref callIds));
                writer.Text(FieldTag.ContentName, call.Name);
                if (!TryWriteProperties(ref writer, call.Arguments))
                {
                    return false;
                }

                break;
            case FunctionResultContent result:
                writer.Number(FieldTag.FunctionResult, Ordinal(result.CallId, ref callIds));
                if (!TryWriteValue(ref writer, result.Result))
                {
                    return false;
                }

                break;
            default:
                return TryWriteOther(ref writer, content);
        }

        return TryWriteProperties(ref writer, content.AdditionalProperties);
    }

    /// <summary>Ids of calls are drawn at random by providers; only which result belongs to which call can matter.</summary>
    private static int Ordinal(string callId, ref List<string>? callIds)
    {
        callIds ??= [];
        var ordinal = callIds.IndexOf(callId);
        if (ordinal < 0)
        {
            ordinal = callIds.Count;
            callIds.Add(callId);
        }

        return ordinal;
    }

    private static bool TryWriteOther<TSink>(ref CanonicalWriter<TSink> writer, AIContent content)
        where TSink : struct, IFingerprintSink
    {
        try
        {
            var json = JsonSerializer.SerializeToElement(content, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(AIContent)));
            writer.Tag(FieldTag.OtherContent);
            WriteJson(ref writer, json);
            return true;
        }
        catch (NotSupportedException)
        {
            return false;
        }
    }

    private bool TryWriteProperties<TSink>(ref CanonicalWriter<TSink> writer, IDictionary<string, object?>? properties)
        where TSink : struct, IFingerprintSink
    {
        if (properties is not { Count: > 0 })
        {
            return true;
        }

        foreach (var (name, value) in properties.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            if (IgnoredProperties?.Contains(name) == true)
            {
                continue;
            }

            writer.Text(FieldTag.Property, name);
            if (!TryWriteValue(ref writer, value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A value and its form after a round trip through JSON count as the same: stored conversations come back as JSON.</summary>
    private static bool TryWriteValue<TSink>(ref CanonicalWriter<TSink> writer, object? value)
        where TSink : struct, IFingerprintSink
    {
        switch (value)
        {
            case null:
                writer.Tag(FieldTag.Null);
                return true;
            case string text:
                writer.Text(FieldTag.String, text);
                return true;
            case bool flag:
                writer.Tag(flag ? FieldTag.True : FieldTag.False);
                return true;
            case JsonElement element:
                WriteJson(ref writer, element);
                return true;
            case int or long or short or byte or uint or ulong or double or float or decimal:
                writer.Text(FieldTag.NumberText, ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
                return true;
            default:
                return TryWriteObject(ref writer, value);
        }
    }

    private static bool TryWriteObject<TSink>(ref CanonicalWriter<TSink> writer, object value)
        where TSink : struct, IFingerprintSink
    {
        try
        {
            var json = JsonSerializer.SerializeToElement(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType()));
            WriteJson(ref writer, json);
            return true;
        }
        catch (Exception exception) when (exception is NotSupportedException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static void WriteJson<TSink>(ref CanonicalWriter<TSink> writer, JsonElement element)
        where TSink : struct, IFingerprintSink
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.Tag(FieldTag.ObjectStart);
                foreach (var property in element.EnumerateObject().OrderBy(static p => p.Name, StringComparer.Ordinal))
                {
                    writer.Text(FieldTag.Property, property.Name);
                    WriteJson(ref writer, property.Value);
                }

                writer.Tag(FieldTag.End);
                break;
            case JsonValueKind.Array:
                writer.Tag(FieldTag.ArrayStart);
                foreach (var item in element.EnumerateArray())
                {
                    WriteJson(ref writer, item);
                }

                writer.Tag(FieldTag.End);
                break;
            case JsonValueKind.String:
                writer.Text(FieldTag.String, element.GetString());
                break;
            case JsonValueKind.Number:
                writer.Text(FieldTag.NumberText, element.GetRawText());
                break;
            case JsonValueKind.True:
                writer.Tag(FieldTag.True);
                break;
            case JsonValueKind.False:
                writer.Tag(FieldTag.False);
                break;
            default:
                writer.Tag(FieldTag.Null);
                break;
        }
    }
}
