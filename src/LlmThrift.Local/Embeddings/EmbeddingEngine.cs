using LlmThrift.Local.Gguf;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Local.Embeddings;

/// <summary>An embedding model, loaded and ready. Safe for concurrent use until it is disposed.</summary>
internal sealed class EmbeddingEngine : IDisposable
{
    private const int MostByDefault = 2048;

    private readonly LoadedModel _model;

    // The tokens that end each text, and how many begin it.
    private readonly int[] _closing;
    private readonly int _opening;

    private EmbeddingEngine(LoadedModel model, LocalEmbeddingOptions options)
    {
        _model = model;
        Dimensions = LlamaNative.EmbeddingLength(model.Handle);
        MaxTokens = Math.Min(
            model.TrainedContextLength,
            options.MaxTokens > 0 ? options.MaxTokens : Math.Min(model.TrainedContextLength, MostByDefault)
        );

        var none = model.Tokenize("", addSpecial: true, parseSpecial: false);
        _opening = none.Length >= 2 || (none.Length == 1 && none[0] == model.BeginToken) ? 1 : 0;
        _closing = none[_opening..];
        if (MaxTokens <= none.Length)
        {
            throw new LocalModelException($"MaxTokens is {MaxTokens}, and this model adds {none.Length} to each text: allow more.");
        }

        var threads = options.Threads > 0 ? options.Threads : Math.Max(1, Environment.ProcessorCount / 2);
        Scheduler = new EmbeddingScheduler(model, PoolingOf(model.File, options), MaxTokens, options.BatchSize, threads);
    }

    public int Dimensions { get; }

    public int MaxTokens { get; }

    public EmbeddingScheduler Scheduler { get; }

    /// <exception cref="LocalModelException">It cannot be loaded.</exception>
    public static EmbeddingEngine Load(LocalEmbeddingOptions options, ILogger? logger)
    {
        LlamaLibrary.Load(options.NativeLibraryPath, logger);
        var model = LoadedModel.Load(options.ModelPath, options.GpuLayers, GgufModelUse.Embedding);
        try
        {
            return new EmbeddingEngine(model, options);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The tokens of a text, the first of it where it is too long.</summary>
    public int[] Tokenize(string text, out bool isTruncated)
    {
        var tokens = _model.Tokenize(text, addSpecial: true, parseSpecial: false);
        isTruncated = tokens.Length > MaxTokens;
        if (!isTruncated)
        {
            return tokens;
        }

        // The model expects the mark of the end, and may read its vector from there.
        var cut = tokens[..MaxTokens];
        _closing.CopyTo(cut, MaxTokens - _closing.Length);
        return cut;
    }

    public void Dispose() => Scheduler.Dispose();

    private static LocalEmbeddingPooling PoolingOf(GgufFile file, LocalEmbeddingOptions options) =>
        options.Pooling
        ?? (LocalEmbeddingPooling)(file.GetInteger(file.Architecture + ".pooling_type") ?? 0) switch
        {
            var pooling when Enum.IsDefined(pooling) => pooling,
            _ => LocalEmbeddingPooling.Mean,
        };
}
