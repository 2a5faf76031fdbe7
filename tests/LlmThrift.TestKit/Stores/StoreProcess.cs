using System.Diagnostics;
using System.Globalization;

namespace LlmThrift.TestKit.Stores;

/// <summary>A process of LlmThrift.StoreChild, which must lie beside the tests.</summary>
public sealed class StoreProcess : IDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly List<string> _errors = [];
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
            RedirectStandardError = true,
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
        _process.ErrorDataReceived += (_, arrived) =>
        {
            lock (_lines)
            {
                _errors.Add(arrived.Data ?? "");
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
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

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>The number that it has said last.</returns>
    /// <exception cref="InvalidOperationException">It failed. The message has what it said of that.</exception>
    public async Task<int> EndWithNumberAsync(TimeSpan timeout)
    {
        var lines = await EndAsync(timeout);
        if (_process.ExitCode != 0 || lines.Count == 0)
        {
            lock (_lines)
            {
                throw new InvalidOperationException($"The process ended with {_process.ExitCode}. {string.Join("\n", _errors.Take(20))}");
            }
        }

        return int.Parse(lines[^1], CultureInfo.InvariantCulture);
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
