using Microsoft.Extensions.AI;

namespace LlmThrift.Routing;

/// <summary>A model that calls can be sent to, and what it can do.</summary>
/// <param name="name">Its name in options, records and reports, such as "small".</param>
/// <exception cref="ArgumentException"><paramref name="name"/> is null, empty or blank.</exception>
public sealed class ModelTier(string name)
{
    /// <summary>Its name.</summary>
    public string Name { get; } =
        string.IsNullOrWhiteSpace(name) ? throw new ArgumentException("A tier needs a name, such as \"small\".", nameof(name)) : name;

    /// <summary>The client of the provider. Default: null, the client that the pipeline is built on. It is not disposed.</summary>
    public IChatClient? Client { get; set; }

    /// <summary>The key of the client among the app's services (<c>AddKeyedChatClient</c>), in place of <see cref="Client"/>. Default: null.</summary>
    public string? ClientKey { get; set; }

    /// <summary>The model to ask for. Default: null, the client's own default model.</summary>
    public string? ModelId { get; set; }

    /// <summary>The tokens of question and answer together. Default: null, what the price book says; where it says nothing, no limit is known.</summary>
    public int? ContextWindow { get; set; }

    /// <summary>Whether it calls tools. Default: true.</summary>
    public bool SupportsTools { get; set; } = true;

    /// <summary>Whether it sees pictures. Default: true.</summary>
    public bool SupportsVision { get; set; } = true;

    /// <summary>Whether it answers in JSON when asked to by <see cref="ChatOptions.ResponseFormat"/>. Default: true.</summary>
    public bool SupportsJson { get; set; } = true;

    /// <summary>
    /// The languages that it masters, as two-letter codes such as "en" and "ja". Default: empty, all. Told by the script of the question, so that
    /// languages of one script are not told apart: a tier with "de" is taken to master all that is written in Latin letters.
    /// </summary>
    public IList<string> Languages { get; } = [];

    /// <summary>Whether it can serve a request, where the properties above do not say it all. Default: null, it can.</summary>
    public Func<RoutingRequest, bool>? CanServe { get; set; }
}
