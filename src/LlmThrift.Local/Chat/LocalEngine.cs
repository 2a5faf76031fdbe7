using LlmThrift.Local.Generation;
using LlmThrift.Local.Models;
using LlmThrift.Local.Native;
using Microsoft.Extensions.Logging;

namespace LlmThrift.Local.Chat;

/// <summary>A model, loaded and ready, with all that makes answers by it.</summary>
internal sealed class LocalEngine : IDisposable
{
    private const int MostByDefault = 4096;

    private LocalEngine(LoadedModel model, PromptWriter prompts, InferenceScheduler scheduler, int contextLength)
    {
        (Model, Prompts, Scheduler, ContextLength) = (model, prompts, scheduler, contextLength);
    }

    public LoadedModel Model { get; }

    public PromptWriter Prompts { get; }

    public InferenceScheduler Scheduler { get; }

    public int ContextLength { get; }

    /// <exception cref="LocalModelException">It cannot be loaded.</exception>
    public static LocalEngine Load(LocalChatOptions options, ILogger? logger)
    {
        LlamaLibrary.Load(options.NativeLibraryPath, logger);
        var model = LoadedModel.Load(options.ModelPath, options.GpuLayers);
        try
        {
            var prompts = new PromptWriter(model, options.ChatTemplate, options.FormatPrompt, options.ToolFormat);
            var contextLength = options.ContextLength > 0 ? options.ContextLength : Math.Min(model.TrainedContextLength, MostByDefault);
            var threads = options.Threads > 0 ? options.Threads : Math.Max(1, Environment.ProcessorCount / 2);
            var context = new InferenceContext(model, contextLength, options.MaxConcurrency, options.BatchSize, threads);
            var scheduler = new InferenceScheduler(model, context, contextLength, options.MaxConcurrency, options.QueueLimit);
            return new LocalEngine(model, prompts, scheduler, contextLength);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Scheduler.Dispose();
        Model.Dispose();
    }
}
