namespace LlmThrift.PostgreSql.Tests.Server;

/// <summary>The server that tests share, where there is one.</summary>
public sealed class SharedServer : IDisposable
{
    private readonly PostgreSqlServer? _server = ServerGroup.SkipReason is null ? new PostgreSqlServer() : null;

    public PostgreSqlServer Server => _server ?? throw new InvalidOperationException(ServerGroup.SkipReason);

    public void Dispose() => _server?.Dispose();
}
