using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;

namespace Audit;

/// <summary>Stands for a model: it knows the right answers and gives wrong ones as often as such a model does. The same question gets the same answer.</summary>
/// <param name="model">The name, by which it is billed.</param>
/// <param name="traffic">What can be asked.</param>
/// <param name="errors">How often it is wrong, from what a request says of small models.</param>
internal sealed class SimulatedModel(string model, Traffic traffic, Func<double, double> errors) : IChatClient
{
    private readonly ChatClientMetadata _metadata = new("openai", defaultModelId: model);

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        var question = messages.Last(message => message.Role == ChatRole.User).Text;
        var request = traffic.Find(question) ?? throw new InvalidOperationException("This question is not part of the traffic.");
        var answer = IsWrong(request) ? Wrong(request.Answer) : request.Answer;
        return Task.FromResult(
            new ChatResponse(new ChatMessage(ChatRole.Assistant, answer))
            {
                ModelId = model,
                FinishReason = ChatFinishReason.Stop,

                // Instructions and retrieved text that a real app sends along; answers explain themselves.
                Usage = new UsageDetails { InputTokenCount = 900 + (question.Length / 4), OutputTokenCount = 60 + (question.Length / 3) },
            }
        );
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? _metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose() { }

    private static string Wrong(string answer) =>
        int.TryParse(answer, CultureInfo.InvariantCulture, out var number)
            ? (number + 7).ToString(CultureInfo.InvariantCulture)
            : "I am not sure";

    private bool IsWrong(Traffic.Request request)
    {
        var drawn = SHA256.HashData(Encoding.UTF8.GetBytes(model + request.Question));
        return BitConverter.ToUInt32(drawn) / (double)uint.MaxValue < errors(request.Trap);
    }
}
