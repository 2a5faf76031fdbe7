using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Auditing;

/// <summary>Writes requests to the log, behind the calls. Safe for concurrent use.</summary>
internal sealed class AuditLogState
{
    private readonly AuditLogOptions _options;
    private readonly PipelineServices _services;
    private readonly BackgroundWork _work;
    private readonly Random _random;
    private readonly Lock _gate = new();
    private readonly Lock _file = new();
    private long _length;

    public AuditLogState(AuditLogOptions options, PipelineServices services)
    {
        (_options, _services) = (options, services);
        _work = new BackgroundWork(services.Failures);
        _random = new Random(options.Seed);
        _length = File.Exists(options.Path) ? new FileInfo(options.Path).Length : 0;
    }

    /// <summary>Writes a request, if it is drawn and is nothing but text.</summary>
    public void Add(IReadOnlyList<ChatMessage> messages, CallOptions call)
    {
        if (!Draws() || !IsText(messages))
        {
            return;
        }

        var tags = call.Context.Tags;
        List<ChatMessage> copied = string.IsNullOrEmpty(call.Instructions) ? [] : [new ChatMessage(ChatRole.System, call.Instructions)];
        copied.AddRange(messages.Select(message => new ChatMessage(message.Role, message.Text)));
        var prompt = new AuditPrompt(Guid.CreateVersion7(_services.Clock.GetUtcNow()).ToString("N"), copied, tags.Feature, tags.Tenant);
        _work.Run(
            "audit log",
            () =>
            {
                Write(AuditLog.ToJson(prompt));
                return Task.CompletedTask;
            }
        );
    }

    public Task WhenIdleAsync() => _work.WhenIdleAsync();

    private static bool IsText(IReadOnlyList<ChatMessage> messages)
    {
        var hasQuestion = false;
        foreach (var message in messages)
        {
            hasQuestion |= message.Role == ChatRole.User && message.Text.Length > 0;
            foreach (var content in message.Contents)
            {
                if (content is not TextContent)
                {
                    return false;
                }
            }
        }

        return hasQuestion;
    }

    private bool Draws()
    {
        if (_options.Share >= 1)
        {
            return true;
        }

        lock (_gate)
        {
            return _random.NextDouble() < _options.Share;
        }
    }

    private void Write(byte[] line)
    {
        lock (_file)
        {
            if (_length + line.Length > _options.MaxBytes)
            {
                return;
            }

            // Opened for each line, so that the app may move the file away.
            using var file = new FileStream(_options.Path, FileMode.Append, FileAccess.Write, FileShare.Read);
            file.Write(line);
            _length = file.Length;
        }
    }
}
