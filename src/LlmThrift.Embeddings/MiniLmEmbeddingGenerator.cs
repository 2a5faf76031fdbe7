using LlmThrift.Embeddings.Model;
using LlmThrift.SemanticCache;
using LlmThrift.Vectors;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlmThrift.Embeddings;

/// <summary>
/// Sentence embeddings by all-MiniLM-L6-v2, computed in this process: vectors of 384 dimensions and length one, whose dot product is their cosine similarity.
/// Thread-safe; one instance serves an app, and all instances share the weights.
/// </summary>
/// <remarks>
/// <para>
/// The model reads up to 256 tokens of a text, two of which mark its beginning and its end; of a longer text it reads the beginning. How many texts were cut is in
/// <c>AdditionalProperties["llmthrift.truncated_inputs"]</c> of the result, which is absent if none was; the embedding of such a text has
/// <c>AdditionalProperties["llmthrift.truncated"]</c> set to true.
/// </para>
/// <para>
/// Reimers and Gurevych: <i>Sentence-BERT</i>, EMNLP 2019; Wang et al.: <i>MiniLM</i>, NeurIPS 2020. Weights are rounded to 8 bits, those of the word embeddings to 6.
/// </para>
/// </remarks>
public sealed partial class MiniLmEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>, IQuickEmbeddingGenerator
{
    /// <summary>The number of values of an embedding: 384.</summary>
    public const int Dimensions = ModelLayout.Dimensions;

    /// <summary>The most tokens of a text that are read, with the two that mark its beginning and its end: 256.</summary>
    public const int MaxTokens = ModelLayout.MaxTokens;

    private const string ModelId = "all-MiniLM-L6-v2";

    private readonly MiniLmModel _model = MiniLmModel.Shared;
    private readonly EmbeddingGeneratorMetadata _metadata = new("llmthrift", providerUri: null, ModelId, Dimensions);
    private readonly MiniLmPairScorer _pairScorer = new();
    private readonly int _workers;
    private readonly ScratchPool _scratch;
    private readonly ILogger _logger;

    /// <summary>Makes the model ready, which the first instance of a process does for all.</summary>
    /// <param name="options">The options; null for the defaults. Read once.</param>
    /// <param name="loggerFactory">Where to say that texts were cut; null for nowhere.</param>
    /// <exception cref="ArgumentException">An option has a bad value; the message says which, and what is allowed.</exception>
    public MiniLmEmbeddingGenerator(MiniLmOptions? options = null, ILoggerFactory? loggerFactory = null)
    {
        options ??= new MiniLmOptions();
        options.Validate();
        _workers = options.MaxDegreeOfParallelism;
        _scratch = new ScratchPool(Math.Max(_workers, Environment.ProcessorCount));
        _logger = loggerFactory?.CreateLogger<MiniLmEmbeddingGenerator>() ?? NullLogger<MiniLmEmbeddingGenerator>.Instance;
    }

    /// <summary>Computes the embedding of one text on the caller's thread. Allocates nothing once a buffer was made.</summary>
    /// <param name="text">The text; may be empty.</param>
    /// <param name="destination">Takes 384 values, of length one.</param>
    /// <param name="truncated">Whether the text had more than <see cref="MaxTokens"/> tokens, of which only the first were read.</param>
    /// <returns>The number of tokens that were read.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has fewer than 384 elements.</exception>
    public int Embed(ReadOnlySpan<char> text, Span<float> destination, out bool truncated)
    {
        if (destination.Length < Dimensions)
        {
            throw new ArgumentException(
                $"An embedding has {Dimensions} values; there is room for {destination.Length}.",
                nameof(destination)
            );
        }

        var scratch = _scratch.Rent();
        var tokens = _model.Tokenizer.Encode(text, scratch.Ids, out truncated);
        _model.Encode(scratch, scratch.Ids.AsSpan(0, tokens), [tokens], destination);
        _scratch.Return(scratch);
        return tokens;
    }

