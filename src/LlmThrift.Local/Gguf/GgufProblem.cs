using System.Globalization;

namespace LlmThrift.Local.Gguf;

/// <summary>The messages about files that cannot be used: the file, what is wrong with it, the way out.</summary>
internal static class GgufProblem
{
    public const string Download = "Download it again, or take another copy.";
    public const string Convert = "Convert the model again with llama.cpp's convert_hf_to_gguf.py, or take another file.";

    public static LocalModelException Of(string path, string problem, string wayOut = Download, Exception? cause = null) =>
        new($"The file '{path}' {problem}. {wayOut}", cause);

    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Number(ulong value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static string Shape(IEnumerable<long> dimensions) =>
        string.Join(" x ", dimensions.Select(dimension => dimension.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Text of a file for a message: what cannot be printed is left out, and so is what is too long.</summary>
    public static string Quote(string text)
    {
        const int Longest = 60;
        var start = text.Length <= Longest ? text : text[..Longest] + "...";
        return $"'{string.Concat(start.Select(c => char.IsControl(c) || char.IsSurrogate(c) || c == '\uFFFD' ? '?' : c))}'";
    }
}
