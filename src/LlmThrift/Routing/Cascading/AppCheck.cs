namespace LlmThrift.Routing;

/// <summary>A check by a function.</summary>
internal sealed class AppCheck(string name, Func<AnswerToCheck, AnswerVerdict> check) : IAnswerCheck
{
    public string Name => name;

    public ValueTask<AnswerVerdict> CheckAsync(AnswerToCheck answer, CancellationToken cancellationToken) => new(check(answer));
}
