using LlmThrift.Local.Gguf;
using LlmThrift.TestKit.Gguf;
using Xunit;

namespace LlmThrift.Local.Tests.Models;

public sealed class QuantizationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmthrift-").FullName;
    private readonly string _source;

    public QuantizationTests()
    {
        _source = Path.Combine(_folder, "f32.gguf");
        RandomLlamaModel.Write(
            _source,
            new RandomLlamaOptions
            {
                Layers = 2,
                Embedding = 256,
                FeedForward = 512,
            }
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [NativeFact]
    public async Task Fewer_bits_make_a_smaller_file_that_is_further_from_the_original()
    {
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => $"The {i * 37 % 101} of {i}, and so on. "));
        var options = new LocalMeasureOptions
        {
            ReferencePath = _source,
            ContextLength = 128,
            MaxWindows = 4,
        };
        var rows = new List<LocalModelMeasurement> { await LocalModel.MeasureAsync(_source, text, options) };
        foreach (
            var type in (QuantizationType[])
                [QuantizationType.F16, QuantizationType.Q8_0, QuantizationType.Q6_K, QuantizationType.Q4_K_M, QuantizationType.Q4_0]
        )
        {
            var target = Path.Combine(_folder, $"{type}.gguf");
            await LocalModel.QuantizeAsync(_source, target, type);
            rows.Add(await LocalModel.MeasureAsync(target, text, options));
        }

        Assert.Equal(["F32", "F16", "Q8_0", "Q6_K", "Q4_K_M", "Q4_0"], rows.Select(row => row.Quantization));
        Assert.Equal(0, rows[0].KlDivergence!.Value, 1e-6);
        Assert.Equal(1, rows[0].TopTokenAgreement);
        Assert.All(rows, row => Assert.Equal(4 * 63, row.ScoredTokens));
        Assert.All(rows, row => Assert.True(row.Perplexity > 1 && row.PromptTokensPerSecond > 0 && row.GenerationTokensPerSecond > 0));
        for (var i = 1; i < rows.Count; i++)
        {
            Assert.True(rows[i].FileBytes < rows[i - 1].FileBytes || rows[i].Quantization == "Q4_0", $"{rows[i]}");
            Assert.True(rows[i].KlDivergence > rows[i - 1].KlDivergence * 0.5, $"{rows[i - 1]} {rows[i]}");
        }

        Assert.True(rows[^1].KlDivergence > 10 * rows[2].KlDivergence);
    }

    [NativeFact]
    public async Task Progress_reaches_the_last_tensor_and_nothing_unfinished_stays()
    {
        var target = Path.Combine(_folder, "target.gguf");
        var seen = new List<QuantizationProgress>();

        await LocalModel.QuantizeAsync(_source, target, QuantizationType.Q8_0, new Now(seen));

        Assert.NotEmpty(seen);
        Assert.Equal(GgufFile.Read(target).Tensors.Count, seen[^1].Total);
        Assert.Equal(seen[^1].Total, seen[^1].Done);
        Assert.Equal(2, Directory.GetFiles(_folder).Length);
    }

    [NativeFact]
    public async Task What_is_quantized_already_is_not_rounded_again_unless_allowed()
    {
        var once = Path.Combine(_folder, "once.gguf");
        var twice = Path.Combine(_folder, "twice.gguf");
        await LocalModel.QuantizeAsync(_source, once, QuantizationType.Q8_0);

        var problem = await Assert.ThrowsAsync<LocalModelException>(() => LocalModel.QuantizeAsync(once, twice, QuantizationType.Q4_0));
        Assert.Contains("Q8_0", problem.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(twice));

        await LocalModel.QuantizeAsync(once, twice, QuantizationType.Q4_0, options: new LocalQuantizeOptions { AllowRequantize = true });
        Assert.Equal("Q4_0", GgufFile.Validate(twice).Quantization);
    }

    [NativeFact]
    public async Task A_damaged_source_a_target_that_is_the_source_and_a_short_text_are_clear_errors()
    {
        var damaged = Path.Combine(_folder, "damaged.gguf");
        await File.WriteAllBytesAsync(damaged, (await File.ReadAllBytesAsync(_source))[..5000]);

        await Assert.ThrowsAsync<LocalModelException>(() => LocalModel.QuantizeAsync(damaged, _source + ".q", QuantizationType.Q8_0));
        await Assert.ThrowsAsync<LocalModelException>(() => LocalModel.MeasureAsync(damaged, "text"));
        await Assert.ThrowsAsync<ArgumentException>(() => LocalModel.QuantizeAsync(_source, _source, QuantizationType.Q8_0));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => LocalModel.QuantizeAsync(_source, "x.gguf", (QuantizationType)99));
        await Assert.ThrowsAsync<ArgumentException>(() => LocalModel.MeasureAsync(_source, "short"));
    }

    /// <summary>Progress reported on the spot, where <see cref="Progress{T}"/> would post it.</summary>
    private sealed class Now(List<QuantizationProgress> seen) : IProgress<QuantizationProgress>
    {
        public void Report(QuantizationProgress value) => seen.Add(value);
    }
}
