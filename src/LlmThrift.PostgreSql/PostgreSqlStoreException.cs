using System.Net.Sockets;
using LlmThrift.Diagnostics;
using Npgsql;

namespace LlmThrift.PostgreSql;

/// <summary>The database of a <see cref="PostgreSqlStore"/> could not be used. The message says why and what to do; once that is done the store works again, without a restart.</summary>
#pragma warning disable CA1032 // It is thrown here alone, and always knows its database.
public sealed class PostgreSqlStoreException : StoreException
#pragma warning restore CA1032
{
    private PostgreSqlStoreException(string message, string database, Exception? inner)
        : base(message, inner)
    {
        Database = database;
    }

    /// <summary>Server, database and schema, without the password.</summary>
    public string Database { get; }

    internal static PostgreSqlStoreException TooNew(string database, int version, int known) =>
        new(
            $"The store '{database}' has version {version}; this package knows up to {known}. Use the newer package that made it, or another schema.",
            database,
            inner: null
        );

    internal static Exception From(Exception exception, string database)
    {
        var advice = exception switch
        {
            PostgresException postgres => postgres.SqlState switch
            {
                "53100" => "The server's disk is full. Free space; nothing that was reported as written is lost.",
                "53300" =>
                    "The server has no connection left. Raise its max_connections, or lower 'Maximum Pool Size' of the connection string.",
                "25006" => "The server is read-only, such as a standby. Connect to the primary: 'Target Session Attributes=primary'.",
                "42501" => "The user may not do this. Grant CREATE on the database, or make the schema and give it to this user.",
                "3D000" => "The database does not exist. Make it with CREATE DATABASE.",
                ['2', '8', ..] => "The server refused the user or the password. Check the connection string and pg_hba.conf.",
                ['5', '7', 'P', ..] => "The server is starting, stopping or ended the connection. It is tried again at the next use.",
                _ => null,
            },
            NpgsqlException { InnerException: TimeoutException } =>
                "The server did not answer in time. Look at its load and at 'Command Timeout' of the connection string.",
            NpgsqlException { InnerException: SocketException or IOException } or SocketException =>
                "The server cannot be reached. Check that it runs, and host and port of the connection string.",
            NpgsqlException => "The connection failed. It is tried again at the next use.",
            _ => null,
        };
        return advice is null
            ? exception
            : new PostgreSqlStoreException($"The store '{database}' cannot be used. {advice} ({exception.Message})", database, exception);
    }
}
