using System.Collections.Concurrent;
using Microsoft.Extensions.AI;

namespace LlmThrift.Internal.Caching;

/// <summary>Decides which requests may be answered from a cache, and under which key.</summary>
/// <param name="state">How to treat them.</param>
/// <param name="scope">Who would answer: provider, endpoint and default model.</param>
internal sealed class RequestKeys(CacheState state, string scope)
{
    private const int MaxStableKeys = 1_024;

    private readonly ConcurrentDictionary<UInt128, string> _stableKeys = new();
    private readonly string _partitionHelper = state.Stage.Replace('_', ' ') + " partition";

    /// <summary>Why the request must not be answered from the cache, in a word; null when it may be.</summary>
    public string? ReasonToPassBy(CallOptions call, CacheUse use)
    {
        if (use == CacheUse.Bypass)
        {
            return "bypass";
        }

        if (call.ConversationId is not null)
        {
            return "conversation_id";
        }

        if (call.ContinuationToken is not null)
        {
            return "continuation_token";
        }

        if (call.AllowBackgroundResponses == true)
        {
            return "background_responses";
        }

        if (call.RawRepresentationFactory is not null && CacheDirectives.KeyOf(call.Context) is null)
        {
            return "raw_representation";
        }

        if (call.Temperature > state.Rules.MaxTemperature && call.Seed is null)
        {
            return "temperature";
        }

        return call.Tools is { Count: > 0 } tools && tools.Any(tool => tool is not AIFunctionDeclaration) ? "hosted_tool" : null;
    }

    /// <summary>The key of the request in this process; false, with a reason, when it has none.</summary>
    public bool TryCompute(IReadOnlyList<ChatMessage> messages, CallOptions call, out UInt128 key, out string reason)
    {
        if (!TryFindPartition(call, out var partition))
        {
            (key, reason) = (default, "partition_failed");
            return false;
        }

        reason = "unsupported_content";
        return RequestFingerprint.TryComputeForProcess(Canonical(messages, call, partition), out key);
    }

    /// <summary>The key of the request in stores outside of this process; null when it has none.</summary>
    public string? Stable(IReadOnlyList<ChatMessage> messages, CallOptions call) =>
        TryFindPartition(call, out var partition) ? RequestFingerprint.ComputeStable(Canonical(messages, call, partition)) : null;

    /// <summary>The key of everything but the text of the last user message, in every process; null when it has none.</summary>
    public string? StableWithoutQuestion(IReadOnlyList<ChatMessage> messages, CallOptions call)
    {
        if (!TryFindPartition(call, out var partition))
        {
            return null;
        }

        var request = Canonical(messages, call, partition, withoutLastUserText: true);
        if (!RequestFingerprint.TryComputeForProcess(request, out var known))
        {
            return null;
        }

        // Most requests have one of a few system prompts and sets of tools; hashing them for stores takes ten times as long as for this process.
        if (!_stableKeys.TryGetValue(known, out var key) && RequestFingerprint.ComputeStable(request) is { } computed)
        {
            if (_stableKeys.Count >= MaxStableKeys)
            {
                _stableKeys.Clear();
            }

            _stableKeys[known] = key = computed;
        }

        return key;
    }

    /// <summary>Without a partition there is no telling who may share the answer: nobody then does.</summary>
    private bool TryFindPartition(CallOptions call, out string? partition)
    {
        try
        {
            partition = state.Rules.Partition(call.Context.Tags);
            return true;
        }
        catch (Exception exception)
        {
            state.Failures.Report(_partitionHelper, exception);
            partition = null;
            return false;
        }
    }

    private CanonicalRequest Canonical(
        IReadOnlyList<ChatMessage> messages,
        CallOptions call,
        string? partition,
        bool withoutLastUserText = false
    ) =>
        new()
        {
            Messages = messages,
            Options = call,
            Scope = scope,
            Partition = partition,
            AppKey = CacheDirectives.KeyOf(call.Context),
            IgnoredProperties = state.Rules.IgnoredProperties,
            WithoutLastUserText = withoutLastUserText,
        };
}
