using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>Something was said, and to its end.</summary>
internal sealed class CompleteAnswerCheck : IAnswerCheck
{
    public string Name => "complete";

    public ValueTask<AnswerVerdict> CheckAsync(AnswerToCheck answer, CancellationToken cancellationToken)
    {
        var response = answer.Response;
        if (response.FinishReason == ChatFinishReason.Length || response.FinishReason == ChatFinishReason.ContentFilter)
        {
            return new(AnswerVerdict.Rejected);
        }

        var saysSomething = response
            .Messages.SelectMany(message => message.Contents)
            .Any(content =>
                content switch
                {
                    TextReasoningContent or UsageContent => false,
                    TextContent text => !string.IsNullOrWhiteSpace(text.Text),
                    _ => true,
                }
            );
        return new(saysSomething ? AnswerVerdict.Accepted : AnswerVerdict.Rejected);
    }
}
