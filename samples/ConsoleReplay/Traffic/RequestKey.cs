using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Traffic;

/// <summary>Names a request by what it says: equal requests have equal keys. 128 bits of SHA-256 over length-prefixed fields.</summary>
internal readonly record struct RequestKey(ulong High, ulong Low)
{
    /// <summary>The key of a conversation, whatever the options.</summary>
    public static RequestKey OfMessages(IEnumerable<ChatMessage> messages)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendMessages(hash, messages);
        return Finish(hash);
    }

    /// <summary>The key of a conversation that is put to one model.</summary>
    public static RequestKey OfMessages(IEnumerable<ChatMessage> messages, string? modelId)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, modelId);
        AppendMessages(hash, messages);
        return Finish(hash);
    }

    /// <summary>The key of a whole call: conversation, model, tools, and every setting that can change the answer.</summary>
    public static RequestKey OfCall(ReplayCall call)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var options = call.Options;
        Append(hash, call.Tenant);
        Append(hash, options.ModelId);
        Append(hash, options.Instructions);
        Append(hash, options.Temperature?.ToString("R", CultureInfo.InvariantCulture));
        Append(hash, options.TopP?.ToString("R", CultureInfo.InvariantCulture));
        Append(hash, options.FrequencyPenalty?.ToString("R", CultureInfo.InvariantCulture));
        Append(hash, options.PresencePenalty?.ToString("R", CultureInfo.InvariantCulture));
        Append(hash, options.MaxOutputTokens?.ToString(CultureInfo.InvariantCulture));
        Append(hash, options.Seed?.ToString(CultureInfo.InvariantCulture));
        Append(hash, options.AllowMultipleToolCalls?.ToString());
        Append(hash, options.Reasoning?.Effort?.ToString());
        foreach (var stop in options.StopSequences ?? [])
            Append(hash, stop);
        Append(
            hash,
            options.ToolMode switch
            {
                RequiredChatToolMode required => "required " + required.RequiredFunctionName,
                { } mode => mode.GetType().Name,
                null => null,
            }
        );
        Append(
            hash,
            options.ResponseFormat is ChatResponseFormatJson json
                ? "json " + json.Schema?.GetRawText()
                : options.ResponseFormat?.GetType().Name
        );
        foreach (var tool in options.Tools ?? [])
        {
            Append(hash, tool.Name);
            Append(hash, tool.Description);
            Append(hash, (tool as AIFunctionDeclaration)?.JsonSchema.GetRawText());
        }

        foreach (var (name, value) in (options.AdditionalProperties ?? []).OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Append(hash, name);
            Append(hash, value?.ToString());
        }

        AppendMessages(hash, call.Messages);
        return Finish(hash);
    }

    private static void AppendMessages(IncrementalHash hash, IEnumerable<ChatMessage> messages)
    {
        foreach (var message in messages)
        {
            Append(hash, message.Role.Value);
            Append(hash, message.AuthorName);
            foreach (var content in message.Contents)
            {
                Append(hash, content.GetType().Name);
                switch (content)
                {
                    case TextContent text:
                        Append(hash, text.Text);
                        break;
                    case DataContent data:
                        Append(hash, data.Uri);
                        break;
                    case UriContent uri:
                        Append(hash, uri.Uri.OriginalString);
                        break;
                    case HostedFileContent file:
                        Append(hash, file.FileId);
                        break;
                    case FunctionCallContent call:
                        Append(hash, call.Name);
                        Append(hash, Json.Write(call.Arguments));
                        break;
                    case FunctionResultContent result:
                        Append(hash, Json.Write(result.Result));
                        break;
                }
            }
        }
    }

    private static void Append(IncrementalHash hash, string? field)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, field?.Length ?? -1);
        hash.AppendData(length);
        if (field is not null)
            hash.AppendData(Encoding.Unicode.GetBytes(field));
    }

    private static RequestKey Finish(IncrementalHash hash)
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(bytes);
        return new RequestKey(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
    }
}
