using System.Runtime.CompilerServices;
using LlmThrift.Local.Chat;
using LlmThrift.Local.Generation;
using LlmThrift.Local.Grammars;
using LlmThrift.Local.Tools;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Local;

/// <summary>
/// Answers by a model in the format GGUF that llama.cpp runs in this process. Safe for concurrent use: several answers are made at once, and prompts that begin
/// alike are evaluated once.
/// </summary>
/// <remarks>
/// <para>
/// The model is loaded by the first call, or by <see cref="WarmUpAsync"/>. From <see cref="ChatOptions"/> it takes temperature, top-p, top-k, both penalties, seed, stop
/// sequences, the most output tokens, the response format and tools. Requests with pictures or sound are refused with a
/// <see cref="NotSupportedException"/>, before the model is asked.
/// </para>
/// <para>
/// Functions are offered where the model's chat template is of a family whose format is known (<see cref="LocalToolFormat"/>); other models refuse requests with them.
/// Once a call begins, its name and arguments are kept to the tool's schema by a grammar, and what follows it is calls too. An answer that must be a call is one from its
/// first token. White space before a call, and a call that the most output tokens cut, are dropped. Stop sequences end text, not calls.
/// </para>
/// </remarks>
public sealed class LocalChatClient : IChatClient
{
    private readonly LocalChatOptions _options;
    private readonly ChatClientMetadata _metadata;
    private readonly Lazy<Task<LocalEngine>> _engine;
    private readonly string _modelId;
    private uint _seeds;
    private bool _isDisposed;

    /// <summary>Makes a client. Nothing is loaded yet.</summary>
    /// <param name="options">Which model, and how; read once.</param>
    /// <param name="loggerFactory">Takes llama.cpp's log. It holds no prompts.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A value of the options is not allowed; the message names all that are not.</exception>
    public LocalChatClient(LocalChatOptions options, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        _options = options;
        _modelId = options.ModelId ?? Path.GetFileNameWithoutExtension(options.ModelPath);
        _metadata = new ChatClientMetadata("llama.cpp", defaultModelId: _modelId);
        var logger = loggerFactory?.CreateLogger("LlmThrift.Local");
        _engine = new Lazy<Task<LocalEngine>>(() => Task.Run(() => LocalEngine.Load(options, logger)));
    }

