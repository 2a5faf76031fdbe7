using System.Text;

namespace LlmThrift.Evaluation.Pairs;

/// <summary>Reads comma-separated values as RFC 4180 describes them: fields may be quoted, and then hold commas, line breaks and doubled quotes.</summary>
internal static class CsvRecords
{
    /// <summary>The records, the header first. Empty lines are passed over.</summary>
    /// <exception cref="InvalidDataException">A quoted field has no end.</exception>
    public static IEnumerable<IReadOnlyList<string>> Read(TextReader reader)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var isQuoted = false;
        var wasQuoted = false;
        for (var next = reader.Read(); ; next = reader.Read())
        {
            if (isQuoted)
            {
                if (next < 0)
                {
                    throw new InvalidDataException("The file ends within a quoted field.");
                }

                if (next != '"')
                {
                    field.Append((char)next);
                }
                else if (reader.Peek() == '"')
                {
                    field.Append((char)reader.Read());
                }
                else
                {
                    isQuoted = false;
                }
            }
            else if (next == '"' && field.Length == 0 && !wasQuoted)
            {
                isQuoted = wasQuoted = true;
            }
            else if (next is ',' or '\n' or < 0)
            {
                fields.Add(next == ',' || wasQuoted ? field.ToString() : field.ToString().TrimEnd('\r'));
                field.Clear();
                if (next != ',')
                {
                    if (fields.Count > 1 || fields[0].Length > 0 || wasQuoted)
                    {
                        yield return fields;
                    }

                    fields = [];
                }

                wasQuoted = false;
                if (next < 0)
                {
                    yield break;
                }
            }
            else if (!(wasQuoted && next == '\r'))
            {
                field.Append((char)next);
            }
        }
    }
}
