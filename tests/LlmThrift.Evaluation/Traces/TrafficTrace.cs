using System.Globalization;

namespace LlmThrift.Evaluation.Traces;

/// <summary>When calls came and how long they were: <c>TIMESTAMP,ContextTokens,GeneratedTokens</c>.</summary>
/// <param name="After">From the first call.</param>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
internal readonly record struct TrafficTrace(TimeSpan After, int InputTokens, int OutputTokens)
{
    /// <exception cref="InvalidDataException">A row cannot be read.</exception>
    public static List<TrafficTrace> Read(FileInfo file)
    {
        var calls = new List<TrafficTrace>();
        var first = default(DateTime?);
        foreach (var row in CsvFile.Read(file, "timestamp", "contexttokens", "generatedtokens"))
        {
            if (
                !DateTime.TryParse(
                    row[0],
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                    out var time
                )
                || !int.TryParse(row[1], NumberStyles.None, CultureInfo.InvariantCulture, out var input)
                || !int.TryParse(row[2], NumberStyles.None, CultureInfo.InvariantCulture, out var output)
            )
            {
                throw new InvalidDataException(
                    $"{file.Name}, row {calls.Count + 1} is \"{string.Join(',', row)}\": a time and two whole numbers are expected."
                );
            }

            first ??= time;
            calls.Add(new TrafficTrace(time - first.Value, input, output));
        }

        calls.Sort((a, b) => a.After.CompareTo(b.After));
        return calls;
    }
}
