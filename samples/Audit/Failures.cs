namespace Audit;

/// <summary>Says what went wrong in a line, in place of a stack trace.</summary>
internal static class Failures
{
    public static async Task<int> HandleAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Ended. The same command goes on where it was.");
            return 130;
        }
        catch (Exception exception)
            when (exception is IOException or InvalidDataException or InvalidOperationException or ArgumentException or FormatException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }
}
