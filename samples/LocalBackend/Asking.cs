using System.Diagnostics;
using LlmThrift.Local;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LocalBackend;

/// <summary>One question, streamed.</summary>
internal static class Asking
{
    public static async Task RunAsync(string model, string question, int tokens, decimal usdPerHour, CancellationToken cancellation)
    {
        using var client = new LocalChatClient(new LocalChatOptions { ModelPath = model });
        await client.WarmUpAsync(cancellation);
        var started = Stopwatch.GetTimestamp();
        var first = TimeSpan.Zero;
        UsageDetails? usage = null;
        await foreach (var update in client.GetStreamingResponseAsync(question, new ChatOptions { MaxOutputTokens = tokens }, cancellation))
        {
            first = first == TimeSpan.Zero ? Stopwatch.GetElapsedTime(started) : first;
            usage = update.Contents.OfType<UsageContent>().FirstOrDefault()?.Details ?? usage;
            Console.Write(update.Text);
        }

        var elapsed = Stopwatch.GetElapsedTime(started) - first;
        Console.WriteLine();
        Console.WriteLine();
        if (usage?.OutputTokenCount is > 1 and var output)
        {
            var speed = (decimal)((output - 1) / elapsed.TotalSeconds);
            var selfHosted = new SelfHostedPrice(usdPerHour, speed);
            Console.WriteLine(
                $"{usage.InputTokenCount} tokens in, {output} out; the first after {first.TotalMilliseconds:F0} ms, then {speed:F0} tokens/s."
            );
            Console.WriteLine(
                $"At {usdPerHour:0.00##} USD per hour that is {selfHosted.UsdPerMillionTokens:F2} USD per million tokens, one answer at a time and never idle."
            );
        }
    }
}
