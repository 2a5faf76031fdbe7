using System.Security.Cryptography;
using System.Text;
using LlmThrift.Metering;

namespace LlmThrift.Budgets;

/// <summary>Names of accounts: "tenant=acme;model=gpt-4o", with ; = and % inside of values written as %3B, %3D and %25.</summary>
internal static class BudgetGroup
{
    /// <summary>Longer values are cut, and end in a hash of the whole.</summary>
    private const int MaxValue = 64;

    public static string Of(BudgetScope per, CallTags tags, string? model)
    {
        switch (per)
        {
            case BudgetScope.All:
                return "";
            case BudgetScope.Tenant:
                return "tenant=" + Value(tags.Tenant);
            case BudgetScope.User:
                return "user=" + Value(tags.User);
        }

        var name = new StringBuilder();
        Add(name, per, BudgetScope.Tenant, "tenant", tags.Tenant);
        Add(name, per, BudgetScope.User, "user", tags.User);
        Add(name, per, BudgetScope.Feature, "feature", tags.Feature);
        Add(name, per, BudgetScope.Model, "model", model);
        return name.ToString();
    }

    /// <summary>The tags that a name was made of, as far as it holds them whole.</summary>
    public static CallTags TagsOf(string group)
    {
        string? tenant = null;
        string? user = null;
        string? feature = null;
        foreach (var part in group.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            var place = part.IndexOf('=', StringComparison.Ordinal);
            if (place < 0)
            {
                continue;
            }

            var value = part[(place + 1)..] is var text && text == CostReport.NoGroup ? null : Uri.UnescapeDataString(text);
            switch (part[..place])
            {
                case "tenant":
                    tenant = value;
                    break;
                case "user":
                    user = value;
                    break;
                case "feature":
                    feature = value;
                    break;
            }
        }

        return new CallTags(tenant, feature, user);
    }

    private static void Add(StringBuilder name, BudgetScope per, BudgetScope part, string label, string? value)
    {
        if (per.HasFlag(part))
        {
            name.Append(name.Length > 0 ? ";" : "").Append(label).Append('=').Append(Value(value));
        }
    }

    private static string Value(string? value)
    {
        if (value is null)
        {
            return CostReport.NoGroup;
        }

        if (value.Length > MaxValue)
        {
            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)).AsSpan(0, 8));
            value = $"{value.AsSpan(0, MaxValue - 17)}~{hash}";
        }

        return value.AsSpan().IndexOfAny('%', ';', '=') < 0
            ? value
            : value
                .Replace("%", "%25", StringComparison.Ordinal)
                .Replace(";", "%3B", StringComparison.Ordinal)
                .Replace("=", "%3D", StringComparison.Ordinal);
    }
}
