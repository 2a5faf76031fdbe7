using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>Whether a model says the same again.</summary>
internal sealed class SelfConsistencyCheck(int samples, double agreement, float temperature) : IAnswerCheck
{
    public string Name => "self_consistency";

    public async ValueTask<AnswerVerdict> CheckAsync(AnswerToCheck answer, CancellationToken cancellationToken)
    {
        if (
            !answer.CanAskAgain
            || answer.Response.Messages.SelectMany(message => message.Contents).Any(content => content is ToolCallContent)
        )
        {
            return AnswerVerdict.None;
        }

        var others = await Task.WhenAll(Enumerable.Range(0, samples).Select(_ => answer.AskAgainAsync(temperature, cancellationToken)))
            .ConfigureAwait(false);
        var said = FinalAnswer.Of(answer.Response.Text);
        var agreeing = others.Count(other => FinalAnswer.Of(other.Text) == said);
        return agreeing >= agreement * samples ? AnswerVerdict.Accepted : AnswerVerdict.Rejected;
    }
}
