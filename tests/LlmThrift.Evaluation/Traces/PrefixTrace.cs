using System.Text.Json;

namespace LlmThrift.Evaluation.Traces;

/// <summary>One request of a trace of production traffic: its input as names of blocks of 512 tokens, equal names being equal beginnings.</summary>
/// <param name="At">When it came, from the beginning of the trace.</param>
/// <param name="InputTokens">How many tokens the input has.</param>
/// <param name="Blocks">The names of its blocks.</param>
internal sealed record PrefixTrace(TimeSpan At, int InputTokens, long[] Blocks)
{
    public const int BlockTokens = 512;

    /// <exception cref="InvalidDataException">A line is not of this form; the message says which.</exception>
    public static List<PrefixTrace> ReadAll(FileInfo file)
    {
        var requests = new List<PrefixTrace>();
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
                var root = json.RootElement;
                var at = root.TryGetProperty("timestamp", out var time) && time.TryGetDouble(out var milliseconds) ? milliseconds : 0;
                requests.Add(
                    new PrefixTrace(
                        TimeSpan.FromMilliseconds(at),
                        root.GetProperty("input_length").GetInt32(),
                        [.. root.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt64())]
                    )
                );
            }
            catch (Exception exception)
                when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new InvalidDataException($"{file.FullName}, line {number}: not a request ({exception.Message})", exception);
            }
        }

        return requests;
    }
}
