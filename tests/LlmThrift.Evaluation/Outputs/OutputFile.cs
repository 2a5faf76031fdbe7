using System.Text.Json;

namespace LlmThrift.Evaluation.Outputs;

/// <summary>Answers of one model to the same questions, asked in three ways.</summary>
/// <param name="Name">The file's name without its extension.</param>
/// <param name="Answers">In the order of the file.</param>
internal sealed record OutputFile(string Name, IReadOnlyList<OutputFile.Answer> Answers)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static OutputFile Read(FileInfo file) =>
        new(
            Path.GetFileNameWithoutExtension(file.Name),
            [
                .. File.ReadLines(file.FullName)
                    .Where(line => !string.IsNullOrWhiteSpace(line))
                    .Select((line, index) => Parse(line) ?? throw new FormatException($"{file.Name}, line {index + 1}: null.")),
            ]
        );

    private static Answer? Parse(string line) => JsonSerializer.Deserialize<Answer>(line, Json);

    /// <param name="Plain">To the question as it is.</param>
    /// <param name="Concise">To the question with the request to be concise.</param>
    /// <param name="Verbose">To the question with the request to be verbose.</param>
    internal sealed record Answer(string Plain, string Concise, string Verbose);
}
