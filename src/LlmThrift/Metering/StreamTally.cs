using LlmThrift.Internal;
using Microsoft.Extensions.AI;

namespace LlmThrift.Metering;

/// <summary>Keeps what a stream has shown so far, so that it can be billed wherever it breaks off.</summary>
internal sealed class StreamTally
{
    private readonly List<AIContent> _delivered = [];
    private UsageDetails? _reported;
    private string? _modelId;

    public bool IsEmpty { get; private set; } = true;

    /// <summary>Abandoned until the stream has ended or failed.</summary>
    public CallOutcome Outcome { get; set; } = CallOutcome.Abandoned;

    public Exception? Failure { get; set; }

    public void Add(ChatResponseUpdate update)
    {
        IsEmpty = false;
        _modelId = update.ModelId ?? _modelId;
        var contents = update.Contents;
        for (var index = 0; index < contents.Count; index++)
        {
            if (contents[index] is UsageContent usage)
            {
                UsageMerger.RaiseTo(_reported ??= new UsageDetails(), usage.Details);
            }
            else
            {
                _delivered.Add(contents[index]);
            }
        }
    }

    public AttemptResult End(TimeSpan duration) => new(Outcome, duration, _modelId, _reported, _delivered);
}
