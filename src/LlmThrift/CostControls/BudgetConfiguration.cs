using LlmThrift.Budgets;
using LlmThrift.Internal;
using Microsoft.Extensions.Configuration;
using static LlmThrift.CostControls.ConfigurationValues;

namespace LlmThrift.CostControls;

/// <summary>Reads budgets from configuration.</summary>
internal static class BudgetConfiguration
{
    private const string Windows =
        "Minute, Hour, Day, Week, Month, or a time such as 01:00:00 (an hour) or 1.00:00:00 (a day) for a window that rolls";

    public static void ReadLimits(BudgetOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        foreach (var limit in section.GetChildren())
        {
            Read(options, limit, problems);
        }
    }

    public static void ReadFallbacks(BudgetOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        foreach (var fallback in section.GetChildren())
        {
            Read<BudgetFallback>(fallback, problems, "CheaperTier, Queue or CacheOnly", TryParseName, options.WhenExceeded.Add);
        }
    }

    private static void Read(BudgetOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        var limit = -1m;
        var window = BudgetWindow.Day;
        var zone = TimeZoneInfo.Utc;
        var per = BudgetScope.All;
        var unit = BudgetUnit.UsDollars;
        var isSoft = false;
        foreach (var setting in section.GetChildren())
        {
            switch (setting.Key.ToUpperInvariant())
            {
                case "NAME" or "TENANT" or "USER" or "FEATURE" or "MODEL":
                    break;
                case "LIMIT":
                    Read<decimal>(setting, problems, "an amount such as 5 or 0.50", TryParse, value => limit = value);
                    break;
                case "WINDOW":
                    Read<BudgetWindow>(setting, problems, Windows, TryParseWindow, value => window = value);
                    break;
                case "TIMEZONE":
                    Read<TimeZoneInfo>(
                        setting,
                        problems,
                        "the name of a time zone such as Europe/Berlin",
                        TryParseZone,
                        value => zone = value
                    );
                    break;
                case "PER":
                    Read<BudgetScope>(
                        setting,
                        problems,
                        "All, Tenant, User, Feature, Model or several such as \"Tenant, Feature\"",
                        TryParseName,
                        value => per = value
                    );
                    break;
                case "UNIT":
                    Read<BudgetUnit>(setting, problems, "UsDollars, Tokens or Calls", TryParseName, value => unit = value);
                    break;
                case "ISSOFT":
                    Read<bool>(setting, problems, "true or false", bool.TryParse, value => isSoft = value);
                    break;
                default:
                    problems.Add(
                        $"{setting.Path} is not an option of a budget. There are: Name, Limit, Window, TimeZone, Per, Unit, Tenant, User, Feature, Model, IsSoft."
                    );
                    break;
            }
        }

        problems.AddIf(section["Limit"] is null, $"{section.Path} has no Limit: say how much may be spent, such as 5 for 5 US dollars.");
        options.Limits.Add(
            new Budget(section["Name"] ?? "", limit < 0 && section["Limit"] is null ? 0 : limit, window.In(zone), per)
            {
                Unit = unit,
                IsSoft = isSoft,
                Tenant = section["Tenant"],
                User = section["User"],
                Feature = section["Feature"],
                Model = section["Model"],
            }
        );
    }

    private static bool TryParseWindow(string? text, out BudgetWindow window)
    {
        window = text?.ToUpperInvariant() switch
        {
            "MINUTE" => BudgetWindow.Minute,
            "HOUR" => BudgetWindow.Hour,
            "WEEK" => BudgetWindow.Week,
            "MONTH" => BudgetWindow.Month,
            _ => BudgetWindow.Day,
        };
        if (text?.ToUpperInvariant() is "MINUTE" or "HOUR" or "DAY" or "WEEK" or "MONTH")
        {
            return true;
        }

        if (!TryParseTime(text, out var length) || length < TimeSpan.FromMinutes(1) || length > TimeSpan.FromDays(366))
        {
            return false;
        }

        window = BudgetWindow.Rolling(length);
        return true;
    }

    private static bool TryParseZone(string? text, out TimeZoneInfo zone)
    {
        zone = TimeZoneInfo.Utc;
        return text is not null && TimeZoneInfo.TryFindSystemTimeZoneById(text, out zone!);
    }
}
