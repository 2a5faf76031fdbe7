using System.Runtime.CompilerServices;
using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.OutputLimits.Answering;
using Microsoft.Extensions.AI;

namespace LlmThrift.OutputLimits;

/// <summary>
/// Puts limits on a call that it does not have yet, never beyond what the caller asked for; asks again for an answer that reached its limit before it
/// began, continues one that was cut, and learns from how long answers are.
/// </summary>
internal sealed class OutputLimitChatClient : DelegatingChatClient
{
    private readonly OutputLimitState _state;
    private readonly string? _defaultModel;

    public OutputLimitChatClient(IChatClient innerClient, OutputLimitState state)
        : base(innerClient)
    {
        _state = state;
        _defaultModel = innerClient.GetService<ChatClientMetadata>()?.DefaultModelId;
    }

    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var progress = Begin(MessageList.From(messages), options);
        return progress.IsWatched
            ? AnswerAsync(progress, cancellationToken)
            : base.GetResponseAsync(progress.Messages, progress.Options, cancellationToken);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    ) => StreamAsync(MessageList.From(messages), options, cancellationToken);

    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType == typeof(OutputLimitReport)
            ? _state.Report
            : PipelineStage.Answer(CostStages.OutputLimits, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);
    }

    private AnswerProgress Begin(IReadOnlyList<ChatMessage> messages, ChatOptions? options) =>
        new(_state, LimitedCall.From(_state, messages, CallOptions.From(options), _defaultModel));

    private async Task<ChatResponse> AnswerAsync(AnswerProgress progress, CancellationToken cancellationToken)
    {
        var parts = new List<ChatResponse>();
        try
        {
            do
            {
                progress.Begin();
                ChatResponse response;
                try
                {
                    response = await InnerClient
                        .GetResponseAsync(progress.Messages, progress.Options, cancellationToken)
                        .ConfigureAwait(false);
                }
                catch (Exception exception) when (progress.CanDoWithout(cancellationToken))
                {
                    progress.BreakOff(exception);
                    break;
                }

                if (progress.HasRetried && !progress.HasContinued)
                {
                    parts.Clear();
                }

                progress.Add(response);
                parts.Add(response);
            } while (progress.GoesOn());
        }
        finally
        {
            progress.Settle();
        }

        return progress switch
        {
            _ when parts.Count > 1 => StitchedAnswer.Join(parts, progress),
            { HasRetried: true } or { HasContinued: true } => StitchedAnswer.With(parts[0], parts[0].Messages, progress),
            _ => parts[0],
        };
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        IReadOnlyList<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var progress = Begin(messages, options);
        if (!progress.IsWatched)
        {
            var updates = InnerClient.GetStreamingResponseAsync(progress.Messages, progress.Options, cancellationToken);
            await foreach (var update in updates.ConfigureAwait(false))
            {
                yield return update;
            }

            yield break;
        }

        var stream = new StitchedStream(progress);
        var goesOn = true;
        try
        {
            while (goesOn)
            {
                await foreach (var update in AttemptAsync(progress, stream, cancellationToken).ConfigureAwait(false))
                {
                    yield return update;
                }

                goesOn = !progress.IsBrokenOff && progress.GoesOn();
                if (goesOn)
                {
                    stream.Restart();
                }
            }
        }
        finally
        {
            progress.Settle();
        }

        foreach (var update in stream.Close())
        {
            yield return update;
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> AttemptAsync(
        AnswerProgress progress,
        StitchedStream stream,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        progress.Begin();
        IAsyncEnumerator<ChatResponseUpdate>? updates = null;
        try
        {
            while (true)
            {
                try
                {
                    updates ??= InnerClient
                        .GetStreamingResponseAsync(progress.Messages, progress.Options, cancellationToken)
                        .GetAsyncEnumerator(cancellationToken);
                    if (!await updates.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                }
                catch (Exception exception) when (progress.CanDoWithout(cancellationToken))
                {
                    stream.BreakOff();
                    progress.BreakOff(exception);
                    break;
                }

                if (stream.Pass(updates.Current) is not { } shown)
                {
                    continue;
                }

                foreach (var waited in stream.Release())
                {
                    yield return waited;
                }

                yield return shown;
            }
        }
        finally
        {
            if (updates is not null)
            {
                await updates.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
