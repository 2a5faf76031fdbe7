using System.Text;
using System.Text.Json;

namespace AspNetChat;

/// <summary>Real questions of bank customers (a part of BANKING77), and written answers, one for each intent.</summary>
internal static class SupportData
{
    public static string SystemPrompt { get; } = Read("system-prompt.txt");

    public static IReadOnlyDictionary<string, string> Answers { get; } =
        JsonSerializer.Deserialize<Dictionary<string, string>>(Read("answers.json"))!;

    public static IReadOnlyList<(string Text, string Intent)> Questions { get; } = ReadQuestions();

    private static string Read(string name)
    {
        using var stream = typeof(SupportData).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Lines of "text,intent"; a text with a comma is in quotes, and quotes in it are doubled.</summary>
    private static List<(string Text, string Intent)> ReadQuestions()
    {
        var questions = new List<(string, string)>();
        foreach (var line in Read("banking77.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            var comma = line.LastIndexOf(',');
            var text = line[..comma].Trim();
            if (text.StartsWith('"'))
            {
                text = text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal);
            }

            questions.Add((text, line[(comma + 1)..].Trim()));
        }

        return questions;
    }
}
