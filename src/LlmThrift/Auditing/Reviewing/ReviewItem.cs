namespace LlmThrift.Auditing.Reviewing;

/// <summary>What a person rates.</summary>
internal sealed record ReviewItem(string Id, string Question, string WeakAnswer, string StrongAnswer)
{
    public string First => ReviewOrder.IsWeakFirst(Id) ? WeakAnswer : StrongAnswer;

    public string Second => ReviewOrder.IsWeakFirst(Id) ? StrongAnswer : WeakAnswer;
}
