using System.Runtime.InteropServices;
using LlmThrift.Local.Generation;
using LlmThrift.Local.Gguf;
using LlmThrift.Local.Measuring;
using LlmThrift.Local.Models;
using LlmThrift.Local.Quantizing;
using LlmThrift.Local.Tests.Gguf;
using LlmThrift.TestKit.Gguf;
using Xunit;

namespace LlmThrift.Local.Tests.Quantizing;

public sealed class ImportanceMatrixTests : IDisposable
{
    private const int Window = 64;
    private const int Windows = 6;

    private static readonly string Text = string.Concat(Enumerable.Range(0, 200).Select(i => $"The {i * 37 % 101} of {i}, and so on. "));

    private static readonly LocalImportanceMatrixOptions Options = new() { ContextLength = Window, MaxWindows = Windows };

    private readonly TemporaryDirectory _folder = new();
    private readonly string _model;
    private readonly string _matrix;

    public ImportanceMatrixTests()
    {
        _model = _folder.File("model.gguf");
        _matrix = _folder.File("imatrix.gguf");
        RandomLlamaModel.Write(_model, Small);
    }

    private static RandomLlamaOptions Small { get; } =
        new()
        {
            Layers = 2,
            Embedding = 256,
            FeedForward = 256,
        };

    public void Dispose() => _folder.Dispose();

    [NativeFact]
    public async Task Sums_of_the_first_layer_are_those_of_its_normalized_embeddings()
    {
        await LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, Options);

