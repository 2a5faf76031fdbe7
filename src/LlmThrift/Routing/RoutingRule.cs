using LlmThrift.Internal;

namespace LlmThrift.Routing;

/// <summary>Sends calls that meet all its conditions to a tier. Conditions that are not set are met.</summary>
/// <param name="tier">The name of the tier.</param>
/// <example><code>o.Rules.Add(new RoutingRule("small") { Feature = "faq" });</code></example>
public sealed class RoutingRule(string tier)
{
    /// <summary>The name of the tier.</summary>
    public string Tier { get; } = tier;

    /// <summary>Its name in records. Default: null, a name made of its conditions' kinds.</summary>
    public string? Name { get; set; }

    /// <summary>The feature of the call, in upper or lower case.</summary>
    public string? Feature { get; set; }

    /// <summary>The tenant of the call.</summary>
    public string? Tenant { get; set; }

    /// <summary>What kind of work the question asks for.</summary>
    public TaskType? Task { get; set; }

    /// <summary>Whether the call offers tools.</summary>
    public bool? HasTools { get; set; }

    /// <summary>The input tokens at least.</summary>
    public int? MinInputTokens { get; set; }

    /// <summary>The input tokens at most.</summary>
    public int? MaxInputTokens { get; set; }

    /// <summary>The time of day from which on it holds, in <see cref="TimeZone"/>. With <see cref="Until"/> before it, the night between is meant.</summary>
    public TimeOnly? From { get; set; }

    /// <summary>The time of day until which it holds.</summary>
    public TimeOnly? Until { get; set; }

    /// <summary>The days of the week on which it holds; empty for all.</summary>
    public ISet<DayOfWeek> Days { get; } = new HashSet<DayOfWeek>();

    /// <summary>The zone of times and days. Default: UTC.</summary>
    public TimeZoneInfo TimeZone { get; set; } = TimeZoneInfo.Utc;

    /// <summary>A condition of the app's own. One that throws is not met, and is logged by its type.</summary>
    public Func<RoutingRequest, bool>? When { get; set; }

    internal string NameOrKind =>
        Name
        ?? string.Join(
            '+',
            new[]
            {
                Feature is null ? null : "feature",
                Tenant is null ? null : "tenant",
                Task is null ? null : "task",
                HasTools is null ? null : "tools",
                MinInputTokens is null && MaxInputTokens is null ? null : "length",
                From is null && Until is null && Days.Count == 0 ? null : "time",
                When is null ? null : "condition",
            }.OfType<string>()
        );

    /// <summary>Cheap conditions first.</summary>
    internal bool IsMetBy(RoutingRequest request) =>
        (Feature is null || string.Equals(Feature, request.Tags.Feature, StringComparison.OrdinalIgnoreCase))
        && (Tenant is null || Tenant == request.Tags.Tenant)
        && (HasTools is null || HasTools == request.NeedsTools)
        && IsTime(request.At)
        && (Task is null || Task == request.Task)
        && (MinInputTokens is null || request.InputTokens >= MinInputTokens)
        && (MaxInputTokens is null || request.InputTokens <= MaxInputTokens)
        && (When is null || When(request));

    internal void Validate(OptionsProblems problems, int number)
    {
        problems.AddIf(
            MinInputTokens > MaxInputTokens,
            $"Routing.Rules[{number}] asks for at least {MinInputTokens} and at most {MaxInputTokens} input tokens: no call meets that."
        );
    }

    private bool IsTime(DateTimeOffset at)
    {
        if (From is null && Until is null && Days.Count == 0)
        {
            return true;
        }

        var local = TimeZoneInfo.ConvertTime(at, TimeZone);
        return (Days.Count == 0 || Days.Contains(local.DayOfWeek))
            && TimeOnly.FromTimeSpan(local.TimeOfDay).IsBetween(From ?? TimeOnly.MinValue, Until ?? TimeOnly.MaxValue);
    }
}
