using LlmThrift.Internal;
using LlmThrift.Internal.Caching;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;
using Xunit;

namespace LlmThrift.Tests.Internal;

public sealed class ResponsePayloadTests
{
    [Fact]
    public void Payload_reads_back_as_it_was_written()
    {
        var answer = Answer();

        var read = ResponsePayload.TryRead(ResponsePayload.Write(answer))!;

        Assert.Equal(ResponsePayload.Write(answer), ResponsePayload.Write(read));
        Assert.Equal(answer.Usage, read.Usage);
        Assert.Equal(answer.ToResponse().Text, read.ToResponse().Text);
        Assert.Equal(answer.Properties, read.Properties);
        Assert.Equal(answer.ToUpdates().Select(u => u.Text), read.ToUpdates().Select(u => u.Text));
        Assert.Equal(
            (answer.RequestedAt, answer.PricedModel, answer.IsUsageEstimated),
            (read.RequestedAt, read.PricedModel, read.IsUsageEstimated)
        );
    }

    [Fact]
    public void Payload_with_any_one_bit_flipped_or_cut_anywhere_does_not_read()
    {
        var payload = ResponsePayload.Write(Answer());
        for (var index = 0; index < payload.Length; index++)
        {
            payload[index] ^= 0x10;
            Assert.Null(ResponsePayload.TryRead(payload));
            payload[index] ^= 0x10;
            Assert.Null(ResponsePayload.TryRead(payload.AsSpan(0, index)));
        }

        Assert.NotNull(ResponsePayload.TryRead(payload));
    }

    private static RecordedResponse Answer()
    {
        var recorder = new ResponseRecorder();
        foreach (var text in new[] { "Bonjour", " à ", "tous 👋", "\u0000 \ud83d", "\udc4b" })
        {
            recorder.Add(
                new ChatResponseUpdate(ChatRole.Assistant, text)
                {
                    MessageId = "m",
                    ResponseId = "r",
                    ModelId = "gpt-4o",
                }
            );
        }

        recorder.Add(
            new ChatResponseUpdate(
                ChatRole.Assistant,
                [new TextReasoningContent("why") { ProtectedData = "x" }, new FunctionCallContent("c", "f")]
            )
            {
                MessageId = "m2",
                FinishReason = ChatFinishReason.Stop,
                CreatedAt = DateTimeOffset.UnixEpoch.AddDays(1),
                AdditionalProperties = new()
                {
                    ["fingerprint"] = "fp",
                    ["n"] = 3L,
                    ["flag"] = true,
                },
            }
        );
        return recorder.Finish(
            new TokenUsage
            {
                InputTokens = 5,
                CachedInputTokens = 3,
                OutputTokens = 9,
                ReasoningTokens = 2,
                WebSearches = 1,
            },
            isUsageEstimated: true,
            "openai",
            "gpt-4o",
            DateTimeOffset.UnixEpoch.AddDays(2),
            ["a", "b"]
        )!;
    }
}
