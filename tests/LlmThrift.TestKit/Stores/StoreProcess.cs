using System.Diagnostics;

namespace LlmThrift.TestKit.Stores;

/// <summary>A process of LlmThrift.StoreChild, which must lie beside the tests.</summary>
public sealed class StoreProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly SemaphoreSlim _arrived = new(0);

    public StoreProcess(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet"
        )
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "LlmThrift.StoreChild.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, arrived) =>
        {
            if (arrived.Data is { } line)
            {
                lock (_lines)
                {
                    _lines.Add(line);
                }

                _arrived.Release();
            }
        };
        _process.BeginOutputReadLine();
    }

    /// <summary>Waits for the next line that it says.</summary>
    public async Task<bool> WaitForLineAsync(TimeSpan timeout) => await _arrived.WaitAsync(timeout);

    public void Say(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits until it has ended.</summary>
    /// <returns>All that it has said.</returns>
    public async Task<IReadOnlyList<string>> EndAsync(TimeSpan timeout)
    {
        using var source = new CancellationTokenSource(timeout);
        await _process.WaitForExitAsync(source.Token);
        lock (_lines)
        {
            return [.. _lines];
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
        _arrived.Dispose();
    }
}
