using Spectre.Console;

namespace LocalBackend;

/// <summary>Progress bars in a terminal; elsewhere a line for each piece of work.</summary>
internal sealed class Bars
{
    private readonly ProgressContext? _context;

    private Bars(ProgressContext? context) => _context = context;

    public static Task RunAsync(Func<Bars, Task> run) =>
        AnsiConsole.Profile.Capabilities is not { Interactive: true, Ansi: true } || Console.IsOutputRedirected
            ? run(new Bars(null))
            : AnsiConsole.Progress().StartAsync(context => run(new Bars(context)));

    /// <summary>Adds a bar.</summary>
    /// <returns>Takes how much is done, from 0 to 1.</returns>
    public Action<double> Add(string name)
    {
        if (_context is null)
        {
            Console.WriteLine(name);
            return static _ => { };
        }

        var task = _context.AddTask(name, maxValue: 1);
        return done => task.Value = done;
    }
}
