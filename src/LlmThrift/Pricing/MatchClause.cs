using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlmThrift.Pricing;

/// <summary>A rule of the price list that says which spellings mean a model or provider. Texts are lower case.</summary>
internal abstract class MatchClause
{
    public abstract bool IsMatch(string text);

    /// <summary>Reads the rule that the reader stands on, and leaves the reader on its end.</summary>
    public static MatchClause Parse(ref Utf8JsonReader reader)
    {
        reader.Read();
        var kind = reader.GetString();
        reader.Read();
        MatchClause clause = kind switch
        {
            "equals" => new EqualsClause(Text(ref reader)),
            "starts_with" => new StartsWithClause(Text(ref reader)),
            "ends_with" => new EndsWithClause(Text(ref reader)),
            "contains" => new ContainsClause(Text(ref reader)),
            "dated" => new DatedClause(Text(ref reader)),
            "regex" => new RegexClause(reader.GetString()!),
            "or" => new AnyClause(All(ref reader)),
            "and" => new AllClause(All(ref reader)),
            _ => throw new InvalidDataException($"Unknown match rule '{kind}' in the price list."),
        };
        reader.Read();
        return clause;
    }

    private static string Text(ref Utf8JsonReader reader) => reader.GetString()!.ToLowerInvariant();

    private static MatchClause[] All(ref Utf8JsonReader reader)
    {
        var clauses = new List<MatchClause>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            clauses.Add(Parse(ref reader));
        }

        return [.. clauses];
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
