using System.Text.Json.Nodes;

namespace LlmThrift.Tests.Engines;

/// <summary>How an engine answers. Each question gets the same answer: some reasoning where the engine is told to, and "Nine o'clock, every day."</summary>
internal sealed record EngineDialect
{
    public const string Text = "Nine o'clock, every day.";
    public const string Thoughts = "They ask for the opening hours.";

    /// <summary>vLLM: reasoning in <c>reasoning</c>, the usage in a chunk of its own without choices, and only when asked for.</summary>
    public static EngineDialect Vllm { get; } = new() { ReasoningField = "reasoning", UsageIn = UsageChunk.Own };

    /// <summary>vLLM with <c>continuous_usage_stats</c>: the usage so far in every chunk.</summary>
    public static EngineDialect VllmContinuous { get; } = Vllm with { UsageIn = UsageChunk.Every };

    /// <summary>vLLM behind servers that count cached input last: the usage with the finish reason, and again in a chunk of its own.</summary>
    public static EngineDialect VllmTwice { get; } = Vllm with { UsageIn = UsageChunk.Twice };

    /// <summary>llama.cpp's server: reasoning in <c>reasoning_content</c>, <c>timings</c> beside the usage.</summary>
    public static EngineDialect LlamaCpp { get; } =
        new()
        {
            ReasoningField = "reasoning_content",
            UsageIn = UsageChunk.Own,
            HasTimings = true,
        };

    /// <summary>llama.cpp's server before September 2025: the usage in the chunk with the finish reason.</summary>
    public static EngineDialect OlderLlamaCpp { get; } = LlamaCpp with { UsageIn = UsageChunk.Finish };

    /// <summary>Ollama: reasoning in <c>reasoning</c>, <c>max_completion_tokens</c> not known.</summary>
    public static EngineDialect Ollama { get; } = new() { ReasoningField = "reasoning", UsageIn = UsageChunk.Own };

    /// <summary>A server or proxy that does not know <c>stream_options</c>.</summary>
    public static EngineDialect WithoutUsage { get; } = new() { ReasoningField = "reasoning_content", UsageIn = UsageChunk.None };

    public string ReasoningField { get; private init; } = "";

    public UsageChunk UsageIn { get; private init; }

    public bool HasTimings { get; private init; }

    /// <summary>Whether it thinks aloud.</summary>
    public bool Reasons { get; init; }

    public string FinishReason { get; init; } = "stop";

    /// <summary>Prompt and completion tokens, as the engine counts them.</summary>
    public (int Prompt, int Completion) Counts { get; init; } = (1_000, 200);

    public IEnumerable<JsonObject> Stream(JsonNode request)
    {
        var asked = request["stream_options"]?["include_usage"]?.GetValue<bool>() == true;
        var usage = asked ? UsageIn : UsageChunk.None;
        yield return Chunk(new JsonObject { ["role"] = "assistant", ["content"] = "" }, completion: 0);
        if (Reasons)
        {
            yield return Chunk(new JsonObject { [ReasoningField] = Thoughts[..10] }, completion: 50);
            yield return Chunk(new JsonObject { [ReasoningField] = Thoughts[10..] }, completion: 100);
        }

        yield return Chunk(new JsonObject { ["content"] = Text[..8] }, completion: 150);
        yield return Chunk(new JsonObject { ["content"] = Text[8..] }, completion: Counts.Completion);
        var finish = Chunk([], Counts.Completion, FinishReason);
        if (usage is UsageChunk.Finish or UsageChunk.Twice)
        {
            AddUsage(finish, Counts.Completion);
        }

        yield return finish;
        if (usage is UsageChunk.Own or UsageChunk.Every or UsageChunk.Twice)
        {
            var last = Envelope("chat.completion.chunk");
            last["choices"] = new JsonArray();
            AddUsage(last, Counts.Completion);
            yield return last;
        }

        JsonObject Chunk(JsonObject delta, int completion, string? finishReason = null)
        {
            var chunk = Envelope("chat.completion.chunk");
            chunk["choices"] = new JsonArray(
                new JsonObject
                {
                    ["index"] = 0,
                    ["delta"] = delta,
                    ["logprobs"] = null,
                    ["finish_reason"] = finishReason,
                }
            );
            if (usage == UsageChunk.Every)
            {
                AddUsage(chunk, completion);
            }

            return chunk;
        }

        JsonObject Envelope(string kind) => EngineDialect.Envelope(kind, request);
    }

    public JsonObject Answer(JsonNode request)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = Text };
        if (Reasons)
        {
            message[ReasoningField] = Thoughts;
        }

        var answer = Envelope("chat.completion", request);
        answer["choices"] = new JsonArray(
            new JsonObject
            {
                ["index"] = 0,
                ["message"] = message,
                ["finish_reason"] = FinishReason,
            }
        );
        AddUsage(answer, Counts.Completion);
        return answer;
    }

    private static JsonObject Envelope(string kind, JsonNode request) =>
        new()
        {
            ["id"] = "chatcmpl-1",
            ["object"] = kind,
            ["created"] = 1_790_000_000,
            ["model"] = request["model"]!.GetValue<string>(),
        };

    private void AddUsage(JsonObject to, int completion)
    {
        to["usage"] = new JsonObject
        {
            ["prompt_tokens"] = Counts.Prompt,
            ["completion_tokens"] = completion,
            ["total_tokens"] = Counts.Prompt + completion,
        };
        if (HasTimings)
        {
            // What was not in the cache of the slot; it is no count of the request.
            to["timings"] = new JsonObject { ["prompt_n"] = 7, ["predicted_n"] = completion };
        }
    }

    internal enum UsageChunk
    {
        None,
        Own,
        Finish,
        Every,
        Twice,
    }
}
