using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>
/// Whether an answer declines to answer. It does so at its beginning, so a long answer that says "I cannot" somewhere is none.
/// </summary>
internal sealed partial class RefusalCheck : IAnswerCheck
{
    private const int Beginning = 160;

    public string Name => "refusal";

    public ValueTask<AnswerVerdict> CheckAsync(AnswerToCheck answer, CancellationToken cancellationToken)
    {
        var text = answer.Response.Text.AsSpan().TrimStart();
        var beginning = text[..Math.Min(text.Length, Beginning)].ToString().Replace('’', '\'');
        var isRefusal = answer.Response.FinishReason == ChatFinishReason.ContentFilter || Refusal().IsMatch(beginning);
        return new(isRefusal ? AnswerVerdict.Rejected : AnswerVerdict.None);
    }

    [GeneratedRegex(
        @"\bI(?:'m| am) (?:really |very |so )?(?:sorry|unable|not able)\b(?!.{0,40}\b(?:hear|loss)\b)|\bI (?:can(?:no|')t|cannot|can not|won't|do not|don't) (?:help|assist|answer|provide|do that|comply|fulfill|have (?:access|enough|the ability|information)|know)\b|\bAs an AI\b|\bUnfortunately, I\b"
            + @"|\b(?:Es tut mir leid|Leider kann ich|Ich kann (?:Ihnen |dir )?(?:das |dabei |damit )?nicht)\b"
            + @"|\bJe suis désolée?\b|\bJe ne (?:peux|suis) pas\b|\bLo siento\b|\bNo puedo (?:ayudar|responder|proporcionar)|\bMi dispiace\b|\bNon posso (?:aiutar|risponder|fornir)"
            + @"|\bSinto muito\b|\bDesculpe\b|\bNão posso (?:ajudar|responder|fornecer)|申し訳(?:ありません|ございません)|お答えできません|很?抱歉|我(?:无法|不能)(?:帮助|回答|提供)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Singleline,
        matchTimeoutMilliseconds: 1_000
    )]
    private static partial Regex Refusal();
}
