using LlmThrift.TestKit;

namespace LlmThrift.Sqlite.Tests;

/// <summary>A store in a folder of its own, which goes with it.</summary>
internal sealed class TemporaryStore : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("llmthrift-sqlite-").FullName;

    public TemporaryStore(Action<SqliteStoreOptions>? configure = null)
    {
        var options = new SqliteStoreOptions { Path = System.IO.Path.Combine(_folder, "store.db") };
        configure?.Invoke(options);
        Options = options;
        Store = new SqliteStore(options, Clock);
    }

    public ManualTimeProvider Clock { get; } = new();

    public SqliteStoreOptions Options { get; }

    public SqliteStore Store { get; }

    public string Path => Store.Path;

    public void Dispose()
    {
        Store.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
