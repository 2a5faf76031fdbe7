using System.Globalization;
using System.Text;

namespace LlmThrift.Evaluation;

/// <summary>Reads comma-separated values as RFC 4180 has them: quotes around what holds commas, quotes or line breaks; quotes doubled.</summary>
internal static class CsvFile
{
    /// <summary>The rows after the header, with the columns asked for, in the order asked for.</summary>
    /// <exception cref="InvalidDataException">A column is missing, or a row is too short.</exception>
    public static List<string[]> Read(FileInfo file, params string[] columns)
    {
        var rows = Parse(File.ReadAllText(file.FullName));
        var header = rows.Count > 0 ? rows[0] : [];
        var positions = new int[columns.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            positions[i] = header.IndexOf(columns[i]);
            if (positions[i] < 0)
            {
                throw new InvalidDataException(
                    $"{file.Name} has no column '{columns[i]}'; its first line must name {string.Join(", ", columns)}."
                );
            }
        }

        var taken = new List<string[]>(rows.Count);
        for (var row = 1; row < rows.Count; row++)
        {
            var fields = rows[row];
            if (fields.Count == 1 && fields[0].Length == 0)
            {
                continue;
            }

            if (fields.Count < header.Count)
            {
                var number = row.ToString(CultureInfo.InvariantCulture);
                throw new InvalidDataException($"{file.Name}, row {number} has too few columns: quotes may be missing.");
            }

            taken.Add([.. positions.Select(position => fields[position])]);
        }

        return taken;
    }

    private static List<List<string>> Parse(string text)
    {
        var rows = new List<List<string>>();
        var row = new List<string>();
        var field = new StringBuilder();
        var isQuoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (isQuoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (i + 1 < text.Length && text[i + 1] == '"')
                {
                    field.Append('"');
                    i++;
                }
                else
                {
                    isQuoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                isQuoted = true;
            }
            else if (c == ',')
            {
                EndField();
            }
            else if (c == '\n')
            {
                EndField();
                rows.Add(row);
                row = [];
            }
            else if (c != '\r' && (c != '\uFEFF' || i > 0))
            {
                field.Append(c);
            }
        }

        if (row.Count > 0 || field.Length > 0)
        {
            EndField();
            rows.Add(row);
        }

        return rows;

        void EndField()
        {
            row.Add(field.ToString());
            field.Clear();
        }
    }
}
