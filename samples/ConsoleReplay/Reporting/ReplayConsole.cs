using Spectre.Console;

namespace ConsoleReplay.Reporting;

/// <summary>Makes the console that suits where the output goes.</summary>
internal static class ReplayConsole
{
    /// <summary>The width of output that is no terminal, in columns.</summary>
    public const int PlainWidth = 80;

    private const int WidestTerminal = 110;

    public static IAnsiConsole Create() => Console.IsOutputRedirected ? CreatePlain(Console.Out) : CreateTerminal();

    /// <summary>A console without colours, cursor movements or questions.</summary>
    public static IAnsiConsole CreatePlain(TextWriter writer)
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
                Out = new AnsiConsoleOutput(writer),
            }
        );
        console.Profile.Width = PlainWidth;
        return console;
    }

    private static IAnsiConsole CreateTerminal()
    {
        var console = AnsiConsole.Console;
        console.Profile.Width = Math.Clamp(console.Profile.Width, 40, WidestTerminal);
        console.Profile.Capabilities.Interactive &= !Console.IsInputRedirected;
        return console;
    }
}
