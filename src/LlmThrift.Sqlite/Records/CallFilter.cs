using LlmThrift.Metering;
using LlmThrift.Sqlite.Database;

namespace LlmThrift.Sqlite.Records;

/// <summary>The filters of a query as numbers.</summary>
internal readonly record struct CallFilter(long? Tenant, long? Feature, long? Model)
{
    public bool IsEmpty => Tenant is null && Feature is null && Model is null;

    /// <returns>Null when no call can pass: a name is not known.</returns>
    public static CallFilter? Of(CostHistoryQuery query, CallNames names)
    {
        return TryFind(query.Tenant, out var tenant) && TryFind(query.Feature, out var feature) && TryFind(query.Model, out var model)
            ? new CallFilter(tenant, feature, model)
            : null;

        bool TryFind(string? name, out long? id)
        {
            id =
                name is null ? null
                : name == CostReport.NoGroup ? 0
                : names.Find(name);
            return name is null || id is not null;
        }
    }

    /// <summary>Conditions on parameters 6 to 8: one statement serves all names.</summary>
    public string ToSql() =>
        (Tenant is null ? "" : " AND tenant=?6") + (Feature is null ? "" : " AND feature=?7") + (Model is null ? "" : " AND model=?8");

    public void Bind(SqliteStatement statement)
    {
        BindIf(6, Tenant);
        BindIf(7, Feature);
        BindIf(8, Model);

        void BindIf(int parameter, long? value)
        {
            if (value is { } number)
            {
                statement.Bind(parameter, number);
            }
        }
    }
}
