using System.CommandLine;
using LlmThrift.Local;
using LocalBackend;
using Spectre.Console;

if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Capabilities.Ansi = false;
    AnsiConsole.Profile.Width = 120;
}

var model = new Option<FileInfo>("--model") { Description = "A GGUF file.", Required = true };
var price = new Option<decimal>("--usd-per-hour")
{
    Description = "What the machine costs, in USD per hour.",
    DefaultValueFactory = _ => 0.10m,
};
var text = new Option<FileInfo>("--text") { Description = "A text of the kind that the model will see, in UTF-8.", Required = true };
var target = new Option<FileInfo>("--to") { Description = "The file to write.", Required = true };
var importance = new Option<FileInfo?>("--imatrix")
{
    Description = "An importance matrix of the model, by the verb imatrix or llama-imatrix: better levels, and those below 3 bits.",
};
var context = new Option<int>("--context") { Description = "Tokens of a window.", DefaultValueFactory = _ => 512 };

var root = new RootCommand("Models on your own machine: ask them, make them smaller, measure them, route to them.");
root.Subcommands.Add(Ask());
root.Subcommands.Add(Route());
root.Subcommands.Add(Importance());
root.Subcommands.Add(Quantize());
root.Subcommands.Add(Measure());
return await root.Parse(args).InvokeAsync();

Command Ask()
{
    var question = new Argument<string>("question") { Description = "What to ask." };
    var tokens = new Option<int>("--tokens") { Description = "The longest answer, in tokens.", DefaultValueFactory = _ => 200 };
    var command = new Command("ask", "Streams an answer, and says what a million tokens cost at this speed.")
    {
        question,
        model,
        price,
        tokens,
    };
    command.SetAction(
        (result, cancellation) =>
            HandleAsync(() =>
                Asking.RunAsync(
                    result.GetRequiredValue(model).FullName,
                    result.GetRequiredValue(question),
                    result.GetValue(tokens),
                    result.GetValue(price),
                    cancellation
                )
            )
    );
    return command;
}

Command Route()
{
    var command = new Command("route", "Sends easy questions to the model and hard ones to a recorded one, and shows the saving.")
    {
        model,
        price,
    };
    command.SetAction(
        (result, cancellation) =>
            HandleAsync(() => Routing.RunAsync(result.GetRequiredValue(model).FullName, result.GetValue(price), cancellation))
    );
    return command;
}

Command Importance()
{
    var command = new Command("imatrix", "Runs a text through a model and writes how much each column of its matrices matters.")
    {
        model,
        text,
        target,
        context,
    };
    command.SetAction(
        (result, cancellation) =>
            HandleAsync(() =>
                Measuring.ImportanceAsync(
                    result.GetRequiredValue(model).FullName,
                    result.GetRequiredValue(text).FullName,
                    result.GetRequiredValue(target).FullName,
                    result.GetValue(context),
                    cancellation
                )
            )
    );
    return command;
}

Command Quantize()
{
    var type = new Option<QuantizationType>("--type") { Description = "How to round.", DefaultValueFactory = _ => QuantizationType.Q4_K_M };
    var command = new Command("quantize", "Writes a model in fewer bits.") { model, target, type, importance };
    command.SetAction(
        (result, cancellation) =>
            HandleAsync(() =>
                Measuring.QuantizeAsync(
                    result.GetRequiredValue(model).FullName,
                    result.GetRequiredValue(target).FullName,
                    result.GetValue(type),
                    result.GetValue(importance)?.FullName,
                    cancellation
                )
            )
    );
    return command;
}

Command Measure()
{
    var levels = new Option<QuantizationType[]>("--types")
    {
        Description = "The levels to make and to measure, beside the model itself.",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ =>
            [QuantizationType.Q8_0, QuantizationType.Q6_K, QuantizationType.Q5_K_M, QuantizationType.Q4_K_M, QuantizationType.Q4_0],
    };
    var memory = new Option<int?>("--memory") { Description = "Recommend the best level that works in so many MB." };
    var command = new Command("measure", "Makes every level, and shows quality beside size and speed.")
    {
        model,
        text,
        levels,
        importance,
        memory,
        context,
        price,
    };
    command.SetAction(
        (result, cancellation) =>
            HandleAsync(() =>
                Measuring.CompareAsync(
                    result.GetRequiredValue(model).FullName,
                    result.GetRequiredValue(text).FullName,
                    result.GetValue(levels)!,
                    result.GetValue(importance)?.FullName,
                    result.GetValue(context),
                    result.GetValue(memory),
                    result.GetValue(price),
                    cancellation
                )
            )
    );
    return command;
}

// What a person can mend is said in a line, without a stack trace.
static async Task<int> HandleAsync(Func<Task> run)
{
    try
    {
        await run();
        return 0;
    }
    catch (Exception problem) when (problem is LocalModelException or ArgumentException or IOException or UnauthorizedAccessException)
    {
        await Console.Error.WriteLineAsync(problem.Message);
        return 2;
    }
}
