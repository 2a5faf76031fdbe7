namespace LlmThrift.Local.Grammars;

/// <summary>A JSON schema cannot be turned into a grammar: it is malformed, or it says what a grammar cannot. The message names the place and the way out.</summary>
internal sealed class UnsupportedSchemaException : NotSupportedException
{
    public UnsupportedSchemaException()
        : this("schema", "", "it cannot be turned into a grammar.") { }

    public UnsupportedSchemaException(string message)
        : this("schema", "", message) { }

    public UnsupportedSchemaException(string message, Exception innerException)
        : base(message, innerException)
    {
        Keyword = "schema";
        Pointer = "#";
    }

    /// <summary>Makes an exception.</summary>
    /// <param name="keyword">The keyword, such as <c>not</c>.</param>
    /// <param name="pointer">Where the schema that has it is: a JSON pointer, empty for the whole schema.</param>
    /// <param name="reason">What is wrong, and the way out.</param>
    public UnsupportedSchemaException(string keyword, string pointer, string reason)
        : base($"The JSON schema cannot constrain a local model: '{keyword}' at '#{pointer}': {reason}")
    {
        Keyword = keyword;
        Pointer = "#" + pointer;
    }

    /// <summary>The keyword.</summary>
    public string Keyword { get; }

    /// <summary>Where it is, such as <c>#/properties/name</c>.</summary>
    public string Pointer { get; }
}
