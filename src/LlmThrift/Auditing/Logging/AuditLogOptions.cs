using LlmThrift.Internal;

namespace LlmThrift.Auditing;

/// <summary>Options of the log of requests.</summary>
public sealed class AuditLogOptions
{
    /// <summary>The file: one line of JSON for each request, with its text. One file a process.</summary>
    public string Path { get; set; } = "";

    /// <summary>The share of the requests that is written. Default: 1, all. More than 0, at most 1.</summary>
    public double Share { get; set; } = 1;

    /// <summary>How long the file may become, in bytes; then nothing more is written. Default: 100 MB. At least 1.</summary>
    public long MaxBytes { get; set; } = 100_000_000;

    /// <summary>Where the drawing begins. Default: 0.</summary>
    public int Seed { get; set; }

    internal void Validate(OptionsProblems problems)
    {
        problems.AddIf(string.IsNullOrWhiteSpace(Path), "Path is empty: name a file for the log, such as \"requests.jsonl\".");
        problems.AddIf(!(Share is > 0 and <= 1), $"Share is {Share}: it must be more than 0 and at most 1, such as 0.1.");
        problems.AddIf(MaxBytes < 1, $"MaxBytes is {MaxBytes}: it must be at least 1, such as 100000000.");
    }
}
