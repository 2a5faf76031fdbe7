using System.Text.Json;
using ConsoleReplay.Traffic;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Logs;

/// <summary>Reads the body of a chat completions request into what an app would hand to an <see cref="IChatClient"/>.</summary>
/// <remarks>See https://platform.openai.com/docs/api-reference/chat/create. Fields without a counterpart in <see cref="ChatOptions"/> are kept as
/// <see cref="JsonElement"/> in its additional properties, because they may change the answer.</remarks>
internal sealed class ChatRequestParser(string? modelId, bool stream)
{
    /// <summary>Fields that are read below, or that say nothing about the answer.</summary>
    private static readonly HashSet<string> KnownFields = new(StringComparer.Ordinal)
    {
        "model",
        "messages",
        "temperature",
        "top_p",
        "top_k",
        "frequency_penalty",
        "presence_penalty",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "seed",
        "n",
        "stream",
        "stream_options",
        "tools",
        "functions",
        "tool_choice",
        "function_call",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "user",
        "safety_identifier",
        "metadata",
        "store",
        "prompt_cache_key",
        "prompt_cache_retention",
        // What a log adds to a request.
        "response",
        "usage",
        "choices",
        "custom_id",
        "id",
        "object",
        "created",
        "system_fingerprint",
        "feature",
        "tenant",
        "timestamp",
        "time",
        "latency_ms",
    };

    public ReplayCall Parse(JsonElement body)
    {
        var model = modelId ?? body.TextField("model");
        if (string.IsNullOrWhiteSpace(model))
            throw new TrafficFormatException("\"model\" is missing; name it in the line, or replay all lines with one model by --model");
        if (body.WholeField("n") is { } answers and not 1)
            throw new TrafficFormatException("\"n\" asks for several answers; a replay asks for one: set it to 1 or take it away");

        var metadata = body.Field("metadata") is { ValueKind: JsonValueKind.Object } tags ? tags : default;
        var options = new ChatOptions
        {
            ModelId = model,
            Temperature = body.NumberField("temperature"),
            TopP = body.NumberField("top_p"),
            TopK = body.CountField("top_k"),
            FrequencyPenalty = body.NumberField("frequency_penalty"),
            PresencePenalty = body.NumberField("presence_penalty"),
            MaxOutputTokens = body.CountField("max_completion_tokens") ?? body.CountField("max_tokens"),
            Seed = body.WholeField("seed"),
            StopSequences = ReadStop(body),
            Tools = ReadTools(body),
            ToolMode = ReadToolMode(body),
            AllowMultipleToolCalls = body.FlagField("parallel_tool_calls"),
            ResponseFormat = ReadResponseFormat(body),
            Reasoning = ReadReasoning(body),
        };
        foreach (var field in body.EnumerateObject())
        {
            if (field.Value.ValueKind != JsonValueKind.Null && !KnownFields.Contains(field.Name))
                (options.AdditionalProperties ??= [])[field.Name] = field.Value.Clone();
        }

        return new ReplayCall
        {
            Messages = ReadMessages(body),
            Options = options,
            Stream = stream || body.FlagField("stream") == true,
            Feature = TagOf(metadata, "feature"),
            Tenant = TagOf(metadata, "tenant"),
            User = body.TextField("user") ?? body.TextField("safety_identifier"),
        };
    }

