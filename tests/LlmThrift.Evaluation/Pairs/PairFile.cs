namespace LlmThrift.Evaluation.Pairs;

/// <summary>Reads the files of pairs: columns a, b and same (1 or 0, or true or false), in any order.</summary>
internal static class PairFile
{
    /// <exception cref="InvalidDataException">The file is not of this form; the message says where.</exception>
    public static List<LabelledPair> Read(string path)
    {
        using var reader = new StreamReader(path);
        var pairs = new List<LabelledPair>();
        var (first, second, same) = (-1, -1, -1);
        var record = 0;
        foreach (var fields in CsvRecords.Read(reader))
        {
            if (record++ == 0)
            {
                var header = fields.Select(field => field.Trim().ToLowerInvariant()).ToList();
                (first, second, same) = (header.IndexOf("a"), header.IndexOf("b"), header.IndexOf("same"));
                if (first < 0 || second < 0 || same < 0)
                {
                    throw new InvalidDataException($"{path} must begin with a header that has the columns a, b and same.");
                }

                continue;
            }

            if (fields.Count <= Math.Max(first, Math.Max(second, same)) || LabelOf(fields[same]) is not { } label)
            {
                throw new InvalidDataException($"{path}, record {record}: the columns a, b and same (1 or 0) are needed.");
            }

            pairs.Add(new LabelledPair(fields[first], fields[second], label));
        }

        if (pairs.Count == 0)
        {
            throw new InvalidDataException($"{path} has no pairs.");
        }

        return pairs;
    }

    private static bool? LabelOf(string field) =>
        field.Trim().ToLowerInvariant() switch
        {
            "1" or "true" => true,
            "0" or "false" => false,
            _ => null,
        };
}
