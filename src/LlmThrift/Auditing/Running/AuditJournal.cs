using System.Text;
using System.Text.Json;

namespace LlmThrift.Auditing.Running;

/// <summary>
/// What was asked and answered, a line of JSON each, on the disk before anything goes on: an audit that is ended at any point knows what it has paid for. A request is written
/// down before it is sent; one without an end was under way, and may have been billed. Safe for concurrent use; one process at a time.
/// </summary>
internal sealed class AuditJournal : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    private AuditJournal(FileStream file) => _file = file;

    /// <summary>What is known of a request.</summary>
    /// <param name="Reserved">The most that it may have cost; 0 where prices are not known.</param>
    /// <param name="Text">The answer; null when there is none.</param>
    /// <param name="Cost">What it cost; null where no price is known.</param>
    /// <param name="HasFailed">Whether it was answered by an error.</param>
    internal sealed record Entry(decimal Reserved, string? Text = null, decimal? Cost = null, bool HasFailed = false)
    {
        public bool IsInterrupted => Text is null && !HasFailed;
    }

    /// <summary>What all requests have cost, those under way at the end of an earlier run at their most.</summary>
    public decimal Spent { get; private set; }

    /// <summary>Opens a journal, or begins it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="title">What it is about; another title is another audit.</param>
    /// <exception cref="InvalidDataException">The file is of another audit, or is damaged before its end.</exception>
    /// <exception cref="IOException">Another process has it open.</exception>
    public static AuditJournal Open(string path, string title)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new IOException(
                $"The audit in {Path.GetDirectoryName(path)} is under way in another process: {exception.Message}",
                exception
            );
        }

        var journal = new AuditJournal(file);
        try
        {
            journal.Load(title);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return journal;
    }

    public Entry? Find(string key)
    {
        lock (_gate)
        {
            return _entries.GetValueOrDefault(key);
        }
    }

    public void Begin(string key, decimal reserved) =>
        Append(
            key,
            new Entry(reserved),
            json =>
            {
                json.WriteString("begun", key);
                json.WriteNumber("reserved", reserved);
            }
        );

    public void End(string key, string text, decimal? cost) =>
        Append(
            key,
            new Entry(0, text, cost),
            json =>
            {
                json.WriteString("ended", key);
                json.WriteString("text", text);
                WriteCost(json, cost);
            }
        );

    public void Fail(string key, string error, decimal? cost) =>
        Append(
            key,
            new Entry(0, Cost: cost, HasFailed: true),
            json =>
            {
                json.WriteString("failed", key);
                json.WriteString("error", error);
                WriteCost(json, cost);
            }
        );

    public void Dispose() => _file.Dispose();

    private static void WriteCost(Utf8JsonWriter json, decimal? cost)
    {
        if (cost is { } known)
        {
            json.WriteNumber("cost", known);
        }
    }

    private void Load(string title)
    {
        var bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);

        // The end of a line that was being written.
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        _file.SetLength(whole);
        _file.Position = whole;
        var number = 0;
        foreach (var line in Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            number++;
            try
            {
                using var json = JsonDocument.Parse(line);
                if (number == 1)
                {
                    CheckTitle(json.RootElement, title);
                }
                else
                {
                    Read(json.RootElement);
                }
            }
            catch (Exception exception)
                when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new InvalidDataException($"{_file.Name} is damaged at line {number}: {exception.Message}", exception);
            }
        }

        if (number == 0)
        {
            Write(json => json.WriteString("audit", title));
        }
    }

    private void CheckTitle(JsonElement json, string title)
    {
        if (json.GetProperty("audit").GetString() is var found && found != title)
        {
            throw new InvalidDataException(
                $"{_file.Name} is of another audit ({found}) than this one ({title}): give each a folder of its own."
            );
        }
    }

    private void Read(JsonElement json)
    {
        if (json.TryGetProperty("begun", out var key))
        {
            Set(key.GetString()!, new Entry(json.GetProperty("reserved").GetDecimal()));
            return;
        }

        decimal? cost = json.TryGetProperty("cost", out var given) ? given.GetDecimal() : null;
        if (json.TryGetProperty("ended", out key))
        {
            Set(key.GetString()!, new Entry(0, json.GetProperty("text").GetString()!, cost));
            return;
        }

        Set(json.GetProperty("failed").GetString()!, new Entry(0, Cost: cost, HasFailed: true));
    }

    private void Append(string key, Entry entry, Action<Utf8JsonWriter> write)
    {
        lock (_gate)
        {
            Write(write);
            Set(key, entry);
        }
    }

    /// <summary>A request that failed and is asked again costs what both cost.</summary>
    private void Set(string key, Entry entry)
    {
        if (_entries.TryGetValue(key, out var before))
        {
            Spent -= before.Reserved;
        }

        Spent += entry.Reserved + (entry.Cost ?? 0);
        _entries[key] = entry;
    }

    private void Write(Action<Utf8JsonWriter> write)
    {
        using var line = new MemoryStream();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        _file.Write(line.GetBuffer(), 0, (int)line.Length);
        _file.Flush(flushToDisk: true);
    }
}
