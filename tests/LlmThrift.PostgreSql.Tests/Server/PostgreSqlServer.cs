using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace LlmThrift.PostgreSql.Tests.Server;

/// <summary>A server of our own, on loopback and a free port, with its data in a temporary folder. Nothing of the system's is touched.</summary>
public sealed class PostgreSqlServer : IDisposable
{
    private const string Unprivileged = "postgres";

    private readonly string _folder;
    private readonly string _binaries;
    private Process? _server;

    public PostgreSqlServer()
    {
        _binaries = FindBinaries() ?? throw new InvalidOperationException("There is no PostgreSQL server on this machine.");
        _folder = Directory.CreateTempSubdirectory("llmthrift-pg-").FullName;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", [Unprivileged, _folder], asUser: false);
        }

        var data = Path.Combine(_folder, "data");
        Run(
            Path.Combine(_binaries, "initdb"),
            ["-D", data, "-U", "test", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            asUser: true
        );
        Start();
    }

    public int Port { get; }

    public string ConnectionString =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Host=127.0.0.1;Port={Port};Username=test;Database=postgres;Maximum Pool Size=40;Timeout=15"
        );

    /// <summary>The newest of Debian's, or what LLMTHRIFT_POSTGRESQL_BIN names; null without one.</summary>
    public static string? FindBinaries()
    {
        if (Environment.GetEnvironmentVariable("LLMTHRIFT_POSTGRESQL_BIN") is { Length: > 0 } named)
        {
            return named;
        }

        const string Debian = "/usr/lib/postgresql";
        return !OperatingSystem.IsLinux() || !Directory.Exists(Debian)
            ? null
            : Directory
                .GetDirectories(Debian)
                .OrderByDescending(folder =>
                    int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0
                )
                .Select(folder => Path.Combine(folder, "bin"))
                .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    /// <summary>Ends the server without letting it finish anything.</summary>
    public void Kill()
    {
        // The postmaster's children end by themselves when it is gone.
        var id = PostmasterId();
        _server!.Kill();
        if (id is { } postmaster)
        {
            RunQuietly("kill", ["-9", postmaster.ToString(CultureInfo.InvariantCulture)]);
        }

        _server.WaitForExit();
        _server.Dispose();
        _server = null;
    }

    public void Start()
    {
        _server = Launch(
            Path.Combine(_binaries, "postgres"),
            [
                "-D",
                Path.Combine(_folder, "data"),
                "-p",
                Port.ToString(CultureInfo.InvariantCulture),
                "-h",
                "127.0.0.1",
                "-k",
                _folder,
                "-c",
                "max_connections=200",
                "-c",
                "shared_buffers=128MB",
                // No test cuts the power.
                "-c",
                "fsync=off",
            ],
            asUser: true
        );
        var since = Stopwatch.GetTimestamp();
        while (!IsReady())
        {
            if (_server.HasExited || Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(1))
            {
                throw new InvalidOperationException("The server did not start.");
            }

            Thread.Sleep(TimeSpan.FromMilliseconds(50));
        }
    }

    public void Dispose()
    {
        if (_server is not null && PostmasterId() is { } id)
        {
            // SIGINT is PostgreSQL's fast shutdown.
            RunQuietly("kill", ["-INT", id.ToString(CultureInfo.InvariantCulture)]);
            if (!_server.WaitForExit(TimeSpan.FromSeconds(20)))
            {
                Kill();
            }
        }

        _server?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private int? PostmasterId()
    {
        var file = Path.Combine(_folder, "data", "postmaster.pid");
        return File.Exists(file) && int.TryParse(File.ReadLines(file).FirstOrDefault(), CultureInfo.InvariantCulture, out var id)
            ? id
            : null;
    }

    private bool IsReady()
    {
        using var process = Launch(
            Path.Combine(_binaries, "pg_isready"),
            ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-q"],
            asUser: false
        );
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    private static void Run(string program, string[] arguments, bool asUser)
    {
        using var process = Launch(program, arguments, asUser);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}.");
        }
    }

    private static void RunQuietly(string program, string[] arguments)
    {
        using var process = Launch(program, arguments, asUser: false);
        process.WaitForExit();
    }

    /// <summary>The server refuses to run as root: then it runs as the user that Debian's package makes.</summary>
    private static Process Launch(string program, string[] arguments, bool asUser)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (asUser && Environment.IsPrivilegedProcess)
        {
            start.FileName = "setpriv";
            foreach (var part in (string[])[$"--reuid={Unprivileged}", $"--regid={Unprivileged}", "--clear-groups", program])
            {
                start.ArgumentList.Add(part);
            }
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // The folder that the tests run in may be closed to that user.
        start.WorkingDirectory = "/";
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
