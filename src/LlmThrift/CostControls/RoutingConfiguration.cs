using LlmThrift.Internal;
using LlmThrift.Routing;
using Microsoft.Extensions.Configuration;
using static LlmThrift.CostControls.ConfigurationValues;

namespace LlmThrift.CostControls;

/// <summary>Reads tiers and rules from configuration.</summary>
internal static class RoutingConfiguration
{
    private const string Tasks = "Faq, Extraction, Classification, Drafting, Code, Summary, Reasoning, Creative or Other";

    public static void ReadTiers(ModelRoutingOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        foreach (var tier in section.GetChildren())
        {
            if (tier["Name"] is not { Length: > 0 } name || string.IsNullOrWhiteSpace(name))
            {
                problems.Add($"{tier.Path} has no Name: give the tier one, such as \"small\".");
                continue;
            }

            var read = options.AddTier(name);
            foreach (var setting in tier.GetChildren())
            {
                ReadTierSetting(read, setting, problems);
            }
        }
    }

    public static void ReadRules(ModelRoutingOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        foreach (var rule in section.GetChildren())
        {
            if (rule["Tier"] is not { Length: > 0 } tier)
            {
                problems.Add($"{rule.Path} has no Tier: name the one that it sends calls to.");
                continue;
            }

            var read = new RoutingRule(tier);
            options.Rules.Add(read);
            foreach (var setting in rule.GetChildren())
            {
                ReadRuleSetting(read, setting, problems);
            }
        }
    }

    public static void ReadPolicy(ModelRoutingOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        if (section.Value is not { Length: > 0 } path)
        {
            problems.Add($"{section.Path} is empty: it must be the path of a policy file.");
            return;
        }

        try
        {
            options.Policy = RoutingPolicy.Load(path);
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            problems.Add($"{section.Path} is \"{path}\": {exception.Message}");
        }
    }

    public static void ReadTarget(ModelRoutingOptions options, IConfigurationSection section, OptionsProblems problems)
    {
        try
        {
            options.Target = RoutingTarget.Parse(section.Value ?? "");
        }
        catch (FormatException exception)
        {
            problems.Add($"{section.Path}: {exception.Message}");
        }
    }

    private static void ReadTierSetting(ModelTier tier, IConfigurationSection setting, OptionsProblems problems)
    {
        switch (setting.Key.ToUpperInvariant())
        {
            case "NAME":
                break;
            case "MODELID":
                tier.ModelId = setting.Value;
                break;
            case "CLIENTKEY":
                tier.ClientKey = setting.Value;
                break;
            case "CONTEXTWINDOW":
                Read<int>(setting, problems, "a whole number of tokens", TryParse, value => tier.ContextWindow = value);
                break;
            case "SUPPORTSTOOLS":
                Read<bool>(setting, problems, "true or false", bool.TryParse, value => tier.SupportsTools = value);
                break;
            case "SUPPORTSVISION":
                Read<bool>(setting, problems, "true or false", bool.TryParse, value => tier.SupportsVision = value);
                break;
            case "SUPPORTSJSON":
                Read<bool>(setting, problems, "true or false", bool.TryParse, value => tier.SupportsJson = value);
                break;
            case "LANGUAGES":
                ReadTexts(setting, tier.Languages);
                break;
            default:
                problems.Add(
                    $"{setting.Path} is not an option of a tier. There are: Name, ModelId, ClientKey, ContextWindow, SupportsTools, SupportsVision, SupportsJson, Languages."
                );
                break;
        }
    }

    private static void ReadRuleSetting(RoutingRule rule, IConfigurationSection setting, OptionsProblems problems)
    {
        switch (setting.Key.ToUpperInvariant())
        {
            case "TIER":
                break;
            case "NAME":
                rule.Name = setting.Value;
                break;
            case "FEATURE":
                rule.Feature = setting.Value;
                break;
            case "TENANT":
                rule.Tenant = setting.Value;
                break;
            case "TASK":
                Read<TaskType>(setting, problems, Tasks, TryParseName, value => rule.Task = value);
                break;
            case "HASTOOLS":
                Read<bool>(setting, problems, "true or false", bool.TryParse, value => rule.HasTools = value);
                break;
            case "MININPUTTOKENS":
                Read<int>(setting, problems, "a whole number of tokens", TryParse, value => rule.MinInputTokens = value);
                break;
            case "MAXINPUTTOKENS":
                Read<int>(setting, problems, "a whole number of tokens", TryParse, value => rule.MaxInputTokens = value);
                break;
            case "FROM":
                Read<TimeOnly>(setting, problems, "a time of day such as 08:00", TryParse, value => rule.From = value);
                break;
            case "UNTIL":
                Read<TimeOnly>(setting, problems, "a time of day such as 18:00", TryParse, value => rule.Until = value);
                break;
            default:
                problems.Add(
                    $"{setting.Path} is not an option of a rule. There are: Tier, Name, Feature, Tenant, Task, HasTools, MinInputTokens, MaxInputTokens, From, Until."
                );
                break;
        }
    }
}
