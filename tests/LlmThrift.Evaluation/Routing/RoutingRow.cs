using System.Text.Json;

namespace LlmThrift.Evaluation.Routing;

/// <summary>A prompt, and how good the answers of some models to it were.</summary>
/// <param name="Task">What it belongs to, such as a subject; empty where that is not told.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Quality">By model, from 0 to 1.</param>
/// <param name="Answers">By model, where they are recorded.</param>
internal sealed record RoutingRow(
    string Task,
    string Prompt,
    IReadOnlyDictionary<string, double> Quality,
    IReadOnlyDictionary<string, string> Answers
)
{
    /// <summary>Reads lines of <c>{"id","task","prompt","quality":{model: 0 to 1}}</c>, with or without <c>"answer":{model: text}</c>.</summary>
    /// <exception cref="InvalidDataException">A line is not of this form; the message says which.</exception>
    public static List<RoutingRow> ReadAll(FileInfo file) => JsonLines.Read(file, "a prompt with qualities", Read);

    private static RoutingRow Read(JsonElement json)
    {
        var answers = new Dictionary<string, string>(StringComparer.Ordinal);
        if (
            (json.TryGetProperty("answer", out var given) || json.TryGetProperty("answers", out given))
            && given.ValueKind == JsonValueKind.Object
        )
        {
            foreach (var answer in given.EnumerateObject().Where(answer => answer.Value.ValueKind == JsonValueKind.String))
            {
                answers[answer.Name] = answer.Value.GetString()!;
            }
        }

        return new RoutingRow(
            json.TryGetProperty("task", out var task) ? task.GetString() ?? "" : "",
            json.GetProperty("prompt").GetString() ?? "",
            json.GetProperty("quality")
                .EnumerateObject()
                .ToDictionary(quality => quality.Name, quality => quality.Value.GetDouble(), StringComparer.Ordinal),
            answers
        );
    }
}
