using LlmThrift.Diagnostics;
using LlmThrift.Internal;
using LlmThrift.Pricing;
using Microsoft.Extensions.AI;

namespace LlmThrift.PrefixCaching;

/// <summary>Puts a request into the form in which its beginning is found in the provider's prompt cache: on copies, never on the caller's objects.</summary>
internal sealed class PrefixCachingChatClient : DelegatingChatClient
{
    /// <summary>From so many new beginnings in a row on, it is no coincidence.</summary>
    private const int UnstableFrom = 8;

    private readonly PrefixCachingState _state;
    private readonly PrefixCachingOptions _options;
    private readonly string? _provider;
    private readonly string? _defaultModel;
    private readonly string? _scope;

    public PrefixCachingChatClient(IChatClient innerClient, PrefixCachingState state)
        : base(innerClient)
    {
        _state = state;
        _options = state.Options;
        var metadata = innerClient.GetService<ChatClientMetadata>();
        _provider = metadata?.ProviderName;
        _defaultModel = metadata?.DefaultModelId;
        _scope = $"{_provider} {metadata?.ProviderUri} {_defaultModel}";
    }

    public override Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var (list, call) = Prepare(messages, options);
        return base.GetResponseAsync(list, call, cancellationToken);
    }

    public override IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var (list, call) = Prepare(messages, options);
        return base.GetStreamingResponseAsync(list, call, cancellationToken);
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        PipelineStage.Answer(CostStages.ProviderCache, serviceType, serviceKey) ?? base.GetService(serviceType, serviceKey);

    private (IReadOnlyList<ChatMessage> Messages, CallOptions Call) Prepare(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        var list = MessageList.From(messages);
        var call = CallOptions.From(options);
        try
        {
            var changed = call.With(call.Context);
            if (_options.SortTools && changed.Tools is { Count: > 1 } tools)
            {
                changed.Tools = Sorted(tools);
            }

            SetKey(changed);
            return (_options.MarkBreakpoint is null ? list : WithBreakpoints(list, changed), changed);
        }
        catch (Exception exception)
        {
            _state.Failures.Report("prefix caching", exception);
            return (list, call);
        }
    }

    /// <summary>Functions by name, then the rest as it comes: hosted tools have no names of their own, and their order may mean something.</summary>
    private static List<AITool> Sorted(IList<AITool> tools) =>
        [
            .. tools.Where(tool => tool is AIFunctionDeclaration).OrderBy(tool => tool.Name, StringComparer.Ordinal),
            .. tools.Where(tool => tool is not AIFunctionDeclaration),
        ];

    private void SetKey(CallOptions call)
    {
        if (_options.PromptCacheKey?.Invoke(call.Context.Tags) is { Length: > 0 } key)
        {
            // The constructor of options copies their properties, so the caller's are not touched.
            _options.SetPromptCacheKey(call, key);
        }
    }

    private IReadOnlyList<ChatMessage> WithBreakpoints(IReadOnlyList<ChatMessage> messages, CallOptions call)
    {
        if (_state.IsMarkedByApp(messages, call))
        {
            call.Context.Note(CostStages.ProviderCache, "marked_by_app", passedBy: true);
            return messages;
        }

        var now = _state.Clock.GetUtcNow();
        var model = call.ModelId ?? _defaultModel;
        var price = (call.Context.Meter?.Prices ?? PriceBook.Embedded).FindOrNull(model, _provider, now);
        if (price is null)
        {
            call.Context.Note(CostStages.ProviderCache, "unpriced", passedBy: true);
            return messages;
        }

        // Instructions go out as a system message, so that there is a content to mark; providers put them there in any case.
        if (call.Instructions is { Length: > 0 } instructions)
        {
            messages = [new ChatMessage(ChatRole.System, instructions), .. messages];
            call.Instructions = null;
        }

        if (RequestPrefixes.Read(messages, call, _scope) is not { } prefixes)
        {
            call.Context.Note(CostStages.ProviderCache, "no_canonical_form", passedBy: true);
            return messages;
        }

        var least = _options.MinTokensOf(model);
        var headEnd = prefixes.HeadLength - 1;
        while (headEnd >= 0 && ContentCopy.LastToMark(messages[headEnd]) < 0)
        {
            headEnd--;
        }

        var isHeadLong = headEnd >= 0 && PrefixLength.IsAtLeast(least, messages, prefixes.HeadLength, call, model);
        var isHistoryLong =
            prefixes.Boundaries.Length > 0
            && (isHeadLong || PrefixLength.IsAtLeast(least, messages, prefixes.Boundaries[^1] + 1, call, model));
        var plan = _state.History.Observe(
            call.Context.Tags.Feature,
            isHeadLong ? prefixes.Head : null,
            isHistoryLong ? prefixes.Fingerprints : [],
            PrefixEconomics.BreakEven(price, _options.Lifetime),
            now
        );
        if (plan.NewHeads >= UnstableFrom)
        {
            call.Context.Note(CostStages.ProviderCache, "unstable_prefix");
            _state.WarnAboutUnstablePrefix(call.Context.Tags.Feature, plan.NewHeads);
        }

        return Mark(messages, BreakpointChooser.Choose(plan, headEnd, prefixes.Boundaries, ContentsOf(messages), _options.MaxBreakpoints));
    }

    private IReadOnlyList<ChatMessage> Mark(IReadOnlyList<ChatMessage> messages, List<int> chosen)
    {
        if (chosen.Count == 0)
        {
            return messages;
        }

        ChatMessage[] marked = [.. messages];
        foreach (var index in chosen)
        {
            var message = messages[index].Clone();
            List<AIContent> contents = [.. message.Contents];
            var last = ContentCopy.LastToMark(message);
            contents[last] = _options.MarkBreakpoint!(ContentCopy.Copy(contents[last]));
            message.Contents = contents;
            marked[index] = message;
        }

        return marked;
    }

    /// <summary>How many contents there are up to each message.</summary>
    private static Func<int, int> ContentsOf(IReadOnlyList<ChatMessage> messages)
    {
        var sums = new int[messages.Count];
        var sum = 0;
        for (var index = 0; index < sums.Length; index++)
        {
            sums[index] = sum += messages[index].Contents.Count;
        }

        return index => sums[index];
    }
}
