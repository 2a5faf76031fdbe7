using System.Text;
using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Recorded;

/// <summary>Stands in for an answer that a log does not hold. It says so itself.</summary>
internal static class SyntheticAnswer
{
    private const string Opening = "[synthetic answer: the log holds none for this request]";
    private const string Filler = " This sentence stands in for a part of the answer.";

    /// <summary>An answer of about the given number of tokens.</summary>
    public static ChatMessage OfLength(int tokens)
    {
        const int Longest = 20_000;
        var text = new StringBuilder(Opening);
        var (opening, filler) = (BytePairEncoding.O200kBase.CountTokens(Opening), BytePairEncoding.O200kBase.CountTokens(Filler));
        for (var count = opening; count + filler <= Math.Min(tokens, Longest); count += filler)
            text.Append(Filler);
        return new ChatMessage(ChatRole.Assistant, text.ToString());
    }
}
