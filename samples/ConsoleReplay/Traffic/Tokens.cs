using LlmThrift.Tokens;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Traffic;

/// <summary>Counts what a provider would count, for the usage that the recorded provider reports.</summary>
internal static class Tokens
{
    /// <summary>A counter of the sample's own: nothing corrects it during a run, so that a replay can be repeated.</summary>
    private static readonly RequestTokenCounter Counter = new();

    public static int OfRequest(IEnumerable<ChatMessage> messages, ChatOptions? options, string? modelId) =>
        Counter.CountRequest(messages, options, modelId).Tokens;

    public static int OfContents(IEnumerable<AIContent> contents, string? modelId) => Counter.CountContents(contents, modelId).Tokens;

    public static int OfText(string text, string? modelId) => Counter.CountText(text, modelId).Tokens;
}
