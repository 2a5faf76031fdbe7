using System.Text;
using BenchmarkDotNet.Attributes;
using LlmThrift.Tokens;

namespace LlmThrift.Benchmarks;

/// <summary>Counting prose, code and a short question.</summary>
/// <remarks>
/// The texts are made of words and lines in random order. For figures on files of one's own, and the time to load,
/// use the evaluation program's <c>tokens</c> verb.
/// </remarks>
[MemoryDiagnoser]
public class TokenBenchmarks
{
    private const string Question = "How long does it take until my new card arrives, and can I track it on the way?";

    private static readonly string[] Words =
    [
        "the",
        "of",
        "customers",
        "which",
        "invoice",
        "questions",
        "a",
        "unreasonably",
        "latency",
        "and",
        "is",
        "answered",
        "model",
        "cheaper,",
        "summarize",
        "product.",
        "Everybody",
        "notices",
        "wrong",
        "thermodynamic",
        "to",
        "in",
        "misclassification",
        "because",
        "that",
        "it",
        "was",
        "however,",
        "2024",
        "her",
    ];

    private static readonly string[] Lines =
    [
        "        var response = await innerClient.GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);",
        "    /// <summary>Gets the number of cached input tokens.</summary>",
        "        if (options?.Tools is { Count: > 0 } tools)",
        "        {",
        "        }",
        "",
        "    private readonly ConcurrentDictionary<string, FingerprintEntry> _entries = new(StringComparer.Ordinal);",
        "            throw new InvalidOperationException($\"The value '{name}' was 0x{value:X8}.\");",
    ];

    private string _prose = "";
    private string _code = "";

    [ParamsSource(nameof(Encodings))]
    public string Encoding { get; set; } = "";

    public static IEnumerable<string> Encodings => ["o200k_base", "cl100k_base"];

    [GlobalSetup]
    public void SetUp()
    {
        _prose = Shuffled(Words, " ");
        _code = Shuffled(Lines, "\n");
        Counter.CountTokens(Question);
    }

    [Benchmark]
    public int Prose_1_MB() => Counter.CountTokens(_prose);

    [Benchmark]
    public int Code_1_MB() => Counter.CountTokens(_code);

    [Benchmark]
    public int Question_80_characters() => Counter.CountTokens(Question);

    private BytePairEncoding Counter => Encoding == "o200k_base" ? BytePairEncoding.O200kBase : BytePairEncoding.Cl100kBase;

    private static string Shuffled(string[] parts, string separator)
    {
        var text = new StringBuilder();
        for (uint state = 1; text.Length < 1_000_000; state = (state * 1664525) + 1013904223)
        {
            text.Append(parts[(state >> 16) % parts.Length]).Append(separator);
        }

        return text.ToString();
    }
}
