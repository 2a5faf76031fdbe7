using System.Diagnostics;

namespace LlmThrift.Local.Tests.Native;

/// <summary>Compiles small C programs against llama.cpp's headers.</summary>
internal static class LlamaHeaders
{
    public const string PathVariable = "LLMTHRIFT_LLAMA_HEADERS";

    /// <summary>A folder with include/llama.h and ggml/include; null where there is none.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Why no program can be compiled; null where one can.</summary>
    public static string? Problem { get; } =
        Folder is null
            ? $"llama.cpp's headers are not here: dotnet msbuild build/LlamaNatives.proj -t:RestoreHeaders, or name their folder by {PathVariable}."
        : !HasCompiler() ? "There is no gcc to compile llama.cpp's headers with."
        : null;

    /// <summary>The lines that a program writes.</summary>
    /// <param name="body">What is in its main function.</param>
    public static string[] Run(string body)
    {
        var folder = Directory.CreateTempSubdirectory("llmthrift-headers-").FullName;
        try
        {
            var source = Path.Combine(folder, "program.c");
            var program = Path.Combine(folder, "program");
            File.WriteAllText(
                source,
                $"#include <stddef.h>\n#include <stdio.h>\n#include \"llama.h\"\nint main(void) {{\n{body}\nreturn 0; }}\n"
            );
            Start("gcc", ["-I", Path.Combine(Folder!, "include"), "-I", Path.Combine(Folder!, "ggml", "include"), source, "-o", program]);
            return Start(program, []).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Start(string file, IEnumerable<string> arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(file, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{file} ended with {process.ExitCode}: {errors.GetAwaiter().GetResult()}");
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named)
        {
            return named;
        }

        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LlmThrift.sln")))
        {
            folder = folder.Parent;
        }

        var headers = Path.Combine(folder?.FullName ?? ".", "artifacts", "llama-headers");
        return File.Exists(Path.Combine(headers, ".integrity")) ? headers : null;
    }

    private static bool HasCompiler() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, "gcc")));
}