    private static string? TagOf(JsonElement metadata, string name) =>
        metadata.Field(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static List<ChatMessage> ReadMessages(JsonElement body)
    {
        var messages = new List<ChatMessage>();
        foreach (var message in body.ArrayField("messages")!.Value.EnumerateArray())
        {
            var path = $"messages[{messages.Count}]";
            if (message.ValueKind != JsonValueKind.Object)
                throw JsonFields.Unexpected(message, "an object with \"role\" and \"content\"", path);
            messages.Add(ReadMessage(message, path));
        }

        return messages.Count > 0
            ? messages
            : throw new TrafficFormatException("\"messages\" is empty; a request has at least one message");
    }

    private static ChatMessage ReadMessage(JsonElement message, string path)
    {
        var role = message.TextField("role", $"{path}.role");
        var parsed = new ChatMessage
        {
            Role = role switch
            {
                "system" => ChatRole.System,
                "developer" => new ChatRole("developer"),
                "user" => ChatRole.User,
                "assistant" => ChatRole.Assistant,
                "tool" or "function" => ChatRole.Tool,
                null => throw new TrafficFormatException($"\"{path}.role\" is missing; it is system, developer, user, assistant or tool"),
                _ => throw new TrafficFormatException(
                    $"\"{path}.role\" is not a role; it must be system, developer, user, assistant or tool"
                ),
            },
            AuthorName = message.TextField("name", $"{path}.name"),
        };

        if (role is "tool" or "function")
        {
            // The former functions had no ids: a function's name stands for the call.
            var callId = role is "tool" ? message.TextField("tool_call_id", $"{path}.tool_call_id") : parsed.AuthorName;
            if (string.IsNullOrEmpty(callId))
                throw new TrafficFormatException($"\"{path}.tool_call_id\" is missing; it names the call that this is the result of");
            parsed.Contents.Add(
                new FunctionResultContent(callId, string.Concat(ReadContent(message, path).OfType<TextContent>().Select(text => text.Text)))
            );
            return parsed;
        }

        foreach (var content in ReadContent(message, path))
            parsed.Contents.Add(content);
        ReadToolCalls(message, path, parsed.Contents);
        if (message.TextField("refusal", $"{path}.refusal") is { } refusal)
            parsed.Contents.Add(new TextContent(refusal));

        return parsed.Contents.Count > 0 || role is "assistant"
            ? parsed
            : throw new TrafficFormatException($"\"{path}.content\" is missing; it is a text or an array of parts");
    }

    /// <summary>Adds the calls of tools that an assistant's message makes, in today's form or that of the former functions.</summary>
    public static void ReadToolCalls(JsonElement message, string path, IList<AIContent> contents)
    {
        var index = 0;
        foreach (var call in message.ArrayField("tool_calls", $"{path}.tool_calls")?.EnumerateArray() ?? default)
        {
            var callPath = $"{path}.tool_calls[{index++}]";
            var function =
                call.ObjectField("function", $"{callPath}.function")
                ?? throw new TrafficFormatException($"\"{callPath}.function\" is missing; only calls of functions can be replayed");
            contents.Add(ReadCall(function, call.TextField("id", $"{callPath}.id"), callPath));
        }

        if (message.ObjectField("function_call", $"{path}.function_call") is { } former)
            contents.Add(ReadCall(former, former.TextField("name"), $"{path}.function_call"));
    }

    private static FunctionCallContent ReadCall(JsonElement function, string? id, string path)
    {
        var name = function.TextField("name", $"{path}.function.name");
        return string.IsNullOrEmpty(id) ? throw new TrafficFormatException($"\"{path}.id\" is missing; it joins the call to its result")
            : string.IsNullOrEmpty(name) ? throw new TrafficFormatException($"\"{path}.function.name\" is missing")
            : new FunctionCallContent(id, name, Json.ReadArguments(function.TextField("arguments", $"{path}.function.arguments")));
    }

    private static List<AIContent> ReadContent(JsonElement message, string path)
    {
        if (message.Field("content") is not { } content)
            return [];
        if (content.ValueKind == JsonValueKind.String)
            return [new TextContent(content.GetString())];
        if (content.ValueKind != JsonValueKind.Array)
            throw JsonFields.Unexpected(content, "a text or an array of parts", $"{path}.content");

        var parts = new List<AIContent>();
        foreach (var part in content.EnumerateArray())
            parts.Add(ReadPart(part, $"{path}.content[{parts.Count}]"));
        return parts;
    }

    private static AIContent ReadPart(JsonElement part, string path)
    {
        if (part.ValueKind != JsonValueKind.Object)
            throw JsonFields.Unexpected(part, "an object with \"type\"", path);

        return part.TextField("type", $"{path}.type") switch
        {
            "text" => new TextContent(Required(part, "text", path)),
            "refusal" => new TextContent(Required(part, "refusal", path)),
            "image_url" => ReadImage(part, path),
            "input_audio" => ReadAudio(part, path),
            "file" => ReadFile(part, path),
            null => throw new TrafficFormatException($"\"{path}.type\" is missing; it is text, image_url, input_audio or file"),
            _ => throw new TrafficFormatException($"\"{path}.type\" is not known; it must be text, image_url, input_audio or file"),
        };
    }

    private static AIContent ReadImage(JsonElement part, string path)
    {
        // Some clients write the address without the object around it.
        var image = part.Field("image_url");
        var url = image is { ValueKind: JsonValueKind.String } bare
            ? bare.GetString()!
            : Required(part.ObjectField("image_url") ?? default, "url", $"{path}.image_url");
        AIContent content = url.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
            ? ReadData(url, "image/*", $"{path}.image_url.url")
            : ReadAddress(url, path);
        if (
            image is { ValueKind: JsonValueKind.Object } described
            && described.TextField("detail", $"{path}.image_url.detail") is { } detail
        )
            content.AdditionalProperties = new() { ["detail"] = detail };
        return content;
    }

    private static UriContent ReadAddress(string url, string path) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
            ? new UriContent(uri, "image/*")
            : throw new TrafficFormatException($"\"{path}.image_url.url\" is neither a whole address nor a data URI");

    private static DataContent ReadAudio(JsonElement part, string path)
    {
        var audio = part.ObjectField("input_audio", $"{path}.input_audio") ?? default;
        var format = Required(audio, "format", $"{path}.input_audio");
        return ReadBase64(
            Required(audio, "data", $"{path}.input_audio"),
            format is "mp3" ? "audio/mpeg" : $"audio/{format}",
            $"{path}.input_audio.data"
        );
    }

    private static AIContent ReadFile(JsonElement part, string path)
    {
        var file = part.ObjectField("file", $"{path}.file") ?? default;
        if (file.TextField("file_id", $"{path}.file.file_id") is { } id)
            return new HostedFileContent(id);

        var data = Required(file, "file_data", $"{path}.file");
        var content = data.StartsWith("data:", StringComparison.OrdinalIgnoreCase)
            ? ReadData(data, "application/pdf", $"{path}.file.file_data")
            : ReadBase64(data, "application/pdf", $"{path}.file.file_data");
        content.Name = file.TextField("filename", $"{path}.file.filename");
        return content;
    }

    private static DataContent ReadData(string uri, string mediaType, string path)
    {
        try
        {
            return new DataContent(uri, uri.StartsWith("data:;", StringComparison.OrdinalIgnoreCase) ? mediaType : null);
        }
        catch (Exception exception) when (exception is UriFormatException or ArgumentException or FormatException)
        {
            throw new TrafficFormatException($"\"{path}\" is not a valid data URI; it is data:MEDIA/TYPE;base64,DATA", exception);
        }
    }

    private static DataContent ReadBase64(string data, string mediaType, string path)
    {
        try
        {
            return new DataContent(Convert.FromBase64String(data), mediaType);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            throw new TrafficFormatException($"\"{path}\" is not valid Base64", exception);
        }
    }

    private static string Required(JsonElement element, string name, string path) =>
        element.TextField(name, $"{path}.{name}") ?? throw new TrafficFormatException($"\"{path}.{name}\" is missing");

    private static List<string>? ReadStop(JsonElement body)
    {
        if (body.Field("stop") is not { } stop)
            return null;
        if (stop.ValueKind == JsonValueKind.String)
            return [stop.GetString()!];
        return stop.ValueKind == JsonValueKind.Array && stop.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. stop.EnumerateArray().Select(item => item.GetString()!)]
            : throw JsonFields.Unexpected(stop, "a text or an array of texts", "stop");
    }

