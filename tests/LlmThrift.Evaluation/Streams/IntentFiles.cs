namespace LlmThrift.Evaluation.Streams;

/// <summary>Finds the intent files of a data folder.</summary>
internal static class IntentFiles
{
    /// <summary>The files in order of their names; none, with a message, when there are none.</summary>
    public static FileInfo[] In(DirectoryInfo data)
    {
        var folder = new DirectoryInfo(Path.Combine(data.FullName, "intents"));
        var files = folder.Exists ? folder.GetFiles("*.csv").OrderBy(file => file.Name, StringComparer.Ordinal).ToArray() : [];
        if (files.Length == 0)
        {
            Console.Error.WriteLine($"There is no {folder.FullName}/*.csv (text,intent). Give the folder that holds intents with --data.");
        }

        return files;
    }
}
