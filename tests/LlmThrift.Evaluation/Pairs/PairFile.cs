using System.Globalization;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>Reads the files of pairs: columns a, b and same (1 or 0, or true or false), in any order.</summary>
internal static class PairFile
{
    /// <exception cref="InvalidDataException">The file is not of this form; the message says where.</exception>
    public static List<LabelledPair> Read(FileInfo file)
    {
        var pairs = new List<LabelledPair>();
        foreach (var fields in CsvFile.Read(file, "a", "b", "same"))
        {
            var number = (pairs.Count + 1).ToString(CultureInfo.InvariantCulture);
            var label =
                LabelOf(fields[2]) ?? throw new InvalidDataException($"{file.Name}, pair {number}: the column same must be 1 or 0.");
            pairs.Add(new LabelledPair(fields[0], fields[1], label));
        }

        return pairs.Count > 0 ? pairs : throw new InvalidDataException($"{file.Name} has no pairs.");
    }

    private static bool? LabelOf(string field) =>
        field.Trim().ToLowerInvariant() switch
        {
            "1" or "true" => true,
            "0" or "false" => false,
            _ => null,
        };
}