    private static List<AITool>? ReadTools(JsonElement body)
    {
        var tools = new List<AITool>();
        foreach (var tool in body.ArrayField("tools")?.EnumerateArray() ?? default)
        {
            var path = $"tools[{tools.Count}]";
            if (tool.ValueKind != JsonValueKind.Object || tool.TextField("type", $"{path}.type") is not (null or "function"))
                throw new TrafficFormatException($"\"{path}\" is not a function; only tools of type \"function\" can be replayed");
            tools.Add(
                new LoggedFunction(
                    tool.ObjectField("function", $"{path}.function") ?? throw new TrafficFormatException($"\"{path}.function\" is missing"),
                    path
                )
            );
        }

        foreach (var function in body.ArrayField("functions")?.EnumerateArray() ?? default)
            tools.Add(new LoggedFunction(function, $"functions[{tools.Count}]"));
        return tools.Count > 0 ? tools : null;
    }

    private static ChatToolMode? ReadToolMode(JsonElement body)
    {
        if ((body.Field("tool_choice") ?? body.Field("function_call")) is not { } choice)
            return null;
        if (choice.ValueKind == JsonValueKind.String)
        {
            return choice.GetString() switch
            {
                "none" => ChatToolMode.None,
                "auto" => ChatToolMode.Auto,
                "required" => ChatToolMode.RequireAny,
                _ => throw new TrafficFormatException(
                    "\"tool_choice\" is not known; it must be none, auto, required or an object that names a function"
                ),
            };
        }

        var name = (choice.ObjectField("function", "tool_choice.function") ?? choice).TextField("name", "tool_choice.function.name");
        return string.IsNullOrEmpty(name)
            ? throw new TrafficFormatException(
                "\"tool_choice\" names no function; it is none, auto, required or {\"type\": \"function\", \"function\": {\"name\": …}}"
            )
            : ChatToolMode.RequireSpecific(name);
    }

