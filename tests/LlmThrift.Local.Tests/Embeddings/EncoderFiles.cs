using LlmThrift.TestKit.Gguf;

namespace LlmThrift.Local.Tests.Embeddings;

/// <summary>Files of a random encoder and a random chat model, written once a run.</summary>
public sealed class EncoderFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmthrift-").FullName;
    private int _files;

    public EncoderFiles()
    {
        Bert = Add(RandomBertModel.Build());
        Llama = Add(RandomLlamaModel.Build());
    }

    public string Bert { get; }

    public string Llama { get; }

    public string Add(GgufWriter writer)
    {
        var path = Path.Combine(_folder, $"random{_files++}.gguf");
        writer.Write(path);
        return path;
    }

    public LocalEmbeddingGenerator Generator(Action<LocalEmbeddingOptions>? configure = null)
    {
        var options = new LocalEmbeddingOptions { ModelPath = Bert };
        configure?.Invoke(options);
        return new LocalEmbeddingGenerator(options);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
