using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmThrift.Pricing;

/// <summary>A rule of the price list that says which spellings mean a model or provider. Texts are lower case.</summary>
internal abstract class MatchClause
{
    public abstract bool IsMatch(string text);

    public static MatchClause Parse(JsonElement element)
    {
        foreach (var property in element.EnumerateObject())
        {
            return property.Name switch
            {
                "equals" => new EqualsClause(Text(property)),
                "starts_with" => new StartsWithClause(Text(property)),
                "ends_with" => new EndsWithClause(Text(property)),
                "contains" => new ContainsClause(Text(property)),
                "dated" => new DatedClause(Text(property)),
                "regex" => new RegexClause(property.Value.GetString()!),
                "or" => new AnyClause(All(property)),
                "and" => new AllClause(All(property)),
                var unknown => throw new InvalidDataException($"Unknown match rule '{unknown}' in the price list."),
            };
        }

        throw new InvalidDataException("Empty match rule in the price list.");
    }

    private static string Text(JsonProperty property) => property.Value.GetString()!.ToLowerInvariant();

    private static MatchClause[] All(JsonProperty property)
    {
        var clauses = new MatchClause[property.Value.GetArrayLength()];
        for (var i = 0; i < clauses.Length; i++)
        {
            clauses[i] = Parse(property.Value[i]);
        }

        return clauses;
    }

    private sealed class EqualsClause(string value) : MatchClause
    {
        public override bool IsMatch(string text) => string.Equals(text, value, StringComparison.Ordinal);
    }

    private sealed class StartsWithClause(string value) : MatchClause
    {
        public override bool IsMatch(string text) => text.StartsWith(value, StringComparison.Ordinal);
    }

    private sealed class EndsWithClause(string value) : MatchClause
    {
        public override bool IsMatch(string text) => text.EndsWith(value, StringComparison.Ordinal);
    }

    private sealed class ContainsClause(string value) : MatchClause
    {
        public override bool IsMatch(string text) => text.Contains(value, StringComparison.Ordinal);
    }

    /// <summary>A dated model name: '#' stands for one digit, all else for itself.</summary>
    private sealed class DatedClause(string shape) : MatchClause
    {
        public override bool IsMatch(string text)
        {
            if (text.Length != shape.Length)
            {
                return false;
            }

            for (var i = 0; i < text.Length; i++)
            {
                if (shape[i] == '#' ? !char.IsAsciiDigit(text[i]) : shape[i] != text[i])
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>The few rules that need one. Built when first asked: a regular expression is dear next to the other clauses.</summary>
    private sealed class RegexClause(string pattern) : MatchClause
    {
        private Regex? _regex;

        public override bool IsMatch(string text) =>
            (_regex ??= new Regex(pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1))).IsMatch(text);
    }

    private sealed class AnyClause(MatchClause[] clauses) : MatchClause
    {
        public override bool IsMatch(string text)
        {
            foreach (var clause in clauses)
            {
                if (clause.IsMatch(text))
                {
                    return true;
                }
            }

            return false;
        }
    }

    private sealed class AllClause(MatchClause[] clauses) : MatchClause
    {
        public override bool IsMatch(string text)
        {
            foreach (var clause in clauses)
            {
                if (!clause.IsMatch(text))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
