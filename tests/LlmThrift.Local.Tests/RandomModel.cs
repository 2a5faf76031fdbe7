using LlmThrift.TestKit.Gguf;

namespace LlmThrift.Local.Tests;

/// <summary>Files of random models, written once a run.</summary>
public sealed class RandomModel : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmthrift-").FullName;

    public RandomModel()
    {
        Path = System.IO.Path.Combine(_folder, "random.gguf");
        RandomLlamaModel.Write(Path, new RandomLlamaOptions { Context = 1024 });
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public LocalChatClient Client(Action<LocalChatOptions>? configure = null)
    {
        var options = new LocalChatOptions { ModelPath = Path, DefaultTemperature = 0 };
        configure?.Invoke(options);
        return new LocalChatClient(options);
    }

    /// <summary>A model that has a chat template.</summary>
    public string WithTemplate(string template) => With(new RandomLlamaOptions { Context = 1024, ChatTemplate = template });

    /// <summary>A model of its own.</summary>
    public string With(RandomLlamaOptions options)
    {
        var path = System.IO.Path.Combine(_folder, $"{Guid.NewGuid():N}.gguf");
        RandomLlamaModel.Write(path, options);
        return path;
    }
}