    private static ChatResponseFormat? ReadResponseFormat(JsonElement body)
    {
        if (body.ObjectField("response_format") is not { } format)
            return null;

        switch (format.TextField("type", "response_format.type"))
        {
            case "text":
                return ChatResponseFormat.Text;
            case "json_object":
                return ChatResponseFormat.Json;
            case "json_schema":
                var named = format.ObjectField("json_schema", "response_format.json_schema") ?? default;
                return named.Field("schema") is { } schema
                    ? ChatResponseFormat.ForJsonSchema(schema.Clone(), named.TextField("name"), named.TextField("description"))
                    : throw new TrafficFormatException("\"response_format.json_schema.schema\" is missing");
            default:
                throw new TrafficFormatException("\"response_format.type\" is not known; it must be text, json_object or json_schema");
        }
    }

    private static ReasoningOptions? ReadReasoning(JsonElement body) =>
        body.TextField("reasoning_effort") switch
        {
            null => null,
            "none" => new ReasoningOptions { Effort = ReasoningEffort.None },
            "minimal" or "low" => new ReasoningOptions { Effort = ReasoningEffort.Low },
            "medium" => new ReasoningOptions { Effort = ReasoningEffort.Medium },
            "high" => new ReasoningOptions { Effort = ReasoningEffort.High },
            "xhigh" => new ReasoningOptions { Effort = ReasoningEffort.ExtraHigh },
            _ => throw new TrafficFormatException(
                "\"reasoning_effort\" is not known; it must be none, minimal, low, medium, high or xhigh"
            ),
        };

    /// <summary>A function of a log: its declaration, never called.</summary>
    private sealed class LoggedFunction : AIFunctionDeclaration
    {
        private static readonly JsonElement NoParameters = JsonElement.Parse("""{"type":"object","properties":{}}""");

        public LoggedFunction(JsonElement function, string path)
        {
            Name = Required(function, "name", path);
            Description = function.TextField("description", $"{path}.description") ?? "";
            JsonSchema = function.ObjectField("parameters", $"{path}.parameters")?.Clone() ?? NoParameters;
            // The name under which adapters look for it.
            AdditionalProperties = function.FlagField("strict") is { } strict
                ? new Dictionary<string, object?> { ["strict"] = strict }
                : base.AdditionalProperties;
        }

        public override string Name { get; }

        public override string Description { get; }

        public override JsonElement JsonSchema { get; }

        public override IReadOnlyDictionary<string, object?> AdditionalProperties { get; }
    }
}
