using System.Globalization;
using LlmThrift.Auditing;
using Microsoft.Extensions.AI;

namespace Audit;

/// <summary>The requests of a made-up support desk of a furniture shop, with their right answers. The same seed makes the same traffic.</summary>
internal sealed class Traffic
{
    private static readonly string[] Goods = ["chairs", "lamps", "shelves", "tables", "carpets", "mirrors", "drawers", "benches"];
    private static readonly string[] Names = ["Amira", "Jonas", "Mei", "Diego", "Ada", "Piotr", "Leila", "Tom"];
    private static readonly string[] Cities = ["Leeds", "Porto", "Graz", "Lyon", "Ghent", "Turin", "Malmö", "Cork"];

    private static readonly (string Question, string Answer)[] Facts =
    [
        ("When do you open on Saturdays?", "We open at 9"),
        ("How many days do I have to send something back?", "You have 30 days"),
        ("Do you deliver on Sundays?", "No, not on Sundays"),
        ("Which cards do you take?", "Visa and Mastercard"),
        ("How long is the warranty on sofas?", "The warranty lasts 5 years"),
        ("Where can I see my invoice?", "In your account, under Orders"),
    ];

    private static readonly string[] Openings = ["", "Hi, ", "Hello! ", "Quick question: ", "Sorry to bother you. "];
    private static readonly string[] Closings = ["", " Thanks!", " Thank you.", " Please be quick."];

    private readonly Dictionary<string, Request> _byQuestion = new(StringComparer.Ordinal);

    private Traffic(List<Request> requests)
    {
        Requests = requests;
        foreach (var request in requests)
        {
            _byQuestion[request.Question] = request;
        }
    }

    /// <param name="Question">What is asked.</param>
    /// <param name="Answer">The right answer.</param>
    /// <param name="Feature">The part of the app that asks.</param>
    /// <param name="Trap">How often a small model falls for it, from 0 to 1.</param>
    internal sealed record Request(string Question, string Answer, string Feature, double Trap);

    public IReadOnlyList<Request> Requests { get; }

    public static Traffic Make(int count, int seed)
    {
        var random = new Random(seed);
        return new Traffic([.. Enumerable.Range(0, count).Select(_ => Draw(random))]);
    }

    public Request? Find(string question) => _byQuestion.GetValueOrDefault(question);

    /// <summary>As an app's log has it.</summary>
    public IEnumerable<AuditPrompt> ToLog() =>
        Requests.Select(
            (request, i) =>
                new AuditPrompt(
                    string.Create(CultureInfo.InvariantCulture, $"request-{i + 1}"),
                    [new ChatMessage(ChatRole.User, request.Question)],
                    request.Feature
                )
        );

    private static Request Draw(Random random)
    {
        T One<T>(T[] of) => of[random.Next(of.Length)];
        var (a, b, c) = (random.Next(3, 40), random.Next(2, 15), random.Next(2, 9));
        var (thing, name, city) = (One(Goods), One(Names), One(Cities));
        switch (random.Next(20))
        {
            case < 8:
                var (question, answer) = One(Facts);
                return new Request($"{One(Openings)}{question}{One(Closings)}", answer, "faq", 0.01);
            case < 12:
                return new Request(
                    $"Extract the city. \"{name} in {city} ordered {a} {thing} and asks for a call back before {b} o'clock.\"",
                    city,
                    "intake",
                    0.02
                );
            case < 15:
                return new Request($"One of our {thing} costs {a} euros. What do {c} of them cost?", Text(a * c), "orders", 0.04);
            case < 18:
                return new Request(
                    $"{name} buys {b} {thing} at {a} euros each, sends {c % b} back, and pays {c} euros for each delivery of {3} pieces of what is kept. "
                        + "How much is paid in the end? Explain step by step, then give the sum.",
                    Text(((b - (c % b)) * a) + (c * ((b - (c % b) + 2) / 3))),
                    "orders",
                    0.75
                );
            default:
                return new Request(
                    $"Our contract says that a late delivery of {thing} costs {c} % of the price for each full week, {4 * c} % at most. The price was {a * 100} euros and we were {b * 5} days late. "
                        + "What do we owe? Show the reasoning, then the sum.",
                    Text(a * Math.Min(c * (b * 5 / 7), 4 * c)),
                    "contracts",
                    0.6
                );
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
