using LlmThrift.Metering;
using LlmThrift.PostgreSql.Database;
using Npgsql;

namespace LlmThrift.PostgreSql.Records;

/// <summary>The filters of a query as conditions and parameters.</summary>
internal readonly struct CallFilter(CostHistoryQuery query, string? nullName)
{
    /// <summary>Conditions whose parameters count from a number.</summary>
    public string Sql(int first)
    {
        var sql = "";
        foreach (var (column, name) in Names())
        {
            sql += ValueOf(name) is not null
                ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $" AND {column} = ${first++}")
                : $" AND {column} IS NULL";
        }

        return sql;
    }

    public void AddParameters(NpgsqlParameterCollection parameters)
    {
        foreach (var (_, name) in Names())
        {
            if (ValueOf(name) is { } value)
            {
                parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            }
        }
    }

    private string? ValueOf(string name) => name == CostReport.NoGroup ? nullName : Texts.Clean(name);

    private IEnumerable<(string Column, string Name)> Names()
    {
        (string, string?)[] all = [("tenant", query.Tenant), ("feature", query.Feature), ("model", query.Model)];
        return all.Where(filter => filter.Item2 is not null).Select(filter => (filter.Item1, filter.Item2!));
    }
}
