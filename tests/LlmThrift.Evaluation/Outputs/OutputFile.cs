using System.Text.Json;

namespace LlmThrift.Evaluation.Outputs;

/// <summary>Answers of one model to the same questions, asked in three ways.</summary>
/// <param name="Name">The file's name without its extension.</param>
/// <param name="Answers">In the order of the file.</param>
internal sealed record OutputFile(string Name, IReadOnlyList<OutputFile.Answer> Answers)
{
    /// <exception cref="InvalidDataException">A line is not of this form; the message says which.</exception>
    public static OutputFile Read(FileInfo file) =>
        new(
            Path.GetFileNameWithoutExtension(file.Name),
            JsonLines.Read(
                file,
                "an answer with plain, concise and verbose",
                json => new Answer(Text(json, "plain"), Text(json, "concise"), Text(json, "verbose"))
            )
        );

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? "";

    /// <param name="Plain">To the question as it is.</param>
    /// <param name="Concise">To the question with the request to be concise.</param>
    /// <param name="Verbose">To the question with the request to be verbose.</param>
    internal sealed record Answer(string Plain, string Concise, string Verbose);
}
