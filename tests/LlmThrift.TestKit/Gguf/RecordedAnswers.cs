using System.Text.Json;

namespace LlmThrift.TestKit.Gguf;

/// <summary>What llama.cpp's own program <c>llama-completion</c> answers to some prompts, always taking the likeliest token. Bytes that are no UTF-8 are U+FFFD.</summary>
/// <param name="Model">The model.</param>
/// <param name="Command">How the answers were made.</param>
/// <param name="Version">By which version.</param>
/// <param name="ContextLength">Tokens.</param>
/// <param name="MaxOutputTokens">The tokens of each answer.</param>
/// <param name="Answers">The answers.</param>
public sealed record RecordedAnswers(
    string Model,
    string Command,
    string Version,
    int ContextLength,
    int MaxOutputTokens,
    IReadOnlyList<RecordedAnswer> Answers
)
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">It is not one of recorded answers; the message says why.</exception>
    public static RecordedAnswers Load(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return
                JsonSerializer.Deserialize<RecordedAnswers>(stream, JsonSerializerOptions.Web)
                    is { Answers: [_, ..], MaxOutputTokens: > 0, ContextLength: > 0 } recorded
                ? recorded
                : throw new InvalidDataException($"{path} has no answers, or not how long they are (maxOutputTokens, contextLength).");
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"{path} is not a file of recorded answers: {problem.Message}", problem);
        }
    }
}
