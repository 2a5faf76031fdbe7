using LlmThrift.Local.Quantizing;
using LlmThrift.Local.Tests.Gguf;
using LlmThrift.TestKit.Gguf;
using Xunit;

namespace LlmThrift.Local.Tests.Quantizing;

public sealed class ImportanceMatrixFileTests : IDisposable
{
    private static readonly ImportanceMatrix Matrix = new(
        new Dictionary<string, ImportanceEntry>(StringComparer.Ordinal)
        {
            ["blk.0.attn_q.weight"] = new([2, 4, 8], [2]),
            ["blk.0.ffn_up_exps.weight"] = new([3, 6, 0, 0, 5, 10], [3, 0, 5]),
        },
        ["text.txt"],
        Windows: 2,
        WindowLength: 512
    );

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_written_is_read()
    {
        var path = Write(Matrix);

        var read = ImportanceMatrixFile.Read(path);

        Assert.Equal(["text.txt"], read.Datasets);
        Assert.Equal(2, read.Windows);
        Assert.Equal(512, read.WindowLength);
        Assert.Equal(Matrix.Entries.Keys.Order(), read.Entries.Keys.Order());
        foreach (var (name, (sums, counts)) in Matrix.Entries)
        {
            Assert.Equal(sums, read.Entries[name].Sums);
            Assert.Equal(counts, read.Entries[name].Counts);
        }
    }

    [Fact]
    public void Means_are_by_expert_and_one_for_an_expert_that_no_token_went_to()
    {
        var means = new float[6];

        Matrix.Entries["blk.0.ffn_up_exps.weight"].WriteMeans(means);

        Assert.Equal([1, 2, 1, 1, 1, 2], means);
    }

    [Fact]
    public void The_older_form_is_read_with_and_without_the_text_s_name()
    {
        var bytes = Older("blk.0.attn_q.weight", windows: 3, 6, 12, 24);
        var path = _folder.File("old.dat");
        File.WriteAllBytes(path, bytes);

        var bare = ImportanceMatrixFile.Read(path);
        File.WriteAllBytes(path, [.. bytes, .. BitConverter.GetBytes(3), .. BitConverter.GetBytes(4), .. "text"u8]);
        var named = ImportanceMatrixFile.Read(path);

        var means = new float[3];
        bare.Entries["blk.0.attn_q.weight"].WriteMeans(means);
        Assert.Equal([2, 4, 8], means);
        Assert.Equal(0, bare.Windows);
        Assert.Equal(3, named.Windows);
        Assert.Equal(["text"], named.Datasets);
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_a_clear_error()
    {
        var whole = File.ReadAllBytes(Write(Matrix));
        var older = Older("blk.0.attn_q.weight", windows: 3, 6, 12, 24);
        var path = _folder.File("cut");
        foreach (var bytes in (byte[][])[whole[..^24], older])
        {
            for (var length = 0; length < bytes.Length; length++)
            {
                File.WriteAllBytes(path, bytes[..length]);
                Assert.Throws<LocalModelException>(() => ImportanceMatrixFile.Read(path));
            }
        }
    }

    [Theory]
    [InlineData(float.NaN, 1, "no number")]
    [InlineData(-1, 1, "below 0")]
    [InlineData(1, -1, "counts")]
    [InlineData(1, float.PositiveInfinity, "counts")]
    public void Numbers_that_cannot_be_are_a_clear_error(float sum, float count, string expected)
    {
        var path = _folder.File("numbers.gguf");
        Writer(sum, count).Write(path);

        var problem = Assert.Throws<LocalModelException>(() => ImportanceMatrixFile.Read(path));

        Assert.Contains(expected, problem.Message, StringComparison.Ordinal);
        Assert.Contains("blk.0.x.weight", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_something_else_are_a_clear_error()
    {
        var path = _folder.File("other");

        Writer(1, 1).RemoveTensor("blk.0.x.weight.counts").Write(path);
        Assert.Contains("blk.0.x.weight.counts", Problem(), StringComparison.Ordinal);

        Writer(1, 1).ChangeTensor("blk.0.x.weight.in_sum2", type: GgufWriter.F16, byteLength: 4).Write(path);
        Assert.Contains("F16", Problem(), StringComparison.Ordinal);

        RandomLlamaModel.Write(path);
        Assert.Contains("it is a model", Problem(), StringComparison.Ordinal);

        File.WriteAllText(path, "The text itself rather than what was made of it.");
        Assert.Contains("neither in the format GGUF nor in the older one", Problem(), StringComparison.Ordinal);

        File.Delete(path);
        Assert.Contains("does not exist", Problem(), StringComparison.Ordinal);

        string Problem() => Assert.Throws<LocalModelException>(() => ImportanceMatrixFile.Read(path)).Message;
    }

    private static GgufWriter Writer(float sum, float count) =>
        new GgufWriter()
            .Set("general.type", "imatrix")
            .AddTensor("blk.0.x.weight.in_sum2", GgufWriter.F32, [2], [.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(sum)])
            .AddTensor("blk.0.x.weight.counts", GgufWriter.F32, [1], BitConverter.GetBytes(count));

    private static byte[] Older(string name, int windows, params ReadOnlySpan<float> sums)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(1);
        writer.Write(name.Length);
        writer.Write(name.ToCharArray());
        writer.Write(windows);
        writer.Write(sums.Length);
        foreach (var sum in sums)
        {
            writer.Write(sum);
        }

        writer.Flush();
        return stream.ToArray();
    }

    private string Write(ImportanceMatrix matrix)
    {
        var path = _folder.File("matrix.gguf");
        using var stream = File.Create(path);
        ImportanceMatrixFile.Write(stream, matrix);
        return path;
    }
}
