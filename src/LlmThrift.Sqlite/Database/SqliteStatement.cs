using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace LlmThrift.Sqlite.Database;

/// <summary>A prepared statement, used again and again. Parameters count from 1, columns from 0. Not safe for concurrent use.</summary>
/// <remarks>A command of ADO.NET looks its parameters up by name at each use, which takes longer than most of the statements here.</remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _connection;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(sqlite3 connection, string sql)
    {
        _connection = connection;
        Check(raw.sqlite3_prepare_v3(connection, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    public SqliteStatement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, double value)
    {
        Check(raw.sqlite3_bind_double(_statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, string? value)
    {
        Check(value is null ? raw.sqlite3_bind_null(_statement, parameter) : BindText(parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value)
    {
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0) : raw.sqlite3_bind_blob(_statement, parameter, value));
        return this;
    }

    public SqliteStatement Bind(int parameter, Guid value)
    {
        // In this order of bytes, ids that rise with time lie side by side.
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return Bind(parameter, bytes);
    }

    public SqliteStatement BindNull(int parameter)
    {
        Check(raw.sqlite3_bind_null(_statement, parameter));
        return this;
    }

    /// <summary>Moves to the next row; false, and ready for the next use, when there is none.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        Reset();
        Check(code);
        return false;
    }

    /// <summary>Runs to the end.</summary>
    public void Execute()
    {
        while (Step()) { }
    }

    /// <summary>Must follow when not all rows were read.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Integer(int column) => raw.sqlite3_column_int64(_statement, column);

    public double Real(int column) => raw.sqlite3_column_double(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>Valid until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    public Guid Id(int column) => new(Blob(column), bigEndian: true);

    public void Dispose() => _statement.Dispose();

    private int BindText(int parameter, string value)
    {
        var length = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (length > 1024)
        {
            return raw.sqlite3_bind_text(_statement, parameter, Encoding.UTF8.GetBytes(value).AsSpan());
        }

        // The library copies it.
        Span<byte> bytes = stackalloc byte[length + 1];
        var written = Encoding.UTF8.GetBytes(value, bytes);
        return raw.sqlite3_bind_text(_statement, parameter, bytes[..written]);
    }

    private void Check(int code)
    {
        if (code is not raw.SQLITE_OK and not raw.SQLITE_DONE)
        {
            SqliteException.ThrowExceptionForRC(code, _connection);
        }
    }
}
