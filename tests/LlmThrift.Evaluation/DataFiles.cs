namespace LlmThrift.Evaluation;

/// <summary>Finds the files of one kind in a data folder.</summary>
internal static class DataFiles
{
    /// <summary>The files in the order of their names; none, with a message that says what is missing, when there are none.</summary>
    /// <param name="data">The data folder.</param>
    /// <param name="kind">The folder in it, such as "pairs".</param>
    /// <param name="pattern">Such as "*.csv".</param>
    /// <param name="fields">What the files hold, for the message.</param>
    public static FileInfo[] In(DirectoryInfo data, string kind, string pattern, string fields)
    {
        var folder = new DirectoryInfo(Path.Combine(data.FullName, kind));
        FileInfo[] files = folder.Exists ? [.. folder.GetFiles(pattern).OrderBy(file => file.Name, StringComparer.Ordinal)] : [];
        if (files.Length == 0)
        {
            Console.Error.WriteLine(
                $"There is no {Path.Combine(folder.FullName, pattern)} ({fields}). Give the folder that holds {kind} with --data."
            );
        }

        return files;
    }
}
