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
    public static List<PrefixTrace> ReadAll(FileInfo file) => JsonLines.Read(file, "a request", Read);

    private static PrefixTrace Read(JsonElement json)
    {
        var at = json.TryGetProperty("timestamp", out var time) && time.TryGetDouble(out var milliseconds) ? milliseconds : 0;
        return new PrefixTrace(
            TimeSpan.FromMilliseconds(at),
            json.GetProperty("input_length").GetInt32(),
            [.. json.GetProperty("hash_ids").EnumerateArray().Select(id => id.GetInt64())]
        );
    }
}
