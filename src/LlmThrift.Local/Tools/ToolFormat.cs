using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace LlmThrift.Local.Tools;

/// <summary>How a family of models is told of tools and calls them. Immutable once it knows the vocabulary; safe for concurrent use.</summary>
internal abstract class ToolFormat
{
    /// <summary>The rule of an answer's calls, from the first marker on.</summary>
    public const string CallsRule = "calls";

    /// <summary>Arguments may be nested as deep as a schema that refers to itself lets them.</summary>
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 4096 };

    private readonly Dictionary<string, int> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<int, byte[]> _markup = [];

    /// <summary>Whether several calls may come in one answer.</summary>
    public virtual bool AllowsSeveral => true;

    /// <summary>What calls begin with.</summary>
    public abstract IReadOnlyList<CallMarker> Markers { get; }

    /// <summary>Texts of the calls' markup that a vocabulary may have tokens for.</summary>
    protected abstract IReadOnlyList<string> MarkupTexts { get; }

    /// <summary>Learns which markup is a token of its own.</summary>
    /// <param name="tokenOf">The token that a text stands for; null where it is spelled with several.</param>
    public void Learn(Func<string, int?> tokenOf)
    {
        foreach (var text in MarkupTexts)
        {
            if (tokenOf(text) is { } token)
            {
                _tokens[text] = token;
                _markup[token] = Encoding.UTF8.GetBytes(text);
            }
        }
    }

    /// <summary>The text of a token of markup; empty for others.</summary>
    public ReadOnlySpan<byte> MarkupOf(int token) => _markup.TryGetValue(token, out var text) ? text : [];

    /// <summary>Writes a prompt, with what asks for an answer behind it, but without the token that begins a text.</summary>
    public abstract void Write(PromptText prompt, IReadOnlyList<ChatTurn> turns, IReadOnlyList<JsonElement> tools);

    /// <summary>Writes the rules of calls: <see cref="CallsRule"/>, and those that <see cref="Markers"/> name.</summary>
    /// <param name="rules">Takes them. It has <c>sp</c>, a space or none, and <c>nl</c>, a new line or none.</param>
    /// <param name="arguments">The name of each tool and the rule of its arguments.</param>
    /// <param name="allowsSeveral">Several calls may follow one another.</param>
    public abstract void WriteRules(StringBuilder rules, IReadOnlyList<(string Name, string Rule)> arguments, bool allowsSeveral);

    /// <summary>Reads a call.</summary>
    /// <param name="header">What stood before the JSON.</param>
    /// <param name="json">A JSON object.</param>
    /// <param name="names">The tools that may be called.</param>
    /// <returns>Null if it is none.</returns>
    public abstract (string Name, IDictionary<string, object?> Arguments)? Read(
        string header,
        ReadOnlyMemory<byte> json,
        IReadOnlySet<string> names
    );

    /// <summary>Markup in a grammar: its token where it has one, since models never see it spelled.</summary>
    protected string Symbol(string markup) =>
        _tokens.TryGetValue(markup, out var token)
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"<[{token}]>")
            : ToolCallGrammar.Literal(markup);

    /// <summary>The alternatives of a name and its arguments, both in an object.</summary>
    protected static string Pick(IReadOnlyList<(string Name, string Rule)> arguments, string key) =>
        string.Join(
            " | ",
            arguments.Select(one =>
                $"{ToolCallGrammar.Literal(Grammars.JsonText.Quote(one.Name) + ",")} sp {ToolCallGrammar.Literal($"\"{key}\":")} sp {one.Rule}"
            )
        );

    /// <summary>Reads an object that has a name and, under some key, arguments.</summary>
    protected static (string Name, IDictionary<string, object?> Arguments)? ReadNamed(
        ReadOnlyMemory<byte> json,
        string key,
        IReadOnlySet<string> names
    ) =>
        TryParse(json, out var call)
        && call.Value.TryGetProperty("name", out var name)
        && name.ValueKind == JsonValueKind.String
        && names.Contains(name.GetString()!)
        && call.Value.TryGetProperty(key, out var arguments)
        && arguments.ValueKind == JsonValueKind.Object
            ? (name.GetString()!, ArgumentsOf(arguments))
            : null;

    /// <summary>Parses an object; false if it is none.</summary>
    protected static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out JsonElement? value)
    {
        try
        {
            value = JsonDocument.Parse(json, Deep).RootElement;
            return value.Value.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            value = null;
            return false;
        }
    }

    /// <summary>Arguments as providers of Microsoft.Extensions.AI give them.</summary>
    protected static Dictionary<string, object?> ArgumentsOf(JsonElement arguments)
    {
        var dictionary = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var argument in arguments.EnumerateObject())
        {
            dictionary[argument.Name] = argument.Value;
        }

        return dictionary;
    }
}
