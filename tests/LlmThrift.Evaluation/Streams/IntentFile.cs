namespace LlmThrift.Evaluation.Streams;

/// <summary>Questions with their intents: <c>text,intent</c>. An empty intent: no other question has the same answer.</summary>
internal sealed class IntentFile
{
    private IntentFile(string name, string[] texts, int[] answers)
    {
        Name = name;
        Texts = texts;
        Answers = answers;
    }

    public string Name { get; }

    public string[] Texts { get; }

    /// <summary>The right answer of each question: equal numbers for equal intents, a number of its own for a question without one.</summary>
    public int[] Answers { get; }

    public static IntentFile Read(FileInfo file)
    {
        var rows = CsvFile.Read(file, "text", "intent");
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var answers = new int[rows.Count];
        for (var row = 0; row < rows.Count; row++)
        {
            var intent = rows[row][1];
            answers[row] =
                intent.Length == 0 ? -1 - row
                : known.TryGetValue(intent, out var answer) ? answer
                : known[intent] = known.Count;
        }

        return new IntentFile(Path.GetFileNameWithoutExtension(file.Name), [.. rows.Select(row => row[0])], answers);
    }

    /// <summary>The same questions in another order, the same one for the same seed.</summary>
    public IntentFile Shuffle(int seed)
    {
        var order = Enumerable.Range(0, Texts.Length).ToArray();
        new Random(seed).Shuffle(order);
        return new IntentFile(Name, [.. order.Select(row => Texts[row])], [.. order.Select(row => Answers[row])]);
    }

    /// <summary>Some of the questions; those of the intents not <paramref name="isKnown"/> get an answer of their own.</summary>
    public IntentFile Select(Func<int, bool> isTaken, Func<int, bool> isKnown)
    {
        var rows = Enumerable.Range(0, Texts.Length).Where(row => isTaken(Answers[row])).ToArray();
        return new IntentFile(
            Name,
            [.. rows.Select(row => Texts[row])],
            [.. rows.Select(row => isKnown(Answers[row]) ? Answers[row] : -1 - row)]
        );
    }
}
