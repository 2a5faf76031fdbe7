using LlmThrift.Internal;
using LlmThrift.Metering;

namespace LlmThrift.Budgets;

/// <summary>A limit on what calls may spend within a span of time.</summary>
public sealed class Budget
{
    /// <summary>Makes a budget.</summary>
    /// <param name="name">Names it in exceptions, logs and stores. Changing it begins anew.</param>
    /// <param name="limit">The most that may be spent in the window, in <see cref="Unit"/>.</param>
    /// <param name="window">For how long: <see cref="BudgetWindow.Day"/>, <c>BudgetWindow.Rolling(…)</c>.</param>
    /// <param name="per">By what it is split into accounts, each with the whole limit.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> or <paramref name="window"/> is null.</exception>
    public Budget(string name, decimal limit, BudgetWindow window, BudgetScope per = BudgetScope.All)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(window);
        (Name, Limit, Window, Per) = (name, limit, window, per);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The limit, in <see cref="Unit"/>.</summary>
    public decimal Limit { get; }

    /// <summary>The span of time.</summary>
    public BudgetWindow Window { get; }

    /// <summary>By what it is split into accounts. Default: not at all.</summary>
    public BudgetScope Per { get; }

    /// <summary>What it counts. Default: US dollars.</summary>
    public BudgetUnit Unit { get; init; } = BudgetUnit.UsDollars;

    /// <summary>Only calls for this tenant fall under it. Default: null, all.</summary>
    public string? Tenant { get; init; }

    /// <summary>Only calls for this user fall under it. Default: null, all.</summary>
    public string? User { get; init; }

    /// <summary>Only calls of this feature fall under it. Default: null, all.</summary>
    public string? Feature { get; init; }

    /// <summary>Only requests to this model fall under it. Default: null, all.</summary>
    public string? Model { get; init; }

    /// <summary>True for a limit that refuses nothing: it counts and warns. Default: false.</summary>
    public bool IsSoft { get; init; }

    /// <summary>Shares of the limit at which <see cref="BudgetOptions.OnWarning"/> is called, once each a window. Default: 0.8 and 1.</summary>
    public IReadOnlyList<double> WarnAt { get; init; } = [0.8, 1];

    /// <summary>Another limit for some of its accounts, such as tenants with a larger plan; null from it means <see cref="Limit"/>. Default: null, the same for all.</summary>
    /// <remarks>Called for each call; it must be quick. Where it throws, <see cref="Limit"/> holds.</remarks>
    public Func<CallTags, decimal?>? LimitFor { get; init; }

    internal void Validate(OptionsProblems problems, string path)
    {
        problems.AddIf(
            string.IsNullOrWhiteSpace(Name) || Name.Length > 100,
            $"{path} has the name \"{Name}\": give it one of 1 to 100 characters, such as \"tenant-day\"."
        );
        problems.AddIf(Limit is < 0 or > 1_000_000_000_000m, $"{path}.Limit is {Limit}: it must be from 0 to 1,000,000,000,000.");
        problems.AddIf(!Enum.IsDefined(Unit), $"{path}.Unit is {(int)Unit}: it must be UsDollars, Tokens or Calls.");
        problems.AddIf(
            (Per & ~(BudgetScope.Tenant | BudgetScope.User | BudgetScope.Feature | BudgetScope.Model)) != BudgetScope.All,
            $"{path}.Per is {(int)Per}: it must be made of Tenant, User, Feature and Model."
        );
        problems.AddIf(
            WarnAt is null || WarnAt.Any(share => share is not (> 0 and <= 10)),
            $"{path}.WarnAt must hold shares above 0, such as 0.8 for four fifths of the limit."
        );
    }
}
