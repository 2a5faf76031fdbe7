using System.Text;
using LlmThrift.Internal;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits.Answering;

/// <summary>What is known of one attempt's answer, whole or as it streams in.</summary>
internal sealed class AnswerTally(bool keepsText)
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _reasoning = new();

    public ChatFinishReason? FinishReason { get; private set; }

    /// <summary>Each count at its highest; null when nothing was reported.</summary>
    public UsageDetails? Usage { get; private set; }

    public bool HasText { get; private set; }

    public bool HasReasoning { get; private set; }

    /// <summary>Whether it holds something besides text, reasoning and usage: a tool call, an image.</summary>
    public bool HasMore { get; private set; }

    /// <summary>Whether the provider goes on with the answer by itself.</summary>
    public bool IsPending { get; private set; }

    public bool IsCut => FinishReason == ChatFinishReason.Length;

    /// <summary>The text so far, where it is kept.</summary>
    public string Text => _text.ToString();

    public void Add(ChatResponse response)
    {
        FinishReason = response.FinishReason;
        IsPending = response.ContinuationToken is not null;
        AddUsage(response.Usage);
        foreach (var message in response.Messages)
        {
            Add(message.Contents);
        }
    }

    public void Add(ChatResponseUpdate update)
    {
        FinishReason = update.FinishReason ?? FinishReason;
        IsPending |= update.ContinuationToken is not null;
        Add(update.Contents);
    }

    /// <summary>How many tokens the model wrote, reasoning included: as reported, else as counted.</summary>
    public long OutputTokens(RequestTokenCounter counter, string? model) =>
        Usage?.OutputTokenCount ?? counter.CountText(Text, model).Tokens + counter.CountText(_reasoning.ToString(), model).Tokens;

    private void Add(IList<AIContent> contents)
    {
        foreach (var content in contents)
        {
            switch (content)
            {
                case UsageContent usage:
                    AddUsage(usage.Details);
                    break;
                case TextReasoningContent reasoning:
                    HasReasoning = true;
                    Keep(_reasoning, reasoning.Text);
                    break;
                case TextContent text:
                    HasText |= !string.IsNullOrWhiteSpace(text.Text);
                    Keep(_text, text.Text);
                    break;
                default:
                    HasMore = true;
                    break;
            }
        }
    }

    private void Keep(StringBuilder builder, string text)
    {
        if (keepsText)
        {
            builder.Append(text);
        }
    }

    private void AddUsage(UsageDetails? usage)
    {
        if (usage is not null)
        {
            UsageMerger.RaiseTo(Usage ??= new UsageDetails(), usage);
        }
    }
}
