using System.Text;
using LlmThrift.Routing;

namespace LlmThrift.Auditing.Reviewing;

/// <summary>Ratings by people as CSV (RFC 4180): id, verdict, question, answer 1, answer 2.</summary>
internal static class ReviewCsv
{
    public static string Write(IEnumerable<ReviewItem> items)
    {
        var csv = new StringBuilder("id,verdict,question,answer 1,answer 2\r\n");
        foreach (var item in items)
        {
            csv.Append(Cell(item.Id)).Append(",,").Append(Cell(item.Question)).Append(',');
            csv.Append(Cell(item.First)).Append(',').Append(Cell(item.Second)).Append("\r\n");
        }

        return csv.ToString();
    }

    /// <summary>Writes ratings that are known.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, AnswerJudgement>> ratings)
    {
        var csv = new StringBuilder("id,verdict\r\n");
        foreach (var (id, judged) in ratings)
        {
            csv.Append(Cell(id)).Append(',').Append(ReviewOrder.Write(id, judged)).Append("\r\n");
        }

        return csv.ToString();
    }

    /// <summary>Reads verdicts; the columns id and verdict are all that counts.</summary>
    /// <exception cref="InvalidDataException">It is no table of ratings; the message says why.</exception>
    public static Dictionary<string, AnswerJudgement> Read(string csv, IReadOnlySet<string> ids)
    {
        var rows = Parse(csv);
        var header = rows.Count > 0 ? rows[0].ConvertAll(name => name.Trim().ToUpperInvariant()) : [];
        var (id, verdict) = (header.IndexOf("ID"), header.IndexOf("VERDICT"));
        if (id < 0 || verdict < 0)
        {
            throw new InvalidDataException("The first row does not name the columns id and verdict.");
        }

        var ratings = new Dictionary<string, AnswerJudgement>(StringComparer.Ordinal);
        for (var row = 1; row < rows.Count; row++)
        {
            var cells = rows[row];
            if (cells.Count <= Math.Max(id, verdict))
            {
                continue;
            }

            var name = cells[id].StartsWith('\'') && !ids.Contains(cells[id]) ? cells[id][1..] : cells[id];
            if (!ids.Contains(name))
            {
                throw new InvalidDataException($"Row {row + 1} rates \"{name}\", which is no request of this audit.");
            }

            try
            {
                if (ReviewOrder.Read(name, cells[verdict]) is { } judged)
                {
                    ratings[name] = judged;
                }
            }
            catch (FormatException exception)
            {
                throw new InvalidDataException($"Row {row + 1}: {exception.Message}", exception);
            }
        }

        return ratings;
    }

    /// <summary>What strangers wrote must not be taken for a formula by a spreadsheet.</summary>
    private static string Cell(string text)
    {
        var harmless = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + text : text;
        return $"\"{harmless.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    private static List<List<string>> Parse(string csv)
    {
        var rows = new List<List<string>>();
        var row = new List<string>();
        var cell = new StringBuilder();
        var isQuoted = false;

        // Spreadsheets of some languages save with semicolons.
        var separator = csv.AsSpan().IndexOfAny(',', ';') is var first and >= 0 ? csv[first] : ',';
        for (var i = csv.StartsWith('\ufeff') ? 1 : 0; i < csv.Length; i++)
        {
            var letter = csv[i];
            if (isQuoted)
            {
                if (letter != '"')
                {
                    cell.Append(letter);
                }
                else if (i + 1 < csv.Length && csv[i + 1] == '"')
                {
                    cell.Append('"');
                    i++;
                }
                else
                {
                    isQuoted = false;
                }
            }
            else if (letter == '"')
            {
                isQuoted = true;
            }
            else if (letter == separator)
            {
                EndCell();
            }
            else if (letter == '\n')
            {
                EndRow();
            }
            else if (letter != '\r')
            {
                cell.Append(letter);
            }
        }

        if (isQuoted)
        {
            throw new InvalidDataException("A cell that begins with a quotation mark does not end.");
        }

        if (cell.Length > 0 || row.Count > 0)
        {
            EndRow();
        }

        return rows;

        void EndCell()
        {
            row.Add(cell.ToString());
            cell.Clear();
        }

        void EndRow()
        {
            EndCell();
            rows.Add(row);
            row = [];
        }
    }
}
