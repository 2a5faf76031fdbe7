using LlmThrift.Sqlite.Database;

namespace LlmThrift.Sqlite.Records;

/// <summary>Names as numbers, which take less room and compare faster; 0 stands for none. Belongs to one operation.</summary>
internal sealed class CallNames(SqliteDatabase database)
{
    private readonly Dictionary<string, long> _ids = [];
    private readonly Dictionary<long, string> _names = [];

    /// <summary>The number of a name; a new one where it has none. While writing.</summary>
    public long IdOf(string? name)
    {
        if (name is null)
        {
            return 0;
        }

        if (Find(name) is { } known)
        {
            return known;
        }

        var added = database.Statement("INSERT INTO call_name(name) VALUES(?1) RETURNING id").Bind(1, name);
        added.Step();
        var id = added.Integer(0);
        added.Reset();
        return _ids[name] = id;
    }

    /// <summary>The number of a name, or null where no call has it.</summary>
    public long? Find(string name)
    {
        if (_ids.TryGetValue(name, out var id))
        {
            return id;
        }

        var row = database.Statement("SELECT id FROM call_name WHERE name=?1").Bind(1, name);
        if (!row.Step())
        {
            return null;
        }

        id = row.Integer(0);
        row.Reset();
        return _ids[name] = id;
    }

    public string? NameOf(long id)
    {
        if (id == 0 || _names.TryGetValue(id, out var name))
        {
            return id == 0 ? null : _names[id];
        }

        var row = database.Statement("SELECT name FROM call_name WHERE id=?1").Bind(1, id);
        name = row.Step() ? row.Text(0) : "";
        row.Reset();
        return _names[id] = name;
    }
}
