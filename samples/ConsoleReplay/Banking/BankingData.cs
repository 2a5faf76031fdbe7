using System.Text;
using System.Text.Json;

namespace ConsoleReplay.Banking;

/// <summary>
/// What ships with the sample: 2,464 questions of BANKING77 (PolyAI, CC BY 4.0), 32 of each of its 77 intents, and, written for this
/// sample, an answer to each intent and the system prompt of a made-up bank's support assistant.
/// </summary>
internal static class BankingData
{
    /// <summary>The questions, in the order of the file.</summary>
    public static IReadOnlyList<BankingQuestion> Questions { get; } = LoadQuestions();

    /// <summary>The answers by intent.</summary>
    public static IReadOnlyDictionary<string, string> Answers { get; } =
        JsonSerializer.Deserialize<Dictionary<string, string>>(Read("answers.json"))!;

    public static string SystemPrompt { get; } = Read("system-prompt.txt").TrimEnd();

    private static List<BankingQuestion> LoadQuestions()
    {
        var questions = new List<BankingQuestion>();
        foreach (var line in Read("banking77.csv").Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1))
        {
            // The file is our own: one question a line, quoted when it holds a comma or a quote; intents hold neither.
            var comma = line.LastIndexOf(',');
            var text = line[..comma];
            if (text.StartsWith('"'))
                text = text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal);
            questions.Add(new BankingQuestion(text, line[(comma + 1)..]));
        }

        return questions;
    }

    private static string Read(string name)
    {
        using var stream = typeof(BankingData).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}

/// <summary>A customer's question and what it is about.</summary>
internal sealed record BankingQuestion(string Text, string Intent)
{
    /// <summary>The part of the app that the question belongs to, as an app would tag its calls.</summary>
    public string Feature =>
        Intent.Contains("top_up", StringComparison.Ordinal) || Intent.StartsWith("topping", StringComparison.Ordinal) ? "top-ups"
        : Intent.Contains("cash", StringComparison.Ordinal) || Intent is "atm_support" ? "cash"
        : Intent.Contains("exchange", StringComparison.Ordinal) || Intent.Contains("currenc", StringComparison.Ordinal) ? "exchange"
        : Intent.Contains("card", StringComparison.Ordinal)
        || Intent.Contains("pin", StringComparison.Ordinal)
        || Intent is "contactless_not_working" or "apple_pay_or_google_pay" or "visa_or_mastercard"
            ? "cards"
        : Intent.Contains("transfer", StringComparison.Ordinal) || Intent is "beneficiary_not_allowed" or "receiving_money" ? "transfers"
        : Intent.Contains("refund", StringComparison.OrdinalIgnoreCase) || Intent.Contains("charge", StringComparison.Ordinal) ? "payments"
        : "account";
}
