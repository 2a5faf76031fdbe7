using LlmThrift.Local.Measuring;
using LlmThrift.Local.Native;
using LlmThrift.Local.Quantizing;

namespace LlmThrift.Local;

/// <summary>Makes models smaller, and measures what that costs. Safe for concurrent use.</summary>
public static class LocalModel
{
    /// <summary>Whether llama.cpp's libraries are found, without which nothing here works.</summary>
    /// <param name="nativeLibraryPath">Their folder; null for the usual places.</param>
    /// <returns>Whether they are.</returns>
    public static bool IsSupported(string? nativeLibraryPath = null) => LlamaLibrary.IsAvailable(nativeLibraryPath);

    /// <summary>Writes a model with its weights rounded to fewer bits (post-training quantization).</summary>
    /// <param name="source">A GGUF file in F32, F16 or BF16.</param>
    /// <param name="target">The file to write. What is there is replaced when the new one is whole.</param>
    /// <param name="type">How the weights are rounded.</param>
    /// <param name="progress">Told of each tensor.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the waiting. llama.cpp cannot be stopped: its work goes on, and the result is thrown away.</param>
    /// <returns>A task that ends when the file is written.</returns>
    /// <exception cref="LocalModelException">A file cannot be read or written, or the importance matrix is of another model; the message says why.</exception>
    /// <exception cref="ArgumentException">Source and target are the same file, or the type is not known or needs an importance matrix.</exception>
    public static async Task QuantizeAsync(
        string source,
        string target,
        QuantizationType type,
        IProgress<QuantizationProgress>? progress = null,
        LocalQuantizeOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(source);
        ArgumentException.ThrowIfNullOrWhiteSpace(target);
        options ??= new LocalQuantizeOptions();
        if (options.Threads < 0)
        {
            throw new ArgumentException($"Threads is {options.Threads}: 0 for all processors, or a number of threads.", nameof(options));
        }

        if (!Enum.IsDefined(type))
        {
            throw new ArgumentOutOfRangeException(
                nameof(type),
                type,
                $"The type is not known: take one of {string.Join(", ", Enum.GetNames<QuantizationType>())}."
            );
        }

        if (options.ImportanceMatrixPath is null && RequiresImportanceMatrix(type))
        {
            throw new ArgumentException(
                $"{type} has so few bits that it needs an importance matrix: make one of the model and a text by {nameof(ComputeImportanceMatrixAsync)}, and name it "
                    + $"by {nameof(LocalQuantizeOptions)}.{nameof(LocalQuantizeOptions.ImportanceMatrixPath)}. {QuantizationType.IQ3_S} and {QuantizationType.Q2_K} do without.",
                nameof(type)
            );
        }

        LlamaLibrary.Load(options.NativeLibraryPath, logger: null);
        await Quantizer.RunAsync(source, target, type, options, progress, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a type has so few bits that <see cref="QuantizeAsync"/> needs <see cref="LocalQuantizeOptions.ImportanceMatrixPath"/>.</summary>
    /// <param name="type">How weights are rounded.</param>
    /// <returns>Whether it does.</returns>
    public static bool RequiresImportanceMatrix(QuantizationType type) => Quantizer.RequiresImportanceMatrix(type);

    /// <summary>
    /// Runs a text through a model and writes how much each column of its matrices matters (an importance matrix): the mean squares of what goes into it, as
    /// llama.cpp's <c>llama-imatrix</c> does. Models of experts are supported.
    /// </summary>
    /// <param name="path">A GGUF file: the model that will be quantized, or the same in 8 bits.</param>
    /// <param name="text">A text of the kind that the model will see, of two windows at least.</param>
    /// <param name="target">The file to write, in GGUF. What is there is replaced when the new one is whole.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how much is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels, within a window too.</param>
    /// <returns>A task that ends when the file is written.</returns>
    /// <exception cref="LocalModelException">The model cannot be loaded or the file not be written; the message says why.</exception>
    /// <exception cref="ArgumentException">The text is too short, the target is the model, or a value of the options is not allowed.</exception>
    public static async Task ComputeImportanceMatrixAsync(
        string path,
        string text,
        string target,
        LocalImportanceMatrixOptions? options = null,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentException.ThrowIfNullOrWhiteSpace(target);
        options ??= new LocalImportanceMatrixOptions();
        if (Problem(options.ContextLength, options.MaxWindows, options.Threads) is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        if (Path.GetFullPath(path) == Path.GetFullPath(target))
        {
            throw new ArgumentException("The target is the model itself: give another path.", nameof(target));
        }

        LlamaLibrary.Load(options.NativeLibraryPath, logger: null);
        await Task.Run(() => ImportanceMeter.Run(path, text, target, options, progress, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Measures a model: quality on a text, speed, size.</summary>
    /// <param name="path">A GGUF file.</param>
    /// <param name="text">A text of the kind that the model will see, of two windows at least.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="progress">Told how much is done, from 0 to 1.</param>
    /// <param name="cancellationToken">Cancels between two windows.</param>
    /// <returns>What was measured.</returns>
    /// <exception cref="LocalModelException">The model cannot be loaded; the message says why.</exception>
    /// <exception cref="ArgumentException">The text is too short, the reference is another model, or a value of the options is not allowed.</exception>
    public static async Task<LocalModelMeasurement> MeasureAsync(
        string path,
        string text,
        LocalMeasureOptions? options = null,
        IProgress<double>? progress = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(text);
        options ??= new LocalMeasureOptions();
        if (Problem(options.ContextLength, options.MaxWindows, options.Threads) is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        LlamaLibrary.Load(options.NativeLibraryPath, logger: null);
        return await Task.Run(() => ModelMeter.Measure(path, text, options, progress, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
    }

    private static string? Problem(int contextLength, int maxWindows, int threads) =>
        contextLength < 16 || maxWindows < 1 || threads < 0
            ? $"ContextLength is {contextLength} (at least 16), MaxWindows {maxWindows} (at least 1), Threads {threads} (at least 0)."
            : null;
}