    /// <summary>Tokens that were evaluated since the model was loaded, of prompts and of answers; without those that were still there from an earlier prompt.</summary>
    public long EvaluatedTokens =>
        _engine is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } ? Engine.Scheduler.EvaluatedTokens : 0;

    /// <summary>The engine of a model that is loaded: whoever asks has seen or awaited that, so nothing blocks.</summary>
    private LocalEngine Engine => _engine.Value.GetAwaiter().GetResult();

    /// <summary>Loads the model and has it make one token, so that the first call does not wait for either.</summary>
    /// <param name="cancellationToken">Ends the waiting; the loading goes on.</param>
    /// <returns>A task that ends when the model is ready.</returns>
    /// <exception cref="LocalModelException">The model cannot be loaded; the message says why.</exception>
    public async Task WarmUpAsync(CancellationToken cancellationToken = default)
    {
        var engine = await EngineAsync(cancellationToken).ConfigureAwait(false);
        var prompt = engine.Model.Tokenize("a", addSpecial: true, parseSpecial: false);
        var request = new GenerationRequest(
            prompt,
            1,
            SettingsOf(new ChatOptions { Temperature = 0 }),
            [],
            isStreamed: false,
            cancellationToken
        );
        engine.Scheduler.Enqueue(request);
        await request.Outcome.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <exception cref="LocalModelException">The model cannot be loaded, or the prompt does not fit into its context.</exception>
    /// <exception cref="LocalModelBusyException">Too many answers wait.</exception>
    /// <exception cref="NotSupportedException">The request has tools that the model cannot be offered, or contents other than text.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        var request = await BeginAsync(messages, options, isStreamed: false, cancellationToken).ConfigureAwait(false);
        var outcome = await request.Outcome.ConfigureAwait(false);
        var message = new ChatMessage(ChatRole.Assistant, request.TakeText());
        if (request.Calls is { Calls: [_, ..] calls })
        {
            message.Contents = [.. message.Contents.Where(content => content is not TextContent { Text: "" }), .. calls];
        }

        return new ChatResponse(message)
        {
            ModelId = _modelId,
            FinishReason = outcome.Reason,
            Usage = UsageOf(outcome),
        };
    }

    /// <inheritdoc/>
    /// <exception cref="LocalModelException">The model cannot be loaded, or the prompt does not fit into its context.</exception>
    /// <exception cref="LocalModelBusyException">Too many answers wait.</exception>
    /// <exception cref="NotSupportedException">The request has tools that the model cannot be offered, or contents other than text.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default
    )
    {
        var request = await BeginAsync(messages, options, isStreamed: true, cancellationToken).ConfigureAwait(false);
        try
        {
            while (await request.WaitForTextAsync().ConfigureAwait(false))
            {
                if (request.TakeText() is { Length: > 0 } text)
                {
                    yield return new ChatResponseUpdate(ChatRole.Assistant, text) { ModelId = _modelId };
                }

                while (request.TakeCall() is { } call)
                {
                    yield return new ChatResponseUpdate(ChatRole.Assistant, [call]) { ModelId = _modelId };
                }
            }

            var outcome = await request.Outcome.ConfigureAwait(false);
            if (request.TakeText() is { Length: > 0 } rest)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, rest) { ModelId = _modelId };
            }

            while (request.TakeCall() is { } call)
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, [call]) { ModelId = _modelId };
            }

            yield return new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(UsageOf(outcome))])
            {
                ModelId = _modelId,
                FinishReason = outcome.Reason,
            };
        }
        finally
        {
            // Who leaves early has no more computed.
            request.Abandon();
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Ends the answers that are being made with an <see cref="ObjectDisposedException"/>, and frees the model.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true) || !_engine.IsValueCreated)
        {
            return;
        }

        // A model that is still being loaded is freed when it is.
        _ = _engine.Value.ContinueWith(
            static loading => loading.GetAwaiter().GetResult().Dispose(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    private static UsageDetails UsageOf(GenerationOutcome outcome) =>
        new()
        {
            InputTokenCount = outcome.InputTokens,
            CachedInputTokenCount = outcome.CachedTokens,
            OutputTokenCount = outcome.OutputTokens,
            TotalTokenCount = outcome.InputTokens + outcome.OutputTokens,
        };

    private async ValueTask<LocalEngine> EngineAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return await _engine.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<GenerationRequest> BeginAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        bool isStreamed,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        cancellationToken.ThrowIfCancellationRequested();
        var offered = OfferedTools.From(options);
        var settings = SettingsOf(options);
        List<ChatMessage> list =
        [
            .. options?.Instructions is { Length: > 0 } instructions ? (ChatMessage[])[new ChatMessage(ChatRole.System, instructions)] : [],
            .. messages,
        ];
        var engine = await EngineAsync(cancellationToken).ConfigureAwait(false);
        var prompt = engine.Prompts.Write(list, offered is null ? [] : [.. offered.Tools.Select(OfferedTools.Describe)]);
        if (prompt.Length == 0)
        {
            throw new ArgumentException("The messages have no text, and this model cannot begin with nothing.", nameof(messages));
        }

        if (prompt.Length >= engine.ContextLength)
        {
            throw new LocalModelException(
                $"The prompt has {prompt.Length} tokens, and with ContextLength {engine.ContextLength} there is no room for it and an answer. Raise ContextLength (the model was "
                    + $"trained for {engine.Model.TrainedContextLength}), trim the conversation (UseContextTrimming), or send it to another tier."
            );
        }

        var most = Math.Min(options?.MaxOutputTokens ?? _options.DefaultMaxOutputTokens, engine.ContextLength - prompt.Length);
        string[] stops = [.. options?.StopSequences?.Where(stop => stop.Length > 0) ?? []];
        ToolCallReader? calls = null;
        if (offered is not null)
        {
            (calls, var grammar) = CallsOf(engine.Prompts.Tools!, offered, options?.ResponseFormat as ChatResponseFormatJson, prompt);
            settings = settings with { Grammar = grammar };
        }

        var request = new GenerationRequest(prompt, most, settings, stops, isStreamed, cancellationToken, calls, _options.StreamInterval);
        engine.Scheduler.Enqueue(request);
        return request;
    }

    /// <summary>What takes calls out of an answer, and the grammar that holds from its first token; null for one that holds from a call on.</summary>
    private static (ToolCallReader Calls, string? Grammar) CallsOf(
        ToolFormat format,
        OfferedTools offered,
        ChatResponseFormatJson? answer,
        int[] prompt
    )
    {
        var grammar = new ToolCallGrammar(format, offered, offered.IsRequired ? null : answer);
        var whole = offered.IsRequired ? grammar.Required : grammar.CallsOrJson;
        var names = offered.Callable.Select(tool => tool.Name).ToHashSet(StringComparer.Ordinal);
        var calls = new ToolCallReader(format, names, offered.AllowsSeveral, CallIds.For(prompt), whole is null ? grammar.After : null);
        return (calls, whole);
    }

    private SamplingSettings SettingsOf(ChatOptions? options)
    {
        var settings = new SamplingSettings(
            options?.Temperature ?? _options.DefaultTemperature,
            options?.TopK ?? 40,
            options?.TopP ?? 0.95f,
            MinP: 0.05f,
            RepeatPenalty: 1,
            options?.FrequencyPenalty ?? 0,
            options?.PresencePenalty ?? 0,
            options?.Seed is { } seed ? unchecked((uint)seed) : Interlocked.Increment(ref _seeds),
            GrammarOf(options?.ResponseFormat)
        );
        var problems = new List<string>();
        Check(settings.Temperature is >= 0 and <= 10, $"Temperature is {settings.Temperature}: from 0 to 10.");
        Check(settings.TopK >= 0, $"TopK is {settings.TopK}: 0 for all, or a number of tokens.");
        Check(settings.TopP is > 0 and <= 1, $"TopP is {settings.TopP}: above 0, and at most 1.");
        Check(
            float.IsFinite(settings.FrequencyPenalty),
            $"FrequencyPenalty is {settings.FrequencyPenalty}: a number, most often from -2 to 2."
        );
        Check(
            float.IsFinite(settings.PresencePenalty),
            $"PresencePenalty is {settings.PresencePenalty}: a number, most often from -2 to 2."
        );
        Check(options?.MaxOutputTokens is null or >= 1, $"MaxOutputTokens is {options?.MaxOutputTokens}: at least 1.");
        return problems.Count == 0 ? settings : throw new ArgumentException(string.Join(" ", problems), nameof(options));

        void Check(bool isGood, string problem)
        {
            if (!isGood)
            {
                problems.Add(problem);
            }
        }
    }

    /// <exception cref="NotSupportedException">The schema has what no grammar can express; the message names it.</exception>
    private static string? GrammarOf(ChatResponseFormat? format) =>
        format is not ChatResponseFormatJson json ? null
        : json.Schema is { } schema ? JsonSchemaGrammar.FromSchema(schema)
        : JsonSchemaGrammar.AnyJson;
}
