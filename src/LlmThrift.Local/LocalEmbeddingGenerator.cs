using System.Numerics.Tensors;
using LlmThrift.Local.Embeddings;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmThrift.Local;

/// <summary>
/// Embeddings of texts by a model in the format GGUF that llama.cpp runs in this process: encoders such as BERT, and models that write text. Safe for concurrent use: texts
/// of all callers are evaluated together.
/// </summary>
/// <remarks>
/// <para>The model is loaded by the first call, or by <see cref="WarmUpAsync"/>.</para>
/// <para>
/// Of a text with more than <see cref="LocalEmbeddingOptions.MaxTokens"/> tokens the beginning is read. How many texts were cut is in
/// <c>AdditionalProperties["llmthrift.truncated_inputs"]</c> of the result, which is absent if none was; the embedding of such a text has
/// <c>AdditionalProperties["llmthrift.truncated"]</c> set to true, and one warning a call tells the counts.
/// </para>
/// </remarks>
public sealed partial class LocalEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    private const string PrefixKey = "llmthrift.prefix";

    private readonly Lazy<Task<EmbeddingEngine>> _engine;
    private readonly ILogger _logger;
    private readonly string _modelId;
    private readonly string _prefix;
    private readonly bool _normalize;
    private bool _isDisposed;

    /// <summary>Makes a generator. Nothing is loaded yet.</summary>
    /// <param name="options">Which model, and how; read once.</param>
    /// <param name="loggerFactory">Takes llama.cpp's log, and is told when texts were cut. It gets no texts.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A value of the options is not allowed; the message names all that are not.</exception>
    public LocalEmbeddingGenerator(LocalEmbeddingOptions options, ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(nameof(options));
        _modelId = options.ModelId ?? Path.GetFileNameWithoutExtension(options.ModelPath);
        (_prefix, _normalize) = (options.Prefix, options.Normalize);
        var logger = loggerFactory?.CreateLogger("LlmThrift.Local");
        _logger = logger ?? NullLogger.Instance;
        _engine = new Lazy<Task<EmbeddingEngine>>(() => Task.Run(() => EmbeddingEngine.Load(options, logger)));
    }

    /// <summary>Loads the model and has it read a word, so that the first call does not wait for either.</summary>
    /// <param name="cancellationToken">Ends the waiting; the loading goes on.</param>
    /// <returns>A task that ends when the model is ready.</returns>
    /// <exception cref="LocalModelException">The model cannot be loaded; the message says why.</exception>
    public async Task WarmUpAsync(CancellationToken cancellationToken = default) =>
        await GenerateAsync(["a"], options: null, cancellationToken).ConfigureAwait(false);

    /// <summary>Computes the embeddings of some texts, in their order.</summary>
    /// <param name="values">The texts; enumerated once. For none the model is not asked.</param>
    /// <param name="options">
    /// <see cref="EmbeddingGenerationOptions.Dimensions"/> below the model's takes the first values of each vector, which serves models that were trained for it (Kusupati et al.:
    /// <i>Matryoshka Representation Learning</i>, NeurIPS 2022). <c>AdditionalProperties["llmthrift.prefix"]</c>, a string, stands in for
    /// <see cref="LocalEmbeddingOptions.Prefix"/>. The model's name is not looked at: there is one model.
    /// </param>
    /// <param name="cancellationToken">Observed between texts and between batches.</param>
    /// <returns>The embeddings, with the number of tokens that were read as input tokens of the usage.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="values"/> is null.</exception>
    /// <exception cref="ArgumentException">A text is null, or has no tokens at all, or <paramref name="options"/> ask for more dimensions than there are.</exception>
    /// <exception cref="LocalModelException">The model cannot be loaded, or could not do it; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The generator is disposed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(values);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        cancellationToken.ThrowIfCancellationRequested();
        string[] texts = [.. values];
        if (Array.IndexOf(texts, null) is >= 0 and var place)
        {
            throw new ArgumentException($"The text at index {place} is null.", nameof(values));
        }

        if (texts.Length == 0)
        {
            return new GeneratedEmbeddings<Embedding<float>>
            {
                Usage = new UsageDetails { InputTokenCount = 0, TotalTokenCount = 0 },
            };
        }

        var engine = await _engine.Value.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_isDisposed)
        {
            // Disposal may have come before there was anything to free.
            engine.Dispose();
        }

        var dimensions = options?.Dimensions ?? engine.Dimensions;
        if (dimensions < 1 || dimensions > engine.Dimensions)
        {
            throw new ArgumentException($"The model has {engine.Dimensions} dimensions; {dimensions} were asked for.", nameof(options));
        }

        var prefix = options?.AdditionalProperties?.TryGetValue(PrefixKey, out string? own) == true ? own : _prefix;
        var tokens = new int[texts.Length][];
        var truncated = new List<int>();
        for (var i = 0; i < texts.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            tokens[i] = engine.Tokenize(prefix + texts[i], out var isTruncated);
            if (tokens[i].Length == 0)
            {
                throw new ArgumentException($"The text at index {i} is empty, and this model has no vector for nothing.", nameof(values));
            }

            if (isTruncated)
            {
                truncated.Add(i);
            }
        }

        var request = new EmbeddingRequest(tokens, cancellationToken);
        engine.Scheduler.Enqueue(request);
        var vectors = await request.Vectors.ConfigureAwait(false);
        return Result(engine, tokens, vectors, dimensions, truncated);
    }

    /// <inheritdoc/>
    /// <remarks>The metadata have the number of dimensions once the model is loaded.</remarks>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata)
                ? new EmbeddingGeneratorMetadata(
                    "llama.cpp",
                    providerUri: null,
                    _modelId,
                    _engine is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } loaded }
                        ? loaded.GetAwaiter().GetResult().Dimensions
                        : null
                )
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Ends what waits with an <see cref="ObjectDisposedException"/> after the batch that is being evaluated, and frees the model.</summary>
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

    private GeneratedEmbeddings<Embedding<float>> Result(
        EmbeddingEngine engine,
        int[][] tokens,
        float[][] vectors,
        int dimensions,
        List<int> truncated
    )
    {
        var read = tokens.Sum(static text => (long)text.Length);
        var embeddings = new GeneratedEmbeddings<Embedding<float>>(vectors.Length)
        {
            Usage = new UsageDetails { InputTokenCount = read, TotalTokenCount = read },
        };
        foreach (var whole in vectors)
        {
            var vector = dimensions == whole.Length ? whole : whole[..dimensions];
            var length = TensorPrimitives.Norm<float>(vector);
            if (!float.IsFinite(length))
            {
                throw new LocalModelException("The model gave a vector that is not of numbers: its file is damaged, or it overflows.");
            }

            if (_normalize && length > 0)
            {
                TensorPrimitives.Divide(vector, length, vector);
            }

            embeddings.Add(new Embedding<float>(vector) { ModelId = _modelId });
        }

        if (truncated.Count > 0)
        {
            embeddings.AdditionalProperties = new() { ["llmthrift.truncated_inputs"] = truncated.Count };
            foreach (var text in truncated)
            {
                embeddings[text].AdditionalProperties = new() { ["llmthrift.truncated"] = true };
            }

            LogTruncated(_logger, truncated.Count, vectors.Length, engine.MaxTokens);
        }

        return embeddings;
    }

    [LoggerMessage(
        81,
        LogLevel.Warning,
        "{Truncated} of {Texts} texts had more than {MaxTokens} tokens: their embeddings are of their beginnings."
    )]
    private static partial void LogTruncated(ILogger logger, int truncated, int texts, int maxTokens);
}
