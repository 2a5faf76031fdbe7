// Makes banking77.csv out of the published data set: `dotnet run make-banking77.cs -- SOURCE.csv [PER_INTENT]`.
// SOURCE.csv is BANKING77 as PolyAI publishes it: a header, then one `text,label` a line, in CSV.
// Kept: of each intent the given number of questions (32 when left out), evenly spaced over the source, after surrounding
// white space is cut off and texts that repeat (case aside) or that span lines are dropped. Intents come in alphabetical order.
using System.Globalization;
using System.Text;

var source =
    args.Length > 0 ? args[0] : throw new InvalidOperationException("Name the source file: dotnet run make-banking77.cs -- SOURCE.csv");
var perIntent = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 32;

var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
var intents = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
foreach (var fields in ReadCsv(File.ReadAllText(source)).Skip(1))
{
    var text = fields[0].Trim();
    if (text.Length == 0 || text.AsSpan().ContainsAny('\r', '\n') || !seen.Add(text))
        continue;
    if (!intents.TryGetValue(fields[1], out var questions))
        intents.Add(fields[1], questions = []);
    questions.Add(text);
}

var output = new StringBuilder("text,intent\n");
foreach (var (intent, questions) in intents)
{
    for (var index = 0; index < Math.Min(perIntent, questions.Count); index++)
        output.Append(Quote(questions[(int)((long)index * questions.Count / perIntent)])).Append(',').Append(intent).Append('\n');
}

File.WriteAllText("banking77.csv", output.ToString());

static string Quote(string text) =>
    text.AsSpan().ContainsAny(',', '"') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

static IEnumerable<List<string>> ReadCsv(string csv)
{
    var fields = new List<string>();
    var field = new StringBuilder();
    var quoted = false;
    for (var index = 0; index < csv.Length; index++)
    {
        var character = csv[index];
        if (quoted && character == '"' && index + 1 < csv.Length && csv[index + 1] == '"')
        {
            field.Append('"');
            index++;
        }
        else if (character == '"')
        {
            quoted = !quoted;
        }
        else if (!quoted && (character is ',' or '\n'))
        {
            fields.Add(field.ToString().TrimEnd('\r'));
            field.Clear();
            if (character == '\n')
            {
                yield return fields;
                fields = [];
            }
        }
        else
        {
            field.Append(character);
        }
    }
}
