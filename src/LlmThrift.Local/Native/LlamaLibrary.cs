using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Local.Native;

/// <summary>Finds and loads llama.cpp's libraries, once a process, and passes its log on.</summary>
internal static unsafe partial class LlamaLibrary
{
    /// <summary>Names the folder of the libraries.</summary>
    public const string PathVariable = "LLMTHRIFT_LLAMA_PATH";

    /// <summary>The version whose structures <see cref="LlamaNative"/> declares; another would misread them.</summary>
    public const string RequiredVersion = "0.5.0";

    private static readonly Lock Gate = new();
    private static nint _llama;
    private static nint _ggml;
    private static nint _ggmlBase;
    private static bool _hasResolver;
    private static ILogger? _logger;

    /// <summary>Hears every line of the log besides, on whatever thread wrote it; null for none.</summary>
    public static Action<string>? Listener { get; set; }

    /// <summary>Where the libraries were found; null before they are loaded.</summary>
    public static string? Folder { get; private set; }

    /// <summary>Loads the libraries, unless they are loaded.</summary>
    /// <param name="folder">Where to look, and nowhere else; null for the usual places.</param>
    /// <param name="logger">Takes llama.cpp's log from now on.</param>
    /// <exception cref="LocalModelException">They were not found, or are of another version.</exception>
    public static void Load(string? folder, ILogger? logger)
    {
        lock (Gate)
        {
            _logger = logger ?? _logger;
            if (Folder is not null)
            {
                return;
            }

            var tried = new List<string>();
            foreach (var candidate in Candidates(folder))
            {
                tried.Add(candidate);
                if (Find(candidate) is { } files)
                {
                    Load(candidate, files);
                    return;
                }
            }

            throw new LocalModelException(
                $"llama.cpp's libraries (version {RequiredVersion}) were not found. Add the package LlmThrift.Local.Native.{RuntimeId()}, or name their folder by "
                    + $"LocalChatOptions.NativeLibraryPath or the environment variable {PathVariable}. Looked in: {string.Join(", ", tried)}."
            );
        }
    }

    /// <summary>Whether <see cref="Load(string?, ILogger?)"/> would find the libraries.</summary>
    public static bool IsAvailable(string? folder = null)
    {
        lock (Gate)
        {
            return Folder is not null || Candidates(folder).Any(candidate => Find(candidate) is not null);
        }
    }

    internal static IEnumerable<string> Candidates(string? folder)
    {
        if (!string.IsNullOrEmpty(folder))
        {
            return [folder];
        }

        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named)
        {
            return [named];
        }

        return
        [
            Path.Combine(AppContext.BaseDirectory, "runtimes", RuntimeId(), "native"),
            AppContext.BaseDirectory,
            .. OperatingSystem.IsWindows() ? [] : (string[])["/usr/local/lib", "/usr/lib"],
        ];
    }

    private static string RuntimeId()
    {
        var system =
            OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : "linux";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    /// <summary>The three libraries in a folder, whatever version their names end in; null when one is absent.</summary>
    private static (string Base, string Ggml, string Llama)? Find(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        var ending =
            OperatingSystem.IsWindows() ? "dll"
            : OperatingSystem.IsMacOS() ? "dylib"
            : "so";
        return Library("ggml-base") is { } ggmlBase && Library("ggml") is { } ggml && Library("llama") is { } llama
            ? (ggmlBase, ggml, llama)
            : null;

        string? Library(string name)
        {
            foreach (var prefix in (ReadOnlySpan<string>)["lib", ""])
            {
                foreach (var file in (ReadOnlySpan<string>)[$"{prefix}{name}.{ending}", $"{prefix}{name}.v{RequiredVersion}.{ending}"])
                {
                    var path = Path.Combine(folder, file);
                    if (File.Exists(path))
                    {
                        return path;
                    }
                }
            }

            return null;
        }
    }

    private static void Load(string folder, (string Base, string Ggml, string Llama) files)
    {
        try
        {
            // In this order, so that each finds the ones before it already loaded.
            _ggmlBase = NativeLibrary.Load(files.Base);
            _ggml = NativeLibrary.Load(files.Ggml);
            _llama = NativeLibrary.Load(files.Llama);
        }
        catch (Exception problem) when (problem is DllNotFoundException or BadImageFormatException)
        {
            throw new LocalModelException(
                $"llama.cpp's libraries in {folder} cannot be loaded: {problem.Message} They must be built for {RuntimeId()}.",
                problem
            );
        }

        if (!_hasResolver)
        {
            NativeLibrary.SetDllImportResolver(typeof(LlamaLibrary).Assembly, Resolve);
            _hasResolver = true;
        }

        string version;
        try
        {
            version = Marshal.PtrToStringUTF8((nint)LlamaNative.Version()) ?? "";
        }
        catch (EntryPointNotFoundException)
        {
            version = "of another kind";
        }

        if (version.TrimStart('v').Split('-')[0] != RequiredVersion)
        {
            throw new LocalModelException(
                $"llama.cpp in {folder} is version {version}, and this package is made for {RequiredVersion} alone: add LlmThrift.Local.Native.{RuntimeId()}."
            );
        }

        LlamaNative.SetGgmlLog(&Log, null);
        LlamaNative.SetLog(&Log, null);
        LlamaNative.LoadBackends(folder);
        LlamaNative.InitializeBackend();
        Folder = folder;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? paths) =>
        name switch
        {
            LlamaNative.Llama => _llama,
            LlamaNative.Ggml => _ggml,
            LlamaNative.GgmlBase => _ggmlBase,
            _ => 0,
        };

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Log(int level, byte* text, void* data)
    {
        // Nothing may be thrown into native code.
        try
        {
            Listener?.Invoke(Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text)));
            if (_logger is not { } logger)
            {
                return;
            }

            var severity = level switch
            {
                3 => LogLevel.Warning,
                4 => LogLevel.Error,
                _ => LogLevel.Debug,
            };
            if (logger.IsEnabled(severity))
            {
                var line = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text)).TrimEnd();
                LogNative(logger, severity, line);
            }
        }
        catch (Exception)
        {
            // A logger that fails must not end the process.
        }
    }

    [LoggerMessage(EventId = 80, Message = "llama.cpp: {Text}")]
    private static partial void LogNative(ILogger logger, LogLevel level, string text);
}