    /// <summary>Computes the embeddings of some texts, in their order.</summary>
    /// <param name="values">The texts; enumerated once. An empty text has an embedding as well.</param>
    /// <param name="options">
    /// <see cref="EmbeddingGenerationOptions.Dimensions"/> must be null or 384. The model's name is not looked at: there is one model.
    /// </param>
    /// <param name="cancellationToken">Observed between texts and between the layers of the model.</param>
    /// <returns>The embeddings, with the number of tokens that were read as input tokens of the usage.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="values"/> is null.</exception>
    /// <exception cref="ArgumentException">A text is null, or <paramref name="options"/> ask for other dimensions.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values,
        EmbeddingGenerationOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options?.Dimensions is { } dimensions and not Dimensions)
        {
            throw new ArgumentException($"The model has {Dimensions} dimensions; {dimensions} were asked for.", nameof(options));
        }

        var batch = Tokenize(values, cancellationToken);
        var vectors = new float[batch.Texts][];
        var chunks = batch.Cut(batch.Tokens > MaxTokens ? _workers : 1);
        if (chunks.Count <= 1 || _workers == 1)
        {
            foreach (var chunk in chunks)
            {
                Encode(batch, chunk, vectors, cancellationToken);
            }
        }
        else
        {
            await Parallel
                .ForEachAsync(
                    chunks,
                    new ParallelOptions { MaxDegreeOfParallelism = _workers, CancellationToken = cancellationToken },
                    (chunk, cancellation) =>
                    {
                        Encode(batch, chunk, vectors, cancellation);
                        return ValueTask.CompletedTask;
                    }
                )
                .ConfigureAwait(false);
        }

        return Result(batch, vectors);
    }

    /// <inheritdoc />
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType == typeof(IQuestionPairScorer) || serviceType == typeof(MiniLmPairScorer) ? _pairScorer
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the weights belong to the process, and buffers to the garbage collector. The instance can be used on.</summary>
    public void Dispose() { }

    private TokenizedBatch Tokenize(IEnumerable<string> values, CancellationToken cancellationToken)
    {
        var batch = new TokenizedBatch();
        foreach (var value in values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (value is null)
            {
                throw new ArgumentException($"The text at index {batch.Texts} is null.", nameof(values));
            }

            batch.Add(_model, value);
        }

        return batch;
    }

    private void Encode(TokenizedBatch batch, TokenizedBatch.Chunk chunk, float[][] vectors, CancellationToken cancellationToken)
    {
        var results = new float[chunk.Texts * Dimensions];
        var scratch = _scratch.Rent();
        try
        {
            _model.Encode(scratch, batch.IdsOf(chunk), batch.LengthsOf(chunk), results, cancellationToken);
        }
        finally
        {
            _scratch.Return(scratch);
        }

        // An array for each, so that an embedding that is kept does not keep its neighbours.
        for (var text = 0; text < chunk.Texts; text++)
        {
            vectors[chunk.FirstText + text] = chunk.Texts == 1 ? results : results[(text * Dimensions)..((text + 1) * Dimensions)];
        }
    }

    private GeneratedEmbeddings<Embedding<float>> Result(TokenizedBatch batch, float[][] vectors)
    {
        var embeddings = new GeneratedEmbeddings<Embedding<float>>(batch.Texts)
        {
            Usage = new UsageDetails { InputTokenCount = batch.Tokens, TotalTokenCount = batch.Tokens },
        };
        foreach (var vector in vectors)
        {
            embeddings.Add(new Embedding<float>(vector) { ModelId = ModelId });
        }

        if (batch.Truncated.Count > 0)
        {
            embeddings.AdditionalProperties = new() { ["llmthrift.truncated_inputs"] = batch.Truncated.Count };
            foreach (var text in batch.Truncated)
            {
                embeddings[text].AdditionalProperties = new() { ["llmthrift.truncated"] = true };
            }

            LogTruncated(_logger, batch.Truncated.Count, batch.Texts, MaxTokens);
        }

        return embeddings;
    }

    [LoggerMessage(
        1,
        LogLevel.Warning,
        "{Truncated} of {Texts} texts had more than {MaxTokens} tokens: their embeddings are of their beginnings."
    )]
    private static partial void LogTruncated(ILogger logger, int truncated, int texts, int maxTokens);
}
