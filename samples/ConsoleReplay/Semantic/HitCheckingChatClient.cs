using System.Runtime.CompilerServices;
using System.Text;
using LlmThrift.Metering;
using Microsoft.Extensions.AI;

namespace ConsoleReplay.Semantic;

/// <summary>Stands where the app is, around all stages, and has each answer checked.</summary>
internal sealed class HitCheckingChatClient(IChatClient innerClient, HitCheck check) : DelegatingChatClient(innerClient)
{
    public override async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var asked = messages.ToList();
        var response = await base.GetResponseAsync(asked, options, cancellationToken);
        check.Add(asked, options, response.Text, response.GetCallRecord());
        return response;
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var asked = messages.ToList();
        var text = new StringBuilder();
        CallRecord? record = null;
        await foreach (var update in base.GetStreamingResponseAsync(asked, options, cancellationToken))
        {
            text.Append(update.Text);
            record = update.GetCallRecord() ?? record;
            yield return update;
        }

        check.Add(asked, options, text.ToString(), record);
    }
}
