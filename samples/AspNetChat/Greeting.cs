namespace AspNetChat;

/// <summary>What is printed at the start.</summary>
internal static class Greeting
{
    public static void Write(WebApplication app)
    {
        var address = app.Urls.FirstOrDefault() ?? "http://localhost:5080";
        Console.WriteLine($"Chat:       {address}/");
        Console.WriteLine($"Dashboard:  {address}/costs/?range=1h{(app.Environment.IsDevelopment() ? "" : " (for operators)")}");
        if (app.Environment.IsDevelopment())
        {
            Console.WriteLine("\"Make traffic\" on the chat page fills the dashboard.");
        }
    }
}
