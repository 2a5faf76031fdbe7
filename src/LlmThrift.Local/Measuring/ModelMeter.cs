using System.Diagnostics;
using System.Numerics.Tensors;
using LlmThrift.Local.Generation;
using LlmThrift.Local.Gguf;
using LlmThrift.Local.Models;

namespace LlmThrift.Local.Measuring;

/// <summary>Measures a model on a text.</summary>
internal static class ModelMeter
{
    private const int GeneratedTokens = 64;

    public static LocalModelMeasurement Measure(
        string path,
        string text,
        LocalMeasureOptions options,
        IProgress<double>? progress,
        CancellationToken cancellationToken
    )
    {
        var file = GgufFile.Validate(path);
        var threads = options.Threads > 0 ? options.Threads : Math.Max(1, Environment.ProcessorCount / 2);
        var loading = Stopwatch.GetTimestamp();
        using var model = LoadedModel.Load(path, options.GpuLayers);
        var loadTime = Stopwatch.GetElapsedTime(loading);
        var windows = new TextWindows(model, text, options.ContextLength, options.MaxWindows);
        var length = windows.Length;
        using var reference = options.ReferencePath is { } other ? LoadedModel.Load(other, options.GpuLayers) : null;
        if (reference is not null && reference.VocabularySize != model.VocabularySize)
        {
            throw new ArgumentException(
                $"{reference.Path} has {reference.VocabularySize} tokens and {path} {model.VocabularySize}: the reference must be the same model.",
                nameof(options)
            );
        }

        using var context = new InferenceContext(model, length, sequences: 1, batchSize: length, threads);
        using var referenceContext = reference is null
            ? null
            : new InferenceContext(reference, length, sequences: 1, batchSize: length, threads);
        var sums = new Sums(model.VocabularySize);
        var evaluating = TimeSpan.Zero;
        for (var window = 0; window < windows.Count; window++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            windows.Evaluate(context, window, firstOutput: length / 2);
            evaluating += Stopwatch.GetElapsedTime(started);
            if (referenceContext is not null)
            {
                windows.Evaluate(referenceContext, window, firstOutput: length / 2);
            }

            // The first half is only context; each token of the second is foretold by the one before it.
            for (var i = length / 2; i < length - 1; i++)
            {
                sums.Add(context.Logits(i), referenceContext is null ? [] : referenceContext.Logits(i), windows[window][i + 1]);
            }

            progress?.Report((window + 1.0) / (windows.Count + 1));
        }

        var speed = GenerationSpeed(context, length);
        progress?.Report(1);
        return new LocalModelMeasurement
        {
            Path = path,
            Quantization = file.Quantization,
            FileBytes = file.Length,
            Parameters = model.Parameters,
            LoadTime = loadTime,
            Perplexity = Math.Exp(sums.NegativeLogLikelihood / sums.Count),
            ScoredTokens = sums.Count,
            KlDivergence = reference is null ? null : sums.Divergence / sums.Count,
            TopTokenAgreement = reference is null ? null : (double)sums.Agreements / sums.Count,
            PromptTokensPerSecond = windows.Count * length / evaluating.TotalSeconds,
            GenerationTokensPerSecond = speed,
            ContextLength = length,
            ContextBytes = ContextBytes(file, length),
        };
    }

    private static double GenerationSpeed(InferenceContext context, int length)
    {
        context.Forget(0, 0);
        var count = Math.Min(GeneratedTokens, length - 1);
        var token = 1;
        var started = 0L;
        for (var i = 0; i <= count; i++)
        {
            context.Begin();
            var place = context.Add(token, i, sequence: 0, hasOutput: true);
            if (context.Evaluate() != 0)
            {
                throw new LocalModelException("llama.cpp could not generate; its log says why.");
            }

            token = TensorPrimitives.IndexOfMax(context.Logits(place));

            // The first one prepares.
            started = i == 0 ? Stopwatch.GetTimestamp() : started;
        }

        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static long? ContextBytes(GgufFile file, int length)
    {
        if (
            file.Architecture is not { } name
            || file.GetInteger($"{name}.block_count") is not { } layers
            || file.GetInteger($"{name}.embedding_length") is not { } embedding
            || file.GetInteger($"{name}.attention.head_count") is not { } heads
        )
        {
            return null;
        }

        var keyHeads = file.GetInteger($"{name}.attention.head_count_kv") ?? heads;
        var keyLength = file.GetInteger($"{name}.attention.key_length") ?? embedding / heads;
        var valueLength = file.GetInteger($"{name}.attention.value_length") ?? embedding / heads;
        return length * layers * keyHeads * (keyLength + valueLength) * sizeof(short);
    }

    /// <summary>What is added up over the tokens of a text.</summary>
    private sealed class Sums(int vocabularySize)
    {
        private readonly double[] _own = new double[vocabularySize];
        private readonly double[] _reference = new double[vocabularySize];

        public double NegativeLogLikelihood { get; private set; }

        public double Divergence { get; private set; }

        public int Agreements { get; private set; }

        public int Count { get; private set; }

        public void Add(ReadOnlySpan<float> logits, ReadOnlySpan<float> reference, int next)
        {
            LogProbabilities(logits, _own);
            NegativeLogLikelihood -= _own[next];
            Count++;
            if (reference.IsEmpty)
            {
                return;
            }

            LogProbabilities(reference, _reference);
            for (var i = 0; i < _own.Length; i++)
            {
                Divergence += Math.Exp(_reference[i]) * (_reference[i] - _own[i]);
            }

            Agreements += TensorPrimitives.IndexOfMax(logits) == TensorPrimitives.IndexOfMax(reference) ? 1 : 0;
        }

        private static void LogProbabilities(ReadOnlySpan<float> logits, double[] destination)
        {
            var greatest = TensorPrimitives.Max(logits);
            var sum = 0.0;
            foreach (var logit in logits)
            {
                sum += Math.Exp(logit - greatest);
            }

            var shift = greatest + Math.Log(sum);
            for (var i = 0; i < logits.Length; i++)
            {
                destination[i] = logits[i] - shift;
            }
        }
    }
}
