namespace LlmThrift.Evaluation;

/// <summary>One line on the terminal that says how far long work has come. Files and pipes get none.</summary>
internal static class Progress
{
    private static int _length;

    public static void Show(string text)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write("\r" + text.PadRight(_length));
            _length = text.Length;
        }
    }

    public static void Clear()
    {
        if (_length > 0)
        {
            Console.Error.Write("\r" + new string(' ', _length) + "\r");
            _length = 0;
        }
    }
}