        var expected = NormalizedSquares(_model);
        var entries = ImportanceMatrixFile.Read(_matrix).Entries;
        foreach (var name in (string[])["attn_q", "attn_k", "attn_v"])
        {
            var (sums, counts) = entries[$"blk.0.{name}.weight"];
            Assert.Equal([Window * Windows], counts);
            for (var i = 0; i < sums.Length; i++)
            {
                Assert.Equal(expected[i], sums[i], expected[i] * 1e-5);
            }
        }
    }

    [NativeFact]
    public async Task Every_matrix_of_every_layer_is_seen_and_the_file_says_of_which_text()
    {
        var seen = new List<double>();

        await LocalModel.ComputeImportanceMatrixAsync(
            _model,
            Text,
            _matrix,
            new LocalImportanceMatrixOptions
            {
                ContextLength = Window,
                MaxWindows = Windows,
                DatasetName = "my.txt",
            },
            new Now(seen)
        );

        var read = ImportanceMatrixFile.Read(_matrix);
        string[] names = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"];
        Assert.Equal(
            Enumerable.Range(0, 2).SelectMany(layer => names.Select(name => $"blk.{layer}.{name}.weight")).Order(),
            read.Entries.Keys.Order()
        );
        Assert.All(read.Entries.Values, entry => Assert.Equal([Window * Windows], entry.Counts));
        Assert.All(read.Entries.Values, entry => Assert.All(entry.Sums, sum => Assert.True(sum > 0)));
        Assert.Equal(["my.txt"], read.Datasets);
        Assert.Equal(Windows, read.Windows);
        Assert.Equal(Window, read.WindowLength);
        Assert.Equal(Enumerable.Range(1, Windows).Select(i => (double)i / Windows), seen);
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [NativeFact]
    public async Task Each_expert_is_summed_over_the_tokens_that_went_to_it()
    {
        RandomLlamaModel.Write(_model, Small with { Experts = 4 });

        await LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, Options);

        var entries = ImportanceMatrixFile.Read(_matrix).Entries;
        foreach (var layer in (string[])["blk.0.", "blk.1."])
        {
            var router = entries[layer + "ffn_gate_inp.weight"];
            var gate = entries[layer + "ffn_gate_exps.weight"];
            Assert.Equal(4, gate.Counts.Length);
            Assert.Equal(2 * Window * Windows, gate.Counts.Sum());
            Assert.Equal(gate.Counts, entries[layer + "ffn_down_exps.weight"].Counts);

            // Every token goes to two experts, and the router sees what they see.
            for (var i = 0; i < 256; i++)
            {
                var sum = Enumerable.Range(0, 4).Sum(expert => gate.Sums[(expert * 256) + i]);
                Assert.Equal(2 * router.Sums[i], sum, 2e-4 * sum);
            }
        }

        var target = _folder.File("target.gguf");
        await LocalModel.QuantizeAsync(_model, target, QuantizationType.IQ2_XXS, options: With(_matrix));
        Assert.Equal("IQ2_XXS", GgufFile.Validate(target).Quantization);
    }

    [NativeFact]
    public async Task Every_type_can_be_written_with_a_matrix_and_those_that_need_one_are_those_that_llama_cpp_refuses_without()
    {
        await LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, Options);
        var target = _folder.File("target.gguf");
        foreach (var type in Enum.GetValues<QuantizationType>())
        {
            await LocalModel.QuantizeAsync(_model, target, type, options: With(_matrix));
            Assert.Equal(type.ToString(), GgufFile.Validate(target).Quantization);

            var needsOne = false;
            try
            {
                await Quantizer.RunAsync(_model, target, type, new LocalQuantizeOptions(), progress: null, CancellationToken.None);
            }
            catch (LocalModelException problem)
            {
                Assert.Contains("requires an imatrix", problem.Message, StringComparison.Ordinal);
                needsOne = true;
            }

            Assert.Equal(needsOne, LocalModel.RequiresImportanceMatrix(type));
        }
    }

    [NativeFact]
    public async Task The_model_says_which_matrix_it_was_rounded_with_but_not_the_folder()
    {
        await LocalModel.ComputeImportanceMatrixAsync(
            _model,
            Text,
            _matrix,
            new LocalImportanceMatrixOptions { ContextLength = Window, DatasetName = "my.txt" }
        );
        var target = _folder.File("target.gguf");

        await LocalModel.QuantizeAsync(_model, target, QuantizationType.IQ4_XS, options: With(_matrix));

        var file = GgufFile.Validate(target);
        Assert.Equal("imatrix.gguf", file.GetString("quantize.imatrix.file"));
        Assert.Equal("my.txt", file.GetString("quantize.imatrix.dataset"));
        Assert.Equal(14, file.GetInteger("quantize.imatrix.entries_count"));
        Assert.Equal(ImportanceMatrixFile.Read(_matrix).Windows, file.GetInteger("quantize.imatrix.chunks_count"));
    }

    [NativeFact]
    public async Task A_column_that_matters_more_is_rounded_with_less_error()
    {
        // The first half of the columns hardly matters, or the second half.
        var low = await ErrorsAsync(first: 1e-3f, second: 1);
        var high = await ErrorsAsync(first: 1, second: 1e-3f);

        Assert.True(high.First < low.First, $"{high.First} {low.First}");
        Assert.True(low.Second < high.Second, $"{low.Second} {high.Second}");
    }

    [NativeFact]
    public async Task Rows_that_are_no_multiple_of_256_fall_back_to_smaller_blocks()
    {
        RandomLlamaModel.Write(_model, Small with { FeedForward = 96 });
        await LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, Options);
        var target = _folder.File("target.gguf");

        await LocalModel.QuantizeAsync(_model, target, QuantizationType.IQ3_XXS, options: With(_matrix));

        var file = GgufFile.Validate(target);
        Assert.Equal("IQ3_XXS", file.FindTensor("blk.1.ffn_up.weight")!.Type.Name);
        Assert.Equal("IQ4_NL", file.FindTensor("blk.1.ffn_down.weight")!.Type.Name);
    }

    [NativeFact]
    public async Task A_type_that_needs_a_matrix_is_refused_before_the_work()
    {
        var target = _folder.File("target.gguf");

        var problem = await Assert.ThrowsAsync<ArgumentException>(() => LocalModel.QuantizeAsync(_model, target, QuantizationType.IQ2_M));

        Assert.Contains(nameof(LocalModel.ComputeImportanceMatrixAsync), problem.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(LocalQuantizeOptions.ImportanceMatrixPath), problem.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [NativeFact]
    public async Task A_matrix_of_another_model_is_refused_by_the_names_that_do_not_fit()
    {
        await LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, Options);
        var wider = _folder.File("wider.gguf");
        var flatter = _folder.File("flatter.gguf");
        RandomLlamaModel.Write(wider, Small with { FeedForward = 512 });
        RandomLlamaModel.Write(flatter, Small with { Layers = 1 });

        var lengths = await Refuse(wider);
        var names = await Refuse(flatter);

        Assert.Contains("'blk.0.ffn_down.weight' has 512 columns there and 256 here", lengths, StringComparison.Ordinal);
        Assert.Contains("'blk.1.attn_k.weight' is no tensor of the model", names, StringComparison.Ordinal);
        Assert.Contains("and 4 more", names, StringComparison.Ordinal);

        async Task<string> Refuse(string model) =>
            (
                await Assert.ThrowsAsync<LocalModelException>(() =>
                    LocalModel.QuantizeAsync(model, _folder.File("target.gguf"), QuantizationType.Q4_K_M, options: With(_matrix))
                )
            ).Message;
    }

    [NativeFact]
    public async Task A_matrix_that_lacks_a_tensor_is_refused_by_its_name()
    {
        await LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, Options);
        var read = ImportanceMatrixFile.Read(_matrix);
        using (var stream = File.Create(_matrix))
        {
            ImportanceMatrixFile.Write(
                stream,
                read with
                {
                    Entries = read.Entries.Where(entry => entry.Key != "blk.1.ffn_up.weight").ToDictionary(),
                }
            );
        }

        var target = _folder.File("target.gguf");
        var problem = await Assert.ThrowsAsync<LocalModelException>(() =>
            LocalModel.QuantizeAsync(_model, target, QuantizationType.IQ2_XS, options: With(_matrix))
        );

        Assert.Contains("blk.1.ffn_up.weight", problem.Message, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    [NativeFact]
    public async Task Cancelled_after_a_window_nothing_stays()
    {
        using var source = new CancellationTokenSource();
        var progress = new Now([], source.Cancel);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, Options, progress, source.Token)
        );

        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [NativeFact]
    public void Cancelled_within_a_window_nothing_more_is_computed()
    {
        using var source = new CancellationTokenSource();
        using var model = LoadedModel.Load(_model, gpuLayers: 0);
        var windows = new TextWindows(model, Text, Window, Windows);
        using var collector = new ActivationCollector(source.Token);
        using var context = new InferenceContext(model, Window, sequences: 1, batchSize: Window, threads: 1, collector);
        source.Cancel();

        windows.Evaluate(context, 0, firstOutput: 0);

        Assert.Empty(collector.Entries);
        Assert.Throws<OperationCanceledException>(collector.ThrowIfFailed);
    }

    [NativeFact]
    public async Task Short_texts_the_model_as_target_and_folders_that_are_not_there_are_clear_errors()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => LocalModel.ComputeImportanceMatrixAsync(_model, "short", _matrix));
        await Assert.ThrowsAsync<ArgumentException>(() => LocalModel.ComputeImportanceMatrixAsync(_model, Text, _model));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            LocalModel.ComputeImportanceMatrixAsync(_model, Text, _matrix, new LocalImportanceMatrixOptions { ContextLength = 8 })
        );
        var nowhere = Path.Combine(_folder.Path, "nowhere", "file.gguf");
        await Assert.ThrowsAsync<LocalModelException>(() => LocalModel.ComputeImportanceMatrixAsync(_model, Text, nowhere, Options));
        await Assert.ThrowsAsync<LocalModelException>(() => LocalModel.QuantizeAsync(_model, nowhere, QuantizationType.Q8_0));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    private static LocalQuantizeOptions With(string matrix) => new() { ImportanceMatrixPath = matrix };

    /// <summary>The sums of squares of each column of the embeddings of the windows' tokens, each divided by its root mean square.</summary>
    private static double[] NormalizedSquares(string path)
    {
        using var model = LoadedModel.Load(path, gpuLayers: 0);
        var tokens = model.Tokenize(Text, addSpecial: true, parseSpecial: false);
        var embeddings = Floats(path, "token_embd.weight");
        var sums = new double[256];
        for (var i = 0; i < Window * Windows; i++)
        {
            var token = i % Window == 0 ? model.BeginToken!.Value : tokens[i];
            var row = embeddings.AsSpan(token * 256, 256).ToArray();
            var mean = row.Average(value => (double)value * value) + 1e-5;
            for (var column = 0; column < 256; column++)
            {
                sums[column] += row[column] * (double)row[column] / mean;
            }
        }

        return sums;
    }

    private static float[] Floats(string path, string tensor)
    {
        var place = GgufFile.Read(path).FindTensor(tensor)!;
        return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path).AsSpan((int)place.Offset, (int)place.ByteLength)).ToArray();
    }

    /// <summary>The mean square error of both halves of a matrix's columns, rounded to 4 bits.</summary>
    private async Task<(double First, double Second)> ErrorsAsync(float first, float second)
    {
        const string Name = "blk.0.attn_q.weight";
        float[] sums = [.. Enumerable.Range(0, 256).Select(i => i % 32 < 16 ? first : second)];
        using (var stream = File.Create(_matrix))
        {
            ImportanceMatrixFile.Write(
                stream,
                new ImportanceMatrix(new Dictionary<string, ImportanceEntry> { [Name] = new(sums, [1]) }, [], 1, Window)
            );
        }

        var target = _folder.File("target.gguf");
        await LocalModel.QuantizeAsync(_model, target, QuantizationType.Q4_0, options: With(_matrix));
        var weights = Floats(_model, Name);
        var place = GgufFile.Read(target).FindTensor(Name)!;
        var blocks = File.ReadAllBytes(target).AsSpan((int)place.Offset, (int)place.ByteLength).ToArray();
        double firstError = 0;
        double secondError = 0;
        for (var block = 0; block < weights.Length / 32; block++)
        {
            // Q4_0: a scale in 16 bits, then the lower halves of 16 bytes, then the upper ones.
            var data = blocks.AsSpan(18 * block, 18);
            var scale = (double)MemoryMarshal.Read<Half>(data);
            for (var i = 0; i < 16; i++)
            {
                firstError += Math.Pow(weights[(32 * block) + i] - (scale * ((data[2 + i] & 15) - 8)), 2);
                secondError += Math.Pow(weights[(32 * block) + 16 + i] - (scale * ((data[2 + i] >> 4) - 8)), 2);
            }
        }

        return (firstError, secondError);
    }

    /// <summary>Progress reported on the spot, where <see cref="Progress{T}"/> would post it.</summary>
    private sealed class Now(List<double> seen, Action? then = null) : IProgress<double>
    {
        public void Report(double value)
        {
            seen.Add(value);
            then?.Invoke();
        }
    }
}
