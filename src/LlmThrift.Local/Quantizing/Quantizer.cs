using System.Globalization;
using System.Text.RegularExpressions;
using LlmThrift.Local.Gguf;
using LlmThrift.Local.Native;

namespace LlmThrift.Local.Quantizing;

/// <summary>Has llama.cpp write a model in fewer bits. One at a time in a process: what tells the progress is the library's log, which all share.</summary>
internal static partial class Quantizer
{
    private static readonly SemaphoreSlim OneAtATime = new(1);

    /// <summary>Whether llama.cpp refuses a type without an importance matrix: some of its tensors are rounded so far that the result would be of no use.</summary>
    public static bool RequiresImportanceMatrix(QuantizationType type) =>
        type
            is QuantizationType.Q2_K_S
                or QuantizationType.IQ1_S
                or QuantizationType.IQ1_M
                or QuantizationType.IQ2_XXS
                or QuantizationType.IQ2_XS
                or QuantizationType.IQ2_S
                or QuantizationType.IQ2_M
                or QuantizationType.IQ3_XXS
                or QuantizationType.IQ3_XS;

    public static async Task RunAsync(
        string source,
        string target,
        QuantizationType type,
        LocalQuantizeOptions options,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var file = GgufFile.Validate(source, GgufModelUse.Any);
        if (!options.AllowRequantize && file.Quantization is { } quantization && quantization is not ("F32" or "F16" or "BF16"))
        {
            throw new LocalModelException(
                $"{source} is quantized already ({quantization}): start from the model in F32, F16 or BF16, or allow it to be rounded twice, which costs quality."
            );
        }

        if (Path.GetFullPath(source) == Path.GetFullPath(target))
        {
            throw new ArgumentException("The target is the source itself: give another path.", nameof(target));
        }

        var importance = options.ImportanceMatrixPath is { } path ? ImportanceMatrixFile.Read(path) : null;
        importance?.CheckFit(options.ImportanceMatrixPath!, file);
        await OneAtATime.WaitAsync(cancellationToken).ConfigureAwait(false);

        // The library cannot be stopped. A caller who leaves waits no longer; the work goes on to its end, and nobody sees the result.
        var work = Task.Run(() => Write(source, target, type, options, importance, progress, cancellationToken), CancellationToken.None);
        await work.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static void Write(
        string source,
        string target,
        QuantizationType type,
        LocalQuantizeOptions options,
        ImportanceMatrix? importance,
        IProgress<QuantizationProgress>? progress,
        CancellationToken cancellationToken
    )
    {
        var unfinished = target + ".unfinished";
        try
        {
            string? reason = null;
            LlamaLibrary.Listener = line =>
            {
                reason = Failure().Match(line) is { Success: true } failure ? failure.Groups["reason"].Value : reason;
                Report(line, progress);
            };
            using var native = importance is null ? null : new NativeImportance(options.ImportanceMatrixPath!, importance);
            var parameters = LlamaNative.DefaultQuantizeParameters();
            parameters.Threads = options.Threads;
            parameters.FileType = (int)type;
            parameters.AllowRequantize = 1;
            parameters.ImportanceMatrix = native?.Data ?? 0;
            parameters.MetadataOverrides = native?.Metadata ?? 0;
            var result = LlamaNative.Quantize(source, unfinished, in parameters);
            if (result != 0)
            {
                throw new LocalModelException(
                    $"llama.cpp could not write {target} in {type}: {reason ?? $"code {result}"}. Its log says more (category LlmThrift.Local)."
                );
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(unfinished, target, overwrite: true);
        }
        finally
        {
            LlamaLibrary.Listener = null;
            OneAtATime.Release();
            if (File.Exists(unfinished))
            {
                File.Delete(unfinished);
            }
        }
    }

    private static void Report(string line, IProgress<QuantizationProgress>? progress)
    {
        if (progress is not null && Step().Match(line) is { Success: true } step)
        {
            var done = int.Parse(step.Groups["done"].ValueSpan, CultureInfo.InvariantCulture);
            progress.Report(new QuantizationProgress(done, int.Parse(step.Groups["total"].ValueSpan, CultureInfo.InvariantCulture)));
        }
    }

    [GeneratedRegex(@"^\[ *(?<done>\d+)/ *(?<total>\d+)\]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Step();

    [GeneratedRegex(@"failed to quantize: (?<reason>[^\r\n]+)", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Failure();
}
