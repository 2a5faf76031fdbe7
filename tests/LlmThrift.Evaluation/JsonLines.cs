using System.Text.Json;

namespace LlmThrift.Evaluation;

/// <summary>Reads files of one JSON object a line.</summary>
internal static class JsonLines
{
    /// <summary>Reads all lines that are not blank.</summary>
    /// <param name="file">The file.</param>
    /// <param name="what">What a line is, for messages: "a conversation".</param>
    /// <param name="read">Makes one of a line.</param>
    /// <exception cref="InvalidDataException">A line is not what it should be; the message says which and why.</exception>
    public static List<T> Read<T>(FileInfo file, string what, Func<JsonElement, T> read)
    {
        var items = new List<T>();
        var number = 0;
        foreach (var line in File.ReadLines(file.FullName))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
            {
                continue;
            }

            try
            {
                using var json = JsonDocument.Parse(line);
                items.Add(read(json.RootElement));
            }
            catch (Exception exception)
                when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new InvalidDataException($"{file.FullName}, line {number}: not {what} ({exception.Message})", exception);
            }
        }

        return items;
    }
}
