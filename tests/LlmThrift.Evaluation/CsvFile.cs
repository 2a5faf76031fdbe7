using System.Globalization;
using System.Text;

namespace LlmThrift.Evaluation;

/// <summary>Reads comma-separated values as RFC 4180 describes them: fields may be quoted, and then hold commas, line breaks and doubled quotes.</summary>
internal static class CsvFile
{
    /// <summary>The rows after the header, with the columns asked for, in the order asked for. Case and spaces around the names of columns do not matter.</summary>
    /// <exception cref="InvalidDataException">A column is missing, a row is too short, or a quoted field has no end.</exception>
    public static List<string[]> Read(FileInfo file, params string[] columns)
    {
        using var reader = file.OpenText();
        var rows = new List<string[]>();
        var positions = new int[columns.Length];
        var width = 0;
        foreach (var fields in Parse(reader))
        {
            if (width == 0)
            {
                width = fields.Count;
                var header = fields.Select(field => field.Trim().ToLowerInvariant()).ToList();
                positions = [.. columns.Select(column => header.IndexOf(column))];
                if (positions.Contains(-1))
                {
                    break;
                }

                continue;
            }

            if (fields.Count < width)
            {
                var number = (rows.Count + 1).ToString(CultureInfo.InvariantCulture);
                throw new InvalidDataException($"{file.Name}, row {number} has too few columns: quotes may be missing.");
            }

            rows.Add([.. positions.Select(position => fields[position])]);
        }

        return width > 0 && !positions.Contains(-1)
            ? rows
            : throw new InvalidDataException($"The first line of {file.Name} must name the columns {string.Join(", ", columns)}.");
    }

    /// <summary>The records, the header first. Empty lines are passed over.</summary>
    /// <exception cref="InvalidDataException">A quoted field has no end.</exception>
    public static IEnumerable<IReadOnlyList<string>> Parse(TextReader reader)
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
