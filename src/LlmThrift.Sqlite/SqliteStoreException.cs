using System.Globalization;
using LlmThrift.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace LlmThrift.Sqlite;

/// <summary>The file of a <see cref="SqliteStore"/> could not be used. The message says why and what to do; once that is done the store works again, without a restart.</summary>
#pragma warning disable CA1032 // It is thrown here alone, and always knows its file.
public sealed class SqliteStoreException : StoreException
#pragma warning restore CA1032
{
    private SqliteStoreException(string message, string path, Exception? inner)
        : base(message, inner)
    {
        Path = path;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    internal static SqliteStoreException Locked(string path, TimeSpan waited) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The store '{path}' was locked by another process or connection for more than {waited.TotalSeconds:0.###} s. Find who holds a transaction open (a database "
                    + $"browser, a backup), or raise SqliteStoreOptions.BusyTimeout."
            ),
            path,
            inner: null
        );

    internal static SqliteStoreException TooNew(string path, int version, int known) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The store '{path}' has version {version}; this package knows up to {known}. Use the newer package that made it, or another file."
            ),
            path,
            inner: null
        );

    internal static Exception From(Exception exception, string path)
    {
        var advice = exception switch
        {
            SqliteException sqlite => sqlite.SqliteErrorCode switch
            {
                raw.SQLITE_FULL => "The disk is full. Free space; nothing that was reported as written is lost.",
                raw.SQLITE_READONLY or raw.SQLITE_PERM =>
                    "It may not be written. Give this process's user the right to write the file and its folder.",
                raw.SQLITE_CANTOPEN =>
                    "It cannot be opened. Check that the folder exists, that the path names no folder, and that this process's user may write there.",
                raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB =>
                    "It is damaged or no SQLite database. Put a backup in its place, or move it away together with its -wal and -shm files: a new one is made.",
                raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
                    "Another process holds it. Find who has a transaction open, or raise SqliteStoreOptions.BusyTimeout.",
                raw.SQLITE_IOERR =>
                    "Reading or writing it failed. Look at the disk and at the system's log; a file on a network share is not supported.",
                _ => null,
            },
            UnauthorizedAccessException or IOException =>
                "Its folder cannot be made or used. Check the path and the rights of this process's user.",
            _ => null,
        };
        return advice is null
            ? exception
            : new SqliteStoreException($"The store '{path}' cannot be used. {advice} ({exception.Message})", path, exception);
    }
}
